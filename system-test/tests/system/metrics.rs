//! What a Prometheus server scrapes.

use regex::Regex;

use crate::support::service::{Service, header};

#[tokio::test]
async fn a_scrape_counts_requests_by_route() {
    let service = Service::reach();
    let before = created(&service.scrape().await);
    service.create("count me").await;
    let answer = service.get("/metrics").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        header(answer.headers(), "content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let after = created(&answer.text().await.expect("text"));
    assert!(after > before, "{before} before, {after} after");
}

fn created(scrape: &str) -> f64 {
    let labels = r#"http_request_method="POST",http_response_status_code="201",http_route="/tweet/""#;
    let series = format!(r"(?m)^http_server_request_duration_seconds_count\{{{labels}\}} (.+)$");
    let found = Regex::new(&series).expect("a pattern").captures(scrape);
    found.map_or(0.0, |value| value[1].parse().expect("a number"))
}
