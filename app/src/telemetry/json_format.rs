//! The JSON format: one object per line with `timestamp`, `level`, `target`, `request_id`, `message` and the event's
//! fields, which must have other names; in a traced request also `trace_id` and `span_id`.

use std::{fmt, sync::Arc};

use domain::{Clock, SecondsFormat};
use openapi::{RequestId, SpanIds};
use tracing::{Event, Subscriber};
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::{
    Layer,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::{self, Format, Json, JsonFields, Writer},
        layer,
        time::FormatTime,
    },
    registry::LookupSpan,
};

/// Writes each event to the console, by `tracing-subscriber`'s JSON formatter.
pub(super) fn json_layer<S>(clock: Arc<dyn Clock>, console: NonBlocking) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let json = format::format()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_timer(ClockTime(clock));

    layer()
        .event_format(WithIds(json))
        .fmt_fields(JsonFields::new())
        .with_writer(console)
}

/// The time of the [`Clock`]: UTC, in RFC 3339 with milliseconds.
struct ClockTime(Arc<dyn Clock>);

impl FormatTime for ClockTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        writer.write_str(&self.0.now().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// Adds the ids of the current request and of its span. They are task-local values rather than spans of `tracing`, so
/// the formatter has no access to them.
struct WithIds(Format<Json, ClockTime>);

impl<S, N> FormatEvent<S, N> for WithIds
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (id, span) = (RequestId::current(), SpanIds::current());
        if id.is_none() && span.is_none() {
            return self.0.format_event(context, writer, event);
        }

        let mut object = String::new();
        self.0.format_event(context, Writer::new(&mut object), event)?;

        // The ids become the first members. Their characters need no escapes in JSON.
        let members = object.strip_prefix('{').ok_or(fmt::Error)?;
        writer.write_char('{')?;
        if let Some(id) = id {
            write!(writer, r#""request_id":"{}","#, id.as_str())?;
        }
        if let Some(SpanIds { trace, span }) = span {
            write!(writer, r#""trace_id":"{trace}","span_id":"{span}","#)?;
        }
        writer.write_str(members)
    }
}
