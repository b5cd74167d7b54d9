//! Log lines of a traced request have the ids of its span.

use adapters::testing::{ReceivedSpan, collector::Collector};
use serde_json::Value;

use super::{get, traced};
use crate::support::{
    Service,
    client::{Client, post_head},
    example::COLLECTION,
};

const ID: &str = "X-Request-ID: abc-123\r\n";

/// The access line of a request, as these variables make it, and the span of the request.
pub(super) fn line_and_span(variables: &[(&str, &str)]) -> (String, ReceivedSpan) {
    let collector = Collector::start();
    let mut service = traced(&collector, variables);

    get(&service, COLLECTION, ID);

    let line = service.wait_for_log("abc-123");
    (line, collector.wait_for_span(&format!("GET {COLLECTION}")))
}

#[test]
fn text_line_ends_with_the_ids() {
    let (line, span) = line_and_span(&[]);

    let end = format!(" trace_id={} span_id={}", span.trace_id, span.span_id);
    assert!(
        line.contains("[abc-123] access: method=GET") && line.ends_with(&end),
        "{line}"
    );
}

#[test]
fn json_line_has_the_ids_as_members() {
    let (line, span) = line_and_span(&[("LOG_FORMAT", "json")]);

    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(
        (&line["request_id"], &line["method"]),
        (&"abc-123".into(), &"GET".into())
    );
    assert_eq!(
        (&line["trace_id"], &line["span_id"]),
        (&span.trace_id.into(), &span.span_id.into())
    );
}

#[test]
fn line_of_a_request_without_a_response_has_the_ids() {
    let collector = Collector::start();
    let mut service = traced(&collector, &[("MAX_CONNECTIONS", "1")]);
    let mut client = Client::of(&service);
    client
        .send(post_head(100).as_bytes())
        .expect("all of the request but its body");

    // Takes the place of the other connection.
    get(&service, "/livez", "");

    let line = service.wait_for_log("status=499");
    let span = collector.wait_for_span("POST");
    let end = format!(" trace_id={} span_id={}", span.trace_id, span.span_id);
    assert!(line.ends_with(&end), "{line}");
}

#[test]
fn request_that_is_not_sampled_has_ids_and_without_traces_none_has() {
    let collector = Collector::start();
    for (mut service, has_ids) in [
        (traced(&collector, &[("OTEL_TRACES_SAMPLER", "always_off")]), true),
        (Service::in_memory(&[]), false),
    ] {
        get(&service, COLLECTION, ID);

        let line = service.wait_for_log("abc-123");
        assert_eq!(line.contains(" trace_id="), has_ids, "{line}");
        assert_eq!(line.contains(" span_id="), has_ids, "{line}");
    }
}
