//! The text format: `name: LEVEL [time] [request id] target: message field=value`, and in a traced request also
//! ` trace_id=… span_id=…`.

use std::{
    fmt::{self, Debug, Write},
    ops::Range,
};

use const_hex::Buffer;
use domain::{DateTime, SecondsFormat, Utc};
use openapi::{RequestId, SpanIds};
use tracing::{
    Event, Level,
    field::{Field, Visit},
};

/// The beginning of every line.
const PREFIX: &str = concat!(env!("CARGO_PKG_NAME"), ": ");

/// When an event happened, how severe it is, and in which request and span.
pub(super) struct LineMeta {
    pub(super) time: DateTime<Utc>,
    pub(super) level: Level,
    pub(super) request_id: Option<RequestId>,
    pub(super) span: Option<SpanIds>,
}

/// Appends the line of an event. Returns where its body is, `target: message field=value`, for sinks that send the
/// rest in their own format.
pub(super) fn format_line(line: &mut String, meta: &LineMeta, event: &Event<'_>) -> Range<usize> {
    let id = meta.request_id.as_ref().map_or("-", RequestId::as_str);
    let time = meta.time.to_rfc3339_opts(SecondsFormat::Millis, true);
    // Every request logs a line: copying strings is cheaper than formatting them.
    line.extend([PREFIX, meta.level.as_str(), " [", &time, "] [", id, "] "]);

    let start = line.len();
    line.push_str(event.metadata().target());
    line.push(':');
    event.record(&mut Fields(line));
    let end = line.len();

    if let Some(SpanIds { trace, span }) = meta.span {
        line.push_str(" trace_id=");
        line.push_str(Buffer::<16>::new().format(&trace.to_bytes()));
        line.push_str(" span_id=");
        line.push_str(Buffer::<8>::new().format(&span.to_bytes()));
    }
    line.push('\n');

    start..end
}

/// Appends ` message` or ` field=value`. No value can end the line, or be mistaken for another field.
struct Fields<'a>(&'a mut String);

impl Fields<'_> {
    fn push_name(&mut self, field: &Field) {
        self.0.extend([" ", field.name(), "="]);
    }

    fn push_value(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            // Writing to a string cannot fail.
            let _ = write!(self.0, " {}", Escaped(value));
            return;
        }

        self.push_name(field);
        if needs_quotes(value) {
            let _ = write!(self.0, "\"{}\"", value.escape_debug());
        } else {
            self.0.push_str(value);
        }
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.push_value(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push_value(field, value);
    }

    // Numbers need neither quotes nor an intermediate string.
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push_name(field);
        let _ = write!(self.0, "{value}");
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push_name(field);
        let _ = write!(self.0, "{value}");
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push_name(field);
        let _ = write!(self.0, "{value}");
    }
}

fn needs_quotes(value: &str) -> bool {
    // A cheap check that most values pass.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/{}_-.".contains(&byte);
    let is_special = |c: char| c.is_whitespace() || is_unsafe(c) || matches!(c, '"' | '=' | '\\');

    value.is_empty() || !value.bytes().all(is_plain) && value.chars().any(is_special)
}

/// Characters that can end a line, move a terminal's cursor, or reverse the direction of the text that follows.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A text with [unsafe](is_unsafe) characters escaped.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| {
            if is_unsafe(c) {
                write!(f, "{}", c.escape_default())
            } else {
                f.write_char(c)
            }
        })
    }
}
