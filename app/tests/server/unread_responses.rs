//! Clients that do not read their responses, or too slowly.

use std::{
    io::Read,
    net::Shutdown,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    Service,
    client::{Client, post_head},
    report,
    sockets::Sockets,
    wait_until,
};

const DOCS: &str = "GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n";
const DOCS_AND_CLOSE: &str = "GET /docs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// What the system stores for one connection at most, in bytes.
const MAX_UNREAD: u64 = 160 * 1024;

/// What the system stores of the requests on one connection at most, in bytes.
const MAX_UNHANDLED: u64 = 64 * 1024;

fn clients(service: &Service, request: &str, count: usize) -> Vec<Client> {
    (0..count)
        .map(|_| {
            let mut client = Client::with_small_buffer(service);
            client.send(request.as_bytes()).expect("the request is taken");
            client
        })
        .collect()
}

#[test]
fn unread_responses_take_little_of_the_system_and_leave_nothing_behind() {
    const COUNT: usize = 50;

    for request in [DOCS, DOCS_AND_CLOSE] {
        let service = Service::in_memory(&[
            ("IDLE_TIMEOUT_SECONDS", "1"),
            ("HEADER_READ_TIMEOUT_SECONDS", "1"),
        ]);
        let _clients = clients(&service, request, COUNT);

        let mut most = Sockets::of(&service);
        wait_until("no connection is left", || {
            let sockets = Sockets::of(&service);
            if sockets.unread > most.unread {
                most = sockets;
            }
            sockets.count == 0
        });

        report(&format!("at most {most:?}"));
        let limit = COUNT as u64 * MAX_UNREAD;
        assert!(most.unread > 0 && most.unread < limit, "{most:?}");
    }
}

/// Linux enlarges the buffer of a client that sends much.
#[test]
fn requests_behind_an_unread_response_take_little_of_the_system() {
    const COUNT: usize = 20;

    let service = Service::in_memory(&[]);
    let mut clients = clients(&service, "", COUNT);
    let upload = format!("{}{}", post_head(15_000), " ".repeat(15_000)).repeat(20);
    for client in &mut clients {
        client.send(upload.as_bytes()).expect("the requests are taken");
        (0..20).for_each(|_| assert_eq!(client.response().expect("a response").status, 400));
        client.send(DOCS.as_bytes()).expect("the request is taken");
        client.stream().set_nonblocking(true).expect("a socket");
    }

    let (started, mut most) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_secs(1) {
        for client in &mut clients {
            // The system takes as much as it can store at both ends.
            let _ = client.send(upload.as_bytes());
        }
        most = most.max(Sockets::of(&service).unhandled);
        thread::sleep(Duration::from_millis(10));
    }

    report(&format!("at most {most} bytes for {COUNT} connections"));
    assert!(most > 0 && most < COUNT as u64 * MAX_UNHANDLED, "{most} bytes");
}

#[test]
fn clients_that_read_without_haste_do_not_keep_all_places() {
    const COUNT: usize = 10;

    let service = Service::in_memory(&[("MAX_CONNECTIONS", "10"), ("MAX_CONNECTIONS_PER_CLIENT", "10")]);
    let readers = clients(&service, &DOCS.repeat(10), COUNT);
    for reader in &readers {
        let waits = reader.stream().set_read_timeout(Some(Duration::from_millis(20)));
        waits.expect("a timeout");
    }
    let stop = AtomicBool::new(false);

    thread::scope(|scope| {
        // 160 KB a second each: every response takes 10 s.
        scope.spawn(|| {
            let mut buffer = [0; 8_000];
            while !stop.load(Relaxed) {
                for reader in &readers {
                    let _ = reader.stream().read(&mut buffer);
                }
                thread::sleep(Duration::from_millis(50));
            }
        });

        for probe in 0..5 {
            let started = Instant::now();
            let response = Client::connect(service.address).and_then(|mut client| client.get("/livez"));
            let time = started.elapsed();
            let failed = response.is_err() || time > Duration::from_secs(3);
            stop.store(probe == 4 || failed, Relaxed);
            assert_eq!(response.expect("a response").status, 200);
            assert!(time < Duration::from_secs(3), "probe {probe} took {time:?}");
        }
    });
}

