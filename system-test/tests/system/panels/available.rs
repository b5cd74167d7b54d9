//! The metrics and labels that Prometheus has, and what a query refers to that is not among them.

use std::collections::{BTreeMap, BTreeSet};

use promql_parser::label::MatchOp;
use regex::Regex;

use super::{
    promql::{Selector, references},
    queries::{Query, jobs},
};

/// The metrics that Prometheus makes itself, with their labels.
const PROMETHEUS_METRICS: [(&str, &[&str]); 2] = [
    ("up", &["job", "instance"]),
    (
        "ALERTS",
        &["alertname", "alertstate", "severity", "job", "instance"],
    ),
];

/// The labels that Prometheus adds to every scraped series.
const TARGET_LABELS: [&str; 2] = ["job", "instance"];

/// The labels of each series, by metric. As in Prometheus, a label with an empty value does not exist.
type Series = BTreeMap<String, Vec<BTreeMap<String, String>>>;

/// The labels that a query needs, with the value if it must be exact.
type Wanted<'a> = BTreeMap<&'a str, Option<&'a str>>;

/// What queries can refer to.
pub(crate) struct Available {
    scraped: Series,
    jobs: BTreeSet<String>,
    /// The labels of each metric that a rule records.
    recorded: BTreeMap<String, BTreeSet<String>>,
}

impl Available {
    /// What this scrape has, and what those of the queries that are recording rules write.
    pub(crate) fn new(scrape: &str, queries: &[Query]) -> Self {
        let recorded = queries.iter().filter_map(|query| {
            let metric = query.records.clone()?;
            Some((metric, references(&query.expr).expect("valid PromQL").grouped_by))
        });

        Self {
            scraped: series(scrape),
            jobs: jobs(),
            recorded: recorded.collect(),
        }
    }

    /// A message for each metric or label that a query refers to and that does not exist.
    pub(crate) fn missing(&self, query: &Query) -> Vec<String> {
        let Query { place, expr, .. } = query;
        let references = references(expr).expect("valid PromQL");
        let grouped_by = &references.grouped_by;
        let mut missing = Vec::new();

        if references.selectors.is_empty() {
            missing.push(format!("{place}: no metric in {expr}"));
        }
        for label in &query.shown_labels {
            if !grouped_by.is_empty() && !grouped_by.contains(label) {
                missing.push(format!(
                    "{place}: shows {label}, which results of {expr} do not have"
                ));
            }
        }

        for selector in &references.selectors {
            if let Some(job) = self.unknown_job(selector) {
                missing.push(format!("{place}: no scrape job {job:?} in {expr}"));
            }
            let labels = grouped_by.iter().chain(&query.shown_labels);
            let mut wanted: Wanted<'_> = labels.map(|label| (&**label, None)).collect();
            wanted.extend(exact_matchers(selector));

            if !self.has(&selector.metric, &wanted) {
                missing.push(format!("{place}: no {} with {wanted:?}", selector.metric));
            }
        }
        missing
    }

    /// The value of a `job` matcher that matches no single job by its name.
    fn unknown_job<'a>(&self, selector: &'a Selector) -> Option<&'a str> {
        exact_matchers(selector)
            .filter(|(label, job)| *label == "job" && job.is_none_or(|job| !self.jobs.contains(job)))
            .map(|(_, job)| job.unwrap_or("a pattern"))
            .next()
    }

    /// Whether one series of the metric has all these labels.
    fn has(&self, metric: &str, wanted: &Wanted<'_>) -> bool {
        if let Some((_, labels)) = PROMETHEUS_METRICS.iter().find(|(name, _)| *name == metric) {
            return wanted.keys().all(|label| labels.contains(label));
        }
        if let Some(labels) = self.recorded.get(metric) {
            return wanted.keys().all(|label| labels.contains(*label));
        }

        let fits = |labels: &BTreeMap<String, String>| {
            let mut wanted = wanted.iter().filter(|(label, _)| !TARGET_LABELS.contains(label));
            wanted.all(|(label, value)| {
                let actual = labels.get(*label);
                actual.is_some_and(|actual| value.is_none_or(|value| value == actual))
            })
        };
        let series = self.scraped.get(metric);
        series.is_some_and(|series| series.iter().any(fits))
    }
}

/// The labels of a selector's matchers, with the value if the operator is `=`. `label=""` names no value.
fn exact_matchers(selector: &Selector) -> impl Iterator<Item = (&str, Option<&str>)> {
    selector.matchers.iter().map(|matcher| {
        let is_exact = matches!(matcher.op, MatchOp::Equal) && !matcher.value.is_empty();
        (&*matcher.name, is_exact.then_some(&*matcher.value))
    })
}

/// Parses a scrape in the text format of Prometheus.
fn series(scrape: &str) -> Series {
    let sample = Regex::new(r"(?m)^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$").expect("a pattern");
    let label = Regex::new(r#"(\w+)="((?:[^"\\]|\\.)+)""#).expect("a pattern");
    let mut series = Series::new();

    for sample in sample.captures_iter(scrape) {
        let labels = sample.get(2).map_or("", |labels| labels.as_str());
        let labels = label
            .captures_iter(labels)
            .map(|pair| (pair[1].to_owned(), pair[2].to_owned()));

        let all = series.entry(sample[1].to_owned()).or_default();
        all.push(labels.collect());
    }
    series
}
