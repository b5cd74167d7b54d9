//! What a request tries to slip into the log, into headers or into problems, over the wire, byte by byte.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::hostile::{HOSTILE, harmless, request, requests};
use crate::support::Running;

/// Sends all that is hostile to a service that says all it can; its log, and the ids of the requests.
fn log_of_an_attack(format: &str) -> (Vec<String>, Vec<String>) {
    let mut service = Running::in_memory(&[
        ("LOG_FORMAT", format),
        ("DEBUG_MODE", "true"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("CORS_ALLOWED_ORIGINS", "https://example.com"),
    ]);
    let ids: Vec<_> = requests()
        .iter()
        .filter_map(|request| harmless(&service.exchange(request)))
        .collect();
    let text = "{\"text\":\"forged\\n\\u001b[31m\\u2028templatesite: ERROR\"}";
    for _ in 0..2 {
        let headers: [&[u8]; 2] = [
            b"Host: localhost",
            b"Idempotency-Key: forged\"\\n,level=ERROR<script>",
        ];
        let answer = service.exchange(&request(b"POST /tweet/ HTTP/1.1", &headers, text));
        assert!(
            answer.starts_with("HTTP/1.1 201 "),
            "what is stored is not logged either: {answer}"
        );
    }
    service.exchange(&request(
        b"GET /livez HTTP/1.1",
        &[b"Host: localhost", b"X-Request-ID: the-end"],
        "",
    ));
    service.wait_for("the-end");
    for line in &service.log {
        assert!(!line.to_lowercase().contains("forged"), "{line}");
        assert!(
            !line
                .chars()
                .any(|c| c.is_control() || "\u{2028}\u{2029}\u{202e}\u{2066}".contains(c)),
            "{line:?}"
        );
    }
    (std::mem::take(&mut service.log), ids)
}

#[test]
fn no_token_gets_anywhere() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("tokens"), format!("alice:{}", "0".repeat(64))).expect("the file");
    let variables = [
        ("DATABASE_URL", "memory:"),
        ("API_TOKENS_FILE", "tokens"),
        ("LOG_LEVEL", "trace"),
    ];
    let mut service = Running::start(&variables, folder.path());
    for hostile in HOSTILE {
        for scheme in [
            &b"Authorization: Bearer "[..],
            b"Authorization: ",
            b"Authorization: Bearer x\r\nAuthorization: ",
        ] {
            let headers: [&[u8]; 2] = [b"Host: localhost", &[scheme, hostile].concat()];
            let answer = service.exchange(&request(
                b"POST /tweet/ HTTP/1.1",
                &headers,
                "{\"text\":\"hello\"}",
            ));
            harmless(&answer);
            assert!(matches!(answer.get(9..12), Some("400" | "401")), "{answer}");
        }
    }
    service.exchange(&request(
        b"GET /livez HTTP/1.1",
        &[b"Host: localhost", b"X-Request-ID: the-end"],
        "",
    ));
    service.wait_for("the-end");
    assert!(
        service
            .log
            .iter()
            .all(|line| !line.to_lowercase().contains("forged")),
        "{:?}",
        service.log
    );
}

#[test]
fn each_request_is_one_line_of_text() {
    let (log, ids) = log_of_an_attack("text");
    for line in &log {
        let level = line
            .strip_prefix("templatesite: ")
            .and_then(|rest| rest.split(' ').next());
        assert!(matches!(level, Some("INFO" | "DEBUG")), "{line}");
    }
    for id in ids {
        let of_it = log
            .iter()
            .filter(|line| line.contains(&format!(" [{id}] access: method=")));
        assert_eq!(of_it.count(), 1, "{id}");
    }
}

#[test]
fn each_request_is_one_object_of_json() {
    let (log, ids) = log_of_an_attack("json");
    let log: Vec<Value> = log
        .iter()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let access: Vec<_> = log.iter().filter(|line| line["target"] == "access").collect();
    for id in ids {
        assert_eq!(
            access.iter().filter(|line| line["request_id"] == id).count(),
            1,
            "{id}"
        );
    }
    let members = [
        "duration_ms",
        "level",
        "method",
        "request_id",
        "route",
        "status",
        "target",
        "timestamp",
    ];
    for line in access {
        assert!(
            line.as_object().is_some_and(|line| line.keys().eq(members)),
            "{line}"
        );
    }
    assert!(
        log.iter()
            .all(|line| line["level"] == "INFO" || line["level"] == "DEBUG")
    );
}

#[test]
fn no_host_breaks_out_of_a_url() {
    let service = Running::in_memory(&[("ALLOWED_HOSTS", "*"), ("TRUSTED_PROXIES", "127.0.0.1")]);
    let body = "{\"text\":\"hello\"}";
    let both = |lines: &[&[u8]]| {
        let created = service.exchange(&request(b"POST /tweet/ HTTP/1.1", lines, body));
        (
            created,
            service.exchange(&request(b"GET /tweet/?limit=1 HTTP/1.1", lines, "")),
        )
    };
    for host in [
        "ok.example",
        "ok.example:81",
        "[2001:db8::1]:81",
        "192.0.2.1",
        "xn--bcher-kva.example",
    ] {
        let (direct, forwarded) = (format!("Host: {host}"), format!("X-Forwarded-Host: {host}"));
        for lines in [
            &[direct.as_bytes()][..],
            &[b"Host: localhost", forwarded.as_bytes()],
        ] {
            both(lines);
            let (created, page) = both(lines);
            let (_, tweet) = created.split_once("\r\n\r\n").expect("a body");
            let tweet: Value = serde_json::from_str(tweet).expect("JSON");
            let id = tweet["id"].as_str().expect("an id");
            assert!(
                created.contains(&format!("\r\nlocation: http://{host}/tweet/{id}\r\n")),
                "{created}"
            );
            let link = format!("\r\nlink: <http://{host}/tweet/?limit=1&before={id}>; rel=\"next\"\r\n");
            assert!(page.contains(&link), "{page}");
        }
    }
    let breaking = [
        "forged>; rel=\"next\", <http://x",
        "forged\"><script>",
        "forged@localhost",
        "localhost:80@forged",
        "forged/../x?y=",
        "forged#",
        "forged\\x",
        "forged%0d%0ax",
        "forged x",
        "forged\u{2028}",
        "[forged]",
        "localhost:80:forged",
    ];
    for host in breaking.map(str::as_bytes).iter().chain(&HOSTILE) {
        let (direct, forwarded) = (
            [b"Host: ", *host].concat(),
            [b"X-Forwarded-Host: ", *host].concat(),
        );
        for lines in [&[&direct[..]][..], &[b"Host: localhost", &forwarded[..]]] {
            let (created, page) = both(lines);
            for answer in [created, page] {
                harmless(&answer);
                assert!(
                    answer.starts_with("HTTP/1.1 400 "),
                    "{:?}: {answer}",
                    String::from_utf8_lossy(host)
                );
            }
        }
    }
}
