//! What a request tries to slip into the log, into headers or into problems, over the wire, byte by byte.

use serde_json::Value;
use tempfile::TempDir;

use crate::support::Running;

/// Ends of lines, of strings and of terminals' patience. What is made of them says "forged" wherever it gets.
const HOSTILE: [&[u8]; 13] = [
    b"forged>\ntemplatesite: ERROR [now] [-] forged: line",
    b"forged>\rtemplatesite: ERROR [now] [-] forged: line",
    b"forged>\r\nForged: 1\r\n forged",
    "forged\u{2028}templatesite: ERROR\u{2029}\u{85}".as_bytes(),
    b"forged\x1b[2J\x1b]0;forged\x07",
    "forged\u{9b}31m\u{202e}\u{2066}".as_bytes(),
    b"forged\0",
    b"forged\xff\xc0\x80",
    b"forged\" status=200 forged=\"",
    b"forged\",\"level\":\"ERROR\",\"forged\":\"",
    b"<script>alert('forged')</script>",
    b"forged%0d%0aSet-Cookie:%20forged=1%1b",
    b"forged\\n\\u000a\\\"${forged}{{forged}}",
];

/// Every header that anything of the service reads, and some that others log.
const HEADERS: [&str; 18] = [
    "Authorization",
    "X-Request-ID",
    "Host",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "Origin",
    "Access-Control-Request-Method",
    "Idempotency-Key",
    "If-None-Match",
    "Content-Type",
    "Content-Length",
    "Transfer-Encoding",
    "Expect",
    "Connection",
    "User-Agent",
    "Referer",
    "traceparent",
];

/// All headers that an answer to one of these requests may have.
const ANSWERED: [&str; 18] = [
    "access-control-allow-origin",
    "access-control-expose-headers",
    "allow",
    "cache-control",
    "connection",
    "content-length",
    "content-security-policy",
    "content-type",
    "date",
    "etag",
    "link",
    "location",
    "referrer-policy",
    "strict-transport-security",
    "vary",
    "x-content-type-options",
    "x-frame-options",
    "x-request-id",
];

fn start(variables: &[(&str, &str)]) -> (Running, TempDir) {
    let folder = TempDir::new().expect("a folder");
    (Running::start(variables, folder.path()), folder)
}

fn request(line: &[u8], headers: &[&[u8]], body: &str) -> Vec<u8> {
    let length = format!("Content-Length: {}", body.len());
    let rest =
        [b"Connection: close", length.as_bytes(), b"Content-Type: application/json", b"", body.as_bytes()];
    [&[line], headers, &rest].concat().join(&b"\r\n"[..])
}

fn requests() -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    for hostile in HOSTILE {
        for name in HEADERS {
            let header = [name.as_bytes(), b": ", hostile].concat();
            let host: &[u8] = if name == "Host" { &header } else { b"Host: localhost" };
            requests.push(request(b"GET /tweet/?limit=1 HTTP/1.1", &[host, &header], ""));
            requests.push(request(b"POST /tweet/ HTTP/1.1", &[host, &header], "{\"text\":\"hello\"}"));
        }
        for (before, after) in [
            (&b"GET /"[..], &b" HTTP/1.1"[..]),
            (b"GET /tweet/", b" HTTP/1.1"),
            (b"GET /tweet/?limit=", b" HTTP/1.1"),
            (b"GET /tweet/?before=01KAN2FGVXM1SY9VXF7MJ4Z7QV&", b"=1 HTTP/1.1"),
            (b"GET http://localhost/", b" HTTP/1.1"),
            (b"", b" /livez HTTP/1.1"),
        ] {
            requests.push(request(&[before, hostile, after].concat(), &[b"Host: localhost"], ""));
        }
        let body = String::from_utf8_lossy(hostile);
        requests.push(request(b"POST /tweet/ HTTP/1.1", &[b"Host: localhost"], &body));
        let body = format!("{{\"text\":{{}},\"{body}\":1}}");
        requests.push(request(b"POST /tweet/ HTTP/1.1", &[b"Host: localhost"], &body));
    }
    requests
}

/// Checks that an answer is one answer, ours from end to end, and tells its request id.
fn harmless(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    assert!(!answer.to_lowercase().contains("forged"), "{answer}");
    assert!(!answer.chars().any(|c| c.is_control() && !"\r\n".contains(c)), "{answer:?}");
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).expect("a status line");
    let headers: Vec<_> = lines.map(|line| line.split_once(": ").expect("a header")).collect();
    for (name, value) in &headers {
        assert!(ANSWERED.contains(name), "{name}: {value}");
        assert!(value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{name}: {value:?}");
        assert_eq!(headers.iter().filter(|(other, _)| other == name).count(), 1, "{name} in {head}");
    }
    let header = |name| headers.iter().find(|header| header.0 == name).map(|header| header.1);
    let length: usize = header("content-length").and_then(|length| length.parse().ok()).expect("a length");
    assert_eq!(length, body.len(), "nothing follows: {answer:?}");
    let id = header("x-request-id").expect("a request id");
    assert_eq!(header("x-content-type-options"), Some("nosniff"), "{head}");
    if !status.starts_with('2') {
        assert_eq!(header("content-type"), Some("application/problem+json"), "{head}");
        let problem: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(problem["request_id"], id);
        assert_eq!(problem["status"].to_string(), status[..3]);
    }
    id.to_owned()
}

