//! Throwaway PostgreSQL servers from the machine's own programs: one shared by the tests of a process, and more for
//! tests that stop theirs.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdout, Stdio},
    sync::OnceLock,
};

use url::Url;

use super::{
    pgbouncer::{PgBouncer, PoolMode},
    programs::{binaries, command_without_root, free_port, variable},
};

/// The script that runs a server until its standard input ends, which happens when the test process ends, even if it is
/// killed. Statics are never dropped, so nothing else would stop the server.
///
/// Each line of the input is a command. The script responds with a line: `done`, or the error messages.
const SCRIPT: &str = r#"
trap '' INT TERM
binaries=$1 port=$2 options=$3 primary=$4
# In memory if there is plenty: to create a database is a sixth of the work there.
free=$(df -Pk /dev/shm 2>/dev/null | { read -r _ && read -r _ _ _ free _ && echo "$free"; })
if [ "${free:-0}" -ge 4000000 ]; then parent=/dev/shm; else parent=/tmp; fi
folder=$(mktemp -d "${TMPDIR:-$parent}/test-postgres-XXXXXX") && cd "$folder" || exit 1

create() {
    if [ -z "$primary" ]; then
        "$binaries/initdb" -D data -U postgres -A trust -E UTF8 --locale=C --no-sync
    else
        "$binaries/pg_basebackup" -D data -R -c fast -X stream --no-sync \
            -d "host=127.0.0.1 port=$primary user=postgres application_name=standby"
    fi
}

start() {
    # A killed server may hold the port and the shared memory for a moment longer.
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        # In the folder, dynamic shared memory does not outlive a server that is killed.
        "$binaries/pg_ctl" start -w -t 60 -D data -l server.log -o "-p $port -c listen_addresses=127.0.0.1 \
            -c unix_socket_directories= -c dynamic_shared_memory_type=mmap -c fsync=off -c max_connections=300 \
            $options" && return
        sleep 0.1
    done
    return 1
}

# Sends a signal to the postmaster and its children. It is stopped first, so that it starts no more children.
signal() {
    read -r postmaster <data/postmaster.pid && kill -s STOP "$postmaster" || return
    children=$({ cat /proc/[0-9]*/stat || ps -A -o pid=,stat=,stat=,ppid=; } 2>/dev/null |
        while read -r pid _ _ parent _; do [ "$parent" != "$postmaster" ] || echo "$pid"; done)
    # A child may have ended since.
    kill -s "$1" $children 2>/dev/null
    kill -s "$1" "$postmaster"
}

messages() { cat start.log server.log 2>/dev/null | tr '\n' ' '; echo; }

if ! { create && start; } >start.log 2>&1; then
    messages
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
    promote) "$binaries/pg_ctl" promote -w -t 60 -D data ;;
    demote) "$binaries/pg_ctl" stop -m fast -D data && : >data/standby.signal && start ;;
    esac >start.log 2>&1 && echo done || messages
done
signal CONT
"$binaries/pg_ctl" stop -m immediate -D data >/dev/null 2>&1
cd / && rm -rf "$folder"
"#;

/// The URL, without a database, of the server that all tests of this process share.
pub(super) fn shared_server() -> &'static Url {
    static SERVER: OnceLock<(Url, Option<PostgresServer>)> = OnceLock::new();
    &SERVER.get_or_init(find_or_start).0
}

fn find_or_start() -> (Url, Option<PostgresServer>) {
    if let Some(url) = variable("TEST_DATABASE_URL") {
        let url = Url::parse(&url)
            .expect("TEST_DATABASE_URL must be a URL such as postgres://user:password@host:5432/postgres");
        return (url, None);
    }

    let server = PostgresServer::start();
    (Url::parse(server.url()).expect("a URL"), Some(server))
}

/// A PostgreSQL server for one test, which may stop it. It is removed when this is dropped.
#[derive(Debug)]
pub struct PostgresServer {
    url: Url,
    /// In front of it, if the variable `TEST_PGBOUNCER` is set.
    pooler: Option<PgBouncer>,
    script: Child,
    responses: BufReader<ChildStdout>,
}

