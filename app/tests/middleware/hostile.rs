//! What somebody might send who wants to be taken for somebody else, and what an answer to it must be like.

use serde_json::Value;

/// Ends of lines, of strings and of terminals' patience. What is made of them says "forged" wherever it gets.
pub(super) const HOSTILE: [&[u8]; 13] = [
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
const ANSWERED: [&str; 19] = [
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
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
    "x-request-id",
];

pub(super) fn request(line: &[u8], headers: &[&[u8]], body: &str) -> Vec<u8> {
    let length = format!("Content-Length: {}", body.len());
    let rest = [
        b"Connection: close",
        length.as_bytes(),
        b"Content-Type: application/json",
        b"",
        body.as_bytes(),
    ];
    [&[line], headers, &rest].concat().join(&b"\r\n"[..])
}

pub(super) fn requests() -> Vec<Vec<u8>> {
    let mut requests: Vec<_> = [
        &b"FORGED /livez HTTP/1.1"[..],
        b"GET http://forged.example/tweet/ HTTP/1.1",
    ]
    .map(|line| request(line, &[b"Host: localhost"], ""))
    .into();
    for hostile in HOSTILE {
        for name in HEADERS {
            let header = [name.as_bytes(), b": ", hostile].concat();
            let host: &[u8] = if name == "Host" {
                &header
            } else {
                b"Host: localhost"
            };
            requests.push(request(b"GET /tweet/?limit=1 HTTP/1.1", &[host, &header], ""));
            requests.push(request(
                b"POST /tweet/ HTTP/1.1",
                &[host, &header],
                "{\"text\":\"hello\"}",
            ));
        }
        for (before, after) in [
            (&b"GET /"[..], &b" HTTP/1.1"[..]),
            (b"GET /tweet/", b" HTTP/1.1"),
            (b"GET /tweet/?limit=", b" HTTP/1.1"),
            (b"GET /tweet/?before=01KAN2FGVXM1SY9VXF7MJ4Z7QV&", b"=1 HTTP/1.1"),
            (b"GET http://localhost/", b" HTTP/1.1"),
            (b"", b" /livez HTTP/1.1"),
        ] {
            requests.push(request(
                &[before, hostile, after].concat(),
                &[b"Host: localhost"],
                "",
            ));
        }
        let body = String::from_utf8_lossy(hostile);
        requests.push(request(b"POST /tweet/ HTTP/1.1", &[b"Host: localhost"], &body));
        let body = format!("{{\"text\":{{}},\"{body}\":1}}");
        requests.push(request(b"POST /tweet/ HTTP/1.1", &[b"Host: localhost"], &body));
    }
    requests
}

/// Checks that a response is exactly one and repeats nothing of its request. Returns its request id; `None` for a malformed
/// request, which hyper responds to.
pub(super) fn harmless(answer: &str) -> Option<String> {
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {answer:?}"));
    assert!(!answer.to_lowercase().contains("forged"), "{answer}");
    assert!(
        !answer.chars().any(|c| c.is_control() && !"\r\n".contains(c)),
        "{answer:?}"
    );
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 "))
        .expect("a status line");
    let headers: Vec<_> = lines
        .map(|line| line.split_once(": ").expect("a header"))
        .collect();
    for (name, value) in &headers {
        assert!(ANSWERED.contains(name), "{name}: {value}");
        assert!(
            value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()),
            "{name}: {value:?}"
        );
        assert_eq!(
            headers.iter().filter(|(other, _)| other == name).count(),
            1,
            "{name} in {head}"
        );
    }
    let header = |name| {
        headers
            .iter()
            .find(|header| header.0 == name)
            .map(|header| header.1)
    };
    let length: usize = header("content-length")
        .and_then(|length| length.parse().ok())
        .expect("a length");
    assert_eq!(length, body.len(), "nothing follows: {answer:?}");
    let Some(id) = header("x-request-id") else {
        assert!(status.starts_with('4') && body.is_empty(), "{answer}");
        assert_eq!(header("connection"), Some("close"), "{head}");
        return None;
    };
    assert_eq!(header("x-content-type-options"), Some("nosniff"), "{head}");
    if !status.starts_with('2') {
        assert_eq!(header("content-type"), Some("application/problem+json"), "{head}");
        let problem: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(problem["request_id"], id);
        assert_eq!(problem["status"].to_string(), status[..3]);
    }
    Some(id.to_owned())
}
