//! How much one client may ask for.

use poem::http::Method;
use tempfile::TempDir;

use crate::support::{Running, Site};
use crate::support::{header, problem};

const LIMIT: [(&str, &str); 3] = [
    ("DATABASE_URL", "memory:"),
    ("RATE_LIMIT_PER_SECOND", "1"),
    ("RATE_LIMIT_BURST", "3"),
];

#[tokio::test]
async fn beyond_the_burst_a_client_has_to_wait() {
    let site = Site::with(&LIMIT).await;
    let first = site.client.get("/tweet/").send().await;
    first.assert_status_is_ok();
    assert_eq!(header(&first, "ratelimit").as_deref(), Some("\"client\";r=2"));
    assert_eq!(
        header(&first, "ratelimit-policy").as_deref(),
        Some("\"client\";q=3;w=3")
    );
    for method in [Method::GET, Method::POST] {
        // Once is not enough on a machine that is slow: a request a second is allowed.
        let mut answers = 0;
        let refused = loop {
            let answer = site.client.request(method.clone(), "/nothing").send().await;
            if answer.0.status() == 429 {
                break answer;
            }
            answers += 1;
            assert!(answers < 50, "nothing is refused");
        };
        assert_eq!(header(&refused, "retry-after").as_deref(), Some("1"));
        assert_eq!(
            header(&refused, "ratelimit").as_deref(),
            Some("\"client\";r=0;t=1")
        );
        problem(refused, 429).await;
    }
    for exempt in ["/livez", "/livez/", "/healthcheck", "/healthcheck/", "/metrics"] {
        let answer = site.client.get(exempt).send().await;
        assert_eq!(
            (answer.0.status().as_u16(), header(&answer, "ratelimit")),
            (200, None),
            "{exempt}"
        );
    }
}

#[tokio::test]
async fn by_default_there_is_no_limit() {
    let site = Site::memory().await;
    for _ in 0..200 {
        let answer = site.client.get("/tweet/").send().await;
        answer.assert_status_is_ok();
        assert_eq!(header(&answer, "ratelimit"), None);
    }
}

#[test]
fn each_client_has_a_limit_of_its_own() {
    let folder = TempDir::new().expect("a folder");
    let proxy = ("TRUSTED_PROXIES", "127.0.0.1");
    let slow = ("RATE_LIMIT_BURST", "1");
    let service = Running::start(&[&LIMIT[..2], &[slow, proxy]].concat(), folder.path());
    let get = |client: &str| {
        let head = "GET /tweet/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Forwarded-For";
        service.exchange(format!("{head}: {client}\r\n\r\n").as_bytes())
    };
    let refused = |client| (0..50).any(|_| get(client).starts_with("HTTP/1.1 429 "));
    for (first, same, other) in [
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", "2001:db8:1:3::1"),
    ] {
        assert!(get(first).starts_with("HTTP/1.1 200 "), "{first}");
        assert!(refused(same), "{same} is {first}");
        assert!(get(other).starts_with("HTTP/1.1 200 "), "{other} is another");
    }
}
