//! A start that fails: exit status 1, and one error line with what to do; no panic, no password.

use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    process::Command,
};

use adapters::testing::FreshDatabase;
use app::version::NAME;
use tempfile::TempDir;

use super::{MEMORY, folder};
use crate::support::{PROGRAM, run};

fn assert_start_fails(variables: &[(&str, &str)], parts_of_message: &[&str]) {
    let folder = folder();
    let (code, _, log) = run(&[], variables, folder.path());
    assert_eq!(code, 1, "{log}");

    let last = log.lines().last().expect("an error line");
    assert!(last.starts_with(&format!("{NAME}: ERROR [")), "{log}");
    for part in parts_of_message {
        assert!(last.contains(part), "{part:?} is not in {last}");
    }
    assert!(!log.contains("panic") && !log.contains("hunter2"), "{log}");
}

#[test]
fn port_in_use_is_reported() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = other.local_addr().expect("an address").to_string();

    let message = ["cannot listen on", &address, "in use", "LISTEN_ADDR"];
    assert_start_fails(&[MEMORY, ("LISTEN_ADDR", &address)], &message);
}

#[test]
fn unreachable_database_is_reported_without_its_password() {
    let short = ("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "1");

    let unused = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = unused.local_addr().expect("an address");
    drop(unused);
    let url = format!("postgres://me:hunter2@{address}/x");
    let shown = format!("postgres://{address}/x:");
    let message = ["cannot open the database", &shown, "DATABASE_URL"];
    assert_start_fails(&[("DATABASE_URL", &url), short], &message);

    // This one accepts connections, but never sends anything.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!(
        "postgres://me:hunter2@{}/x",
        silent.local_addr().expect("an address")
    );
    let message = ["cannot open the database", "in time"];
    assert_start_fails(&[("DATABASE_URL", &url), short], &message);
}

#[test]
fn connection_that_may_be_unencrypted_over_a_network_is_warned_of_once() {
    let warnings = |address: &str, parameter: &str| {
        let url = format!("postgres://me:hunter2@{address}:1/x{parameter}");
        let variables = [("DATABASE_URL", &*url), ("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "1")];
        let (_, _, log) = run(&["migrate"], &variables, folder().path());
        log.matches("may cross the network unencrypted").count()
    };

    // The first address reaches this machine, but is not a loopback address.
    for mode in ["disable", "allow", "prefer"] {
        assert_eq!(warnings("0.0.0.0", &format!("?sslmode={mode}")), 1, "{mode}");
    }
    assert_eq!(warnings("0.0.0.0", ""), 0);
    assert_eq!(warnings("127.0.0.1", "?sslmode=disable"), 0);
}

#[tokio::test]
async fn missing_database_is_reported() {
    let database = FreshDatabase::postgres().await;
    let mut url = url::Url::parse(database.url()).expect("a URL");
    url.set_path("nowhere");
    let url = url.to_string();

    let message = ["cannot open the database", "does not exist"];
    assert_start_fails(&[("DATABASE_URL", &url)], &message);
}

#[test]
fn read_only_folder_is_reported() {
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).expect("permissions");
    let copy = TempDir::new().expect("a folder");

    // Root may write anywhere, so run as another user, who may be unable to run the program where it is.
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let mut command = if is_root {
        let program = copy.path().join("program");
        fs::copy(PROGRAM, &program).expect("a copy");
        fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
        let mut command = Command::new(program);
        command.uid(65534).gid(65534);
        command
    } else {
        Command::new(PROGRAM)
    };
    let output = command
        .env_clear()
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .current_dir(folder.path())
        .output()
        .expect("the program");

    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{log}");
    let message = "cannot open the database sqlite://service.db";
    assert!(log.contains("ERROR") && log.contains(message), "{log}");
    assert!(!log.contains("panic"), "{log}");
}

#[test]
fn invalid_configuration_is_reported_before_anything_is_started() {
    let folder = folder();
    let variables = [("DEBUG_MODE", "maybe"), ("LOG_LEVEL", "loud")];

    let (code, output, log) = run(&[], &variables, folder.path());

    assert_eq!((code, &*output), (2, ""));
    assert_eq!(
        log,
        format!(
            "{NAME}: the configuration is invalid; nothing was started:\n  \
         LOG_LEVEL is invalid (not shown: it may be a secret); expected error, warn, info, debug or trace\n  \
         DEBUG_MODE is invalid (not shown: it may be a secret); expected true or false\n"
        )
    );
    assert!(!folder.path().join("service.db").exists());
}
