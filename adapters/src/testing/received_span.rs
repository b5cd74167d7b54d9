//! What a collector receives, decoded for the eyes of a test.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};

/// A span, as the collector received it.
#[derive(Debug, Clone, Default)]
#[expect(
    missing_docs,
    reason = "the fields of a span, in hexadecimal where they are ids"
)]
pub struct ReceivedSpan {
    pub name: String,
    pub kind: String,
    pub trace_id: String,
    pub span_id: String,
    pub parent_id: String,
    pub trace_state: String,
    pub attributes: BTreeMap<String, String>,
    /// The ids of the trace and of the span of each link, and its trace state.
    pub links: Vec<(String, String, String)>,
    pub is_error: bool,
    /// The message of its status.
    pub message: String,
    /// The attributes of what it is a span of.
    pub resource: BTreeMap<String, String>,
}

/// All spans of a request.
pub(super) fn all(request: ExportTraceServiceRequest) -> Vec<ReceivedSpan> {
    let mut spans = Vec::new();
    for resource in request.resource_spans {
        let attributes = resource.resource.map(|resource| map(resource.attributes));
        let of_resource = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.extend(of_resource.map(|span| ReceivedSpan {
            resource: attributes.clone().unwrap_or_default(),
            ..received(span)
        }));
    }
    spans
}

fn received(span: Span) -> ReceivedSpan {
    let links = span.links.into_iter();
    let status = span.status.unwrap_or_default();

    ReceivedSpan {
        name: span.name,
        kind: SpanKind::try_from(span.kind)
            .expect("a kind")
            .as_str_name()
            .to_owned(),
        trace_id: hex(&span.trace_id),
        span_id: hex(&span.span_id),
        parent_id: hex(&span.parent_span_id),
        trace_state: span.trace_state,
        attributes: map(span.attributes),
        links: links
            .map(|link| (hex(&link.trace_id), hex(&link.span_id), link.trace_state))
            .collect(),
        is_error: status.code == StatusCode::Error as i32,
        message: status.message,
        resource: BTreeMap::new(),
    }
}

fn map(attributes: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |value: Value| match value {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => panic!("an attribute of another type: {other:?}"),
    };

    attributes
        .into_iter()
        .map(|pair| {
            (
                pair.key,
                pair.value
                    .and_then(|value| value.value)
                    .map_or_else(String::new, text),
            )
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
