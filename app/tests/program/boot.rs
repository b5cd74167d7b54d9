//! Start, stop, and the command line: the program as an operator meets it.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream, UdpSocket},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::Command,
};

use adapters::testing::FreshDatabase;
use tempfile::TempDir;

use crate::support::{PATIENCE, Running, run};

const MEMORY: (&str, &str) = ("DATABASE_URL", "memory:");

fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

#[test]
fn with_no_configuration_it_serves_from_a_file_that_outlives_it() {
    let folder = folder();
    let mut service = Running::start(&[], folder.path());
    assert!(
        service.log.iter().any(|line| line.contains("opening the store")),
        "{:?}",
        service.log
    );
    assert!(
        service
            .log
            .iter()
            .any(|line| line.contains("the schema is up to date")),
        "{:?}",
        service.log
    );
    assert!(
        service.log.last().is_some_and(|line| line.contains("/docs")),
        "the last line says where: {:?}",
        service.log
    );
    assert!(
        service
            .post("{\"text\":\"still here\"}")
            .starts_with("HTTP/1.1 201 ")
    );
    service.signal("TERM");
    service.wait_for("stopped");
    assert!(
        service.child.wait().expect("an end").success(),
        "exit code 0 after SIGTERM"
    );
    assert!(folder.path().join("templatesite.db").exists());
    let service = Running::start(&[], folder.path());
    assert!(service.get("/tweet/").contains("still here"));
}

#[test]
fn as_many_threads_serve_as_are_asked_for() {
    let cores = std::thread::available_parallelism()
        .expect("a number of cores")
        .get();
    for (asked, threads) in [("", cores), ("1", 1), ("5", 5)] {
        let folder = folder();
        let service = Running::start(&[MEMORY, ("WORKER_THREADS", asked)], folder.path());
        let tasks = fs::read_dir(format!("/proc/{}/task", service.child.id())).expect("Linux tells");
        let names = tasks.map(|task| fs::read_to_string(task.expect("a thread").path().join("comm")));
        let workers = names.filter(|name| {
            name.as_ref()
                .is_ok_and(|name| name.starts_with("tokio-rt-worker"))
        });
        assert_eq!(workers.count(), threads, "asked for {asked:?}");
    }
}

#[test]
fn both_signals_let_a_request_under_way_finish() {
    for (signal, name) in [("TERM", "SIGTERM"), ("INT", "SIGINT")] {
        let folder = folder();
        let mut service = Running::start(&[MEMORY], folder.path());
        let mut stream = TcpStream::connect(service.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let body = "{\"text\":\"under way\"}";
        let head = "POST /tweet/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue";
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n", body.len()).expect("the head is taken");
        // Once it is asked for the body, the request is under way.
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).expect("100 Continue");
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        service.signal(signal);
        service.wait_for(name);
        write!(stream, "{body}").expect("the body is taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        assert!(service.child.wait().expect("an end").success());
        assert!(
            TcpStream::connect(service.address).is_err(),
            "nobody listens any more"
        );
    }
}

/// A start that fails: an exit code of 1, one error line that says this, no panic.
fn fails(variables: &[(&str, &str)], folder: &Path, says: &[&str]) {
    let (code, _, log) = run(&[], variables, folder);
    assert_eq!(code, 1, "{log}");
    let last = log.lines().last().expect("an error line");
    assert!(last.starts_with("templatesite: ERROR ["), "{log}");
    for part in says {
        assert!(last.contains(part), "{part:?} is not in {last}");
    }
    assert!(!log.contains("panic") && !log.contains("hunter2"), "{log}");
}

#[test]
fn a_taken_port_is_reported() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let says = ["cannot listen on", &address, "in use", "LISTEN_ADDR"];
    fails(&[MEMORY, ("LISTEN_ADDR", &address)], folder().path(), &says);
}

#[test]
fn an_unreachable_database_is_reported_without_its_password() {
    let unused = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = unused.local_addr().expect("an address").port();
    drop(unused);
    let url = format!("postgres://me:hunter2@127.0.0.1:{port}/tweets");
    let short = ("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "1");
    let place = format!("postgres://me@127.0.0.1:{port}/tweets");
    fails(
        &[("DATABASE_URL", &url), short],
        folder().path(),
        &["cannot open the database", &place, "DATABASE_URL"],
    );
    // Somebody listens, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!(
        "postgres://me:hunter2@{}/tweets",
        silent.local_addr().expect("an address")
    );
    fails(
        &[("DATABASE_URL", &url), short],
        folder().path(),
        &["cannot open the database", "no response in time"],
    );
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_reported() {
    let database = FreshDatabase::postgres().await;
    let url = format!("{}_nowhere", database.url());
    fails(
        &[("DATABASE_URL", &url)],
        folder().path(),
        &["cannot open the database", "does not exist"],
    );
}

#[test]
fn a_read_only_folder_for_the_file_is_reported() {
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).expect("permissions");
    let mut command = Command::new(env!("CARGO_BIN_EXE_templatesite"));
    command
        .env_clear()
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .current_dir(folder.path());
    // Root may write anywhere, so as somebody else; where the program cannot be run by others, from a copy.
    let root =
        fs::metadata("/proc/self").is_ok_and(|myself| std::os::unix::fs::MetadataExt::uid(&myself) == 0);
    let copy = TempDir::new().expect("a folder");
    if root {
        let program = copy.path().join("templatesite");
        fs::copy(env!("CARGO_BIN_EXE_templatesite"), &program).expect("a copy");
        fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
        command = Command::new(program);
        command
            .env_clear()
            .env("LISTEN_ADDR", "127.0.0.1:0")
            .current_dir(folder.path())
            .uid(65534)
            .gid(65534);
    }
    let output = command.output().expect("the program");
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(
        log.contains("ERROR") && log.contains("cannot open the database sqlite://templatesite.db"),
        "{log}"
    );
    assert!(!log.contains("panic"), "{log}");
}

