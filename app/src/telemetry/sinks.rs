//! Where lines go: each event is formatted here, once a format, and handed to queues that never make it wait.

use std::{io::Write, sync::Arc};

use adapters::syslog::{Line, Syslog};
use domain::Clock;
use openapi::RequestId;
use tracing::{Event, Subscriber};
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::{Layer, layer::Context};

use super::{Head, json, text};

pub(super) struct Sinks {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) console: Option<Console>,
    pub(super) syslog: Option<Syslog>,
}

pub(super) enum Console {
    Text(NonBlocking),
    Json(NonBlocking),
}

impl<S: Subscriber> Layer<S> for Sinks {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let (time, level) = (self.clock.now(), *event.metadata().level());
        let head = Head { time, level, request_id: RequestId::current() };
        if let Some(Console::Json(console)) = &self.console {
            write(console, &json::line(&head, event));
            if self.syslog.is_none() {
                return;
            }
        }
        let body = text::body(event);
        if let Some(Console::Text(console)) = &self.console {
            write(console, &text::line(&head, &body));
        }
        if let Some(syslog) = &self.syslog {
            let request_id = head.request_id.map(|id| id.as_str().into());
            syslog.send(Line { time, level, request_id, text: body });
        }
    }
}

/// Queues a line. What finds the queue full is counted there.
fn write(console: &NonBlocking, line: &str) {
    let _ = console.clone().write_all(line.as_bytes());
}
