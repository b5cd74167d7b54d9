//! The rate limit of each client. `operations/rate_limit.rs` tests that it counts every operation.

use poem::http::Method;

use crate::support::{InProcess, Service, example, header, problem, status_of};

const LIMIT: [(&str, &str); 2] = [("RATE_LIMIT_PER_SECOND", "1"), ("RATE_LIMIT_BURST", "3")];

/// More requests than a slow machine sends while a limit of one request a second allows another.
const MANY: usize = 50;

#[tokio::test]
async fn a_client_beyond_its_burst_is_429_until_retry_after() {
    let service = InProcess::with(&LIMIT).await;
    let first = service.get(example::COLLECTION).send().await;
    first.assert_status_is_ok();
    assert_eq!(header(&first, "ratelimit").as_deref(), Some("\"client\";r=2"));
    assert_eq!(
        header(&first, "ratelimit-policy").as_deref(),
        Some("\"client\";q=3;w=3")
    );

    for method in [Method::GET, Method::POST] {
        let mut responses = 0;
        let refused = loop {
            let response = service.request(method.clone(), "/nothing").send().await;
            if status_of(&response) == 429 {
                break response;
            }
            responses += 1;
            assert!(responses < MANY, "no request is refused");
        };

        assert_eq!(header(&refused, "retry-after").as_deref(), Some("1"));
        assert_eq!(
            header(&refused, "ratelimit").as_deref(),
            Some("\"client\";r=0;t=1")
        );
        problem(refused, 429).await;
    }
}

#[tokio::test]
async fn monitoring_is_exempt_while_a_client_is_over_its_limit() {
    let service = InProcess::with(&LIMIT).await;
    for _ in 0..5 {
        service.get("/nothing").send().await;
    }

    for exempt in [
        "/livez",
        "/livez/",
        "/readyz",
        "/healthcheck",
        "/healthcheck/",
        "/metrics",
    ] {
        let response = service.get(exempt).send().await;
        assert_eq!(status_of(&response), 200, "{exempt}");
        assert_eq!(header(&response, "ratelimit"), None, "{exempt}");
    }
}

#[tokio::test]
async fn by_default_there_is_no_limit() {
    let service = InProcess::memory().await;

    for _ in 0..200 {
        let response = service.get(example::COLLECTION).send().await;
        response.assert_status_is_ok();
        assert_eq!(header(&response, "ratelimit"), None);
    }
}

#[test]
fn each_client_has_its_own_limit() {
    let service = Service::in_memory(&[
        ("RATE_LIMIT_PER_SECOND", "1"),
        ("RATE_LIMIT_BURST", "1"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let get = |client: &str| {
        let head = format!("GET {} HTTP/1.1\r\nHost: localhost", example::COLLECTION);
        let head = format!("{head}\r\nConnection: close\r\nX-Forwarded-For: {client}");
        service.exchange(format!("{head}\r\n\r\n").as_bytes())
    };
    let is_refused = |client| (0..MANY).any(|_| get(client).starts_with("HTTP/1.1 429 "));

    // Addresses of one IPv6 network are one client.
    for (first, same, other) in [
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", "2001:db8:1:3::1"),
    ] {
        assert!(get(first).starts_with("HTTP/1.1 200 "), "{first}");
        assert!(is_refused(same), "{same} is the client {first}");
        assert!(
            get(other).starts_with("HTTP/1.1 200 "),
            "{other} is another client"
        );
    }
}

#[test]
fn line_of_a_refused_request_names_its_client() {
    let mut service = Service::in_memory(&[
        ("RATE_LIMIT_PER_SECOND", "1"),
        ("RATE_LIMIT_BURST", "1"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let head = format!("GET {} HTTP/1.1\r\nHost: localhost", example::COLLECTION);
    let head = format!("{head}\r\nConnection: close\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n");

    let is_refused = (0..MANY).any(|_| service.exchange(head.as_bytes()).starts_with("HTTP/1.1 429 "));
    assert!(is_refused, "no request is refused");
    let line = service.wait_for_log("status=429");
    assert!(line.ends_with(" client=192.0.2.7"), "{line}");
}

/// A shared cache would show it to all clients.
#[tokio::test]
async fn shared_response_does_not_show_what_one_client_may_still_send() {
    let public_url = ("PUBLIC_URL", "https://api.example.com");

    for variables in [&LIMIT[..], &[LIMIT[0], LIMIT[1], public_url]] {
        let service = InProcess::with(variables).await;
        let item = service.create("hello").await;

        let response = service.get(example::path_of(&item)).send().await;
        response.assert_status_is_ok();
        let scope = header(&response, "cache-control").expect("a scope");
        for name in ["ratelimit", "ratelimit-policy"] {
            let is_shared = scope.starts_with("public");
            assert_ne!(header(&response, name).is_some(), is_shared, "{scope}: {name}");
        }
    }
}

#[tokio::test]
async fn preflights_spend_an_allowance_of_their_own() {
    // With the origin allowed, and without: then the preflight goes on, to a 405.
    for (origins, expected) in [
        ("https://app.example.com", 204),
        ("https://other.example.com", 405),
    ] {
        let service = InProcess::with(&[LIMIT[0], LIMIT[1], ("CORS_ALLOWED_ORIGINS", origins)]).await;
        let preflight = async || {
            let request = service.request(Method::OPTIONS, example::COLLECTION);
            let request = request.header("origin", "https://app.example.com");
            request
                .header("access-control-request-method", "POST")
                .send()
                .await
        };

        let mut refused = None;
        for _ in 0..MANY {
            let response = preflight().await;
            if status_of(&response) == 429 {
                refused = Some(response);
                break;
            }
            assert_eq!(status_of(&response), expected);
        }
        let refused = refused.expect("a client cannot send preflights without end");
        assert!(header(&refused, "retry-after").is_some());
        problem(refused, 429).await;

        let first = service.get(example::COLLECTION).send().await;
        first.assert_status_is_ok();
        assert_eq!(header(&first, "ratelimit").as_deref(), Some("\"client\";r=2"));
    }
}
