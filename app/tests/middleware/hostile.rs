//! Hostile requests, and what their responses must look like.

use serde_json::Value;

use crate::support::example::{self, TEXT};

/// Ends of lines, ends of strings, and escape sequences of terminals. The word "forged" marks whatever is made of them.
pub(super) const HOSTILE: [&[u8]; 13] = [
    concat!(
        "forged>\n",
        env!("CARGO_PKG_NAME"),
        ": ERROR [now] [-] forged: line"
    )
    .as_bytes(),
    concat!(
        "forged>\r",
        env!("CARGO_PKG_NAME"),
        ": ERROR [now] [-] forged: line"
    )
    .as_bytes(),
    b"forged>\r\nForged: 1\r\n forged",
    concat!("forged\u{2028}", env!("CARGO_PKG_NAME"), ": ERROR\u{2029}\u{85}").as_bytes(),
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

/// The header fields that the service reads, and some that others log.
const HEADERS: [&str; 20] = [
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
    "Accept-Encoding",
    "Content-Encoding",
    "Content-Type",
    "Content-Length",
    "Transfer-Encoding",
    "Expect",
    "Connection",
    "User-Agent",
    "Referer",
    "traceparent",
];

/// All header fields that a response to one of these requests may have.
const RESPONSE_HEADERS: [&str; 20] = [
    "accept-encoding",
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

/// A request of these lines and this body, after which the connection is closed.
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

/// A request that creates an item.
pub(super) fn post(headers: &[&[u8]], body: &str) -> Vec<u8> {
    let line = format!("POST {} HTTP/1.1", example::COLLECTION);
    request(line.as_bytes(), headers, body)
}

/// A request for a page of one item.
pub(super) fn get(headers: &[&[u8]]) -> Vec<u8> {
    let line = format!("GET {}?limit=1 HTTP/1.1", example::COLLECTION);
    request(line.as_bytes(), headers, "")
}

/// Requests with hostile text in every place that can hold it.
pub(super) fn requests() -> Vec<Vec<u8>> {
    const LOCAL: [&[u8]; 1] = [b"Host: localhost"];
    let collection = example::COLLECTION;
    let foreign = format!("GET http://forged.example{collection} HTTP/1.1");
    let mut requests = vec![
        request(b"FORGED /livez HTTP/1.1", &LOCAL, ""),
        request(foreign.as_bytes(), &LOCAL, ""),
    ];

    for hostile in HOSTILE {
        for name in HEADERS {
            let header = [name.as_bytes(), b": ", hostile].concat();
            let host = if name == "Host" { &header } else { LOCAL[0] };
            requests.push(get(&[host, &header]));
            requests.push(post(&[host, &header], &example::body("hello")));
        }

        for before in [
            "GET /",
            &format!("GET {collection}"),
            &format!("GET {collection}?limit="),
            "GET http://localhost/",
        ] {
            let line = [before.as_bytes(), hostile, b" HTTP/1.1"].concat();
            requests.push(request(&line, &LOCAL, ""));
        }
        let parameter = format!("GET {collection}?limit=1&");
        let parameter = [parameter.as_bytes(), hostile, b"=1 HTTP/1.1"].concat();
        requests.push(request(&parameter, &LOCAL, ""));
        requests.push(request(&[hostile, b" /livez HTTP/1.1"].concat(), &LOCAL, ""));

        let text = String::from_utf8_lossy(hostile);
        requests.push(post(&LOCAL, &text));
        requests.push(post(&LOCAL, &format!("{{\"{TEXT}\":{{}},\"{text}\":1}}")));
    }
    requests
}

/// Checks that these bytes are one response without anything of the request in it. Returns its request id; `None` for
/// the bare response that hyper itself gives to bytes that are not HTTP.
pub(super) fn request_id_of_harmless(response: &str) -> Option<String> {
    let (head, body) = response
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no response: {response:?}"));
    assert!(!response.to_lowercase().contains("forged"), "{response}");
    let is_control = |c: char| c.is_control() && !"\r\n".contains(c);
    assert!(!response.contains(is_control), "{response:?}");

    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
    let status = status.expect("a status line");
    let headers: Vec<_> = lines
        .map(|line| line.split_once(": ").expect("a header field"))
        .collect();
    for (name, value) in &headers {
        assert!(RESPONSE_HEADERS.contains(name), "{name}: {value}");
        let is_text = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        assert!(value.bytes().all(is_text), "{name}: {value:?}");
        let same = headers.iter().filter(|(other, _)| other == name);
        assert_eq!(same.count(), 1, "{name} in {head}");
    }

    let header = |name| {
        let field = headers.iter().find(|(other, _)| *other == name);
        field.map(|(_, value)| *value)
    };
    let length = header("content-length").and_then(|length| length.parse().ok());
    let length: usize = length.expect("a length");
    assert_eq!(length, body.len(), "nothing follows: {response:?}");
    if body.is_empty() && header("x-request-id").is_none() {
        assert!(matches!(&status[..3], "400" | "431"), "{response:?}");
        assert_eq!(header("connection"), Some("close"), "{response:?}");
        return None;
    }

    let id = header("x-request-id").expect("a request id");
    assert_eq!(header("x-content-type-options"), Some("nosniff"), "{head}");
    if !status.starts_with('2') {
        assert_eq!(header("content-type"), Some("application/problem+json"), "{head}");
        let problem: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(problem["request_id"], id);
        assert_eq!(problem["status"].to_string(), status[..3]);
    }
    Some(id.to_owned())
}