#[test]
fn response_that_the_system_has_taken_as_a_whole_leaves_nothing_behind() {
    let service = Service::in_memory(&[("IDLE_TIMEOUT_SECONDS", "1")]);
    let requests = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2);
    let _clients = clients(&service, &requests, 50);
    wait_until("responses are sent", || Sockets::of(&service).unread > 0);

    wait_until("no connection is left", || Sockets::of(&service).count == 0);
}

/// The system, which would go on sending to such clients, no longer counts their connections.
#[test]
fn response_to_clients_that_only_close_their_own_direction_leaves_nothing_behind() {
    const COUNT: usize = 50;

    let service = Service::in_memory(&[("IDLE_TIMEOUT_SECONDS", "3")]);
    let request = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let clients = clients(&service, request, COUNT);
    // The service has sent them as a whole.
    wait_until("all responses are sent", || {
        Sockets::of(&service).unread > COUNT as u64 * 20_000
    });
    let started = Instant::now();
    for client in &clients {
        let closed = client.stream().shutdown(Shutdown::Write);
        closed.expect("the direction is closed");
    }

    let open = service.metric("http_server_open_connections");
    assert!(open >= COUNT as u64, "{open} connections are counted");
    wait_until("no connection is left", || Sockets::of(&service).count == 0);
    let time = started.elapsed();
    assert!(time < Duration::from_secs(8), "{time:?}");
}

#[test]
fn connection_that_waits_to_be_closed_is_reset_for_a_new_one() {
    let service = Service::in_memory(&[("MAX_CONNECTIONS", "5"), ("MAX_CONNECTIONS_PER_CLIENT", "5")]);
    let request = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let _unread = clients(&service, request, 5);
    wait_until("all responses are sent", || {
        Sockets::of(&service).unread > 5 * 20_000
    });
    // From then on, its last response counts as delivered or not being read.
    thread::sleep(Duration::from_millis(1100));

    let mut others: Vec<_> = (0..5).map(|_| Client::of(&service)).collect();
    for client in &mut others {
        assert_eq!(client.get("/livez").expect("a response").status, 200);
    }

    wait_until("nothing is stored for the evicted connections", || {
        Sockets::of(&service).unread == 0
    });
    assert_eq!(Sockets::of(&service).count, 5);
}

/// Reads this much every 100 ms. Returns how long the service keeps the connection, if it closes it before `limit`.
fn read_slowly(client: &Client, bytes: usize, limit: Duration) -> Option<Duration> {
    let (mut stream, started) = (client.stream(), Instant::now());
    let mut buffer = vec![0; bytes];

    while started.elapsed() < limit {
        if !matches!(stream.read(&mut buffer), Ok(read) if read > 0) {
            return Some(started.elapsed());
        }
        thread::sleep(Duration::from_millis(100));
    }

    None
}

#[test]
fn response_that_is_read_more_slowly_than_8_kib_a_second_is_reset() {
    // The first write that the client must make room for comes after some 40 KB.
    let service = Service::in_memory(&[("IDLE_TIMEOUT_SECONDS", "10")]);
    let client = clients(&service, DOCS, 1).remove(0);

    // 5 KB a second is progress within each 10 s, but too slow for the whole.
    let closed = read_slowly(&client, 500, Duration::from_secs(50));

    let closed = closed.expect("the connection must be closed");
    assert!(closed > Duration::from_secs(9), "closed after {closed:?}");
    wait_until("no connection is left", || Sockets::of(&service).count == 0);
}

#[test]
fn response_that_is_read_fast_enough_is_sent_as_a_whole() {
    let service = Service::in_memory(&[("IDLE_TIMEOUT_SECONDS", "2")]);
    let mut client = clients(&service, DOCS, 1).remove(0);

    // 300 KB a second: the response takes longer than the idle timeout.
    let started = Instant::now();
    assert_eq!(read_slowly(&client, 30_000, Duration::from_secs(4)), None);
    assert!(started.elapsed() > Duration::from_secs(2));
    let mut rest = Vec::new();
    let read = client.stream().take(200_000).read_to_end(&mut rest);

    assert_eq!(read.expect("the connection is open"), 200_000);
    client.send(b"").expect("the connection is open");
}
