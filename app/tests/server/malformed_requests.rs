//! Bytes that are not an HTTP request.

use crate::support::{Service, client::Client};

#[test]
fn malformed_requests_get_a_bare_400_or_431_and_one_debug_line() {
    let mut service = Service::in_memory(&[("LOG_LEVEL", "debug")]);
    let large = format!(
        "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    let many = format!(
        "GET /livez HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        "X: x\r\n".repeat(200)
    );
    let requests = [
        (&b"secret\r\n\r\n"[..], 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400,
        ),
        (large.as_bytes(), 431),
        (many.as_bytes(), 431),
    ];

    for (request, status) in requests {
        let response = service.exchange(request);
        let request = String::from_utf8_lossy(&request[..request.len().min(80)]);
        let start = format!("HTTP/1.1 {status} ");
        assert!(response.starts_with(&start), "{request:?}: {response}");
        assert!(
            response.contains("\r\nconnection: close\r\n"),
            "{request:?}: {response}"
        );
        assert!(
            response.ends_with("\r\n\r\n"),
            "{request:?} has no body: {response}"
        );

        let line = service.wait_for_log("malformed request");
        assert!(
            line.contains("DEBUG") && line.contains("client=127.0.0.1:"),
            "{line}"
        );
    }

    let log = service.log.join("\n");
    assert!(!log.contains("access: ") && !log.contains("secret"), "{log}");
}

#[test]
fn malformed_request_after_a_served_one_gets_a_400() {
    let service = Service::in_memory(&[]);

    for served in [
        "GET /livez HTTP/1.1\r\nHost: localhost",
        "GET /livez HTTP/1.0\r\nConnection: keep-alive",
    ] {
        let responses = service.exchange(format!("{served}\r\n\r\nhello\r\n\r\n").as_bytes());
        let (first, _) = responses.split_once(" 400 Bad Request\r\n").expect(&responses);
        assert!(first.contains(" 200 OK\r\n"), "{responses}");
    }
}

#[test]
fn http_2_preface_closes_the_connection() {
    let mut service = Service::in_memory(&[("LOG_LEVEL", "debug")]);

    assert_eq!(service.exchange(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "");
    service.wait_for_log("malformed request");
}

/// hyper compares the length only while a part is missing, and reads 8 KiB at once.
#[test]
fn header_that_begins_together_with_the_previous_request_has_the_same_limit() {
    let mut service = Service::in_memory(&[("LOG_LEVEL", "debug")]);
    let request = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let with_line = |length| {
        let line = format!("X: {}\r\n\r\n", "x".repeat(length));
        request.replace("\r\n\r\n", &format!("\r\n{line}"))
    };
    let with_authority = |length| request.replace("/livez", &format!("http://{}/livez", "x".repeat(length)));

    for (length, large, status) in [
        (15_000, with_line(15_000), 200),
        (20_000, with_line(20_000), 431),
        (24_000, with_line(24_000), 431),
        (20_000, with_authority(20_000), 431),
    ] {
        let mut client = Client::of(&service);

        client
            .send(format!("{request}{large}").as_bytes())
            .expect("the requests are taken");
        assert_eq!(client.response().expect("a response").status, 200);
        let response = client.response().expect("a response");
        assert_eq!(response.status, status, "{length}: {response:?}");
        assert_eq!(response.closes(), status == 431, "{response:?}");
        if status == 431 {
            let line = service.wait_for_log("malformed request");
            assert!(line.contains("DEBUG"), "{line}");
        }
    }
}
