//! The system has file descriptors for fewer connections than `MAX_CONNECTIONS`.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use adapters::testing::PostgresServer;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tempfile::TempDir;

use super::flood::Flood;
use crate::support::{Service, client::Client, example, wait_until};

/// A service that may not open more than 100 files.
pub(super) fn service_with_few_files(variables: &[(&str, &str)], folder: &TempDir) -> Service {
    Service::start_after("ulimit -n 100", variables, folder.path())
}

#[test]
fn flood_leaves_descriptors_for_the_database() {
    let (mut server, folder) = (PostgresServer::start(), TempDir::new().expect("a folder"));
    let variables = [("DATABASE_URL", server.url()), ("DATABASE_MAX_CONNECTIONS", "4")];
    // 44 of them are reserved, and those that the service got from this test.
    let mut service = service_with_few_files(&variables, &folder);
    assert!(
        service.log.iter().any(|line| line.contains("max_connections=5")),
        "{:?}",
        service.log
    );
    let flood = Flood::silent(service.address);
    flood.wait_for(400);
    service.wait_for_log("MAX_CONNECTIONS reached");

    server.stop_immediately();
    server.restart();
    wait_until("connections to the new database are opened", || {
        let response = service.post_with("", &example::body("hello"));
        response.starts_with("HTTP/1.1 201 ")
    });

    // A process without descriptors could not count them, and would have logged it.
    assert!(service.metric("process_open_fds") <= 100);
    drop(flood);
    service.signal("TERM");
    service.wait_for_log("stopped");
    assert!(
        !service.log.iter().any(|line| line.contains("cannot accept")),
        "{:?}",
        service.log
    );
}

#[test]
fn running_out_of_file_descriptors_is_logged_once_and_recovered_from() {
    let folder = TempDir::new().expect("a folder");
    let mut service = service_with_few_files(&[("DATABASE_URL", "memory:")], &folder);
    let address = service.address;
    let mut open = Client::connect(address).expect("a connection");
    assert_eq!(open.post("hello").expect("a response").status, 201);

    // As if something else had used up the descriptors.
    let pid = Pid::from_raw(service.child.id().cast_signed());
    let set_limit = |current: u64| {
        let limit = Rlimit {
            current: Some(current),
            maximum: Some(100),
        };
        prlimit(pid, Resource::Nofile, limit).expect("the limit is set")
    };
    let before = set_limit(3).current.expect("a limit");
    let waiting = Client::connect(address).expect("the system takes it");
    service.wait_for_log("cannot accept connections");
    for _ in 0..100 {
        let response = open.get(example::COLLECTION).expect("a response");
        assert_eq!(response.status, 200, "open connections are served");
    }

    set_limit(before);
    drop(waiting);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Relaxed) {
                let response = Client::connect(address).and_then(|mut client| client.get("/livez"));
                assert_eq!(response.expect("a response").status, 200);
                thread::sleep(Duration::from_millis(50));
            }
        });
        service.wait_for_log("accepting connections again");
        done.store(true, Relaxed);
    });

    // The other warning is that the limit allows fewer connections than MAX_CONNECTIONS.
    let warnings = service.log.iter().filter(|line| line.contains("WARN")).count();
    assert_eq!(warnings, 2, "{:?}", service.log);
}

#[test]
fn files_that_the_service_inherited_are_reserved_as_well() {
    let folder = TempDir::new().expect("a folder");
    let setup = "ulimit -n 100 && exec 3</dev/null 4</dev/null 5</dev/null 6</dev/null 7</dev/null";
    let reserve = |service: &Service| {
        let line = service.log.iter().find(|line| line.contains("reserve=")).cloned();
        let reserve = line
            .as_deref()
            .and_then(|line| line.split("reserve=").nth(1)?.parse().ok());
        reserve.unwrap_or_else(|| panic!("no reserve in {line:?}"))
    };

    let variables = [("DATABASE_URL", "memory:")];
    let [without, with]: [u32; 2] = ["ulimit -n 100", setup]
        .map(|setup| reserve(&Service::start_after(setup, &variables, folder.path())));
    assert_eq!(with, without + 5);
}
