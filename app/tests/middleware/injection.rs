//! Nothing of a request gets into the log, into response headers or into problems, whatever bytes it consists of.

use app::version::NAME;
use serde_json::Value;

use super::hostile::{HOSTILE, get, post, request, request_id_of_harmless, requests};
use crate::support::{Service, example};

pub(super) const LOCAL: &[u8] = b"Host: localhost";

/// Waits until everything sent before is logged.
pub(super) fn flush_log(service: &mut Service) {
    let last: [&[u8]; 2] = [LOCAL, b"X-Request-ID: the-end"];
    service.exchange(&request(b"GET /livez HTTP/1.1", &last, ""));
    service.wait_for_log("the-end");
}

/// Sends every hostile request to a service that logs as much as it can. Returns its log, and the requests' ids.
fn log_of_an_attack(format: &str) -> (Vec<String>, Vec<String>) {
    let mut service = Service::in_memory(&[
        ("LOG_FORMAT", format),
        ("DEBUG_MODE", "true"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("CORS_ALLOWED_ORIGINS", "https://example.com"),
    ]);
    let ids = requests()
        .iter()
        .filter_map(|request| request_id_of_harmless(&service.exchange(request)))
        .collect();

    // Stored texts and keys are not logged either.
    let text = example::body(&format!("forged\n\u{1b}[31m\u{2028}{NAME}: ERROR"));
    let key = b"Idempotency-Key: forged\"\\n,level=ERROR<script>";
    for _ in 0..2 {
        let response = service.exchange(&post(&[LOCAL, key], &text));
        assert!(response.starts_with("HTTP/1.1 201 "), "{response}");
    }
    flush_log(&mut service);

    for line in &service.log {
        assert!(!line.to_lowercase().contains("forged"), "{line}");
        let breaks = |c: char| c.is_control() || "\u{2028}\u{2029}\u{202e}\u{2066}".contains(c);
        assert!(!line.contains(breaks), "{line:?}");
    }
    (std::mem::take(&mut service.log), ids)
}

#[test]
fn each_request_is_one_line_of_the_text_log() {
    let (log, ids) = log_of_an_attack("text");

    for line in &log {
        let rest = line.strip_prefix(NAME).and_then(|rest| rest.strip_prefix(": "));
        let level = rest.and_then(|rest| rest.split(' ').next());
        assert!(matches!(level, Some("INFO" | "DEBUG")), "{line}");
    }
    for id in ids {
        let start = format!(" [{id}] access: method=");
        let lines = log.iter().filter(|line| line.contains(&start));
        assert_eq!(lines.count(), 1, "{id}");
    }
}

#[test]
fn each_request_is_one_object_of_the_json_log() {
    let (log, ids) = log_of_an_attack("json");
    let log: Vec<Value> = log
        .iter()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let access: Vec<_> = log.iter().filter(|line| line["target"] == "access").collect();

    for id in ids {
        let lines = access.iter().filter(|line| line["request_id"] == id);
        assert_eq!(lines.count(), 1, "{id}");
    }
    let members = [
        "client",
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
        let mut found: Vec<_> = line.as_object().expect("an object").keys().collect();
        found.sort();
        assert_eq!(found, members, "{line}");
    }
    for line in &log {
        assert!(line["level"] == "INFO" || line["level"] == "DEBUG", "{line}");
    }
}

/// The same host, sent by the client and reported by a proxy.
fn both_ways(host: &[u8]) -> [Vec<Vec<u8>>; 2] {
    [
        vec![[b"Host: ", host].concat()],
        vec![LOCAL.to_vec(), [b"X-Forwarded-Host: ", host].concat()],
    ]
}

/// Creates an item and gets a page, both with these header lines.
fn create_and_list(service: &Service, lines: &[Vec<u8>]) -> [String; 2] {
    let lines: Vec<_> = lines.iter().map(Vec::as_slice).collect();

    [
        service.exchange(&post(&lines, &example::body("hello"))),
        service.exchange(&get(&lines)),
    ]
}

fn with_any_host() -> Service {
    Service::in_memory(&[("ALLOWED_HOSTS", "*"), ("TRUSTED_PROXIES", "127.0.0.1")])
}

#[test]
fn links_name_the_requested_host() {
    let service = with_any_host();
    let collection = example::COLLECTION;

    for host in [
        "ok.example",
        "ok.example:81",
        "[2001:db8::1]:81",
        "192.0.2.1",
        "xn--bcher-kva.example",
    ] {
        for lines in both_ways(host.as_bytes()) {
            // Only the second page has a next one.
            create_and_list(&service, &lines);
            let [created, page] = create_and_list(&service, &lines);
            let (_, item) = created.split_once("\r\n\r\n").expect("a body");
            let item: Value = serde_json::from_str(item).expect("JSON");
            let id = item["id"].as_str().expect("an id");

            let location = format!("\r\nlocation: http://{host}{collection}{id}\r\n");
            assert!(created.contains(&location), "{created}");
            let next = format!("http://{host}{collection}?limit=1&before={id}");
            let link = format!("\r\nlink: <{next}>; rel=\"next\"\r\n");
            assert!(page.contains(&link), "{page}");
        }
    }
}

#[test]
fn a_host_that_could_break_out_of_a_link_is_400() {
    let service = with_any_host();
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
        for lines in both_ways(host) {
            for response in create_and_list(&service, &lines) {
                request_id_of_harmless(&response);
                let host = String::from_utf8_lossy(host);
                assert!(response.starts_with("HTTP/1.1 400 "), "{host:?}: {response}");
            }
        }
    }
}
