//! Metrics, read as Prometheus reads them.

use std::collections::BTreeMap;

use super::{in_process::InProcess, response::text};

/// Every sample by its series, such as `name{label="value"}`.
pub(crate) type Samples = BTreeMap<String, f64>;

pub(crate) async fn scrape(service: &InProcess) -> Samples {
    samples(&scrape_text(service).await)
}

pub(crate) async fn scrape_text(service: &InProcess) -> String {
    let response = service.get("/metrics").send().await;
    response.assert_status_is_ok();
    response.assert_header_all("content-type", ["text/plain; version=0.0.4; charset=utf-8"]);

    text(response).await
}

pub(crate) fn samples(text: &str) -> Samples {
    let sample = |line: &str| {
        let (series, value) = line.rsplit_once(' ').expect("a series and its value");
        let value = value.parse().unwrap_or_else(|_| panic!("not a number: {line}"));
        (series.to_owned(), value)
    };
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let all: Vec<_> = lines.map(sample).collect();

    let distinct: Samples = all.iter().cloned().collect();
    assert_eq!(distinct.len(), all.len(), "a series occurs twice:\n{text}");
    distinct
}

/// The sum of the series that contain all of these parts.
pub(crate) fn sum(samples: &Samples, parts: &[&str]) -> f64 {
    let matching = samples
        .iter()
        .filter(|(series, _)| parts.iter().all(|part| series.contains(part)));

    matching.map(|(_, value)| value).sum()
}
