//! What a connection holds of the service's memory, in every state that a client can bring it into.

use std::{
    fs,
    io::Read,
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    Service,
    client::{Client, post_head},
    example::{self, COLLECTION},
    report,
};

/// How many connections are measured together. With more of them, the largest pages would not fit into the memory that
/// all connections share.
const CONNECTIONS: usize = 100;

/// How many connections are opened before, so that what the process needs once is not measured.
const FIRST_CONNECTIONS: usize = 20;

/// The memory that belongs to the process alone, in bytes.
fn private_memory(service: &Service) -> usize {
    let path = format!("/proc/{}/smaps_rollup", service.child.id());
    let report = fs::read_to_string(path).expect("the memory of the process");
    let kilobytes = report
        .lines()
        .find_map(|line| line.strip_prefix("Anonymous:")?.trim().strip_suffix(" kB"));

    1024 * kilobytes
        .and_then(|number| number.parse::<usize>().ok())
        .expect("a number")
}

/// How long a busy machine may take.
const SETTLING_TIME: Duration = Duration::from_secs(30);

/// The time that the process has had the CPU, in ticks of the system.
fn cpu_time(service: &Service) -> u64 {
    let path = format!("/proc/{}/stat", service.child.id());
    let status = fs::read_to_string(path).expect("the status of the process");
    let fields = status.split_whitespace().skip(13).take(2);

    fields.map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

/// Waits until the process has done all that it can do, or for half a minute on a machine that lets no process be idle.
/// Returns its memory.
pub(super) fn settled_memory(service: &Service) -> usize {
    let started = Instant::now();
    let (mut last, mut unchanged) = ((0, 0), 0);
    while unchanged < 3 && started.elapsed() < SETTLING_TIME {
        thread::sleep(Duration::from_millis(100));
        let now = (private_memory(service), cpu_time(service));
        // On a busy machine, a timer that fires may cost a tick.
        let is_unchanged = now.0 == last.0 && now.1 <= last.1 + 1;
        unchanged = if is_unchanged { unchanged + 1 } else { 0 };
        last = now;
    }

    last.0
}

/// The bytes that the process holds for each connection on which a client has done `begin`, and nothing else.
fn bytes_per_connection(service: &Service, begin: impl Fn(&mut Client)) -> usize {
    let open = |count| {
        let clients: Vec<_> = (0..count)
            .map(|_| {
                let mut client = Client::with_small_buffer(service);
                begin(&mut client);
                client
            })
            .collect();
        (clients, settled_memory(service))
    };

    let (_first, before) = open(FIRST_CONNECTIONS);
    let (_clients, after) = open(CONNECTIONS);
    after.saturating_sub(before) / CONNECTIONS
}

/// Asserts that no connection on which `requests` were sent, and nothing is read, holds more than `limit`.
pub(super) fn check(state: &str, service: &Service, requests: &[u8], limit: usize) {
    let send = |client: &mut Client| {
        client.stream().set_nonblocking(true).expect("a socket");
        // What the system does not take, the service does not read either.
        let _ = client.send(requests);
    };
    check_after(state, service, send, limit);
}

/// As [`check`], for clients that do `begin`.
fn check_after(state: &str, service: &Service, begin: impl Fn(&mut Client), limit: usize) {
    let held = bytes_per_connection(service, begin);

    report(&format!("{state}: {held} of {limit} bytes per connection"));
    assert!(held <= limit, "{state}: {held} of {limit} bytes per connection");
    assert_eq!(service.metric(EVICTED), 0, "{state}: all connections are open");
}

/// What a connection may hold of its own, in bytes.
pub(super) const OWN: usize = 64 * 1024;

/// The connections that were closed because all together held too much memory.
pub(super) const EVICTED: &str = r#"http_server_evicted_connections_total{limit="memory"}"#;

/// What a request of which this much was read takes of the memory that all connections share, in bytes.
fn shared_by_request(read: usize) -> usize {
    2 * read.min(48 * 1024).saturating_sub(6 * 1024)
}

/// A header of almost the largest size, in almost as many lines as hyper accepts: each takes memory of its own.
pub(super) fn with_full_header(request: &str) -> String {
    let lines: String = (0..96)
        .map(|n| format!("X{n}: {}\r\n", "x".repeat(160)))
        .collect();
    request.replace("\r\n\r\n", &format!("\r\n{lines}\r\n"))
}

pub(super) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[test]
fn connection_that_sends_no_complete_request_holds_little_memory() {
    // Longer than the measurement takes.
    let patient = [
        ("HEADER_READ_TIMEOUT_SECONDS", "60"),
        ("BODY_READ_TIMEOUT_SECONDS", "60"),
        ("REQUEST_TIMEOUT_SECONDS", "60"),
    ];
    let half_header = format!(
        "GET / HTTP/1.1\r\n{}",
        format!("X: {}\r\n", "x".repeat(500)).repeat(16)
    );
    let full_header = with_full_header(&post_head(16_000));
    let chunked = |head: &str| head.replace("Content-Length: 16000", "Transfer-Encoding: chunked");
    let trailers = format!("3c8c\r\n{}\r\n0\r\nX: {}", " ".repeat(15_500), "x".repeat(15_000));

    let whole_body = format!("{full_header}{}", " ".repeat(15_000));
    let bytes = format!("{}{}", chunked(&post_head(16_000)), "1\r\n \r\n".repeat(10_000));
    let chunks = format!("{}{}", chunked(&full_header), "4\r\n    \r\n".repeat(3990));
    let with_trailers = format!("{}{trailers}", chunked(&full_header));

    for (state, request, used) in [
        ("idle", String::new(), false),
        ("half a header", half_header, false),
        ("a full header", full_header.clone(), false),
        ("almost a whole body", whole_body, false),
        ("a body in chunks of one byte", bytes, false),
        ("chunks of four bytes behind a full header", chunks, false),
        (
            "trailers behind a full header and a body",
            with_trailers.clone(),
            false,
        ),
        (
            "a full header behind another request",
            format!("{}{full_header}", get("/livez")),
            false,
        ),
        ("a full header on a used connection", full_header.clone(), true),
        ("trailers on a used connection", with_trailers, true),
    ] {
        let service = Service::in_memory(&patient);
        // hyper keeps a buffer that has grown.
        let earlier = format!("{full_header}{}", " ".repeat(16_000));
        let begin = |client: &mut Client| {
            for _ in 0..if used { 2 } else { 0 } {
                client.send(earlier.as_bytes()).expect("the request is taken");
                assert_eq!(client.response().expect("a response").status, 400);
            }
            client.send(request.as_bytes()).expect("the request is taken");
        };
        // Most of what is read of the small chunks is not held.
        let shared = if state.contains("chunks of one byte") {
            0
        } else {
            shared_by_request(request.len())
        };
        check_after(state, &service, begin, OWN + shared);
    }
}

#[test]
fn connection_with_a_response_that_is_not_read_holds_little_memory() {
    for (state, requests) in [
        ("pipelined small responses", get("/livez").repeat(5000)),
        // All connections share its 1.6 MB.
        ("the page of the documentation", get("/docs")),
        ("pipelined large responses", get("/docs").repeat(500)),
    ] {
        let service = Service::in_memory(&[]);
        check(state, &service, requests.as_bytes(), OWN);
    }
}

/// Requests fill the page of metrics: each of their methods, routes and statuses is a histogram.
#[test]
fn connection_with_unread_metrics_holds_little_memory() {
    let service = Service::in_memory(&[]);
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let paths = [
        COLLECTION,
        example::UNKNOWN_ITEM,
        "/livez",
        "/readyz",
        "/healthcheck/",
        "/docs",
        "/openapi.json",
    ];
    for (method, path) in methods.iter().flat_map(|method| paths.map(|path| (method, path))) {
        service.exchange(
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes(),
        );
    }
    let size = service.get("/metrics").len();
    assert!(size > OWN, "{size} bytes");

    // One after another: those who ask for it at the same time share it anyway.
    let begin = |client: &mut Client| {
        client
            .send(get("/metrics").as_bytes())
            .expect("the request is taken");
        client.stream().read_exact(&mut [0]).expect("the response begins");
    };
    check_after("the metrics", &service, begin, OWN);
}
