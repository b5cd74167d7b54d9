//! What only shows on the wire and in the log of the running program.

use tempfile::TempDir;

use crate::support::Running;

#[test]
fn a_large_body_is_refused_before_it_is_sent() {
    let service = Running::in_memory(&[]);
    let head = "POST /tweet/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
    // The client waits for leave to send a gigabyte; it gets an answer instead.
    let answer = service
        .exchange(format!("{head}\r\nContent-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.contains("connection: close"),
        "nothing can follow a body that is not read: {answer}"
    );
    // A length that is not announced is found out by counting, without waiting for the end.
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let unannounced = format!("{head}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}1\r\nx\r\n");
    let answer = service.exchange(unannounced.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
}

#[test]
fn what_is_no_request_is_answered_like_any_other() {
    let mut service = Running::in_memory(&[]);
    let long = format!(
        "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "x".repeat(100_000)
    );
    let many = format!(
        "GET /livez HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        "X: x\r\n".repeat(200)
    );
    for (sent, status) in [
        (&b"hello\r\n\r\n"[..], 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET /livez HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400,
        ),
        (long.as_bytes(), 431),
        (many.as_bytes(), 431),
    ] {
        let answer = service.exchange(sent);
        let sent = String::from_utf8_lossy(&sent[..sent.len().min(80)]);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{sent:?}: {answer}"
        );
        for part in [
            "date: ",
            "connection: close",
            "x-request-id: ",
            "x-content-type-options: nosniff",
        ] {
            assert!(
                answer.contains(&format!("\r\n{part}")),
                "{part:?} is missing: {answer}"
            );
        }
        assert!(
            answer.contains(&format!("\"status\":{status},\"detail\":\"")),
            "{answer}"
        );
        service.wait_for(&format!("access: method=_OTHER route=- status={status}"));
    }
    for before in [
        "GET /livez HTTP/1.1\r\nHost: localhost",
        "GET /livez HTTP/1.0\r\nConnection: keep-alive",
    ] {
        let answers = service.exchange(format!("{before}\r\n\r\nhello\r\n\r\n").as_bytes());
        let (first, second) = answers.split_once("HTTP/1.1 400 ").expect("two answers");
        assert!(
            first.contains(" 200 OK\r\n") && second.contains("\r\nx-request-id: "),
            "{answers}"
        );
    }
}

#[test]
fn http_1_0_without_a_host_is_served() {
    let service = Running::in_memory(&[]);
    assert!(service.post("{\"text\":\"hello\"}").starts_with("HTTP/1.1 201 "));
    let answer = service.exchange(b"GET /tweet/ HTTP/1.0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    assert!(
        answer.contains(&format!("\"href\":\"http://{}/tweet/", service.address)),
        "{answer}"
    );
}

#[test]
fn a_request_names_one_host() {
    let service = Running::in_memory(&[]);
    for (hosts, status) in [
        ("Host: localhost\r\n", 200),
        ("", 400),
        ("Host: localhost\r\nHost: localhost\r\n", 400),
        ("Host: localhost\r\nhost: evil.example\r\n", 400),
        ("Host:\r\n", 400),
        ("Host: localhost, evil.example\r\n", 400),
        ("Host: localhost\u{e9}\r\n", 400),
    ] {
        let answer =
            service.exchange(format!("GET /livez HTTP/1.1\r\nConnection: close\r\n{hosts}\r\n").as_bytes());
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{hosts:?} {answer}"
        );
        assert!(
            answer.contains("\r\nx-request-id: ") && answer.contains("\r\nx-frame-options: DENY\r\n"),
            "{answer}"
        );
    }
    let absolute = |target: &str, host: &str| {
        let head = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        service.exchange(head.as_bytes())
    };
    assert!(
        absolute("http://localhost/livez", "evil.example").starts_with("HTTP/1.1 200 "),
        "the target wins"
    );
    assert!(absolute("http://evil.example/livez", "localhost").starts_with("HTTP/1.1 400 "));
}

#[test]
fn the_same_request_id_is_in_header_body_and_log() {
    let mut service = Running::in_memory(&[]);
    let request =
        b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: abc-123\r\nConnection: close\r\n\r\n";
    let answer = service.exchange(request);
    assert!(answer.contains("x-request-id: abc-123\r\n"), "{answer}");
    assert!(answer.contains("\"request_id\":\"abc-123\""), "{answer}");
    let line = service.wait_for("[abc-123]");
    assert!(
        line.contains("] [abc-123] access: method=GET route=- status=404 duration_ms="),
        "{line}"
    );
}

#[test]
fn json_lines_are_json() {
    let folder = TempDir::new().expect("a folder");
    let mut service = {
        let variables = [("DATABASE_URL", "memory:"), ("LOG_FORMAT", "json")];
        Running::start(&variables, folder.path())
    };
    service.exchange(
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: abc-123\r\nConnection: close\r\n\r\n",
    );
    let line = service.wait_for("abc-123");
    let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["request_id"], "abc-123");
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["status"], 200, "numbers are numbers");
    assert_eq!(line["route"], "/livez");
    for line in &service.log {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(
            line["timestamp"].as_str().is_some_and(|time| time.ends_with('Z')),
            "{line}"
        );
    }
}
