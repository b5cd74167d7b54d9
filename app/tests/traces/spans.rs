//! The spans of requests: their names, their attributes, and what must not be in them.

use adapters::testing::collector::Collector;
use app::version::{NAME, VERSION};

use super::{get, map, of_requests, traced};
use crate::support::example::{self, COLLECTION, ITEM_ROUTE, UNKNOWN_ITEM};

#[test]
fn request_is_a_span_with_the_attributes_of_http() {
    let collector = Collector::start();
    let service = traced(
        &collector,
        &[("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")],
    );

    get(&service, &format!("{COLLECTION}?limit=1"), "");
    get(&service, UNKNOWN_ITEM, "");

    let list = collector.wait_for_span(&format!("GET {COLLECTION}"));
    assert_eq!(
        (&*list.kind, &*list.parent_id, list.is_error),
        ("SPAN_KIND_SERVER", "", false)
    );
    let expected = [
        ("client.address", "127.0.0.1"),
        ("http.request.method", "GET"),
        ("http.response.status_code", "200"),
        ("http.route", COLLECTION),
        ("network.protocol.version", "1.1"),
        ("url.scheme", "http"),
    ];
    assert_eq!(list.attributes, map(&expected));
    assert_eq!(list.links, []);

    let item = collector.wait_for_span(&format!("GET {ITEM_ROUTE}"));
    assert_eq!(item.attributes["http.response.status_code"], "404");
    assert!(!item.is_error, "a client error is no error of the service");
    assert_ne!(item.trace_id, list.trace_id);

    for (key, value) in [
        ("service.name", NAME),
        ("service.version", VERSION),
        ("deployment.environment.name", "test"),
        ("telemetry.sdk.language", "rust"),
    ] {
        assert_eq!(list.resource[key], value);
    }
}

#[test]
fn nothing_that_a_client_wrote_is_in_a_span() {
    let collector = Collector::start();
    let service = traced(&collector, &[]);
    let lines = "User-Agent: raw-agent\r\nX-Request-ID: raw-id\r\nAuthorization: Bearer raw-token\r\n\
                 X-Forwarded-Proto: raw-proto\r\nX-Forwarded-For: 6.6.6.6\r\nIdempotency-Key: raw-key\r\n\
                 traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: raw=state\r\n";

    service.post_with(lines, &example::body("raw-text"));
    get(&service, "/raw-path?raw-query=1", lines);
    get(&service, &format!("{COLLECTION}raw-path?raw-query"), lines);
    let brew = format!("BREW /raw-path HTTP/1.1\r\nHost: raw-host\r\nConnection: close\r\n{lines}\r\n");
    service.exchange(brew.as_bytes());

    let other = collector.wait_for_span("HTTP");
    assert_eq!(other.attributes["http.request.method"], "_OTHER");
    let unknown = collector.wait_for_span("GET");
    assert_eq!(unknown.attributes["http.response.status_code"], "404");
    assert!(!unknown.attributes.contains_key("http.route"));
    collector.wait_for_span(&format!("POST {COLLECTION}"));
    collector.wait_for_span(&format!("GET {ITEM_ROUTE}"));

    let all = format!("{:?}", collector.spans());
    assert!(!all.contains("raw") && !all.contains("6.6.6.6"), "{all}");
}

#[test]
fn probes_and_scrapes_have_no_span() {
    let collector = Collector::start();
    let service = traced(&collector, &[]);

    for path in ["/livez", "/healthcheck/", "/healthcheck", "/metrics", COLLECTION] {
        get(&service, path, "");
    }

    collector.wait_for_span(&format!("GET {COLLECTION}"));
    let names: Vec<_> = of_requests(collector.spans())
        .into_iter()
        .map(|span| span.name)
        .collect();
    assert_eq!(names, [format!("GET {COLLECTION}")]);
}
