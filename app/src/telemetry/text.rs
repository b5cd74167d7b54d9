//! `templatesite: LEVEL [time] [request id] target: message field=value`

use std::fmt::{self, Debug, Write};

use openapi::RequestId;
use tracing::{
    Event,
    field::{Field, Visit},
};

use super::Head;

/// A line for a terminal. Answers where its body begins, `target: message field=value`: what happened. Whoever sends
/// that alone adds when, to whom and how severe.
pub(super) fn line(line: &mut String, head: &Head, event: &Event<'_>) -> usize {
    let id = head.request_id.as_ref().map_or("-", RequestId::as_str);
    let time = super::rfc3339(head.time);
    // Every request writes a line, and what need not be formatted is only copied.
    line.extend([
        "templatesite: ",
        head.level.as_str(),
        " [",
        &time,
        "] [",
        id,
        "] ",
    ]);
    let body = line.len();
    line.push_str(event.metadata().target());
    line.push(':');
    event.record(&mut Fields(line));
    line.push('\n');
    body
}

/// Appends ` message` or ` field=value`. Whatever a value holds, it stays in its line and shows what it is.
struct Fields<'a>(&'a mut String);

impl Fields<'_> {
    fn name(&mut self, field: &Field) {
        self.0.extend([" ", field.name(), "="]);
    }

    fn write(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            // Writing to a string does not fail.
            let _ = write!(self.0, " {}", Escaped(value));
            return;
        }
        self.name(field);
        if needs_quotes(value) {
            let _ = write!(self.0, "\"{}\"", value.escape_debug());
        } else {
            self.0.push_str(value);
        }
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, value);
    }

    // Numbers need neither quotes nor a string of their own.
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        let _ = write!(self.0, "{value}");
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.name(field);
        let _ = write!(self.0, "{value}");
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.name(field);
        let _ = write!(self.0, "{value}");
    }
}

fn needs_quotes(value: &str) -> bool {
    // Enough for most values, and seen at once.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/{}_-.".contains(&byte);
    let is_special = |c: char| c.is_whitespace() || is_unsafe(c) || matches!(c, '"' | '=' | '\\');
    value.is_empty() || !value.bytes().all(is_plain) && value.chars().any(is_special)
}

/// What can end a line, move a cursor, or turn the reading direction of what follows.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

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
