//! The adapter against a real receiver: a temporary rsyslog, started by each test.

use std::{
    collections::HashSet,
    fs,
    net::{TcpStream, UdpSocket},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use adapters::syslog::{
    Line,
    Protocol::{self, Tcp, Udp},
    Syslog,
};
use tempfile::TempDir;

use crate::support::{eventually, line, reusable_port, start};

/// The text of the messages that find out whether rsyslog receives.
const PROBE: &str = "readiness probe";

/// Killed when dropped.
struct Rsyslog {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Rsyslog {
    fn start() -> Self {
        let folder = TempDir::with_prefix("templatesite-rsyslog-").expect("a folder");
        let port = reusable_port();
        let mut rsyslog = Self {
            process: launch(&folder, port),
            port,
            folder,
        };
        rsyslog.wait_until_ready();
        rsyslog
    }

    /// Stops it gracefully, as a service manager does.
    fn stop(&mut self) {
        // The shell's builtin: a slim image has no program `kill`.
        let sent = Command::new("sh")
            .args(["-c", &format!("kill {}", self.process.id())])
            .status();
        assert!(sent.expect("kill").success());

        eventually("rsyslogd ends", || {
            self.process.try_wait().expect("its end").is_some()
        });
    }

    fn restart(&mut self) {
        self.process = launch(&self.folder, self.port);
        self.wait_until_ready();
    }

    /// Waits until a probe over UDP gets to the log file, and TCP connects.
    fn wait_until_ready(&mut self) {
        let probes = |rsyslog: &Self| rsyslog.log().matches(PROBE).count();
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let before = probes(self);

        eventually("rsyslogd receives", || {
            assert!(
                self.process.try_wait().expect("its state").is_none(),
                "rsyslogd ended"
            );
            let probe = format!("<14>1 - - - - - - {PROBE}");
            let _ = socket.send_to(probe.as_bytes(), ("127.0.0.1", self.port));

            probes(self) > before && TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The messages received so far, without the probes.
    fn received(&self) -> Vec<String> {
        let log = self.log();
        // The last line may still be incomplete.
        let complete = log.rfind('\n').map_or("", |end| &log[..end]);

        complete
            .lines()
            .filter(|line| !line.contains(PROBE))
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn launch(folder: &TempDir, port: u16) -> Child {
    let path = folder.path().display();
    let configuration = format!(
        r#"global(workDirectory="{path}")
main_queue(queue.timeoutshutdown="10000")
module(load="imudp")
module(load="imtcp")
input(type="imudp" address="127.0.0.1" port="{port}")
input(type="imtcp" address="127.0.0.1" port="{port}")
template(name="fields" type="string" string="%pri%|%timestamp:::date-rfc3339%|%hostname%|%app-name%|%procid%|%structured-data%|%msg%\n")
action(type="omfile" file="{path}/log" template="fields")
"#
    );
    fs::write(folder.path().join("rsyslog.conf"), configuration).expect("a configuration file");

    let program = ["/usr/sbin/rsyslogd", "/usr/local/sbin/rsyslogd"].map(PathBuf::from);
    let program = program
        .into_iter()
        .find(|path| path.exists())
        .unwrap_or_else(|| "rsyslogd".into());

    Command::new(program)
        .arg("-n")
        .arg("-f")
        .arg(folder.path().join("rsyslog.conf"))
        .arg("-i")
        .arg(folder.path().join("pid"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("rsyslogd; install it (Debian: apt-get install rsyslog)")
}

/// A text with every kind of character, which ends with its number.
fn text(n: usize) -> String {
    format!(
        "access: route=/items/ \u{1b}[31m\nümlaut \u{1F600} {} {n}",
        "x".repeat(n % 17 * 100)
    )
}

fn number(received: &str) -> usize {
    received
        .rsplit(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a numbered line")
}

fn send(syslog: &Syslog, numbers: std::ops::Range<usize>) {
    for n in numbers {
        syslog.send(Line {
            request_id: Some(format!("id-{n}").into()),
            ..line(&text(n))
        });
    }
}

/// Asserts that this number of different lines was received, each once and whole.
fn assert_whole(received: &[String], lines: usize) {
    let distinct: HashSet<_> = received.iter().map(|line| number(line)).collect();
    assert_eq!((received.len(), distinct.len()), (lines, lines), "each line once");

    let process = std::process::id();
    for line in received {
        let n = number(line);

        let fields: Vec<_> = line.splitn(7, '|').collect();
        let [priority, time, host, app, id, data, message] = fields[..] else {
            panic!("{line}")
        };
        assert_eq!((priority, app, id), ("14", "templatesite", &*process.to_string()));
        assert!(
            time.starts_with("2026-11-22T11:17:00.123") && !host.is_empty(),
            "{line}"
        );
        assert_eq!(data, format!("[templatesite@32473 request_id=\"id-{n}\"]"));
        assert_eq!(message, text(n).replace('\u{1b}', r"\u{1b}").replace('\n', r"\n"));
    }
}

#[test]
fn every_line_arrives_once_and_whole() {
    for protocol in [Tcp, Udp] {
        let rsyslog = Rsyslog::start();
        let (syslog, guard) = start(protocol, rsyslog.port);

        // Each round is no more than the kernel buffers for a receiver of datagrams.
        for round in 0..50 {
            let from = round * 60;
            thread::scope(|scope| {
                for part in (from..from + 60).step_by(15) {
                    let syslog = &syslog;
                    scope.spawn(move || send(syslog, part..part + 15));
                }
            });
            eventually("the round arrives", || rsyslog.received().len() >= from + 60);
        }

        drop(guard);
        assert_whole(&rsyslog.received(), 3000);
        assert_eq!(syslog.dropped(), 0, "{protocol:?}");
    }
}

/// Lines sent before, during and after a restart all arrive.
fn assert_restart_loses_nothing(protocol: Protocol) {
    let mut rsyslog = Rsyslog::start();
    let (syslog, guard) = start(protocol, rsyslog.port);

    for round in 0..3 {
        let from = round * 60;
        send(&syslog, from..from + 30);
        eventually("lines arrive", || rsyslog.received().len() >= from + 30);

        rsyslog.stop();
        send(&syslog, from + 30..from + 60);
        rsyslog.restart();
        eventually("queued lines arrive", || rsyslog.received().len() >= from + 60);
    }

    drop(guard);
    assert_whole(&rsyslog.received(), 180);
    assert_eq!(syslog.dropped(), 0);
}

#[test]
fn lines_sent_during_a_restart_arrive_over_tcp() {
    assert_restart_loses_nothing(Tcp);
}

#[test]
fn lines_sent_during_a_restart_arrive_over_udp() {
    assert_restart_loses_nothing(Udp);
}

/// Sender and receiver are not synchronised here: the receiver restarts twice while lines are on their way.
#[test]
fn restart_under_load_loses_few_lines_and_duplicates_none() {
    const LINES: usize = 3000;
    let mut rsyslog = Rsyslog::start();
    let (syslog, guard) = start(Tcp, rsyslog.port);

    thread::scope(|scope| {
        let sender = scope.spawn(|| {
            for n in (0..LINES).step_by(10) {
                send(&syslog, n..n + 10);
                thread::sleep(Duration::from_millis(5));
            }
        });

        for stop_after in [LINES / 4, LINES / 2] {
            let has_reached = |n: usize| rsyslog.received().last().is_some_and(|last| number(last) >= n);
            eventually("lines arrive", || has_reached(stop_after));
            rsyslog.stop();
            rsyslog.restart();
        }

        sender.join().expect("the sender");
    });

    eventually("the last line arrives", || {
        rsyslog
            .received()
            .last()
            .is_some_and(|last| number(last) == LINES - 1)
    });
    drop(guard);

    let received = rsyslog.received();
    assert_whole(&received, received.len());
    // Lines that rsyslog's system had received and rsyslog had not read when it stopped are lost: usually none.
    assert!(
        received.len() >= LINES - 100,
        "received {} of {LINES}",
        received.len()
    );
    assert_eq!(syslog.dropped(), 0, "the queue was never full");
}
