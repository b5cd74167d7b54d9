//! Stopping while there is work.

use std::time::{Duration, Instant};

use crate::{
    support::Running,
    support::client::{Client, post_head},
};

#[test]
fn while_it_drains_it_serves_and_says_so() {
    let mut service = Running::in_memory(&[("SHUTDOWN_DELAY_SECONDS", "60")]);
    let mut kept = Client::of(&service);
    let healthy = kept.get("/healthcheck/").expect("an answer");
    assert!(
        healthy.status == 200 && !healthy.body.contains("draining"),
        "{healthy:?}"
    );
    service.signal("TERM");
    service.wait_for("SIGTERM: finishing");
    let draining = kept.get("/healthcheck/").expect("an answer");
    assert_eq!(
        (draining.status, &*draining.body),
        (
            503,
            r#"{"status":"nok","db":{"status":"ok"},"draining":{"status":"nok"}}"#
        )
    );
    assert!(draining.closes(), "{draining:?}");
    kept.wait_for_the_end();
    for path in ["/livez", "/tweet/"] {
        let answer = Client::of(&service).get(path).expect("an answer");
        assert!(answer.status == 200 && answer.closes(), "{answer:?}");
    }
    assert_eq!(
        Client::of(&service)
            .post("still served")
            .expect("an answer")
            .status,
        201
    );
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (signal, name, code) in [("TERM", "SIGTERM", 143), ("INT", "SIGINT", 130)] {
        let mut service = Running::in_memory(&[("SHUTDOWN_DELAY_SECONDS", "60")]);
        service.signal("TERM");
        service.wait_for("SIGTERM: finishing");
        service.signal(signal);
        service.wait_for(&format!("{name} again"));
        assert_eq!(service.child.wait().expect("an end").code(), Some(code));
    }
}

#[test]
fn quiet_connections_do_not_hold_it_up() {
    let mut service = Running::in_memory(&[("SHUTDOWN_TIMEOUT_SECONDS", "60")]);
    let (mut new, mut used) = (Client::of(&service), Client::of(&service));
    assert_eq!(used.get("/livez").expect("an answer").status, 200);
    service.signal("TERM");
    service.wait_for("stopped");
    assert!(service.child.wait().expect("an end").success());
    for client in [&mut new, &mut used] {
        client.wait_for_the_end();
    }
}

#[test]
fn a_request_that_does_not_end_is_given_up() {
    let mut service = Running::in_memory(&[("SHUTDOWN_TIMEOUT_SECONDS", "1")]);
    let mut stuck = Client::of(&service);
    stuck.send(post_head(100).as_bytes()).expect("a header");
    assert_eq!(Client::of(&service).get("/livez").expect("an answer").status, 200);
    let started = Instant::now();
    service.signal("TERM");
    service.wait_for("giving up on the requests under way");
    assert!(started.elapsed() >= Duration::from_secs(1), "not before its time");
    assert!(service.child.wait().expect("an end").success());
}

#[test]
fn what_was_asked_before_the_signal_is_answered() {
    // Those for whom there is no room are not even accepted yet.
    let mut service = Running::in_memory(&[("MAX_CONNECTIONS", "1")]);
    let mut kept = Client::of(&service);
    assert_eq!(kept.get("/livez").expect("an answer").status, 200);
    let mut clients: Vec<_> = (0..50).map(|_| Client::of(&service)).collect();
    for client in &mut clients {
        client
            .send(b"GET /tweet/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .expect("the request is taken");
    }
    service.signal("TERM");
    for client in &mut clients {
        assert_eq!(client.answer().expect("an answer").status, 200);
        client.wait_for_the_end();
    }
    service.wait_for("stopped");
    assert!(service.child.wait().expect("an end").success());
}
