//! Logs: one line per event, on standard error and to a syslog server, each written by its own thread. Metrics: see
//! [`metrics_registry`].

pub mod metrics_registry;

mod console;
mod filter;
mod json_format;
#[cfg(target_os = "linux")]
mod process_metrics;
#[cfg(test)]
mod syslog_tests;
mod text_format;
mod text_layer;

use std::{
    io, panic,
    sync::{Arc, OnceLock},
    thread,
};

use adapters::{
    SystemClock,
    syslog::{self, Syslog},
};
use domain::Clock;
use tracing::Subscriber;
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::{layer::SubscriberExt, registry, util::SubscriberInitExt};

use crate::{config::LogConfig, version::NAME};
use console::DropCounter;
use filter::filter;
use json_format::json_layer;
use text_layer::TextLayer;

/// Global, as the log itself is.
static DROPPED: OnceLock<DroppedLines> = OnceLock::new();

/// Keeps logging active. When it is dropped, queued lines are written and sent, for at most 4 seconds.
#[derive(Debug)]
#[must_use = "dropping it stops logging"]
pub struct Logging {
    console: Option<console::Guard>,
    syslog: Option<syslog::Guard>,
}

impl Drop for Logging {
    fn drop(&mut self) {
        let (console, syslog) = (self.console.take(), self.syslog.take());

        // At the same time, because each may take all of these seconds. Without a thread, `console` is dropped at once.
        thread::scope(|scope| {
            let _ = thread::Builder::new().spawn_scoped(scope, || drop(console));
            drop(syslog);
        });
    }
}

/// The sinks that count their dropped lines.
#[derive(Debug)]
struct DroppedLines {
    console: Option<DropCounter>,
    syslog: Option<Syslog>,
}

/// How many lines each sink of the log has dropped since the start: they found its queue full, or could not be written. A
/// sink that is not in use drops none.
pub fn dropped_lines() -> Vec<(&'static str, u64)> {
    let dropped = DROPPED.get();
    let console = dropped
        .and_then(|dropped| dropped.console.as_ref())
        .map(DropCounter::dropped);
    let syslog = dropped
        .and_then(|dropped| dropped.syslog.as_ref())
        .map(Syslog::dropped);

    vec![
        ("console", console.unwrap_or_default()),
        ("syslog", syslog.unwrap_or_default()),
    ]
}

/// Starts logging. Lines are queued and written by dedicated threads, so that no request waits for a terminal or for the
/// network.
pub fn start(logs: &LogConfig) -> Logging {
    panic::set_hook(Box::new(|panic| tracing::error!(target: "panic", "{panic}")));

    let (mut console, mut console_drops, mut console_guard) = (None, None, None);
    if logs.console {
        let (writer, drops, guard) = console::start(io::stderr());
        (console, console_drops, console_guard) = (Some(writer), Some(drops), Some(guard));
    }
    let (syslog, syslog_guard) = logs
        .syslog
        .clone()
        .map(|server| Syslog::start(NAME, server))
        .unzip();

    let _ = DROPPED.set(DroppedLines {
        console: console_drops,
        syslog: syslog.clone(),
    });
    if console.is_some() || syslog.is_some() {
        subscriber(logs, Arc::new(SystemClock), console, syslog).init();
    }

    Logging {
        console: console_guard,
        syslog: syslog_guard,
    }
}

fn subscriber(
    logs: &LogConfig,
    clock: Arc<dyn Clock>,
    console: Option<NonBlocking>,
    syslog: Option<Syslog>,
) -> impl Subscriber + Send + Sync {
    let (json, text) = if logs.json {
        (console, None)
    } else {
        (None, console)
    };
    let json = json.map(|console| json_layer(Arc::clone(&clock), console));
    let text = (text.is_some() || syslog.is_some()).then_some(TextLayer {
        clock,
        console: text,
        syslog,
    });

    registry().with(json).with(text).with(filter(logs.level))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, pipe};

    use domain::testing::FixedClock;
    use poem::{http::StatusCode, test::TestClient};
    use tracing::Level;

    use super::*;
    use crate::{compose, config::Config};

    /// What the console receives of the first line that is logged. This syslog server receives it as well.
    pub(super) fn logged(json: bool, syslog: Option<Syslog>, log: impl FnOnce()) -> String {
        let (mut reader, output) = pipe().expect("a pipe");
        let (console, _, console_guard) = console::start(output);

        let logs = LogConfig {
            console: true,
            json,
            level: Level::INFO,
            syslog: None,
        };
        let clock = Arc::new(FixedClock::at_millis(1_795_346_220_123));
        let subscriber = subscriber(&logs, clock, Some(console), syslog);
        tracing::subscriber::with_default(subscriber, log);
        drop(console_guard);

        let mut written = String::new();
        reader.read_to_string(&mut written).expect("what was written");
        written.lines().next().unwrap_or_default().to_owned()
    }

    /// Logs one event at the level, with fields and a line break.
    pub(super) fn log_an_event() {
        tracing::debug!(target: "t", "below the level");
        tracing::warn!(target: "t", number = 7, text = "two words", "it is\n{}", "so");
    }

    /// The body of its line.
    pub(super) const BODY: &str = r#"t: it is\nso number=7 text="two words""#;

    /// Sends a request with an id to the service.
    pub(super) fn send_a_request() {
        let (config, _) = Config::load(None, [("DATABASE_URL".into(), "memory:".into())]).expect("valid");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");

        runtime.block_on(async {
            let store = compose::Store::open(&config.database).await.expect("a store");
            let client = TestClient::new(compose::router(&config, &store, None, Arc::default()))
                .default_header("host", "localhost");
            client
                .get("/unknown")
                .header("X-Request-ID", "abc-123")
                .send()
                .await
                .assert_status(StatusCode::NOT_FOUND);
        });
    }

    #[test]
    fn event_is_a_line_of_text_or_an_object() {
        let written = logged(false, None, log_an_event);
        assert_eq!(
            written,
            format!("{NAME}: WARN [2026-11-22T11:17:00.123Z] [-] {BODY}")
        );

        let written = logged(true, None, log_an_event);
        let written: serde_json::Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!(
            written,
            serde_json::json!({
                "timestamp": "2026-11-22T11:17:00.123Z",
                "level": "WARN",
                "target": "t",
                "message": "it is\nso",
                "number": 7,
                "text": "two words",
            })
        );
    }

    #[test]
    fn line_of_a_request_has_its_id() {
        let written = logged(false, None, send_a_request);
        assert!(
            written.contains("[abc-123] access: method=GET route=- status=404"),
            "{written}"
        );

        let written = logged(true, None, send_a_request);
        let written: serde_json::Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!(written["request_id"], "abc-123");
        assert_eq!(
            (&written["route"], &written["status"]),
            (&"-".into(), &404.into())
        );
    }
}
