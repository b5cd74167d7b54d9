//! Where lines go: each event is formatted here, once a format, and handed to queues that never make it wait.

use std::{cell::Cell, sync::Arc};

use adapters::syslog::{Line, Syslog};
use domain::Clock;
use openapi::RequestId;
use tracing::{Event, Subscriber};
use tracing_subscriber::{Layer, layer::Context};

use super::{Head, console::Queue, json, text};

thread_local! {
    /// The room in which this thread writes its lines, so that a line costs no allocation.
    static BUFFER: Cell<String> = Cell::default();
}

pub(super) struct Sinks {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) console: Option<Console>,
    pub(super) syslog: Option<Syslog>,
}

pub(super) enum Console {
    Text(Queue),
    Json(Queue),
}

impl<S: Subscriber> Layer<S> for Sinks {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let (time, level) = (self.clock.now(), *event.metadata().level());
        let head = Head {
            time,
            level,
            request_id: RequestId::current(),
        };
        if let Some(Console::Json(console)) = &self.console {
            console.send(&json::line(&head, event));
            if self.syslog.is_none() {
                return;
            }
        }
        // Taken, not borrowed: a value that logs while it is written finds another.
        let mut line = BUFFER.take();
        line.clear();
        let body = text::line(&mut line, &head, event);
        if let Some(Console::Text(console)) = &self.console {
            console.send(&line);
        }
        if let Some(syslog) = &self.syslog {
            let request_id = head.request_id.map(|id| id.as_str().into());
            syslog.send(Line {
                time,
                level,
                request_id,
                text: line[body..].trim_end_matches('\n').to_owned(),
            });
        }
        BUFFER.set(line);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, pipe},
        net::UdpSocket,
        time::Duration,
    };

    use adapters::syslog::{Protocol, Server};
    use domain::testing::FixedClock;
    use poem::test::TestClient;
    use tracing_subscriber::{layer::SubscriberExt, registry};

    use super::*;
    use crate::{compose, config::Config};

    /// What the console and the syslog server get of the first line that is logged.
    fn logged(console: fn(Queue) -> Console, log: impl FnOnce()) -> (String, String) {
        let server = UdpSocket::bind("127.0.0.1:0").expect("a port");
        server
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a timeout");
        let port = server.local_addr().expect("an address").port();
        let (syslog, syslog_guard) = Syslog::start(Server {
            host: "127.0.0.1".to_owned(),
            port,
            protocol: Protocol::Udp,
        });
        let (mut terminal, writer) = pipe().expect("a pipe");
        let (writer, console_guard) = Queue::start(writer);
        let clock = Arc::new(FixedClock::at_millis(1_795_346_220_123));
        let sinks = Sinks {
            clock,
            console: Some(console(writer)),
            syslog: Some(syslog),
        };
        tracing::subscriber::with_default(registry().with(sinks), log);
        drop((console_guard, syslog_guard));
        let mut written = String::new();
        terminal.read_to_string(&mut written).expect("what was written");
        let mut datagram = vec![0; 4096];
        let length = server.recv(&mut datagram).expect("a datagram");
        datagram.truncate(length);
        (
            written.lines().next().unwrap_or_default().to_owned(),
            String::from_utf8(datagram).expect("UTF-8"),
        )
    }

    #[test]
    fn both_sinks_tell_the_same() {
        let log = || tracing::warn!(target: "t", number = 7, text = "two words", "it is\n{}", "so");
        let (written, sent) = logged(Console::Text, log);
        let body = r#"t: it is\nso number=7 text="two words""#;
        assert_eq!(
            written,
            format!("templatesite: WARN [2026-11-22T11:17:00.123Z] [-] {body}")
        );
        assert!(sent.starts_with("<12>1 2026-11-22T11:17:00.123000Z "), "{sent}");
        assert!(sent.ends_with(&format!(" - {body}")), "{sent}");
        let (written, sent) = logged(Console::Json, log);
        assert!(
            written.starts_with('{') && written.contains(r#""text":"two words""#),
            "{written}"
        );
        assert!(sent.ends_with(&format!(" - {body}")), "{sent}");
    }

    #[test]
    fn a_line_of_a_request_has_its_id() {
        let (config, _) = Config::load(None, [("DATABASE_URL".into(), "memory:".into())]).expect("valid");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (written, sent) = logged(Console::Text, || {
            runtime.block_on(async {
                let store = compose::Store::open(&config.database).await.expect("a store");
                let client = TestClient::new(compose::router(&config, &store, None, Arc::default()))
                    .default_header("host", "localhost");
                client
                    .get("/tweet/")
                    .header("X-Request-ID", "abc-123")
                    .send()
                    .await
                    .assert_status_is_ok();
            });
        });
        assert!(
            written.contains("[abc-123] access: method=GET route=/tweet/ status=200"),
            "{written}"
        );
        assert!(
            sent.contains("[templatesite@32473 request_id=\"abc-123\"] access: method=GET route=/tweet/"),
            "{sent}"
        );
    }
}
