//! Logs: one line an event, on standard error, from a thread of their own. Metrics: see [`metrics`].

pub mod metrics;

mod json;
mod text;

use std::{
    panic,
    sync::{Arc, OnceLock},
};

use adapters::SystemClock;
use domain::{Clock, DateTime, Utc};
use tracing::{Level, level_filters::LevelFilter};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    Layer, filter::Targets, fmt, layer::SubscriberExt, registry, util::SubscriberInitExt,
};

use crate::config::Logs;

/// How many lines may wait for a slow terminal or pipe before further ones are dropped.
const QUEUED_LINES: usize = 16_384;

/// As global as the log itself.
static CONSOLE: OnceLock<ErrorCounter> = OnceLock::new();

/// Starts logging. Lines are queued and written by a thread of their own, so that no request waits for a terminal;
/// dropping the guard writes what is queued.
#[must_use = "dropping the guard ends logging"]
pub fn start(logs: &Logs) -> Option<WorkerGuard> {
    panic::set_hook(Box::new(|panic| tracing::error!(target: "panic", "{panic}")));
    if !logs.console {
        return None;
    }
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(QUEUED_LINES)
        .finish(std::io::stderr());
    let _ = CONSOLE.set(writer.error_counter());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let layer = fmt::layer().with_writer(writer);
    let layer = if logs.json {
        layer.event_format(json::JsonLines(clock)).boxed()
    } else {
        layer.event_format(text::TextLines(clock)).boxed()
    };
    registry().with(layer.with_filter(filter(logs.level))).init();
    Some(guard)
}

/// How many lines each sink of the log has dropped since the start. A sink that is not in use drops none.
pub fn dropped_lines() -> Vec<(&'static str, u64)> {
    vec![("console", CONSOLE.get().map_or(0, |counter| counter.dropped_lines() as u64))]
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

fn rfc3339(time: DateTime<Utc>) -> impl std::fmt::Display {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ")
}
