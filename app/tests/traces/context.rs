//! Which trace a request belongs to. Only real connections have a peer that can be trusted.

use adapters::testing::{ReceivedSpan, collector::Collector};

use super::{get, of_requests, traced};
use crate::support::example::COLLECTION;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

const TRUSTING: (&str, &str) = ("TRUSTED_PROXIES", "127.0.0.1");

fn traceparent(flags: &str) -> String {
    format!("traceparent: 00-{TRACE}-{PARENT}-{flags}\r\ntracestate: vendor=state\r\n")
}

/// The span of a request with these header lines.
fn span(lines: &str, variables: &[(&str, &str)]) -> ReceivedSpan {
    let collector = Collector::start();
    let service = traced(&collector, variables);

    get(&service, COLLECTION, lines);

    collector.wait_for_span(&format!("GET {COLLECTION}"))
}

#[test]
fn span_of_a_trusted_proxy_is_the_parent() {
    let span = span(&traceparent("01"), &[TRUSTING]);

    assert_eq!((&*span.trace_id, &*span.parent_id), (TRACE, PARENT));
    assert_eq!((&*span.trace_state, span.links.len()), ("vendor=state", 0));
}

#[test]
fn trace_state_may_have_several_lines() {
    let lines = format!("{}tracestate: other=1, third=2\r\n", traceparent("01"));

    let span = span(&lines, &[TRUSTING]);

    assert_eq!(span.parent_id, PARENT);
    assert_eq!(span.trace_state, "vendor=state,other=1,third=2");
}

#[test]
fn address_and_scheme_are_those_that_a_trusted_proxy_reports() {
    let lines = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n";

    let span = span(lines, &[TRUSTING]);

    assert_eq!(
        (
            &*span.attributes["client.address"],
            &*span.attributes["url.scheme"]
        ),
        ("192.0.2.7", "https")
    );
    assert_eq!(span.parent_id, "");
}

#[test]
fn span_of_anybody_else_is_a_link_of_a_new_trace() {
    for proxies in ["", "192.0.2.0/24"] {
        let span = span(&traceparent("01"), &[("TRUSTED_PROXIES", proxies)]);

        assert_ne!(span.trace_id, TRACE);
        assert_eq!((&*span.parent_id, &*span.trace_state), ("", ""));
        assert_eq!(span.links, [(TRACE.to_owned(), PARENT.to_owned(), String::new())]);
    }
}

#[test]
fn only_a_trusted_proxy_decides_what_is_traced() {
    let off_by_default = ("OTEL_TRACES_SAMPLER", "parentbased_always_off");
    for (variables, flags, is_traced) in [
        (&[TRUSTING, off_by_default][..], "01", true),
        (&[TRUSTING], "00", false),
        (&[off_by_default], "01", false),
        (&[], "00", true),
        (&[TRUSTING, ("OTEL_TRACES_SAMPLER", "always_on")], "00", true),
        (&[TRUSTING, ("OTEL_TRACES_SAMPLER", "always_off")], "01", false),
    ] {
        let collector = Collector::start();
        let mut service = traced(&collector, variables);

        get(&service, COLLECTION, &traceparent(flags));
        service.signal("TERM");
        assert!(service.child.wait().expect("an exit").success());

        let spans = of_requests(collector.spans()).len();
        assert_eq!(spans, usize::from(is_traced), "{variables:?} {flags}");
    }
}

#[test]
fn malformed_and_repeated_headers_name_no_span() {
    let collector = Collector::start();
    let service = traced(&collector, &[TRUSTING]);
    let valid = format!("00-{TRACE}-{PARENT}-01");
    let malformed = [
        "",
        "x",
        "00-0-0-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-\u{e9}af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
    ];

    for value in malformed {
        get(&service, COLLECTION, &format!("traceparent: {value}\r\n"));
    }
    get(
        &service,
        COLLECTION,
        &format!("traceparent: {valid}\r\ntraceparent: {valid}\r\n"),
    );

    for span in collector.wait_for_spans(&format!("GET {COLLECTION}"), malformed.len() + 1) {
        assert_eq!((&*span.parent_id, span.links.len()), ("", 0));
    }
}
