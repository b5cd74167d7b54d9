//! An attacker tries to put URLs of their choice into a shared cache, from which others get them.

use std::net::SocketAddr;

use super::{FORGED, HOST, create, json, process::Proxy, trusting};
use crate::support::{client::Response, example};

/// What only forged headers contain.
fn is_poisoned(response: &Response) -> bool {
    let text = format!("{}{}", response.head, response.body).to_ascii_lowercase();
    [":1337", "evil", "https://api", "strict-transport", "6.6.6.6"]
        .iter()
        .any(|sign| text.contains(sign))
}

/// Tries each forged header, on responses of every kind, before anything is in the cache. Returns whether the cache served
/// an item to another client.
fn attack(proxy: &Proxy) -> bool {
    let ports = ["Host: api.example.com:1337\r\n".to_owned()];
    let attacks: Vec<_> = FORGED
        .iter()
        .map(|line| format!("{HOST}{line}"))
        .chain(ports)
        .chain([format!("{HOST}{}", FORGED.concat())])
        .collect();

    let mut is_cached = true;
    for lines in &attacks {
        let created = create(proxy, "", "");
        let href = json(&created)["id"].as_str().expect("an id").to_owned();
        let item = format!("{}{href}", example::COLLECTION);
        // A query of its own: nothing else has requested this page.
        let page = format!("{}?limit=1&x={href}", example::COLLECTION);

        for path in [
            &*item,
            &page,
            &format!("/?x={href}"),
            &format!("/openapi.yaml?x={href}"),
            &format!("{}?x={href}", example::UNKNOWN_ITEM),
        ] {
            proxy.send("GET", path, lines);
            let victims = [(); 2].map(|()| proxy.send("GET", path, HOST));

            for victim in &victims {
                assert!(
                    !is_poisoned(victim),
                    "{path} is poisoned by {lines:?}: {victim:?}"
                );
            }
            if path == item {
                let ids = victims.map(|victim| victim.header("x-request-id").map(str::to_owned));
                is_cached &= ids[0] == ids[1];
            }
        }
    }
    is_cached
}

fn assert_cannot_be_poisoned(proxy: impl Fn(SocketAddr) -> Proxy) {
    let service = trusting(&[]);
    assert!(
        !attack(&proxy(service.address)),
        "without PUBLIC_URL, no shared cache stores an item"
    );

    let service = trusting(&[("PUBLIC_URL", "http://api.example.com")]);
    assert_eq!(
        attack(&proxy(service.address)),
        example::IS_IMMUTABLE,
        "with PUBLIC_URL, the cache serves items that never change"
    );
}

#[test]
fn nginx_with_its_default_key_cannot_be_poisoned() {
    assert_cannot_be_poisoned(|service| Proxy::careless_nginx(service, ""));
}

#[test]
fn nginx_with_the_url_as_its_key_cannot_be_poisoned() {
    let key = "proxy_cache_key $scheme$host$request_uri;";
    assert_cannot_be_poisoned(|service| Proxy::careless_nginx(service, key));
}

#[test]
fn varnish_with_its_defaults_cannot_be_poisoned() {
    assert_cannot_be_poisoned(Proxy::varnish);
}

#[test]
fn documented_nginx_cannot_be_poisoned() {
    assert_cannot_be_poisoned(Proxy::documented_nginx);
}

#[test]
fn documented_haproxy_cannot_be_poisoned() {
    assert_cannot_be_poisoned(Proxy::documented_haproxy);
}
