//! The service behind real proxies and caches: nginx and HAProxy with the configurations in the documents, and caches
//! that pass on whatever clients send.

mod browser;
mod caching;
mod echo;
mod poisoning;
pub(crate) mod process;

use serde_json::Value;

use crate::support::{Service, client::Response, example};
use process::Proxy;

const HOST: &str = "Host: api.example.com\r\n";

/// Every header from which a service might make URLs, or take the client's address or the trace of a request.
const FORGED: [&str; 10] = [
    "Forwarded: for=6.6.6.6;host=evil.example;proto=https\r\n",
    "X-Forwarded-For: 6.6.6.6\r\n",
    "X-Forwarded-Host: api.example.com:1337\r\n",
    "X-Forwarded-Proto: https\r\n",
    "X-Forwarded-Port: 1337\r\n",
    "X-Forwarded-Prefix: /evil\r\n",
    "X-Forwarded-Server: evil.example\r\n",
    "X-Forwarded-Scheme: https\r\n",
    "X-Real-IP: 6.6.6.6\r\n",
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: evil=1\r\n",
];

/// A service that trusts proxies on this machine, with these variables besides.
fn trusting(variables: &[(&str, &str)]) -> Service {
    let trust = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("ALLOWED_HOSTS", "api.example.com,localhost,127.0.0.1"),
    ];
    Service::in_memory(&[&trust, variables].concat())
}

/// Creates an item through a proxy that serves the service under this prefix.
fn create(proxy: &Proxy, prefix: &str, lines: &str) -> Response {
    let path = format!("{prefix}{}", example::COLLECTION);
    let lines = format!("{HOST}Content-Type: application/json\r\n{lines}");

    let response = proxy.send_body("POST", &path, &lines, &example::body("hello"));
    assert_eq!(response.status, 201, "{response:?}");
    response
}

fn json(response: &Response) -> Value {
    serde_json::from_str(&response.body).expect("JSON")
}

/// Follows all URLs of the service through a proxy that serves it under this prefix.
fn assert_urls_lead_back(proxy: &Proxy, prefix: &str) {
    let base = format!("http://api.example.com{prefix}");
    let path_of = |url: &str| {
        let path = url.strip_prefix("http://api.example.com");
        path.unwrap_or_else(|| panic!("{url} is not below {base}"))
            .to_owned()
    };

    create(proxy, prefix, "");
    let created = create(proxy, prefix, &FORGED.concat());
    let collection = format!("{base}{}", example::COLLECTION);
    let href = json(&created)["href"].as_str().expect("an href").to_owned();
    assert!(href.starts_with(&collection), "{href}");
    assert_eq!(created.header("location"), Some(&*href.to_ascii_lowercase()));
    assert_eq!(json(&proxy.send("GET", &path_of(&href), HOST)), json(&created));

    let page = proxy.send("GET", &path_of(&format!("{collection}?limit=1")), HOST);
    let link = page.header("link").expect("a link to the next page");
    let (next, _) = link
        .strip_prefix('<')
        .and_then(|link| link.split_once('>'))
        .expect("a URL");
    let next = proxy.send("GET", &path_of(next), HOST);
    assert_eq!(
        (next.status, json(&next).as_array().map(Vec::len)),
        (200, Some(1))
    );

    let root = proxy.send("GET", &format!("{prefix}/"), HOST);
    assert_eq!(root.status, 307);
    assert_eq!(root.header("location"), Some(&*format!("{prefix}/docs")));
    let docs = proxy.send("GET", &format!("{prefix}/docs"), HOST);
    assert_eq!(docs.status, 200);

    let document = json(&proxy.send("GET", &format!("{prefix}/openapi.json"), HOST));
    let root = if prefix.is_empty() { "/" } else { prefix };
    assert_eq!(document["servers"], serde_json::json!([{ "url": root }]));
}

#[test]
fn urls_lead_back_through_the_documented_nginx() {
    let service = trusting(&[]);
    let proxy = Proxy::documented_nginx(service.address);

    assert_urls_lead_back(&proxy, "");
    assert_urls_lead_back(&proxy, "/microblog");
}

#[test]
fn urls_lead_back_through_the_documented_haproxy() {
    let service = trusting(&[]);
    let proxy = Proxy::documented_haproxy(service.address);

    assert_urls_lead_back(&proxy, "");
    assert_urls_lead_back(&proxy, "/microblog");
}
