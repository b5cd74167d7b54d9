//! Start and stop.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    thread,
};

use super::{MEMORY, folder};
use crate::support::{Service, TIMEOUT, example, wait_until};

#[test]
fn without_configuration_data_is_stored_in_a_file_and_survives_a_restart() {
    let folder = folder();
    let mut service = Service::start(&[], folder.path());
    let logged = |part: &str| service.log.iter().any(|line| line.contains(part));

    assert!(logged("opening the store"), "{:?}", service.log);
    assert!(logged("the schema is up to date"), "{:?}", service.log);
    let last = service.log.last().expect("a log line");
    assert!(
        last.contains("/docs"),
        "the last line has the address of the docs: {last}"
    );

    let response = service.post(&example::body("still here"));
    assert!(response.starts_with("HTTP/1.1 201 "), "{response}");

    service.signal("TERM");
    service.wait_for_log("stopped");
    let status = service.child.wait().expect("an exit status");
    assert!(status.success(), "exit status 0 after SIGTERM, not {status}");
    assert!(folder.path().join("service.db").exists());

    let service = Service::start(&[], folder.path());
    assert!(service.get(example::COLLECTION).contains("still here"));
}

#[test]
fn worker_threads_are_as_many_as_configured_or_one_per_core() {
    let cores = thread::available_parallelism().expect("a number of cores").get();

    for (value, expected) in [("", cores), ("1", 1), ("5", 5)] {
        let folder = folder();
        let service = Service::start(&[MEMORY, ("WORKER_THREADS", value)], folder.path());

        let tasks = format!("/proc/{}/task", service.child.id());
        let workers = || {
            let tasks = fs::read_dir(&tasks).expect("the threads of a process");
            let names = tasks.map(|task| fs::read_to_string(task.expect("a thread").path().join("comm")));
            names
                .filter(|name| {
                    name.as_ref()
                        .is_ok_and(|name| name.starts_with("tokio-rt-worker"))
                })
                .count()
        };

        // A thread gets its name only when it runs.
        wait_until(
            &format!("{expected} threads work for WORKER_THREADS={value:?}"),
            || workers() == expected,
        );
    }
}

#[test]
fn requests_in_flight_finish_after_sigterm_and_sigint() {
    for (signal, name) in [("TERM", "SIGTERM"), ("INT", "SIGINT")] {
        let folder = folder();
        let mut service = Service::start(&[MEMORY], folder.path());
        let mut stream = TcpStream::connect(service.address).expect("a connection");
        stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");

        let body = example::body("in flight");
        write!(
            stream,
            "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n\
             Content-Length: {}\r\n\r\n",
            example::COLLECTION,
            body.len()
        )
        .expect("the header is sent");
        // The request is in flight once the service has requested its body.
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).expect("100 Continue");
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");

        service.signal(signal);
        service.wait_for_log(name);
        write!(stream, "{body}").expect("the body is sent");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("a response");

        assert!(response.starts_with("HTTP/1.1 201 "), "{response}");
        assert!(service.child.wait().expect("an exit status").success());
        assert!(
            TcpStream::connect(service.address).is_err(),
            "the socket is closed"
        );
    }
}
