//! `templatesite: LEVEL [time] [request id] target: message field=value`

use std::{
    fmt::{self, Debug, Write},
    sync::Arc,
};

use domain::Clock;
use openapi::RequestId;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

pub(super) struct TextLines(pub(super) Arc<dyn Clock>);

impl<S, N> FormatEvent<S, N> for TextLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let (level, target) = (event.metadata().level(), event.metadata().target());
        let id = RequestId::current();
        let id = id.as_ref().map_or("-", RequestId::as_str);
        write!(line, "templatesite: {level} [{}] [{id}] {target}:", super::rfc3339(self.0.now()))?;
        event.record(&mut Fields(&mut line));
        writeln!(line)
    }
}

/// Appends ` message` or ` field=value`. Whatever a value holds, it stays in its line and shows what it is.
struct Fields<'a, 'w>(&'a mut Writer<'w>);

impl Fields<'_, '_> {
    fn write(&mut self, field: &Field, value: &str) {
        // Writing to the line's buffer does not fail.
        let _ = match field.name() {
            "message" => write!(self.0, " {}", Escaped(value)),
            name if needs_quotes(value) => write!(self.0, " {name}=\"{}\"", value.escape_debug()),
            name => write!(self.0, " {name}={value}"),
        };
    }
}

impl Visit for Fields<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, value);
    }
}

fn needs_quotes(value: &str) -> bool {
    value.is_empty()
        || value.chars().any(|c| c.is_whitespace() || is_unsafe(c) || matches!(c, '"' | '=' | '\\'))
}

/// What can end a line, move a cursor, or turn the reading direction of what follows.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| {
            if is_unsafe(c) { write!(f, "{}", c.escape_default()) } else { f.write_char(c) }
        })
    }
}
