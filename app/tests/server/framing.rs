//! Where a request ends: transfer codings, lengths and ends of lines (RFC 9112, 2.2, 6 and 7).

use crate::support::{
    Service,
    client::{Client, Response, post_head},
    example::{COLLECTION, body},
};

/// The response to a request that creates an item, with these header lines instead of a length, and this content.
fn post(service: &Service, lines: &str, content: &str) -> Response {
    let head = post_head(0).replace("Content-Length: 0", lines);
    let mut client = Client::of(service);
    client
        .send(format!("{head}{content}").as_bytes())
        .expect("the request is taken");

    let response = client.response().expect("a response");
    if response.closes() {
        client.wait_until_closed();
    }
    response
}

/// How many items there are.
fn items(service: &Service) -> usize {
    service.get(COLLECTION).matches("\"href\"").count()
}

fn chunked(content: &str) -> String {
    format!("{:x}\r\n{content}\r\n0\r\n\r\n", content.len())
}

#[test]
fn transfer_codings_that_are_not_supported_are_501_and_close_the_connection() {
    let service = Service::in_memory(&[]);

    for lines in [
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: x-unknown;q=\"a\", Chunked",
    ] {
        let response = post(&service, lines, &chunked(&body("hello")));

        assert!(
            response.status == 501 && response.closes(),
            "{lines}: {response:?}"
        );
        assert!(
            response.head.contains("application/problem+json"),
            "{lines}: {response:?}"
        );
    }
    assert_eq!(items(&service), 0, "nothing is stored");
}

#[test]
fn bodies_whose_end_is_not_certain_are_400_and_close_the_connection() {
    let service = Service::in_memory(&[]);
    let content = chunked(&body("hello"));

    for lines in [
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding:",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: +5",
        "Content-Length: 5, 5",
    ] {
        let response = bare(&service, lines, &content);
        assert!(response.starts_with("HTTP/1.1 400 "), "{lines}: {response}");
        assert!(
            response.contains("\r\nconnection: close\r\n"),
            "{lines}: {response}"
        );
    }

    let old = post_head(0)
        .replace("HTTP/1.1", "HTTP/1.0")
        .replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let response = service.exchange(format!("{old}{content}").as_bytes());
    assert!(response.contains(" 400 Bad Request\r\n"), "{response}");
    assert_eq!(items(&service), 0, "nothing is stored");
}

/// hyper's own responses have no length to read.
fn bare(service: &Service, lines: &str, content: &str) -> String {
    let head = post_head(0).replace("Content-Length: 0", lines);
    service.exchange(format!("{head}{content}").as_bytes())
}

/// RFC 9112, 6.1, allows it if the connection is closed: no proxy can hide a request in the rest.
#[test]
fn transfer_encoding_overrides_content_length_and_closes_the_connection() {
    let service = Service::in_memory(&[]);

    for lines in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ] {
        let response = post(&service, lines, &chunked(&body("hello")));
        assert!(
            response.status == 201 && response.closes(),
            "{lines}: {response:?}"
        );
    }
}

/// RFC 9112, 2.2, allows it, and hyper cannot be told otherwise. In chunked bodies a bare LF is an error.
#[test]
fn bare_lf_ends_lines_of_headers_but_not_of_chunks() {
    let service = Service::in_memory(&[]);

    let response = service.exchange(b"GET /livez HTTP/1.1\nHost: localhost\nConnection: close\n\n");
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");

    let content = chunked(&body("hello")).replace("\r\n", "\n");
    let response = post(&service, "Transfer-Encoding: chunked", &content);
    assert!(response.status == 400 && response.closes(), "{response:?}");
    assert_eq!(items(&service), 0, "nothing is stored");
}

/// hyper takes a bare LF in a trailer for a part of its line, and so a request behind it for a trailer. A proxy that sees
/// the end of the body there would take the next response for that request's.
#[test]
fn request_with_trailers_is_the_last_one_of_its_connection() {
    let service = Service::in_memory(&[]);
    let head = post_head(0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let content = chunked(&body("hello"));
    let content = content.trim_end_matches("\r\n");
    let next = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";

    for trailers in ["\r\nA: b\r\n\r\n", "\r\n\n", "\r\nA: b\n\n", "\r\nA: b\n\r\n"] {
        for target in [COLLECTION, "/nothing"] {
            let head = head.replace(COLLECTION, target);
            let mut client = Client::of(&service);
            client
                .send(format!("{head}{content}{trailers}{next}{next}").as_bytes())
                .expect("the requests are taken");

            let response = client.response().expect("a response");
            assert!(response.closes(), "{target} {trailers:?}: {response:?}");
            client.wait_until_closed();
        }
    }
}
