//! Signals while connections are open.

use std::{
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::support::{
    Service,
    client::{Client, post_head},
    example::{COLLECTION, body},
    sockets::Sockets,
    wait_until,
};

#[test]
fn draining_service_is_not_ready_but_serves_requests_and_closes_their_connections() {
    let mut service = Service::in_memory(&[("SHUTDOWN_DELAY_SECONDS", "60")]);
    let mut open = Client::of(&service);
    let healthy = open.get("/healthcheck/").expect("a response");
    assert!(
        healthy.status == 200 && !healthy.body.contains("draining"),
        "{healthy:?}"
    );

    service.signal("TERM");
    service.wait_for_log("SIGTERM: shutting down");

    let draining = open.get("/healthcheck/").expect("a response");
    let report = r#"{"status":"nok","db":{"status":"ok"},"draining":{"status":"nok"}}"#;
    assert_eq!((draining.status, &*draining.body), (503, report));
    assert!(draining.closes(), "{draining:?}");
    open.wait_until_closed();

    let draining = Client::of(&service).get("/readyz").expect("a response");
    let report = r#"{"status":"nok","draining":{"status":"nok"}}"#;
    assert_eq!((draining.status, &*draining.body), (503, report));

    for path in ["/livez", COLLECTION] {
        let response = Client::of(&service).get(path).expect("a response");
        assert!(response.status == 200 && response.closes(), "{response:?}");
    }
    let created = Client::of(&service).post("still served").expect("a response");
    assert_eq!(created.status, 201);
}

#[test]
fn second_signal_exits_at_once_with_the_exit_code_of_that_signal() {
    let signals = [
        ("TERM", "SIGTERM", 143),
        ("INT", "SIGINT", 130),
        ("HUP", "SIGHUP", 129),
        ("QUIT", "SIGQUIT", 131),
    ];
    for (signal, name, code) in signals {
        let mut service = Service::in_memory(&[("SHUTDOWN_DELAY_SECONDS", "60")]);
        service.signal("TERM");
        service.wait_for_log("SIGTERM: shutting down");

        service.signal(signal);
        service.wait_for_log(&format!("{name} again"));
        assert_eq!(service.child.wait().expect("an exit").code(), Some(code));
    }
}

#[test]
fn request_in_flight_survives_every_signal_that_stops_the_service() {
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        let mut service = Service::in_memory(&[]);
        let mut client = Client::of(&service);
        let body = body("in flight");
        client
            .send(post_head(body.len()).as_bytes())
            .expect("the header is taken");

        service.signal(signal);
        service.wait_for_log(&format!("SIG{signal}: shutting down"));
        client.send(body.as_bytes()).expect("the body is taken");

        assert_eq!(client.response().expect("a response").status, 201, "{signal}");
        assert!(service.child.wait().expect("an exit").success());
    }
}

#[test]
fn hangup_is_ignored_by_a_service_that_was_started_with_nohup() {
    let folder = TempDir::new().expect("a folder");
    let variables = [("DATABASE_URL", "memory:")];
    let mut service = Service::start_after("trap '' HUP", &variables, folder.path());

    service.signal("HUP");
    service.signal("TERM");
    service.wait_for_log("SIGTERM: shutting down");
    assert!(
        !service.log.iter().any(|line| line.contains("SIGHUP")),
        "{:?}",
        service.log
    );
}

#[test]
fn idle_connections_do_not_delay_shutdown() {
    let mut service = Service::in_memory(&[("SHUTDOWN_TIMEOUT_SECONDS", "60")]);
    let (mut new, mut used) = (Client::of(&service), Client::of(&service));
    assert_eq!(used.get("/livez").expect("a response").status, 200);

    service.signal("TERM");
    service.wait_for_log("stopped");

    assert!(service.child.wait().expect("an exit").success());
    for client in [&mut new, &mut used] {
        client.wait_until_closed();
    }
}

#[test]
fn request_that_does_not_end_is_aborted_after_the_shutdown_timeout() {
    let mut service = Service::in_memory(&[("SHUTDOWN_TIMEOUT_SECONDS", "1")]);
    let mut stuck = Client::of(&service);
    stuck
        .send(post_head(100).as_bytes())
        .expect("the header is taken");
    let response = Client::of(&service).get("/livez").expect("a response");
    assert_eq!(response.status, 200);

    let started = Instant::now();
    service.signal("TERM");
    let line = service.wait_for_log("SHUTDOWN_TIMEOUT_SECONDS passed");

    assert!(started.elapsed() >= Duration::from_secs(1), "aborted too early");
    assert!(line.contains("connections=1"), "{line}");
    let line = service.wait_for_log(" access: method=POST route=- status=499");
    assert!(line.contains("client=127.0.0.1"), "{line}");
    service.wait_for_log("stopped");
    assert!(service.child.wait().expect("an exit").success());
}

#[test]
fn requests_sent_before_the_signal_get_their_responses() {
    // At the limit, most connections are not even accepted yet.
    let mut service = Service::in_memory(&[("MAX_CONNECTIONS", "1")]);
    let mut open = Client::of(&service);
    assert_eq!(open.get("/livez").expect("a response").status, 200);
    let mut clients: Vec<_> = (0..50)
        .map(|_| {
            let mut client = Client::of(&service);
            client
                .send(format!("GET {COLLECTION} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes())
                .expect("the request is taken");
            client
        })
        .collect();

    service.signal("TERM");

    for client in &mut clients {
        assert_eq!(client.response().expect("a response").status, 200);
        client.wait_until_closed();
    }
    service.wait_for_log("stopped");
    assert!(service.child.wait().expect("an exit").success());
}

#[test]
fn request_whose_header_is_arriving_at_shutdown_gets_its_response() {
    let mut service = Service::in_memory(&[]);
    let mut client = Client::of(&service);
    assert_eq!(client.get("/livez").expect("a response").status, 200);
    client
        .send(b"GET /livez HTTP/1.1\r\nHost:")
        .expect("the beginning is taken");

    service.signal("TERM");
    service.wait_for_log("SIGTERM: shutting down");
    // Longer than idle connections stay open.
    thread::sleep(Duration::from_millis(600));
    client.send(b" localhost\r\n\r\n").expect("the rest is taken");

    let response = client.response().expect("a response");
    assert!(response.status == 200 && response.closes(), "{response:?}");
    service.wait_for_log("stopped");
}

#[test]
fn request_behind_a_response_that_is_being_read_at_shutdown_gets_its_response() {
    let mut service = Service::in_memory(&[("SHUTDOWN_TIMEOUT_SECONDS", "60")]);
    let mut client = Client::with_small_buffer(&service);
    let body = body("behind");
    let requests = format!(
        "GET /docs HTTP/1.1\r\nHost: localhost\r\n\r\n{}{body}",
        post_head(body.len())
    );
    client.send(requests.as_bytes()).expect("the requests are taken");
    wait_until("the response is being sent", || Sockets::of(&service).unread > 0);

    service.signal("TERM");
    service.wait_for_log("SIGTERM: shutting down");
    // Longer than idle connections stay open.
    thread::sleep(Duration::from_millis(600));

    assert_eq!(client.response().expect("the response").status, 200);
    let created = client.response().expect("the response to the second request");
    assert!(created.status == 201 && created.closes(), "{created:?}");
    service.wait_for_log("stopped");
    assert!(service.child.wait().expect("an exit").success());
}
