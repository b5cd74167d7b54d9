//! Collectors that are away, slow, or refuse what is sent. No request depends on them.

use std::{net::TcpListener, time::Instant};

use adapters::testing::collector::{Behaviour, Collector};

use super::{get, get_often, traced};
use crate::support::{Service, example::COLLECTION, report, wait_until};

/// A queue that is full soon.
const SMALL: (&str, &str) = ("OTEL_BSP_MAX_QUEUE_SIZE", "20");

/// Longer than any test takes: a request that waited for the collector would exceed the timeout of the test's client.
const PATIENT: (&str, &str) = ("OTEL_EXPORTER_OTLP_TIMEOUT", "600000");

/// The value of a series in a scrape.
fn value(service: &Service, series: &str) -> u64 {
    let metrics = service.get("/metrics");
    let value = metrics
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or_else(|| panic!("no {series} in {metrics}"))
}

const DROPPED: &str = r#"otel_sdk_processor_span_processed_total{error_type="queue_full"}"#;
const FAILED: &str = r#"otel_sdk_exporter_span_exported_total{error_type="export_failed"}"#;
const EXPORTED: &str = "otel_sdk_exporter_span_exported_total";

/// Sends many requests, each of which must have a response within the timeout of the client. How long they take
/// depends on what else the machine does, so that is only reported.
fn load(service: &Service) {
    let start = Instant::now();
    get_often(service, COLLECTION, 200);

    report(&format!("200 requests took {:?}", start.elapsed()));
}

#[test]
fn requests_do_not_wait_for_a_collector_that_does_not_respond_and_lost_spans_are_counted() {
    let collector = Collector::start();
    collector.set(Behaviour::Hang);
    let service = traced(&collector, &[SMALL, PATIENT]);

    load(&service);

    collector.wait_for_requests(1);
    // 200 requests and as many statements, less those in the queue and in the batch that is being sent.
    assert!(value(&service, DROPPED) >= 360, "{}", service.get("/metrics"));
    assert_eq!(value(&service, EXPORTED), 0);
}

#[test]
fn collector_that_is_away_causes_one_warning_whatever_is_lost() {
    let address = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let url = format!("http://{address}");
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*url),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "50"),
        SMALL,
    ];
    let mut service = Service::in_memory(&variables);

    load(&service);
    let warning = service.wait_for_log("cannot send spans");
    assert!(
        warning.contains("WARN") && warning.contains(&format!("{url}: connection refused")),
        "{warning}"
    );

    let lost = value(&service, FAILED);
    load(&service);
    wait_until("further batches fail", || value(&service, FAILED) > lost);
    service.signal("TERM");
    service.wait_for_log("stopped");
    let warnings = service.log.iter().filter(|line| line.contains("WARN")).count();
    assert_eq!(warnings, 1, "{}", service.log.join("\n"));
}

#[test]
fn batches_are_sent_again_while_the_collector_is_unavailable() {
    let collector = Collector::start();
    collector.set(Behaviour::Refuse(503));
    let mut service = traced(&collector, &[]);

    get(&service, COLLECTION, "");
    collector.wait_for_requests(3);
    collector.set(Behaviour::Accept);
    collector.wait_for_span(&format!("GET {COLLECTION}"));

    service.signal("TERM");
    service.wait_for_log("stopped");
    assert!(
        !service.log.join("\n").contains("WARN"),
        "nothing was lost: {}",
        service.log.join("\n")
    );
}

#[test]
fn refused_batches_are_lost_and_the_log_tells_when_that_begins_and_ends_in_its_own_words() {
    for (behaviour, reason) in [
        (Behaviour::Refuse(401), "its response has status 401"),
        (Behaviour::Refuse(307), "its response has status 307"),
        (Behaviour::Postpone, "its response has status 503"),
        (Behaviour::Reject(1), "it rejects some of them"),
    ] {
        let collector = Collector::start();
        collector.set(behaviour);
        let mut service = traced(&collector, &[]);

        get(&service, COLLECTION, "");
        let warning = service.wait_for_log("cannot send spans to the collector");
        assert!(warning.contains(reason), "{warning}");
        wait_until("the loss is counted", || value(&service, FAILED) > 0);

        collector.set(Behaviour::Accept);
        get(&service, COLLECTION, "");
        service.wait_for_log("receives spans again");
        // The two spans of a request may be in two batches.
        let requests = collector.requests().len();
        assert!(
            requests <= 4,
            "{behaviour:?} is not worth another attempt, but there were {requests} requests"
        );
        assert!(
            !service.log.join("\n").contains("raw text"),
            "{}",
            service.log.join("\n")
        );
    }
}
