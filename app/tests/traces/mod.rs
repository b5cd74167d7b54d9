//! Traces: what a collector receives of requests, and that requests do not depend on it.

mod context;
mod logs;
mod outages;
mod sending;
mod shutdown;
mod spans;
mod statements;
mod syslog;
mod tls;

use std::collections::BTreeMap;

use adapters::testing::{ReceivedSpan, collector::Collector};

use crate::support::{Service, client::Client};

/// A service on an in-memory store that soon sends its spans to this collector, with these variables besides.
fn traced(collector: &Collector, more: &[(&str, &str)]) -> Service {
    let url = collector.url();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*url),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
    ];

    Service::in_memory(&[&variables, more].concat())
}

/// Sends a GET with further header lines, each ended by `\r\n`.
fn get(service: &Service, path: &str, lines: &str) {
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n");
    service.exchange(head.as_bytes());
}

/// Sends GETs over one connection.
fn get_often(service: &Service, path: &str, times: usize) {
    let mut client = Client::of(service);
    for _ in 0..times {
        let response = client.get(path).expect("a response");
        assert_eq!(response.status, 200);
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// The spans of requests, without those of the store.
fn of_requests(spans: Vec<ReceivedSpan>) -> Vec<ReceivedSpan> {
    spans
        .into_iter()
        .filter(|span| span.kind == "SPAN_KIND_SERVER")
        .collect()
}
