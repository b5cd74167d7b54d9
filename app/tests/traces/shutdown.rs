//! Spans that wait are sent before the process ends, if the collector takes them in time.

use std::time::{Duration, Instant};

use adapters::testing::collector::{Behaviour, Collector};

use super::{get, of_requests, traced};
use crate::support::{
    Service,
    client::{Client, post_head},
    example::COLLECTION,
};

/// Spans wait for longer than any test takes.
const LATE: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "600000");

/// A service whose spans wait, after a request.
fn waiting(collector: &Collector, more: &[(&str, &str)]) -> Service {
    let service = traced(collector, &[&[LATE], more].concat());
    get(&service, COLLECTION, "");
    assert_eq!(collector.spans().len(), 0, "the span waits");

    service
}

#[test]
fn spans_that_wait_are_sent_before_the_end() {
    let collector = Collector::start();
    let mut service = waiting(&collector, &[]);

    service.signal("TERM");
    assert!(service.child.wait().expect("an exit").success());

    let names: Vec<_> = collector.spans().into_iter().map(|span| span.name).collect();
    assert!(names.contains(&format!("GET {COLLECTION}")), "{names:?}");
}

#[test]
fn request_that_is_aborted_at_the_end_has_a_span() {
    let collector = Collector::start();
    let mut service = traced(&collector, &[LATE, ("SHUTDOWN_TIMEOUT_SECONDS", "1")]);
    let mut stuck = Client::of(&service);
    let head = post_head(100);
    stuck.send(head.as_bytes()).expect("the header is taken");
    get(&service, "/livez", "");

    service.signal("TERM");
    service.wait_for_log("SHUTDOWN_TIMEOUT_SECONDS passed");
    assert!(service.child.wait().expect("an exit").success());

    let spans = of_requests(collector.spans());
    let [span] = &spans[..] else {
        panic!("one request has a span: {spans:?}");
    };
    assert_eq!(span.name, "POST");
    assert_eq!(span.attributes["http.response.status_code"], "499");
}

#[test]
fn end_does_not_wait_for_a_collector_that_does_not_respond() {
    let collector = Collector::start();
    collector.set(Behaviour::Hang);
    let mut service = waiting(&collector, &[("SHUTDOWN_TIMEOUT_SECONDS", "1")]);
    let start = Instant::now();

    service.signal("TERM");
    service.wait_for_log("the collector http://");
    service.wait_for_log("stopped");
    assert!(service.child.wait().expect("an exit").success());

    let took = start.elapsed();
    assert!(took < Duration::from_secs(5), "the end took {took:?}");
}

#[test]
fn second_signal_does_not_wait_for_the_collector() {
    let collector = Collector::start();
    collector.set(Behaviour::Hang);
    let mut service = waiting(&collector, &[("SHUTDOWN_TIMEOUT_SECONDS", "60")]);
    let start = Instant::now();

    service.signal("TERM");
    collector.wait_for_requests(1);
    service.signal("TERM");
    assert_eq!(service.child.wait().expect("an exit").code(), Some(143));

    let took = start.elapsed();
    assert!(took < Duration::from_secs(4), "the end took {took:?}");
}
