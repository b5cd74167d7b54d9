//! Responses that come before the body of their request: the connection serves the next request, or the response has
//! announced that it does not.

use std::{net::SocketAddr, thread, time::Duration};

use crate::support::{
    Service,
    client::{Client, post_head},
    example::{COLLECTION, body},
};

/// How often each status is tried: whether the body comes before or after the response is a race.
const ATTEMPTS: usize = 20;

/// Lengths of bodies that are discarded as a whole.
const SIZES: [usize; 3] = [10, 5000, 60_000];

/// A request that is rejected by its header, whatever its body.
fn head(line: &str, headers: &str, length: usize) -> String {
    format!("{line} HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n")
}

/// Sends a body some time after its header, reads the response and, unless it announces the end of the connection, sends
/// another request. Returns the status.
fn send_body_late(address: SocketAddr, head: &str, body: &[u8], delay: Duration) -> u16 {
    let mut client = Client::connect(address).expect("a connection");
    client.send(head.as_bytes()).expect("a header is sent");
    thread::sleep(delay);
    client.send(body).expect("a body is sent");

    let response = client
        .response()
        .unwrap_or_else(|error| panic!("{head}: {error}"));
    if response.closes() {
        client.wait_until_closed();
    } else {
        let next = client.get("/livez");
        let next = next.unwrap_or_else(|error| panic!("{head}: {response:?}, then {error}"));
        assert_eq!(next.status, 200, "{head}: {next:?}");
    }

    response.status
}

#[test]
fn connection_survives_an_early_response_or_the_response_announces_its_end() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, "# no tokens\n").expect("a token file");
    let tokens = tokens.to_str().expect("a path").to_owned();
    let open = Service::in_memory(&[]);
    let closed = Service::in_memory(&[("API_TOKENS_FILE", &tokens)]);
    let post = format!("POST {COLLECTION}");
    let json = "Host: localhost\r\nContent-Type: application/json\r\n";

    thread::scope(|scope| {
        for (address, line, headers, lengths, status) in [
            (closed.address, &*post, json, SIZES, 401),
            (open.address, "POST /nothing/", json, SIZES, 404),
            (open.address, "POST /livez", json, SIZES, 405),
            (open.address, "GET /livez", json, SIZES, 200),
            // Just too large, and all of it is discarded.
            (open.address, &post, json, [16_385, 20_000, 60_000], 413),
            (
                open.address,
                &post,
                "Host: localhost\r\nContent-Type: text/plain\r\n",
                SIZES,
                415,
            ),
            (
                open.address,
                &post,
                "Host: foreign.example\r\nContent-Type: application/json\r\n",
                SIZES,
                400,
            ),
        ] {
            scope.spawn(move || {
                for attempt in 0..ATTEMPTS {
                    let delay = Duration::from_millis(attempt as u64 % 5 * 10);
                    for length in lengths {
                        let head = head(line, headers, length);
                        let body = vec![b'x'; length];
                        assert_eq!(send_body_late(address, &head, &body, delay), status, "{head}");
                    }
                }
            });
        }
    });
}

/// The timeout of a body and the body itself come at about the same time.
#[test]
fn connection_survives_the_timeout_of_its_body_or_the_response_announces_its_end() {
    let service = Service::in_memory(&[("BODY_READ_TIMEOUT_SECONDS", "1")]);
    let address = service.address;
    let body = body("hello");

    let statuses: Vec<_> = thread::scope(|scope| {
        let attempts: Vec<_> = (0..3 * ATTEMPTS)
            .map(|attempt| {
                let (head, body) = (post_head(body.len()), &body);
                let delay = Duration::from_millis(900 + attempt as u64 % 20 * 10);
                scope.spawn(move || send_body_late(address, &head, body.as_bytes(), delay))
            })
            .collect();
        attempts
            .into_iter()
            .map(|attempt| attempt.join().expect("a status"))
            .collect()
    });

    assert!(statuses.contains(&408), "{statuses:?}");
    assert!(
        statuses.iter().all(|status| [201, 408].contains(status)),
        "{statuses:?}"
    );
}

#[test]
fn early_response_to_a_late_small_body_keeps_the_connection() {
    let service = Service::in_memory(&[]);

    for _ in 0..5 {
        let mut client = Client::of(&service);
        let head = head("POST /nothing/", "Host: localhost\r\n", 10);
        client.send(head.as_bytes()).expect("a header is sent");
        thread::sleep(Duration::from_millis(50));
        client.send(b"0123456789").expect("a body is sent");

        let response = client.response().expect("a response");
        assert!(response.status == 404 && !response.closes(), "{response:?}");
        assert_eq!(client.get("/livez").expect("a response").status, 200);
    }
}

#[test]
fn early_response_to_a_body_that_does_not_come_or_is_long_closes_the_connection() {
    let service = Service::in_memory(&[]);
    let chunked = "Host: localhost\r\nTransfer-Encoding: chunked\r\n";

    for (request, status) in [
        // Nothing of the body is sent.
        (head("POST /nothing/", "Host: localhost\r\n", 10), 404),
        (head("POST /nothing/", "Host: localhost\r\n", 100_000_000), 404),
        (post_head(100_000), 413),
        // The client waits before it sends its body, and may never send it.
        (
            head(
                "POST /nothing/",
                "Host: localhost\r\nExpect: 100-continue\r\n",
                10,
            ),
            404,
        ),
        // More than is discarded.
        (
            format!(
                "POST /nothing/ HTTP/1.1\r\n{chunked}\r\n{}",
                format!("4000\r\n{}\r\n", "x".repeat(0x4000)).repeat(5)
            ),
            404,
        ),
        // Not a chunk.
        (format!("POST /nothing/ HTTP/1.1\r\n{chunked}\r\nxyz\r\n"), 404),
        (
            post_head(0).replace("Content-Length: 0", "Transfer-Encoding: chunked") + "xyz\r\n",
            400,
        ),
    ] {
        let mut client = Client::of(&service);
        client.send(request.as_bytes()).expect("the request is taken");

        let response = client.response().expect("a response");
        let request = &request[..request.len().min(200)];
        assert!(
            response.status == status && response.closes(),
            "{request}: {response:?}"
        );
        client.wait_until_closed();
    }
}

/// Without that, the connection would be reset while the client still sends, and the client would lose the response.
#[test]
fn client_that_sends_on_after_an_early_response_can_read_the_response() {
    let service = Service::in_memory(&[]);

    for _ in 0..ATTEMPTS {
        let mut client = Client::of(&service);
        client
            .send(post_head(800_000).as_bytes())
            .expect("a header is sent");
        for _ in 0..8 {
            client.send(&[b'x'; 100_000]).expect("the body is taken");
        }

        let response = client.response().expect("a response");
        assert!(response.status == 413 && response.closes(), "{response:?}");
        client.wait_until_closed();
    }
}

#[test]
fn request_behind_a_discarded_body_is_served() {
    let service = Service::in_memory(&[]);
    let body = body("hello");
    let early = head("POST /nothing/", "Host: localhost\r\n", 5);

    let request = format!("{early}12345{}{body}", post_head(body.len()));
    let mut client = Client::of(&service);
    client.send(request.as_bytes()).expect("two requests are taken");

    assert_eq!(client.response().expect("a response").status, 404);
    assert_eq!(client.response().expect("a response").status, 201);
}
