//! Logs: one line an event, on standard error and to a syslog server, from threads of their own.

mod json;
mod sinks;
mod text;

use std::{fmt, panic, sync::Arc};

use adapters::{
    SystemClock,
    syslog::{self, Syslog},
};
use domain::{DateTime, Utc};
use openapi::RequestId;
use tracing::{Level, level_filters::LevelFilter};
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, registry, util::SubscriberInitExt};

use crate::config::Logs;
use sinks::{Console, Sinks};

/// How many lines may wait for a slow terminal or pipe before further ones are dropped.
const QUEUED_LINES: usize = 16_384;

/// Logging, until this is dropped: then what is queued is written and sent, for 3 seconds at most.
#[derive(Debug)]
#[must_use = "dropping it ends logging"]
pub struct Logging {
    dropped: DroppedLines,
    _console: Option<WorkerGuard>,
    _syslog: Option<syslog::Guard>,
}

impl Logging {
    /// The count of lost lines; it outlives the logging.
    pub fn dropped(&self) -> DroppedLines {
        self.dropped.clone()
    }
}

/// Counts the lines that found a queue full, or did not reach the syslog server.
#[derive(Debug, Clone, Default)]
pub struct DroppedLines {
    console: Option<ErrorCounter>,
    syslog: Option<Syslog>,
}

impl DroppedLines {
    /// How many lines were lost so far, by the name of the sink: `console`, `syslog`. A sink that is not in use is not
    /// named.
    pub fn by_sink(&self) -> Vec<(&'static str, u64)> {
        let console = self.console.as_ref().map(|lines| ("console", lines.dropped_lines() as u64));
        let syslog = self.syslog.as_ref().map(|lines| ("syslog", lines.dropped()));
        console.into_iter().chain(syslog).collect()
    }
}

/// Starts logging. Lines are queued, and written by threads of their own, so that no request waits for a terminal or
/// for the network.
pub fn start(logs: &Logs) -> Logging {
    panic::set_hook(Box::new(|panic| tracing::error!(target: "panic", "{panic}")));
    let (console, console_guard) = logs.console.then(console).unzip();
    let (syslog, syslog_guard) = logs.syslog.clone().map(Syslog::start).unzip();
    let dropped =
        DroppedLines { console: console.as_ref().map(NonBlocking::error_counter), syslog: syslog.clone() };
    if console.is_some() || syslog.is_some() {
        let console = console.map(if logs.json { Console::Json } else { Console::Text });
        let sinks = Sinks { clock: Arc::new(SystemClock), console, syslog };
        registry().with(sinks.with_filter(filter(logs.level))).init();
    }
    Logging { dropped, _console: console_guard, _syslog: syslog_guard }
}

fn console() -> (NonBlocking, WorkerGuard) {
    NonBlockingBuilder::default().lossy(true).buffered_lines_limit(QUEUED_LINES).finish(std::io::stderr())
}

/// When, how severe and for whom something happened.
struct Head {
    time: DateTime<Utc>,
    level: Level,
    request_id: Option<RequestId>,
}

/// Ours at the level asked for. The layers below have much to say at `INFO` that is of interest to their authors; they
/// are heard from `WARN` on, and at `DEBUG` SQL statements are too.
fn filter(level: Level) -> Targets {
    let quiet = if level >= Level::TRACE { LevelFilter::DEBUG } else { LevelFilter::WARN };
    let sql = if level >= Level::DEBUG { LevelFilter::DEBUG } else { LevelFilter::WARN };
    let below = ["hyper", "hyper_util", "h2", "poem", "sea_orm", "sea_orm_migration", "sqlx", "mio", "tokio"];
    Targets::new()
        .with_default(level)
        .with_targets(below.map(|target| (target, quiet)))
        .with_target("sqlx::query", sql)
}

fn rfc3339(time: DateTime<Utc>) -> impl fmt::Display {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ")
}
