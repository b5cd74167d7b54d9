//! Throwaway PostgreSQL servers from the machine's own binaries: one a test process, and more for who asks.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
};

use url::Url;

/// Holds the server's life: it runs until this shell's standard input ends, and that ends with the test process, even
/// when it is killed. Statics are never dropped, so nothing else would stop the server.
///
/// Until then each line is a command, answered by a line: `done`, or what went wrong.
const SHELL: &str = r#"
trap '' INT TERM
binaries=$1 port=$2
folder=$(mktemp -d "${TMPDIR:-/tmp}/templatesite-postgres-XXXXXX") && cd "$folder" || exit 1

start() {
    # What was killed may hold the port and the shared memory for a moment longer.
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        "$binaries/pg_ctl" start -w -t 60 -D data -l server.log -o "-p $port -c listen_addresses=127.0.0.1 \
            -c unix_socket_directories= -c fsync=off -c max_connections=300" && return
        sleep 0.1
    done
    return 1
}

# Sends a signal to the server's first process and all that it started; stopped before, so that it starts no others.
signal() {
    read -r first <data/postmaster.pid && kill -s STOP "$first" || return
    others=$({ cat /proc/[0-9]*/stat || ps -A -o pid=,stat=,stat=,ppid=; } 2>/dev/null |
        while read -r pid _ _ parent _; do [ "$parent" != "$first" ] || echo "$pid"; done)
    kill -s "$1" $first $others
}

said() { cat start.log server.log 2>/dev/null | tr '\n' ' '; echo; }

if ! { "$binaries/initdb" -D data -U postgres -A trust -E UTF8 --locale=C --no-sync && start; } >start.log 2>&1; then
    said
    cd / && rm -rf "$folder"
    exit 1
fi
echo done
while read -r command; do
    case $command in
    start) start ;;
    stop) "$binaries/pg_ctl" stop -m immediate -D data ;;
    kill) signal KILL && rm data/postmaster.pid ;;
    freeze) signal STOP ;;
    thaw) signal CONT ;;
    esac >start.log 2>&1 && echo done || said
done
signal CONT
"$binaries/pg_ctl" stop -m immediate -D data >/dev/null 2>&1
cd / && rm -rf "$folder"
"#;

/// The URL, without a database, of the server that all tests of this process share.
pub(super) fn server() -> &'static Url {
    static SERVER: OnceLock<(Url, Option<PostgresServer>)> = OnceLock::new();
    &SERVER.get_or_init(find_or_start).0
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' only variable, read where it is used"
)]
fn find_or_start() -> (Url, Option<PostgresServer>) {
    if let Ok(url) = env::var("TEST_DATABASE_URL") {
        let url = Url::parse(&url)
            .expect("TEST_DATABASE_URL must be a URL such as postgres://user:password@host:5432/postgres");
        return (url, None);
    }
    let server = PostgresServer::start();
    (server.url.clone(), Some(server))
}

/// A PostgreSQL server of one's own, to be treated badly. It is stopped and removed when this is dropped.
#[derive(Debug)]
pub struct PostgresServer {
    url: Url,
    shell: Child,
    answers: BufReader<ChildStdout>,
}

impl PostgresServer {
    /// A new server with an empty database, from the machine's own programs.
    pub fn start() -> Self {
        let binaries = binaries().expect(
            "PostgreSQL's server programs were not found. Install them (Debian: apt-get install postgresql)",
        );
        let mut said = String::new();
        // Between choosing a free port and using it, another process may take it.
        for _ in 0..5 {
            let port = free_port();
            let mut shell = as_somebody_else_than_root()
                .args(["sh", "-c", SHELL, "sh"])
                .arg(&binaries)
                .arg(port.to_string())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("a shell");
            said.clear();
            let mut answers = BufReader::new(shell.stdout.take().expect("the shell's output"));
            answers.read_line(&mut said).expect("the shell's output");
            if said == "done\n" {
                let url =
                    Url::parse(&format!("postgres://postgres@127.0.0.1:{port}/postgres")).expect("a URL");
                return Self { url, shell, answers };
            }
            let _ = shell.wait();
        }
        panic!("PostgreSQL does not start; it says: {said}");
    }

    /// Its empty database.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Ends all its processes by SIGKILL: what a crash does.
    pub fn kill(&mut self) {
        self.command("kill");
    }

    /// Shuts it down without waiting for anybody or writing anything: `pg_ctl stop -m immediate`.
    pub fn stop_at_once(&mut self) {
        self.command("stop");
    }

    /// Starts it again after [`kill`](Self::kill) or [`stop_at_once`](Self::stop_at_once), on the same port and data.
    /// It can be connected to when this returns.
    pub fn start_again(&mut self) {
        self.command("start");
    }

    /// Stops all its processes by SIGSTOP: connections are accepted and held, and nothing is ever answered.
    pub fn freeze(&mut self) {
        self.command("freeze");
    }

    /// Lets it go on after [`freeze`](Self::freeze).
    pub fn thaw(&mut self) {
        self.command("thaw");
    }

    fn command(&mut self, command: &str) {
        let stdin = self.shell.stdin.as_mut().expect("the shell's input");
        writeln!(stdin, "{command}").expect("the shell reads");
        let mut said = String::new();
        self.answers.read_line(&mut said).expect("the shell's output");
        assert_eq!(said, "done\n", "PostgreSQL's answer to {command}");
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// `initdb` refuses root, so root runs it as the user that came with the package.
fn as_somebody_else_than_root() -> Command {
    use std::os::unix::fs::MetadataExt;
    let root = Path::new("/proc/self")
        .metadata()
        .is_ok_and(|myself| myself.uid() == 0);
    if !root {
        return Command::new("env");
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    command
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|socket| socket.local_addr())
        .expect("a free port")
        .port()
}

/// The folder that holds `initdb` and its kin: asked of `pg_config`, then looked for where packages put it.
fn binaries() -> Option<PathBuf> {
    let asked = Command::new("pg_config").arg("--bindir").output().ok();
    let asked = asked.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let mut usual: Vec<PathBuf> = [
        "/usr/lib/postgresql",
        "/usr/local/opt",
        "/opt/homebrew/opt",
        "/usr",
    ]
    .iter()
    .filter_map(|place| Path::new(place).read_dir().ok())
    .flatten()
    .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
    .collect();
    usual.sort();
    asked
        .into_iter()
        .chain(usual.into_iter().rev())
        .find(|folder| folder.join("initdb").exists())
}
