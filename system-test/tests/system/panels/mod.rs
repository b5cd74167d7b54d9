//! Every query of a rule, an alert, the console or a dashboard is valid PromQL, and refers to metrics and labels that
//! exist.

mod available;
mod promql;
mod queries;

use self::{
    available::Available,
    promql::references,
    queries::{Query, queries},
};
use crate::support::{Service, example};

/// The metrics of caches and batches. A service without an immutable resource has neither, and its panels stay empty.
const OF_IMMUTABLE_RESOURCES: [&str; 2] = ["cache_lookups", "db_client_operation_batch_size"];

/// The metrics of a replica, which the service has if it is configured.
const OF_REPLICAS: &str = "db_client_replica_";
/// The metrics of traces. A service that was not started by these tests may have none.
const OF_TRACES: &str = "otel_sdk_";

#[test]
fn every_query_is_valid_promql() {
    let invalid: Vec<_> = queries()
        .iter()
        .filter_map(|query| {
            let error = references(&query.expr).err()?;
            Some(format!("{}: {error}: {}", query.place, query.expr))
        })
        .collect();

    assert!(invalid.is_empty(), "{}", invalid.join("\n"));
}

#[tokio::test]
async fn every_metric_and_label_of_a_query_exists() {
    let service = Service::reach_traced();
    example::call_every_operation(&service).await;
    service.get("/unknown").await;

    let queries = queries();
    let scrape = service.scrape().await;
    let available = Available::new(&scrape, &queries);

    let missing: Vec<_> = queries
        .iter()
        .flat_map(|query| available.missing(query))
        .filter(|missing| {
            let of_immutable = OF_IMMUTABLE_RESOURCES.iter().any(|name| missing.contains(name));
            (example::IS_IMMUTABLE || !of_immutable) && !missing.contains(OF_REPLICAS)
        })
        .filter(|missing| scrape.contains(OF_TRACES) || !missing.contains(OF_TRACES))
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn missing_metrics_and_labels_are_reported() {
    let scrape = "# TYPE a counter\na{b=\"1\",empty=\"\"} 1\na{c=\"2\"} 1\nplain 3\n";
    let query = |expr: &str, records: Option<&str>, shown: &str| Query {
        place: "here".to_owned(),
        expr: expr.to_owned(),
        records: records.map(str::to_owned),
        shown_labels: shown.split_whitespace().map(str::to_owned).collect(),
    };
    let available = Available::new(scrape, &[query("sum by (job) (a)", Some("job:a"), "")]);

    for (expr, shown) in [
        ("a{b=\"1\", job=\"server\"}", "b instance"),
        ("sum by (b) (rate(a[5m]))", "b"),
        ("job:a{job='server'}", "job"),
        ("up == 0", "instance"),
        ("a{b=~\"x|y\"} > plain", ""),
    ] {
        assert_eq!(available.missing(&query(expr, None, shown)), [""; 0], "{expr}");
    }

    for (expr, shown) in [
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
        let missing = available.missing(&query(expr, None, shown));
        assert_ne!(missing, [""; 0], "{expr}, showing {shown}");
    }
}
