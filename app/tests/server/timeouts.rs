//! Slow clients are disconnected, and the others do not notice them.

use std::{
    io::Write,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    Service, TIMEOUT,
    client::{Client, post_head},
    example::COLLECTION,
};

/// Sends a byte every 100 ms, from another thread, until the service closes the connection.
fn trickle(client: &Client) {
    let mut stream = client.stream().try_clone().expect("the socket");

    thread::spawn(move || {
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
}

/// Two clients that have begun a request: the first sends nothing more, the second a byte now and then.
fn silent_and_slow_clients(service: &Service, beginnings: [&str; 2]) -> [Client; 2] {
    let clients = beginnings.map(|beginning| {
        let mut client = Client::of(service);
        client.send(beginning.as_bytes()).expect("the request is taken");
        client
    });
    trickle(&clients[1]);

    clients
}

#[test]
fn connection_is_closed_if_the_header_does_not_arrive_in_time() {
    let service = Service::in_memory(&[("HEADER_READ_TIMEOUT_SECONDS", "1")]);
    let started = Instant::now();
    let beginnings = ["GET /livez HTTP/1.1\r\nHost:", "GET /livez HTTP/1.1\r\nX: "];

    for mut client in silent_and_slow_clients(&service, beginnings) {
        client.wait_until_closed();
        assert!(started.elapsed() >= Duration::from_secs(1), "closed too early");
    }
}

#[test]
fn response_is_408_if_the_body_does_not_arrive_in_time() {
    let body_timeout = [("BODY_READ_TIMEOUT_SECONDS", "1")];
    // The shorter timeout counts, and the response is the same: the client is slow, not the service.
    let request_timeout = [
        ("BODY_READ_TIMEOUT_SECONDS", "60"),
        ("REQUEST_TIMEOUT_SECONDS", "1"),
    ];

    for variables in [&body_timeout[..], &request_timeout] {
        let service = Service::in_memory(variables);
        let started = Instant::now();
        let mut clients = silent_and_slow_clients(&service, [&post_head(100), &post_head(10_000)]);

        for client in &mut clients {
            let response = client.response().expect("a response");
            assert!(started.elapsed() >= Duration::from_secs(1), "closed too early");
            assert!(response.status == 408 && response.closes(), "{response:?}");
            assert!(response.head.contains("application/problem+json"), "{response:?}");
            assert!(response.head.contains("\r\nx-request-id: "), "{response:?}");
            assert!(response.body.contains("\"status\":408"), "{response:?}");
        }
        clients[0].wait_until_closed();
    }
}

#[test]
fn idle_connections_are_closed_and_busy_ones_stay_open() {
    let service = Service::in_memory(&[
        ("IDLE_TIMEOUT_SECONDS", "1"),
        ("HEADER_READ_TIMEOUT_SECONDS", "1"),
    ]);
    let [mut new, mut used, mut busy] = [(); 3].map(|()| Client::of(&service));
    assert_eq!(used.get("/livez").expect("a response").status, 200);

    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(2500) {
        assert_eq!(busy.get("/livez").expect("a response").status, 200);
        thread::sleep(Duration::from_millis(50));
    }

    for client in [&mut new, &mut used] {
        let timeout = Some(Duration::from_millis(1));
        client.stream().set_read_timeout(timeout).expect("a timeout");
        client.wait_until_closed();
    }
}

#[test]
fn connection_is_closed_if_the_client_does_not_read_its_responses() {
    let service = Service::in_memory(&[("IDLE_TIMEOUT_SECONDS", "1")]);
    let open_files = || service.metric("process_open_fds");
    let before = open_files();
    let mut client = Client::of(&service);
    for _ in 0..50 {
        client
            .send(b"GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("the request is taken");
    }
    assert!(open_files() > before, "the connection is open");

    let started = Instant::now();
    while open_files() > before {
        assert!(started.elapsed() < TIMEOUT, "the connection is still open");
        thread::sleep(Duration::from_millis(50));
    }

    let mut responses = 0;
    while client.response().is_ok() {
        responses += 1;
    }
    assert!(responses < 50, "the connection was closed after all responses");
}

/// The 99th percentile of the response times of 500 requests.
fn p99(client: &mut Client) -> Duration {
    let mut times: Vec<_> = (0..500)
        .map(|n| {
            let started = Instant::now();
            let response = if n % 2 == 0 {
                client.get(&format!("{COLLECTION}?limit=1"))
            } else {
                client.post("quick")
            };
            assert!(matches!(response.expect("a response").status, 200 | 201));

            started.elapsed()
        })
        .collect();
    times.sort_unstable();

    times[times.len() * 99 / 100]
}

#[test]
fn slow_clients_do_not_slow_down_other_clients() {
    let service = Service::in_memory(&[("MAX_CONCURRENT_REQUESTS", "2")]);
    let mut client = Client::of(&service);
    p99(&mut client);
    let alone = p99(&mut client);

    let slow = |request: &str| {
        let mut client = Client::of(&service);
        client.send(request.as_bytes()).expect("the request is taken");
        client
    };
    let mut clients: Vec<Client> = (0..150)
        .map(|_| slow(&format!("GET {COLLECTION} HTTP/1.1\r\nX: ")))
        .collect();
    // Far more than MAX_CONCURRENT_REQUESTS: a request takes its permit when its body has arrived.
    clients.extend((0..150).map(|_| slow(&post_head(1000))));
    clients.extend((0..10).map(|_| slow(&"GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(20))));

    let done = AtomicBool::new(false);
    let among_slow_clients = thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Relaxed) {
                for client in &clients[..300] {
                    let _ = client.stream().write_all(b"x");
                }
                thread::sleep(Duration::from_millis(200));
            }
        });
        let p99 = p99(&mut client);
        done.store(true, Relaxed);

        p99
    });

    // Generous, because other tests share the machine.
    let allowed = alone * 2 + Duration::from_millis(100);
    assert!(
        among_slow_clients < allowed,
        "{among_slow_clients:?} among slow clients, {alone:?} alone"
    );
}
