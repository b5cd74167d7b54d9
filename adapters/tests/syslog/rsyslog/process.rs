//! A temporary rsyslog for one test.

use std::{
    fs,
    net::{TcpStream, UdpSocket},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::support::{eventually, reusable_port};

/// The text of the messages that find out whether rsyslog receives.
const PROBE: &str = "readiness probe";

/// A running rsyslog, which receives over UDP and TCP on one port. Killed when dropped.
pub(super) struct Rsyslog {
    process: Child,
    pub(super) port: u16,
    folder: TempDir,
}

impl Rsyslog {
    /// Starts it with an empty log. It receives when this returns.
    pub(super) fn start() -> Self {
        let folder = TempDir::with_prefix("test-rsyslog-").expect("a folder");
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
    pub(super) fn stop(&mut self) {
        // The shell's builtin: a slim image has no program `kill`.
        let sent = Command::new("sh")
            .args(["-c", &format!("kill {}", self.process.id())])
            .status();
        assert!(sent.expect("kill").success());

        eventually("rsyslogd ends", || {
            self.process.try_wait().expect("its end").is_some()
        });
    }

    /// Starts it again after [`stop`](Self::stop), with the same port and log.
    pub(super) fn restart(&mut self) {
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

    /// The log file.
    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The messages received so far, without the probes.
    pub(super) fn received(&self) -> Vec<String> {
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
