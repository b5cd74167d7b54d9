//! The metrics that Prometheus scrapes.

use regex::Regex;

use crate::support::{Service, example, header};

#[tokio::test]
async fn scrape_counts_requests_by_route() {
    let service = Service::reach();
    let before = created(&service.scrape().await);

    example::create(&service, "count me").await;
    let response = service.get("/metrics").await;

    assert_eq!(response.status(), 200);
    assert_eq!(
        header(response.headers(), "content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let after = created(&response.text().await.expect("text"));
    assert!(after > before, "{before} before, {after} after");
}

/// The number of items created so far.
fn created(scrape: &str) -> f64 {
    let route = regex::escape(example::COLLECTION);
    let labels =
        format!(r#"http_request_method="POST",http_response_status_code="201",http_route="{route}""#);
    let series = format!(r"(?m)^http_server_request_duration_seconds_count\{{{labels}\}} (.+)$");

    let found = Regex::new(&series).expect("a pattern").captures(scrape);
    found.map_or(0.0, |value| value[1].parse().expect("a number"))
}
