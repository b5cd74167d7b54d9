//! A throwaway PostgreSQL cluster from the machine's own binaries, one a test process.

use std::{
    env,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use url::Url;

/// Holds the cluster's life: it runs until this shell's standard input ends, and that ends with the test process,
/// even when it is killed. Statics are never dropped, so nothing else would stop the server.
const SHELL: &str = r#"
trap '' INT TERM
folder=$(mktemp -d "${TMPDIR:-/tmp}/templatesite-postgres-XXXXXX") && cd "$folder" || exit 1
if ! { "$1/initdb" -D data -U postgres -A trust -E UTF8 --locale=C --no-sync &&
       "$1/pg_ctl" start -w -t 60 -D data -l server.log \
           -o "-p $2 -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=300"
     } >start.log 2>&1
then
    cat start.log server.log 2>/dev/null | tr '\n' ' '
    cd / && rm -rf "$folder"
    exit 1
fi
echo ready
cat >/dev/null
"$1/pg_ctl" stop -m immediate -D data >/dev/null 2>&1
cd / && rm -rf "$folder"
"#;

struct Cluster {
    url: Url,
    _shell: Option<Child>,
}

/// The server's URL, without a database.
pub(super) fn server() -> &'static Url {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    &CLUSTER.get_or_init(find_or_start).url
}

#[expect(clippy::disallowed_methods, reason = "the tests' only variable, read where it is used")]
fn find_or_start() -> Cluster {
    if let Ok(url) = env::var("TEST_DATABASE_URL") {
        let url = Url::parse(&url)
            .expect("TEST_DATABASE_URL must be a URL such as postgres://user:password@host:5432/postgres");
        return Cluster { url, _shell: None };
    }
    let binaries = binaries().expect(
        "PostgreSQL's server programs were not found. Install them (Debian: apt-get install postgresql) or set \
         TEST_DATABASE_URL to a server where databases may be created",
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
        let stdout = shell.stdout.take().expect("the shell's output");
        BufReader::new(stdout).read_line(&mut said).expect("the shell's output");
        if said == "ready\n" {
            let url = Url::parse(&format!("postgres://postgres@127.0.0.1:{port}/postgres")).expect("a URL");
            return Cluster { url, _shell: Some(shell) };
        }
        let _ = shell.wait();
    }
    panic!("PostgreSQL does not start; it says: {said}");
}

/// `initdb` refuses root, so root runs it as the user that came with the package.
fn as_somebody_else_than_root() -> Command {
    use std::os::unix::fs::MetadataExt;
    let root = Path::new("/proc/self").metadata().is_ok_and(|myself| myself.uid() == 0);
    if !root {
        return Command::new("env");
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    command
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|socket| socket.local_addr()).expect("a free port").port()
}

/// The folder that holds `initdb` and its kin: asked of `pg_config`, then looked for where packages put it.
fn binaries() -> Option<PathBuf> {
    let asked = Command::new("pg_config").arg("--bindir").output().ok();
    let asked = asked.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let mut usual: Vec<PathBuf> = ["/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt", "/usr"]
        .iter()
        .filter_map(|place| Path::new(place).read_dir().ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    usual.sort();
    asked.into_iter().chain(usual.into_iter().rev()).find(|folder| folder.join("initdb").exists())
}
