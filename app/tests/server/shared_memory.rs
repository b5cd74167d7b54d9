//! Clients that do not read large responses: what each of them holds, what they hold together, and whom they disturb.

use std::{io::Read, net::Ipv4Addr};

use super::memory::{EVICTED, OWN, check, get, settled_memory, with_full_header};
use crate::support::{
    Service,
    client::{Client, post_head},
    example::COLLECTION,
    report,
};

/// What all connections may hold beyond their own memory, in bytes.
const SHARED: usize = 32 * 1024 * 1024;

/// What may be built before the first connection is closed, and what the allocator does not give back at once, in bytes.
const MEANWHILE: usize = 20 * 1024 * 1024;

/// Six bytes of JSON.
const ESCAPED: &str = "\u{1}";

/// A service with 200 items, whose texts repeat this character.
fn service_with_items(character: &str) -> Service {
    let service = Service::in_memory(&[]);
    let mut client = Client::of(&service);
    for _ in 0..200 {
        let response = client.post(&character.repeat(140)).expect("a response");
        assert_eq!(response.status, 201);
    }

    service
}

fn page() -> String {
    get(&format!("{COLLECTION}?limit=200"))
}

/// Asserts how much each connection holds on which such pages are requested and not read.
fn check_pages(state: &str, character: &str, request: &str) {
    let measure = |pages: &str, requests: &dyn Fn(usize) -> String, shared: &dyn Fn(usize) -> usize| {
        let service = service_with_items(character);
        let mut client = Client::of(&service);
        client.send(request.as_bytes()).expect("the request is taken");
        let size = client.response().expect("a response").body.len();

        let state = format!("{pages} {state}");
        check(&state, &service, requests(size).as_bytes(), OWN + shared(size));
    };

    measure("a page", &|_| request.to_owned(), &|size| size);
    measure("pages", &|_| request.repeat(20), &|size| size);
    let largest_own = |size| {
        let items = 200 * 32 * 1024 / size - 1;
        request.replace("limit=200", &format!("limit={items}")).repeat(20)
    };
    measure("pages of 32 KiB", &largest_own, &|_| 0);
}

#[test]
fn connection_with_unread_pages_of_plain_text_holds_little_memory_beyond_a_large_one() {
    check_pages("of plain text", "x", &page());
}

#[test]
fn connection_with_unread_pages_of_escaped_text_holds_little_memory_beyond_a_large_one() {
    check_pages("of escaped text", ESCAPED, &page());
}

/// By default all names that end in `.localhost` are allowed. Each item has the host in its `href`.
#[test]
fn connection_with_unread_pages_for_a_long_host_holds_little_memory_beyond_a_large_one() {
    let host = format!("{}localhost", format!("{}.", "x".repeat(60)).repeat(3));
    let request = with_full_header(&page().replace("localhost", &host));

    check_pages("requested with full headers and a long host", ESCAPED, &request);
}

/// Connections of this client, each with a request for the page. Only the first byte of each response is read: by then,
/// the service has built the page.
fn unread_pages(client: Ipv4Addr, service: &Service, count: usize) -> Vec<Client> {
    (0..count)
        .map(|_| {
            let mut client = Client::with_small_buffer_from(client, service);
            client.send(page().as_bytes()).expect("the request is taken");
            client.stream().read_exact(&mut [0]).expect("the response begins");
            client
        })
        .collect()
}

#[test]
fn unread_large_responses_hold_no_more_memory_than_all_connections_share() {
    const COUNT: usize = 1000;

    let mut service = service_with_items(ESCAPED);
    let before = settled_memory(&service);
    let _clients = unread_pages(Ipv4Addr::LOCALHOST, &service, COUNT);
    service.wait_for_log("large responses that clients do not read");
    let held = settled_memory(&service).saturating_sub(before);

    let evicted = service.metric(EVICTED) as usize;
    report(&format!(
        "{held} bytes for {COUNT} connections, of which {evicted} were closed"
    ));
    let open = COUNT - evicted;
    // 32 MiB are 169 pages of 198 KB.
    assert!((140..=170).contains(&open), "{open} connections are open");
    assert!(held < SHARED + open * OWN + MEANWHILE, "{held} bytes");
    service.wait_for_log("so many were closed meanwhile");
}

#[test]
fn client_keeps_its_connections_while_another_one_leaves_more_responses_unread() {
    let service = service_with_items(ESCAPED);
    let attacker = Ipv4Addr::new(127, 0, 0, 2);
    let clients = unread_pages(Ipv4Addr::LOCALHOST, &service, 10);

    let mut unread = Vec::new();
    while service.metric(EVICTED) < 300 {
        unread.extend(unread_pages(attacker, &service, 100));
        assert!(unread.len() < 2_000, "nothing is closed");
    }

    for client in &clients {
        let page = client.stream().read_exact(&mut [0; 190_000]);
        page.expect("most of the page, of which the system stores less than half");
    }
}

#[test]
fn incomplete_large_requests_count_against_what_all_connections_share() {
    let mut service = Service::in_memory(&[
        ("BODY_READ_TIMEOUT_SECONDS", "60"),
        ("REQUEST_TIMEOUT_SECONDS", "60"),
    ]);
    let request = format!("{}{}", with_full_header(&post_head(16_000)), " ".repeat(15_000));
    let send = |_| {
        let mut client = Client::of(&service);
        client.send(request.as_bytes()).expect("the request is taken");
        client
    };
    let _clients: Vec<_> = (0..900).map(send).collect();
    service.wait_for_log("so many were closed meanwhile");

    // 32 MiB are some 670 of these.
    let closed = service.metric(EVICTED) as usize;
    assert!((200..=270).contains(&closed), "{closed} were closed");
}
