//! Bodies that are too large are rejected without being read.

use crate::support::{
    Service,
    client::{Client, post_head},
};

#[test]
fn a_large_announced_body_is_413_before_it_is_sent() {
    let service = Service::in_memory(&[]);
    let mut client = Client::of(&service);
    let head = post_head(1_000_000_000);
    let head = head.trim_end_matches("\r\n");

    // The client waits for "100 Continue" before it sends a gigabyte.
    let sent = client.send(format!("{head}\r\nExpect: 100-continue\r\n\r\n").as_bytes());
    sent.expect("a header is sent");
    let response = client.response().expect("a response");

    assert_eq!(response.status, 413, "{response:?}");
    assert!(
        response.closes(),
        "no request can follow an unread body: {response:?}"
    );
}

#[test]
fn a_large_body_without_a_length_is_413_before_it_ends() {
    let service = Service::in_memory(&[]);
    let head = post_head(0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));

    let response = service.exchange(format!("{head}{chunk}1\r\nx\r\n").as_bytes());

    assert!(response.starts_with("HTTP/1.1 413 "), "{response}");
    assert!(response.contains("application/problem+json"), "{response}");
}