impl PostgresServer {
    /// A new server with an empty database, from the machine's own programs.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// As [`start`](Self::start), with further options of the program `postgres`.
    pub fn start_with(options: &str) -> Self {
        Self::create(options, "")
    }

    /// A standby of this server, by streaming replication, which accepts queries. Its data is a copy of this server's.
    pub fn standby(&self) -> Self {
        let port = self.url.port().expect("a port");
        Self::create("", &port.to_string())
    }

    /// A new server, or a standby of the server on port `primary`.
    fn create(options: &str, primary: &str) -> Self {
        let binaries = binaries().expect(
            "PostgreSQL's server programs were not found. Install them (Debian: apt-get install postgresql), or name \
             their folder in TEST_POSTGRES_BIN",
        );

        let mut response = String::new();
        // Another process may take the free port before the server does.
        for _ in 0..5 {
            let port = free_port();
            let mut script = command_without_root()
                .args(["sh", "-c", SCRIPT, "sh"])
                .arg(&binaries)
                .arg(port.to_string())
                .args([options, primary])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("a shell");

            response.clear();
            let mut responses = BufReader::new(script.stdout.take().expect("the script's output"));
            responses.read_line(&mut response).expect("the script's output");
            if response == "done\n" {
                let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
                return Self {
                    pooler: variable("TEST_PGBOUNCER").map(|_| pooler(&url)),
                    url: Url::parse(&url).expect("a URL"),
                    script,
                    responses,
                };
            }

            let _ = script.wait();
        }

        panic!("PostgreSQL does not start: {response}");
    }

    /// The URL of its empty database.
    pub fn url(&self) -> &str {
        self.pooler.as_ref().map_or(self.url.as_str(), PgBouncer::url)
    }

    /// The URL of the database on these servers, a primary and its standbys in any order.
    pub fn url_of(servers: &[&Self]) -> String {
        let address = |server: &&Self| format!("127.0.0.1:{}", server.url.port().expect("a port"));
        let addresses: Vec<_> = servers.iter().map(address).collect();

        format!("postgres://postgres@{}/postgres", addresses.join(","))
    }

    /// Makes a standby a primary: `pg_ctl promote`. It is one when this returns.
    pub fn promote(&mut self) {
        self.command("promote");
    }

    /// Restarts a primary as a standby that follows no server.
    pub fn demote(&mut self) {
        self.command("demote");
    }

    /// Kills all its processes by SIGKILL, as a crash would.
    pub fn kill(&mut self) {
        self.command("kill");
    }

    /// Stops it without waiting for clients or writing anything: `pg_ctl stop -m immediate`.
    pub fn stop_immediately(&mut self) {
        self.command("stop");
    }

    /// Starts it again after [`kill`](Self::kill) or [`stop_immediately`](Self::stop_immediately), with the same port
    /// and data. It accepts connections when this returns.
    pub fn restart(&mut self) {
        self.command("start");
    }

    /// Stops all its processes by SIGSTOP: connections are accepted and stay open, without any response.
    pub fn freeze(&mut self) {
        self.command("freeze");
    }

    /// Lets it continue after [`freeze`](Self::freeze).
    pub fn thaw(&mut self) {
        self.command("thaw");
    }

    fn command(&mut self, command: &str) {
        let stdin = self.script.stdin.as_mut().expect("the script's input");
        writeln!(stdin, "{command}").expect("the script reads");

        let mut response = String::new();
        self.responses
            .read_line(&mut response)
            .expect("the script's output");
        assert_eq!(response, "done\n", "PostgreSQL failed to {command}");
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

/// Session pooling for all tests of a process, which opens connections to a restarted server as soon as the service does.
fn pooler(url: &str) -> PgBouncer {
    let settings = "max_client_conn = 1000\ndefault_pool_size = 100\nserver_login_retry = 0.1\n\
                    ignore_startup_parameters = extra_float_digits";
    PgBouncer::start(url, PoolMode::Session, settings)
}
