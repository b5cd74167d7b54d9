//! One line for each request.

use tempfile::TempDir;

use crate::support::{
    Service,
    client::{Client, post_head},
    example,
};

#[test]
fn each_request_is_one_line_with_method_route_status_duration_and_client() {
    let mut service = Service::in_memory(&[]);
    service.get(example::UNKNOWN_ITEM);
    let line = service.wait_for_log("access: ");

    let route = example::ITEM_ROUTE;
    assert!(
        line.contains(&format!(
            "access: method=GET route={route} status=404 duration_ms="
        )),
        "{line}"
    );
    assert!(line.ends_with(" client=127.0.0.1"), "{line}");
}

/// The client is the one that trusted proxies report, also where the request gets no further.
#[test]
fn line_of_a_rejected_request_names_its_client() {
    let mut service = Service::in_memory(&[("TRUSTED_PROXIES", "127.0.0.1")]);
    let mut client = Client::of(&service);

    for (host, status) in [("localhost", 200), ("foreign.example", 400)] {
        let collection = example::COLLECTION;
        let request =
            format!("GET {collection} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n");
        client.send(request.as_bytes()).expect("a request");
        assert_eq!(client.response().expect("a response").status, status);

        let line = service.wait_for_log("access: ");
        assert!(line.ends_with(" client=192.0.2.7"), "{line}");
    }
}

#[test]
fn probes_and_scrapes_are_logged_at_debug_unless_they_fail() {
    let monitored = ["/livez", "/readyz", "/healthcheck/", "/metrics"];
    for (level, logged) in [("debug", true), ("info", false)] {
        let mut service = Service::in_memory(&[("LOG_LEVEL", level)]);
        for path in monitored {
            assert!(service.get(path).starts_with("HTTP/1.1 200 "));
        }
        service.get("/marker");
        service.wait_for_log("route=- status=404");

        for path in monitored {
            let line = service
                .log
                .iter()
                .find(|line| line.contains(&format!("route={path} ")));
            assert_eq!(
                line.is_some_and(|line| line.contains("DEBUG")),
                logged,
                "{line:?}"
            );
            assert_eq!(line.is_some(), logged, "{path} at level {level}");
        }
    }

    let mut service = Service::in_memory(&[("ALLOWED_HOSTS", "other.example")]);
    service.get("/livez");
    service.wait_for_log("status=400");
}

#[test]
fn json_log_lines_are_json_objects() {
    let folder = TempDir::new().expect("a folder");
    let variables = [("DATABASE_URL", "memory:"), ("LOG_FORMAT", "json")];
    let mut service = Service::start(&variables, folder.path());

    service.exchange(
        b"GET /unknown HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: abc-123\r\nConnection: close\r\n\r\n",
    );
    let line = service.wait_for_log("abc-123");
    let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");

    assert_eq!(line["request_id"], "abc-123");
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["status"], 404, "numbers are numbers");
    assert_eq!(line["route"], "-");
    for line in &service.log {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let timestamp = line["timestamp"].as_str();
        assert!(timestamp.is_some_and(|time| time.ends_with('Z')), "{line}");
    }
}

/// The store may have executed the request by then.
#[test]
fn request_whose_connection_is_closed_for_another_one_has_a_line_and_is_counted() {
    let mut service = Service::in_memory(&[("MAX_CONNECTIONS", "1")]);
    let mut client = Client::of(&service);
    client
        .send(
            post_head(100)
                .replace("Content-Type", "X-Request-ID: abc-123\r\nContent-Type")
                .as_bytes(),
        )
        .expect("all of the request but its body");

    assert!(service.get("/livez").starts_with("HTTP/1.1 200 "));
    let line = service.wait_for_log("status=499");
    assert!(
        line.contains("[abc-123] access: method=POST route=- status=499"),
        "{line}"
    );
    let metrics = service.get("/metrics");
    assert!(metrics.contains("http_response_status_code=\"499\""), "{metrics}");
}

#[test]
fn client_that_has_sent_everything_may_close_its_direction() {
    let service = Service::in_memory(&[]);
    let mut client = Client::of(&service);
    let body = example::body("hello");

    client
        .send(format!("{}{body}", post_head(body.len())).as_bytes())
        .expect("the request");
    client
        .stream()
        .shutdown(std::net::Shutdown::Write)
        .expect("one direction");
    assert_eq!(client.response().expect("a response").status, 201);
}
