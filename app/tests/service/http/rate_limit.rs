//! How much one client may ask for.

use tempfile::TempDir;

use super::{header, problem};
use crate::support::{Running, Site};

const LIMIT: [(&str, &str); 3] =
    [("DATABASE_URL", "memory:"), ("RATE_LIMIT_PER_SECOND", "1"), ("RATE_LIMIT_BURST", "3")];

#[tokio::test]
async fn beyond_the_burst_a_client_has_to_wait() {
    let site = Site::with(&LIMIT).await;
    for left in ["2", "1", "0"] {
        let answer = site.client.get("/tweet/").send().await;
        answer.assert_status_is_ok();
        assert_eq!(header(&answer, "ratelimit"), Some(format!("\"client\";r={left}")));
        assert_eq!(header(&answer, "ratelimit-policy").as_deref(), Some("\"client\";q=3;w=3"));
    }
    let answer = site.client.get("/tweet/").send().await;
    assert_eq!(header(&answer, "retry-after").as_deref(), Some("1"));
    assert_eq!(header(&answer, "ratelimit").as_deref(), Some("\"client\";r=0;t=1"));
    problem(answer, 429).await;
    problem(site.client.post("/nothing").send().await, 429).await;
    for exempt in ["/livez", "/livez/", "/healthcheck", "/healthcheck/", "/metrics"] {
        let answer = site.client.get(exempt).send().await;
        assert_eq!((answer.0.status().as_u16(), header(&answer, "ratelimit")), (200, None), "{exempt}");
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
    for (client, status) in [
        ("192.0.2.7", "200"),
        ("192.0.2.7", "429"),
        ("192.0.2.8", "200"),
        ("2001:db8:1:2::1", "200"),
        ("2001:db8:1:2:ffff::1", "429"),
        ("2001:db8:1:3::1", "200"),
    ] {
        let answer = get(client);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{client}: {answer}");
    }
}
