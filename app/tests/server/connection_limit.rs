//! More connections than `MAX_CONNECTIONS`, or than the system has file descriptors for.

use std::{
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::support::{Service, TIMEOUT, client::Client, example::COLLECTION};

#[test]
fn connections_beyond_the_limit_wait_until_one_is_closed() {
    let mut service = Service::in_memory(&[("MAX_CONNECTIONS", "2")]);
    let [mut first, mut second, mut third] = [(); 3].map(|()| Client::of(&service));
    assert_eq!(first.get("/livez").expect("a response").status, 200);
    assert_eq!(second.get("/livez").expect("a response").status, 200);

    third
        .send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .expect("the system takes it");
    let short = Some(Duration::from_millis(200));
    third.stream().set_read_timeout(short).expect("a timeout");
    assert!(
        third.response().is_err(),
        "the connection must not be accepted yet"
    );
    service.wait_for_log("MAX_CONNECTIONS reached");
    let response = first.get("/livez").expect("a response");
    assert_eq!(response.status, 200, "open connections are served");

    drop(first);
    third.stream().set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    assert_eq!(third.response().expect("a response").status, 200);
}

#[test]
fn running_out_of_file_descriptors_is_logged_once_and_recovered_from() {
    let folder = TempDir::new().expect("a folder");
    let program = Command::new("sh")
        .args([
            "-c",
            "ulimit -n 40 && exec \"$0\"",
            env!("CARGO_BIN_EXE_templatesite"),
        ])
        .env_clear()
        .envs([("DATABASE_URL", "memory:"), ("LISTEN_ADDR", "127.0.0.1:0")])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn();
    let mut service = Service::from_child(program.expect("the program"));
    service.wait_until_ready();
    let address = service.address;
    let mut open = Client::connect(address).expect("a connection");
    assert_eq!(open.post("hello").expect("a response").status, 201);

    let many: Vec<_> = (0..60)
        .map(|_| Client::connect(address).expect("the system takes it"))
        .collect();
    service.wait_for_log("cannot accept connections");
    for _ in 0..100 {
        let response = open.get(COLLECTION).expect("a response");
        assert_eq!(response.status, 200, "open connections are served");
    }

    drop(many);
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

    let warnings = service.log.iter().filter(|line| line.contains("WARN")).count();
    assert_eq!(warnings, 1, "{:?}", service.log);
}
