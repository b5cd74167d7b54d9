//! Logs: one line an event, on standard error and to a syslog server, from threads of their own. Metrics: [`metrics`].

pub mod metrics;

mod console;
mod json;
mod text_layer;
mod text;

use std::{
    io, panic,
    sync::{Arc, OnceLock},
};

use adapters::{
    SystemClock,
    syslog::{self, Syslog},
};
use domain::{DateTime, SecondsFormat, Utc};
use openapi::RequestId;
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, registry, util::SubscriberInitExt};

use crate::config::Logs;
use text_layer::{Console, Sinks};

/// As global as the log itself.
static DROPPED: OnceLock<DroppedLines> = OnceLock::new();

/// Logging, until this is dropped: then what is queued is written and sent, for 4 seconds at most.
#[derive(Debug)]
#[must_use = "dropping it ends logging"]
pub struct Logging {
    _console: Option<console::Guard>,
    _syslog: Option<syslog::Guard>,
}

/// Counts the lines that found a queue full, or did not reach the syslog server.
#[derive(Debug)]
struct DroppedLines {
    console: Option<console::Queue>,
    syslog: Option<Syslog>,
}

/// How many lines each sink of the log has dropped since the start. A sink that is not in use drops none.
pub fn dropped_lines() -> Vec<(&'static str, u64)> {
    let dropped = DROPPED.get();
    let console = dropped
        .and_then(|dropped| dropped.console.as_ref())
        .map(console::Queue::dropped);
    let syslog = dropped
        .and_then(|dropped| dropped.syslog.as_ref())
        .map(Syslog::dropped);
    vec![
        ("console", console.unwrap_or_default()),
        ("syslog", syslog.unwrap_or_default()),
    ]
}

/// Starts logging. Lines are queued, and written by threads of their own, so that no request waits for a terminal or
/// for the network.
pub fn start(logs: &Logs) -> Logging {
    panic::set_hook(Box::new(|panic| tracing::error!(target: "panic", "{panic}")));
    let (console, console_guard) = logs.console.then(|| console::Queue::start(io::stderr())).unzip();
    let (syslog, syslog_guard) = logs.syslog.clone().map(Syslog::start).unzip();
    let _ = DROPPED.set(DroppedLines {
        console: console.clone(),
        syslog: syslog.clone(),
    });
    if console.is_some() || syslog.is_some() {
        let console = console.map(if logs.json { Console::Json } else { Console::Text });
        let sinks = Sinks {
            clock: Arc::new(SystemClock),
            console,
            syslog,
        };
        registry().with(sinks.with_filter(filter(logs.level))).init();
    }
    Logging {
        _console: console_guard,
        _syslog: syslog_guard,
    }
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
    let quiet = if level >= Level::TRACE {
        LevelFilter::DEBUG
    } else {
        LevelFilter::WARN
    };
    let sql = if level >= Level::DEBUG {
        LevelFilter::DEBUG
    } else {
        LevelFilter::WARN
    };
    let below = [
        "hyper",
        "hyper_util",
        "h2",
        "poem",
        "sea_orm",
        "sea_orm_migration",
        "sqlx",
        "mio",
        "tokio",
    ];
    Targets::new()
        .with_default(level)
        .with_targets(below.map(|target| (target, quiet)))
        .with_target("sqlx::query", sql)
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
