//! Formats each event once, for the console in text format and for the syslog server.

use std::{cell::Cell, io::Write, sync::Arc};

use adapters::syslog::{Line, Syslog};
use domain::Clock;
use openapi::{RequestId, SpanIds};
use tracing::{Event, Subscriber};
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::{Layer, layer::Context};

use super::text_format::{LineMeta, format_line};

thread_local! {
    /// Reused for every line of the thread, so that formatting a line allocates nothing.
    static BUFFER: Cell<String> = Cell::default();
}

pub(super) struct TextLayer {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) console: Option<NonBlocking>,
    pub(super) syslog: Option<Syslog>,
}

impl<S: Subscriber> Layer<S> for TextLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let meta = LineMeta {
            time: self.clock.now(),
            level: *event.metadata().level(),
            request_id: RequestId::current(),
            span: SpanIds::current(),
        };

        // Taken instead of borrowed: a value may log while it is being formatted.
        let mut line = BUFFER.take();
        line.clear();
        let body = format_line(&mut line, &meta, event);

        if let Some(console) = &self.console {
            // A full queue counts the line and is not an error.
            let _ = console.clone().write_all(line.as_bytes());
        }
        if let Some(syslog) = &self.syslog {
            syslog.send(Line {
                time: meta.time,
                level: meta.level,
                request_id: meta.request_id.map(|id| id.as_str().into()),
                span: meta
                    .span
                    .map(|SpanIds { trace, span }| [trace.to_string(), span.to_string()]),
                text: line[body].to_owned(),
            });
        }

        BUFFER.set(line);
    }
}
