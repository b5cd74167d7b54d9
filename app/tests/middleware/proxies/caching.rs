//! What caches in front of the service keep: items that never change, and nothing else.
//!
//! Each response of the service has a request id of its own, so two responses with the same one are from the cache.

use serde_json::Value;

use super::{HOST, create, json, process::Proxy, trusting};
use crate::support::{Service, client::Response, example};

const GZIP: &str = "Accept-Encoding: gzip\r\n";

fn get(proxy: &Proxy, path: &str, lines: &str) -> Response {
    let response = proxy.send("GET", path, &format!("{HOST}{lines}"));
    if let Some(coding) = response.header("content-encoding") {
        assert_eq!(coding, "gzip", "{path}");
        assert!(lines.contains("gzip"), "{path}: the client does not accept gzip");
    }
    response
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
        ("/readyz", 200),
        ("/metrics", 200),
        ("/nothing", 404),
        (example::UNKNOWN_ITEM, 404),
        (&*invalid, 400),
        (example::COLLECTION, 200),
    ] {
        let [first, second] = [(); 2].map(|()| get(proxy, path, ""));
        assert_eq!((first.status, second.status), (status, status), "{path}");
        assert!(!is_same_response(&first, &second), "{path} is cached: {second:?}");
    }
}

/// Whether a cache passes on `If-None-Match` for what it does not store. nginx with `proxy_cache` does not.
#[derive(Clone, Copy, PartialEq)]
enum Conditions {
    Passed,
    Dropped,
}

/// A list through the cache shows what was created a moment before, in either coding.
fn assert_list_is_current(proxy: &Proxy, conditions: Conditions) {
    let ids = |list: &Response| -> Vec<Value> {
        let list = json(list);
        let items = list.as_array().expect("a list").iter();
        items.map(|item| item["id"].clone()).collect()
    };
    let mut created: Vec<Value> = ids(&get(proxy, example::COLLECTION, ""));
    let mut old_tag = None;

    // Enough for a list that is compressed.
    for n in 0..20_usize {
        created.insert(0, json(&create(proxy, "", ""))["id"].clone());
        let orders = [["", GZIP], [GZIP, ""]];

        for lines in orders[n % 2] {
            let response = get(proxy, example::COLLECTION, lines);
            assert_eq!(ids(&response), created, "after a creation: {response:?}");
            if n == 19 {
                let is_compressed = response.header("content-encoding").is_some();
                assert_eq!(is_compressed, !lines.is_empty(), "{response:?}");
            }

            let if_none_match = |tag: &str| {
                // Heads are in lower case here.
                let tag = tag.strip_prefix('w').expect("a weak tag");
                get(
                    proxy,
                    example::COLLECTION,
                    &format!("{lines}If-None-Match: W{tag}\r\n"),
                )
            };
            let tag = response.header("etag").expect("an ETag").to_owned();
            let again = if_none_match(&tag);
            match conditions {
                Conditions::Passed => assert_eq!((again.status, &*again.body), (304, ""), "{again:?}"),
                Conditions::Dropped => assert_eq!(ids(&again), created, "{again:?}"),
            }
            if let Some(old) = old_tag.replace(tag.clone()).filter(|old| *old != tag) {
                assert_eq!(ids(&if_none_match(&old)), created);
            }
        }
    }
}

/// An item that never changes comes from the cache, the same for every client.
fn assert_item_is_cached(proxy: &Proxy) {
    let item = json(&create(proxy, "", ""));
    let path = example::path_of(&item);

    let first = get(proxy, &path, GZIP);
    for lines in [GZIP, "", "Accept-Encoding: br, *;q=0.5\r\n"] {
        let response = get(proxy, &path, lines);
        assert_eq!(json(&response), item, "{lines}");
        let is_cached = is_same_response(&first, &response);
        assert_eq!(is_cached, example::IS_IMMUTABLE, "{lines}{response:?}");
    }
}

/// Each client gets the document in a coding that it accepts, whichever client asked first.
fn assert_document_has_both_codings(proxy: &Proxy) {
    for lines in [GZIP, "", GZIP] {
        let response = get(proxy, "/openapi.json", lines);
        assert_eq!(response.status, 200, "{response:?}");
        assert!(json(&response)["paths"].is_object());
    }
}

fn assert_caches_what_it_may(conditions: Conditions, proxy: impl Fn(&Service) -> Proxy) {
    let service = trusting(&[("PUBLIC_URL", "http://api.example.com")]);
    let proxy = proxy(&service);

    assert_never_cached(&proxy);
    assert_list_is_current(&proxy, conditions);
    assert_item_is_cached(&proxy);
    assert_document_has_both_codings(&proxy);
}

#[test]
fn varnish_with_its_defaults_caches_items_and_nothing_else() {
    assert_caches_what_it_may(Conditions::Passed, |service| Proxy::varnish(service.address));
}

#[test]
fn nginx_with_its_defaults_caches_items_and_nothing_else() {
    assert_caches_what_it_may(Conditions::Dropped, |service| {
        Proxy::careless_nginx(service.address, "")
    });
}

#[test]
fn documented_nginx_caches_items_and_nothing_else() {
    assert_caches_what_it_may(Conditions::Dropped, |service| {
        Proxy::documented_nginx(service.address)
    });
}

#[test]
fn documented_haproxy_caches_items_and_nothing_else() {
    assert_caches_what_it_may(Conditions::Passed, |service| {
        Proxy::documented_haproxy(service.address)
    });
}
