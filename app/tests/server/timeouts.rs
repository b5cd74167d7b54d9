//! Clients that are slow, and those that are not.

use std::{
    io::Write,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use crate::{
    support::client::{Client, post_head},
    support::{PATIENCE, Running},
};

/// Sends a byte now and then, from a thread of its own, until the service hangs up.
fn trickle(client: &Client) {
    let mut stream = client.stream().try_clone().expect("the socket");
    thread::spawn(move || {
        while stream.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
}

/// Two clients who do not finish what they begin, one silent and one slow, are told so a second later and let go.
fn give_up_on(variables: &[(&str, &str)], silent: &str, slow: &str, detail: &str) {
    let service = Running::in_memory(variables);
    let mut clients = [Client::of(&service), Client::of(&service)];
    let started = Instant::now();
    for (client, beginning) in clients.iter_mut().zip([silent, slow]) {
        client.send(beginning.as_bytes()).expect("the beginning");
    }
    trickle(&clients[1]);
    for client in &mut clients {
        let answer = client.answer().expect("an answer");
        assert!(started.elapsed() >= Duration::from_secs(1), "not before its time");
        assert!(answer.status == 408 && answer.closes(), "{answer:?}");
        assert!(answer.head.contains("application/problem+json"), "{answer:?}");
        assert!(answer.head.contains("\r\nx-request-id: "), "{answer:?}");
        assert!(answer.body.contains(detail), "{answer:?}");
    }
    clients[0].wait_for_the_end();
}

#[test]
fn a_header_that_does_not_end_is_408() {
    let (silent, slow) = ("GET /livez HTTP/1.1\r\nHost:", "GET /livez HTTP/1.1\r\nX: ");
    give_up_on(
        &[("HEADER_READ_TIMEOUT_SECONDS", "1")],
        silent,
        slow,
        "the header did not arrive in time",
    );
}

#[test]
fn a_body_that_does_not_end_is_a_408_problem() {
    // A later deadline than the request's own gives way to it: the client is slow, not the service.
    let variables = [("BODY_READ_TIMEOUT_SECONDS", "1")];
    let wide = [
        ("BODY_READ_TIMEOUT_SECONDS", "60"),
        ("REQUEST_TIMEOUT_SECONDS", "1"),
    ];
    for variables in [&variables[..], &wide] {
        give_up_on(
            variables,
            &post_head(100),
            &post_head(10_000),
            "the body did not arrive in time",
        );
    }
}

#[test]
fn a_quiet_connection_is_closed_and_one_in_use_is_not() {
    let service = Running::in_memory(&[
        ("IDLE_TIMEOUT_SECONDS", "1"),
        ("HEADER_READ_TIMEOUT_SECONDS", "1"),
    ]);
    let (mut new, mut used, mut busy) = (Client::of(&service), Client::of(&service), Client::of(&service));
    assert_eq!(used.get("/livez").expect("an answer").status, 200);
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(2500) {
        assert_eq!(busy.get("/livez").expect("an answer").status, 200);
        thread::sleep(Duration::from_millis(50));
    }
    for client in [&mut new, &mut used] {
        client
            .stream()
            .set_read_timeout(Some(Duration::from_millis(1)))
            .expect("a timeout");
        client.wait_for_the_end();
    }
}

#[test]
fn a_client_that_reads_nothing_is_let_go() {
    let service = Running::in_memory(&[("IDLE_TIMEOUT_SECONDS", "1")]);
    let open = || service.metric("process_open_fds");
    let before = open();
    let mut client = Client::of(&service);
    for _ in 0..50 {
        client
            .send(b"GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("the request is taken");
    }
    assert!(open() > before, "the connection is open");
    let started = Instant::now();
    while open() > before {
        assert!(started.elapsed() < PATIENCE, "the connection is still open");
        thread::sleep(Duration::from_millis(50));
    }
    let mut answers = 0;
    while client.answer().is_ok() {
        answers += 1;
    }
    assert!(answers < 50, "it was closed in the middle");
}

/// How long the slowest of a hundred requests takes.
fn p99(client: &mut Client) -> Duration {
    let mut times: Vec<_> = (0..500)
        .map(|n| {
            let started = Instant::now();
            let answer = if n % 2 == 0 {
                client.get("/tweet/?limit=1")
            } else {
                client.post("quick")
            };
            assert!(matches!(answer.expect("an answer").status, 200 | 201));
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

#[test]
fn slow_clients_do_not_slow_others() {
    let service = Running::in_memory(&[("MAX_CONCURRENT_REQUESTS", "2")]);
    let mut client = Client::of(&service);
    p99(&mut client);
    let alone = p99(&mut client);
    let slow = |request: &str| {
        let mut client = Client::of(&service);
        client.send(request.as_bytes()).expect("the request is taken");
        client
    };
    let mut clients: Vec<Client> = (0..150).map(|_| slow("GET /tweet/ HTTP/1.1\r\nX: ")).collect();
    // More than there may be requests under way: a request whose body is missing does not count.
    clients.extend((0..150).map(|_| slow(&post_head(1000))));
    clients.extend((0..10).map(|_| slow(&"GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(20))));
    let done = AtomicBool::new(false);
    let among_slow_ones = thread::scope(|scope| {
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
    // On a machine that has other things to do as well.
    let allowed = alone * 2 + Duration::from_millis(100);
    assert!(
        among_slow_ones < allowed,
        "{among_slow_ones:?} among slow clients, {alone:?} alone"
    );
}
