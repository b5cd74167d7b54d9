//! How spans are sent, and how many.

use std::fs;

use adapters::testing::collector::Collector;
use tempfile::TempDir;

use super::{get, get_often, of_requests, traced};
use crate::support::{
    Service,
    example::{COLLECTION, STORE_OPERATIONS, TABLE},
};

#[test]
fn spans_are_posted_as_protobuf_with_the_configured_headers() {
    let collector = Collector::start();
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("headers");
    fs::write(&file, "authorization=Bearer%20hunter2,x-tenant=t\n").expect("a file");
    let file = file.to_str().expect("UTF-8");
    let variables = [("OTEL_EXPORTER_OTLP_HEADERS_FILE", file), ("LOG_LEVEL", "trace")];
    let mut service = traced(&collector, &variables);

    get(&service, COLLECTION, "");
    collector.wait_for_span(&format!("GET {COLLECTION}"));
    service.signal("TERM");
    service.wait_for_log("stopped");

    let request = collector.requests().remove(0);
    for part in [
        "post /v1/traces http/1.1",
        "\r\ncontent-type: application/x-protobuf\r\n",
        "\r\nauthorization: bearer hunter2\r\n",
        "\r\nx-tenant: t\r\n",
    ] {
        assert!(request.contains(part), "{request}");
    }
    let log = service.log.join("\n");
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn share_of_requests_is_traced_whole() {
    const REQUESTS: usize = 2_000;
    let collector = Collector::start();
    let variables = [
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.01"),
    ];
    let mut service = traced(&collector, &variables);

    get_often(&service, COLLECTION, REQUESTS);
    service.signal("TERM");
    assert!(service.child.wait().expect("an exit").success());

    // The mean is 20. Less than once in a million runs, it is 0 or more than 60.
    let spans = collector.spans();
    let [_, _, list] = STORE_OPERATIONS;
    let statements = spans
        .iter()
        .filter(|span| span.name == format!("{list} {TABLE}"))
        .count();
    let requests = of_requests(spans).len();
    assert!((1..=60).contains(&requests), "{requests} of {REQUESTS}");
    assert_eq!(
        statements, requests,
        "the spans of a request are sent all or none"
    );
}

/// Whether a process has the thread that sends spans. The system shows 15 characters of its name.
#[cfg(target_os = "linux")]
fn has_sender(service: &Service) -> bool {
    let threads =
        fs::read_dir(format!("/proc/{}/task", service.child.id())).expect("the threads of a process");
    let names = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("comm")).ok());

    names
        .map(|name| name.trim().to_owned())
        .any(|name| name == "OpenTelemetry.T")
}

#[cfg(target_os = "linux")]
#[test]
fn without_an_endpoint_there_is_neither_a_thread_nor_a_metric_of_traces() {
    let collector = Collector::start();
    for (service, is_on) in [
        (traced(&collector, &[]), true),
        (traced(&collector, &[("OTEL_SDK_DISABLED", "true")]), false),
        (Service::in_memory(&[]), false),
    ] {
        get(&service, COLLECTION, "");

        assert_eq!(has_sender(&service), is_on);
        assert_eq!(service.get("/metrics").contains("otel_sdk_"), is_on);
    }
}
