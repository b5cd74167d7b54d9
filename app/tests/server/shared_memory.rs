//! Clients that do not read large responses, all at once: what they hold together, and whom they disturb.

use std::io::Read;

use super::memory::{OWN, get, settled_memory};
use crate::support::{Service, client::Client, example::COLLECTION, report};

/// What all connections may hold beyond their own memory, in bytes.
const SHARED: usize = 32 * 1024 * 1024;

/// What may be built before the first connection is closed, in bytes.
const MEANWHILE: usize = 20 * 1024 * 1024;

const EVICTED: &str = r#"http_server_evicted_connections_total{limit="memory"}"#;

/// A service whose page of 200 items has 198 KB.
fn service_with_a_large_page() -> Service {
    let service = Service::in_memory(&[]);
    let mut client = Client::of(&service);
    for _ in 0..200 {
        // Each character is six bytes of JSON.
        let response = client.post(&"\u{1}".repeat(140)).expect("a response");
        assert_eq!(response.status, 201);
    }

    service
}

/// Connections on which the page was requested, and nothing is read.
fn unread_pages(service: &Service, count: usize) -> Vec<Client> {
    (0..count)
        .map(|_| {
            let mut client = Client::with_small_buffer(service);
            client.send(page().as_bytes()).expect("the request is taken");
            client
        })
        .collect()
}

fn page() -> String {
    get(&format!("{COLLECTION}?limit=200"))
}

#[test]
fn unread_large_responses_hold_no_more_memory_than_all_connections_share() {
    const COUNT: usize = 1000;

    let mut service = service_with_a_large_page();
    let before = settled_memory(&service);
    let mut clients = Vec::new();
    while clients.len() < COUNT {
        clients.extend(unread_pages(&service, 20));
        // The service has built them when it responds to this.
        service.get("/livez");
    }
    service.wait_for_log("large responses that clients do not read");
    let held = settled_memory(&service).saturating_sub(before);

    let evicted = service.metric(EVICTED) as usize;
    report(&format!(
        "{held} bytes for {COUNT} connections, of which {evicted} were closed"
    ));
    // The allocator does not give back at once what was freed.
    assert!(held < SHARED + COUNT * OWN + MEANWHILE, "{held} bytes");
    // Not many more than necessary: 32 MiB are 169 pages.
    assert!(COUNT - evicted > 140, "{evicted} connections were closed");
    service.wait_for_log("so many connections were closed");
}

#[test]
fn client_that_reads_its_large_response_keeps_its_connection_while_others_are_closed() {
    let service = service_with_a_large_page();
    let request = page().replace("Host", "Connection: close\r\nHost");
    let (mut flood, mut pages) = (Vec::new(), 0);

    while service.metric(EVICTED) < 300 {
        let mut client = Client::with_small_buffer(&service);
        client.send(request.as_bytes()).expect("the request is taken");
        let mut page = Vec::new();
        loop {
            // Others come and read nothing, while this one reads a little at a time.
            flood.extend(unread_pages(&service, 10));
            let chunk = client.stream().take(8_000).read_to_end(&mut page);
            let read =
                chunk.unwrap_or_else(|error| panic!("{error} after {} bytes of page {pages}", page.len()));
            if read == 0 {
                break;
            }
        }
        assert!(
            page.len() > 190_000,
            "page {pages} ended after {} bytes",
            page.len()
        );
        pages += 1;
        assert!(flood.len() < 3_000, "nothing is closed");
    }
}
