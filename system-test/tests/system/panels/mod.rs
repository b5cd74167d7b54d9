//! No panel, rule or alert asks for what is not there.

mod promql;
mod queries;

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use self::{promql::named, queries::Query};
use crate::support::{Service, example};

/// What Prometheus itself makes, with its labels.
const PROMETHEUS: [(&str, &[&str]); 2] = [
    ("up", &["job", "instance"]),
    (
        "ALERTS",
        &["alertname", "alertstate", "severity", "job", "instance"],
    ),
];

/// The labels that Prometheus gives every series it scrapes.
const TARGET: [&str; 2] = ["job", "instance"];

/// The labels of each series, by metric. A label with an empty value is none.
type Series = BTreeMap<String, Vec<BTreeMap<String, String>>>;

struct Known {
    scraped: Series,
    jobs: BTreeSet<String>,
    /// The labels of each metric that a rule records.
    recorded: BTreeMap<String, BTreeSet<String>>,
}

#[tokio::test]
async fn all_that_rules_alerts_console_and_dashboard_ask_for_is_there() {
    let service = Service::reach();
    example::call_every_operation(&service).await;
    service.get("/no/such/path").await;

    let queries = queries::queries();
    let known = Known::of(&service.scrape().await, &queries);
    let missing: Vec<_> = queries.iter().flat_map(|query| known.missing(query)).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

impl Known {
    fn of(scrape: &str, queries: &[Query]) -> Self {
        let recorded = queries
            .iter()
            .filter_map(|query| Some((query.records.clone()?, named(&query.text).by)));
        Self {
            scraped: series(scrape),
            jobs: queries::jobs(),
            recorded: recorded.collect(),
        }
    }

    /// What a query asks for in vain, each with the place.
    fn missing(&self, query: &Query) -> Vec<String> {
        let Query {
            place, text, shown, ..
        } = query;
        let named = named(text);
        let mut missing = Vec::new();
        if named.selectors.is_empty() {
            missing.push(format!("{place}: no metric in {text}"));
        }
        let lost = shown
            .iter()
            .filter(|label| !named.by.is_empty() && !named.by.contains(*label));
        missing.extend(lost.map(|label| format!("{place}: shows {label}, which no result has of {text}")));
        for selector in named.selectors {
            let metric = &selector.metric;
            let mut wanted: BTreeMap<&str, Option<&str>> = named
                .by
                .iter()
                .chain(shown)
                .map(|label| (&**label, None))
                .collect();
            for (label, operator, value) in &selector.matchers {
                let exact = (operator == "=" && !value.is_empty()).then_some(&**value);
                if label == "job" && exact.is_none_or(|job| !self.jobs.contains(job)) {
                    missing.push(format!(
                        "{place}: no scrape is named {value:?}, as {metric} has it"
                    ));
                }
                wanted.insert(label, exact);
            }
            if !self.has(metric, &wanted) {
                missing.push(format!("{place}: no {metric} with {wanted:?}"));
            }
        }
        missing
    }

    /// Whether one series of the metric has all these labels.
    fn has(&self, metric: &str, wanted: &BTreeMap<&str, Option<&str>>) -> bool {
        if let Some((_, labels)) = PROMETHEUS.iter().find(|(name, _)| *name == metric) {
            return wanted.keys().all(|label| labels.contains(label));
        }
        if let Some(labels) = self.recorded.get(metric) {
            return wanted.keys().all(|label| labels.contains(*label));
        }
        let fits = |labels: &BTreeMap<String, String>| {
            let mut wanted = wanted.iter().filter(|(label, _)| !TARGET.contains(label));
            wanted.all(|(label, value)| {
                labels
                    .get(*label)
                    .is_some_and(|has| value.is_none_or(|value| value == has))
            })
        };
        self.scraped
            .get(metric)
            .is_some_and(|series| series.iter().any(fits))
    }
}

fn series(scrape: &str) -> Series {
    let line = Regex::new(r"(?m)^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$").expect("a pattern");
    let label = Regex::new(r#"(\w+)="((?:[^"\\]|\\.)+)""#).expect("a pattern");
    let mut series = Series::new();
    for sample in line.captures_iter(scrape) {
        let labels = sample.get(2).map_or("", |labels| labels.as_str());
        let labels = label
            .captures_iter(labels)
            .map(|pair| (pair[1].to_owned(), pair[2].to_owned()));
        series
            .entry(sample[1].to_owned())
            .or_default()
            .push(labels.collect());
    }
    series
}

#[test]
fn what_is_not_there_is_found() {
    let scrape = "# TYPE a counter\na{b=\"1\",empty=\"\"} 1\na{c=\"2\"} 1\nplain 3\n";
    let query = |text: &str, records: Option<&str>, shown: &str| Query {
        place: "here".to_owned(),
        text: text.to_owned(),
        records: records.map(str::to_owned),
        shown: shown.split_whitespace().map(str::to_owned).collect(),
    };
    let known = Known::of(scrape, &[query("sum by (job) (a)", Some("job:a"), "")]);
    for (text, shown) in [
        ("a{b=\"1\", job=\"templatesite\"}", "b instance"),
        ("sum by (b) (rate(a[5m]))", "b"),
        ("job:a{job='templatesite'}", "job"),
        ("up == 0", "instance"),
        ("a{b=~\"x|y\"} > plain", ""),
    ] {
        assert_eq!(known.missing(&query(text, None, shown)), [""; 0], "{text}");
    }
    for (text, shown) in [
        ("aa", ""),
        ("a{b=\"2\"}", ""),
        ("a{d=~\".*\"}", ""),
        ("a{b=\"1\", c=\"2\"}", ""),
        ("sum by (empty) (a)", ""),
        ("sum by (b) (a)", "c"),
        ("a", "d"),
        ("a{job=\"other\"}", ""),
        ("job:b", ""),
        ("job:a{b=\"1\"}", ""),
        ("up{b=\"1\"}", ""),
        ("1 + 1", ""),
    ] {
        assert_ne!(
            known.missing(&query(text, None, shown)),
            [""; 0],
            "{text}, showing {shown}"
        );
    }
}