#[test]
fn healthcheck_tells_by_its_exit_code() {
    let folder = folder();
    let service = Running::start(&[MEMORY], folder.path());
    let address = service.address.to_string();
    let (code, report, _) = run(&["healthcheck"], &[("LISTEN_ADDR", &address)], folder.path());
    assert_eq!(
        (code, &*report),
        (0, "{\"status\":\"ok\",\"db\":{\"status\":\"ok\"}}\n")
    );
    // A service on every address is asked through loopback.
    let everywhere = format!("0.0.0.0:{}", service.address.port());
    assert_eq!(
        run(&["healthcheck"], &[("LISTEN_ADDR", &everywhere)], folder.path()).0,
        0
    );
    drop(service);
    // It asks for a host that is allowed, whichever that is.
    for hosts in ["example.com", ".example.com,localhost", "192.0.2.1", "*"] {
        let service = Running::start(&[MEMORY, ("ALLOWED_HOSTS", hosts)], folder.path());
        let address = service.address.to_string();
        let variables = [("LISTEN_ADDR", &*address), ("ALLOWED_HOSTS", hosts)];
        assert_eq!(run(&["healthcheck"], &variables, folder.path()).0, 0, "{hosts}");
    }
    let (code, report, _) = run(&["healthcheck"], &[("LISTEN_ADDR", &address)], folder.path());
    assert_eq!(code, 1);
    assert!(
        report.starts_with(&format!("no answer from {address}: ")),
        "{report}"
    );
}

#[test]
fn healthcheck_leaves_the_log_server_to_the_service() {
    let (folder, log) = (folder(), UdpSocket::bind("127.0.0.1:0").expect("a port"));
    let port = log.local_addr().expect("an address").port().to_string();
    let syslog = [
        ("SYSLOG_HOST", "127.0.0.1"),
        ("SYSLOG_PORT", &port),
        ("POSTGRES_HOSTT", "mistyped"),
    ];
    let (_, _, told) = run(&["healthcheck"], &syslog, folder.path());
    assert!(told.contains("is POSTGRES_HOST meant?"), "{told}");
    // What it sends, it sends before it ends, and on this machine what is sent has arrived.
    log.set_nonblocking(true).expect("a socket that does not wait");
    assert!(log.recv(&mut [0; 2048]).is_err(), "a line was sent");
}

#[test]
fn migrations_go_up_and_down_and_tell_where_they_stand() {
    let folder = folder();
    let migrate = |direction| run(&["migrate", direction], &[], folder.path());
    let names = [
        "m20261122_000001_create_tweet",
        "m20261122_000002_add_idempotency_key",
    ];
    let report = |words: [&str; 2]| format!("{} {}\n{} {}\n", words[0], names[0], words[1], names[1]);
    assert_eq!(migrate("status").1, report(["pending"; 2]));
    assert_eq!(run(&["migrate"], &[], folder.path()).1, report(["applied"; 2]));
    assert_eq!(
        migrate("up").1,
        report(["applied"; 2]),
        "a second time changes nothing"
    );
    assert_eq!(migrate("status").1, report(["applied"; 2]));
    assert_eq!(migrate("down").1, report(["applied", "pending"]));
    assert_eq!(migrate("down").1, report(["pending"; 2]));
    let mut service = Running::start(&[("MIGRATE_ON_START", "false")], folder.path());
    assert!(
        service
            .log
            .iter()
            .any(|line| line.contains("WARN") && line.contains("templatesite migrate"))
    );
    assert!(
        service.get("/tweet/").starts_with("HTTP/1.1 500 "),
        "there is no table"
    );
    let error = service.wait_for("ERROR");
    assert_eq!(
        error.matches("no such table").count(),
        1,
        "the cause is told, and once: {error}"
    );
}

#[test]
fn the_document_is_printed() {
    assert_eq!(
        run(&["openapi"], &[], folder().path()),
        (0, openapi::spec(), String::new())
    );
}

#[test]
fn a_wrong_command_line_is_usage() {
    for arguments in [&["sing"][..], &["serve", "--loud"], &["migrate", "sideways"]] {
        let (code, _, usage) = run(arguments, &[], folder().path());
        assert_eq!(code, 2);
        assert!(usage.contains("Usage: ") || usage.contains("--help"), "{usage}");
    }
}
