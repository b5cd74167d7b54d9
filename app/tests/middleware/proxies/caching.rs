//! What caches in front of the service keep: items that never change, and nothing else.
//!
//! Each response of the service has a request id of its own, so two responses with the same one are from the cache.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use super::{HOST, create, json, process::Proxy, trusting};
use crate::support::{Service, TIMEOUT, client::Response, example, gunzip};

const GZIP: &str = "Accept-Encoding: gzip\r\n";

/// The response to a GET, and its body after decompression. The request is one of HTTP/1.0, so that its end is that of the
/// connection: Varnish does not know the length of what it decompresses.
fn get(proxy: &Proxy, path: &str, lines: &str) -> (Response, String) {
    let mut stream = TcpStream::connect(proxy.address()).expect("a connection to the proxy");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    let request = format!("GET {path} HTTP/1.0\r\n{HOST}{lines}\r\n");
    stream.write_all(request.as_bytes()).expect("the request is sent");
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("a response in time");

    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a header");
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let response = Response {
        status: status.expect("a status"),
        head,
        body: String::new(),
    };

    let body = &bytes[end + 4..];
    let text = match response.header("content-encoding") {
        Some(coding) => {
            assert_eq!(coding, "gzip", "{path}");
            assert!(lines.contains("gzip"), "{path}: the client does not accept gzip");
            gunzip(body)
        }
        None => String::from_utf8(body.to_vec()).expect("a text"),
    };
    (response, text)
}

fn is_same_response(a: &Response, b: &Response) -> bool {
    a.header("x-request-id") == b.header("x-request-id")
}

/// What is true only now comes from the service each time.
fn assert_never_cached(proxy: &Proxy) {
    let invalid = format!("{}?limit=x", example::COLLECTION);

    for (path, status) in [
        ("/healthcheck/", 200),
        ("/livez", 200),
        ("/metrics", 200),
        ("/nothing", 404),
        (example::UNKNOWN_ITEM, 404),
        (&*invalid, 400),
        (example::COLLECTION, 200),
    ] {
        let ((first, _), (second, _)) = (get(proxy, path, ""), get(proxy, path, ""));
        assert_eq!((first.status, second.status), (status, status), "{path}");
        assert!(!is_same_response(&first, &second), "{path} is cached: {second:?}");
    }
}

/// A list through the cache shows what was created a moment before, in either coding, and is not sent to clients that have
/// it.
fn assert_list_is_current(proxy: &Proxy) {
    let ids = |text: &str| -> Vec<Value> {
        let list: Value = serde_json::from_str(text).expect("JSON");
        let items = list.as_array().expect("a list").iter();
        items.map(|item| item["id"].clone()).collect()
    };
    let mut created: Vec<Value> = ids(&get(proxy, example::COLLECTION, "").1);
    let mut tag = None;

    // Enough for a list that is compressed.
    for n in 0..20_usize {
        created.insert(0, json(&create(proxy, "", ""))["id"].clone());
        let orders = [["", GZIP], [GZIP, ""]];

        for lines in orders[n % 2] {
            let (response, text) = get(proxy, example::COLLECTION, lines);
            assert_eq!(ids(&text), created, "after a creation: {response:?}");
            if n == 19 {
                let is_compressed = response.header("content-encoding").is_some();
                assert_eq!(is_compressed, !lines.is_empty(), "{response:?}");
            }

            let current = response.header("etag").expect("an ETag").to_owned();
            assert!(current.starts_with("w/\""), "{current}");
            // Heads are in lower case here.
            let lines = format!("{lines}If-None-Match: W{}\r\n", &current[1..]);
            let (not_modified, text) = get(proxy, example::COLLECTION, &lines);
            assert_eq!((not_modified.status, &*text), (304, ""), "{not_modified:?}");
            if let Some(old) = tag.replace(current.clone()).filter(|old| *old != current) {
                let lines = format!("If-None-Match: W{}\r\n", &old[1..]);
                assert_eq!(get(proxy, example::COLLECTION, &lines).0.status, 200);
            }
        }
    }
}

/// An item that never changes comes from the cache, the same for every client.
fn assert_item_is_cached(proxy: &Proxy) {
    let item = json(&create(proxy, "", ""));
    let path = example::path_of(&item);

    let (first, _) = get(proxy, &path, GZIP);
    for lines in [GZIP, "", "Accept-Encoding: br, *;q=0.5\r\n"] {
        let (response, text) = get(proxy, &path, lines);
        assert_eq!(
            serde_json::from_str::<Value>(&text).expect("JSON"),
            item,
            "{lines}"
        );
        let is_cached = is_same_response(&first, &response);
        assert_eq!(is_cached, example::IS_IMMUTABLE, "{lines}{response:?}");
    }
}

/// The document is compressed, whichever client asked first.
fn assert_document_has_both_codings(proxy: &Proxy) {
    for lines in [GZIP, "", GZIP] {
        let (response, text) = get(proxy, "/openapi.json", lines);
        assert_eq!(response.status, 200, "{response:?}");
        let document: Value = serde_json::from_str(&text).expect("JSON");
        assert!(document["paths"].is_object());
    }
}

fn assert_caches_what_it_may(proxy: impl Fn(&Service) -> Proxy) {
    let service = trusting(&[("PUBLIC_URL", "http://api.example.com")]);
    let proxy = proxy(&service);

    assert_never_cached(&proxy);
    assert_list_is_current(&proxy);
    assert_item_is_cached(&proxy);
    assert_document_has_both_codings(&proxy);
}

#[test]
fn varnish_with_its_defaults_caches_items_and_nothing_else() {
    assert_caches_what_it_may(|service| Proxy::varnish(service.address));
}

#[test]
fn nginx_with_its_defaults_caches_items_and_nothing_else() {
    assert_caches_what_it_may(|service| Proxy::careless_nginx(service.address, ""));
}

#[test]
fn documented_nginx_caches_items_and_nothing_else() {
    assert_caches_what_it_may(|service| Proxy::documented_nginx(service.address));
}

#[test]
fn documented_haproxy_caches_items_and_nothing_else() {
    assert_caches_what_it_may(|service| Proxy::documented_haproxy(service.address));
}