/// Sends all that is hostile to a service that says all it can; its log, and the ids of the requests.
fn log_of_an_attack(format: &str) -> (Vec<String>, Vec<String>) {
    let (mut service, _folder) = start(&[
        ("LOG_FORMAT", format),
        ("DEBUG_MODE", "true"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("CORS_ALLOWED_ORIGINS", "https://example.com"),
    ]);
    let ids: Vec<_> = requests().iter().map(|request| harmless(&service.exchange(request))).collect();
    let text = "{\"text\":\"forged\\n\\u001b[31m\\u2028templatesite: ERROR\"}";
    for _ in 0..2 {
        let headers: [&[u8]; 2] = [b"Host: localhost", b"Idempotency-Key: forged\"\\n,level=ERROR<script>"];
        let answer = service.exchange(&request(b"POST /tweet/ HTTP/1.1", &headers, text));
        assert!(answer.starts_with("HTTP/1.1 201 "), "what is stored is not logged either: {answer}");
    }
    service.exchange(&request(b"GET /livez HTTP/1.1", &[b"Host: localhost", b"X-Request-ID: the-end"], ""));
    service.wait_for("the-end");
    for line in &service.log {
        assert!(!line.to_lowercase().contains("forged"), "{line}");
        assert!(
            !line.chars().any(|c| c.is_control() || "\u{2028}\u{2029}\u{202e}\u{2066}".contains(c)),
            "{line:?}"
        );
    }
    (std::mem::take(&mut service.log), ids)
}

#[test]
fn each_request_is_one_line_of_text() {
    let (log, ids) = log_of_an_attack("text");
    for line in &log {
        let level = line.strip_prefix("templatesite: ").and_then(|rest| rest.split(' ').next());
        assert!(matches!(level, Some("INFO" | "DEBUG")), "{line}");
    }
    for id in ids {
        let of_it = log.iter().filter(|line| line.contains(&format!(" [{id}] access: method=")));
        assert_eq!(of_it.count(), 1, "{id}");
    }
}

#[test]
fn each_request_is_one_object_of_json() {
    let (log, ids) = log_of_an_attack("json");
    let log: Vec<Value> = log.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let access: Vec<_> = log.iter().filter(|line| line["target"] == "access").collect();
    for id in ids {
        assert_eq!(access.iter().filter(|line| line["request_id"] == id).count(), 1, "{id}");
    }
    let members = ["duration_ms", "level", "method", "request_id", "route", "status", "target", "timestamp"];
    for line in access {
        assert!(line.as_object().is_some_and(|line| line.keys().eq(members)), "{line}");
    }
    assert!(log.iter().all(|line| line["level"] == "INFO" || line["level"] == "DEBUG"));
}

#[test]
fn no_host_breaks_out_of_a_url() {
    let (service, _folder) =
        start(&[("DATABASE_URL", "memory:"), ("ALLOWED_HOSTS", "*"), ("TRUSTED_PROXIES", "127.0.0.1")]);
    let body = "{\"text\":\"hello\"}";
    let both = |lines: &[&[u8]]| {
        let created = service.exchange(&request(b"POST /tweet/ HTTP/1.1", lines, body));
        (created, service.exchange(&request(b"GET /tweet/?limit=1 HTTP/1.1", lines, "")))
    };
    for host in ["ok.example", "ok.example:81", "[2001:db8::1]:81", "192.0.2.1", "xn--bcher-kva.example"] {
        let (direct, forwarded) = (format!("Host: {host}"), format!("X-Forwarded-Host: {host}"));
        for lines in [&[direct.as_bytes()][..], &[b"Host: localhost", forwarded.as_bytes()]] {
            both(lines);
            let (created, page) = both(lines);
            let (_, tweet) = created.split_once("\r\n\r\n").expect("a body");
            let tweet: Value = serde_json::from_str(tweet).expect("JSON");
            let id = tweet["id"].as_str().expect("an id");
            assert!(created.contains(&format!("\r\nlocation: http://{host}/tweet/{id}\r\n")), "{created}");
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
        let (direct, forwarded) = ([b"Host: ", *host].concat(), [b"X-Forwarded-Host: ", *host].concat());
        for lines in [&[&direct[..]][..], &[b"Host: localhost", &forwarded[..]]] {
            let (created, page) = both(lines);
            for answer in [created, page] {
                harmless(&answer);
                assert!(answer.starts_with("HTTP/1.1 400 "), "{:?}: {answer}", String::from_utf8_lossy(host));
            }
        }
    }
}
