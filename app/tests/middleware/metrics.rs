//! What `/metrics` reports. `operations/metrics.rs` tests that it covers every operation.

use adapters::testing::FreshDatabase;
use app::{
    telemetry::metrics_registry::MetricsRegistry,
    version::{REVISION, VERSION},
};

use crate::support::{InProcess, Samples, example, samples, scrape, scrape_text, store_over, sum};

/// The upper bounds of the duration histograms' buckets, in seconds.
const BUCKETS: [f64; 15] = [
    0.005,
    0.01,
    0.025,
    0.05,
    0.075,
    0.1,
    0.25,
    0.5,
    0.75,
    1.0,
    2.5,
    5.0,
    7.5,
    10.0,
    f64::INFINITY,
];

/// A service that was sent two POSTs, one GET of the collection, one HEAD of an unknown item and one unknown path.
async fn after_some_requests(database: FreshDatabase) -> InProcess {
    let service = InProcess::on(database).await;

    for _ in 0..2 {
        service.create("hello").await;
    }
    service.get(example::COLLECTION).send().await;
    service.head(example::UNKNOWN_ITEM).send().await;
    service.get("/no/such/path").send().await;
    service
}

fn requests_are_counted(samples: &Samples) {
    for (method, status, route, count) in [
        ("POST", 201, example::COLLECTION, 2.0),
        ("GET", 200, example::COLLECTION, 1.0),
        ("HEAD", 404, example::ITEM_ROUTE, 1.0),
        ("GET", 404, "", 1.0),
    ] {
        let labels = format!(
            r#"http_request_method="{method}",http_response_status_code="{status}",http_route="{route}""#
        );
        let series = format!("http_server_request_duration_seconds_count{{{labels}}}");
        assert_eq!(samples.get(&series), Some(&count), "{series} in {samples:#?}");
    }

    // The scrape itself is in flight.
    let active = |method| format!(r#"http_server_active_requests{{http_request_method="{method}"}}"#);
    assert_eq!(samples.get(&active("GET")), Some(&1.0), "{samples:#?}");
    assert_eq!(samples.get(&active("POST")), Some(&0.0), "{samples:#?}");
}

fn store_operations_are_counted(samples: &Samples) {
    for (operation, count) in example::STORE_OPERATIONS.into_iter().zip([2.0, 1.0, 1.0]) {
        let label = format!("db_operation_name=\"{operation}\"");
        let parts = ["db_client_operation_duration_seconds_count{", &label];
        assert_eq!(sum(samples, &parts), count, "{operation} in {samples:#?}");
    }
}

fn connections_are_counted(samples: &Samples) {
    assert_eq!(samples.get("db_client_connection_max"), Some(&10.0));

    // A connection returns to its pool a moment after the response.
    let connections = ["idle", "used"].map(|state| {
        let series = format!(r#"db_client_connection_count{{db_client_connection_state="{state}"}}"#);
        let value = samples.get(&series).copied();
        value.unwrap_or_else(|| panic!("{series} in {samples:#?}"))
    });
    assert!(
        (1.0..=10.0).contains(&connections.iter().sum()),
        "{connections:?}"
    );
}

fn the_process_is_described(samples: &Samples) {
    let build = format!(r#"service_build_info{{revision="{REVISION}",version="{VERSION}"}}"#);
    assert_eq!(samples.get(&build), Some(&1.0));
    assert_eq!(
        samples.get(r#"log_lines_dropped_total{log_sink="console"}"#),
        Some(&0.0)
    );

    if cfg!(target_os = "linux") {
        assert!(samples.contains_key("process_cpu_seconds_total"));
        for name in [
            "resident_memory_bytes",
            "open_fds",
            "max_fds",
            "start_time_seconds",
        ] {
            let value = samples.get(&format!("process_{name}"));
            assert!(value.is_some_and(|value| *value >= 1.0), "{name} in {samples:#?}");
        }
    }
}

fn durations_have_the_usual_buckets(samples: &Samples) {
    let [created, ..] = example::STORE_OPERATIONS;

    for (name, label) in [
        ("http_server_request", "http_request_method=\"POST\"".to_owned()),
        (
            "db_client_operation",
            format!(
                "db_collection_name=\"{}\",db_operation_name=\"{created}\"",
                example::TABLE
            ),
        ),
    ] {
        let bucket = format!("{name}_duration_seconds_bucket{{");
        let buckets = samples
            .keys()
            .filter(|series| series.starts_with(&bucket) && series.contains(&label));
        let bounds = buckets.filter_map(|series| series.split("le=\"").nth(1)?.split('"').next());

        let mut bounds: Vec<f64> = bounds.map(|bound| bound.parse().expect("a number")).collect();
        bounds.sort_by(f64::total_cmp);
        assert_eq!(bounds, BUCKETS, "{name}");
    }
}

/// The conventions that `promtool check metrics` checks.
fn names_follow_the_conventions(text: &str) {
    let types = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));

    for (name, kind) in types {
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");

        let mut reserved = ["_count", "_sum", "_bucket"].iter();
        let is_reserved = reserved.any(|suffix| name.ends_with(suffix));
        assert!(!is_reserved || kind == "untyped", "{name} is a {kind}");
    }
    assert!(!text.contains("otel") && !text.contains("target_info"), "{text}");
}

async fn a_scrape_covers_requests_store_and_process(database: FreshDatabase) {
    let service = after_some_requests(database).await;
    let text = scrape_text(&service).await;
    let samples = samples(&text);

    requests_are_counted(&samples);
    store_operations_are_counted(&samples);
    connections_are_counted(&samples);
    the_process_is_described(&samples);
    durations_have_the_usual_buckets(&samples);
    names_follow_the_conventions(&text);
}

#[tokio::test]
async fn a_scrape_covers_requests_store_and_process_on_sqlite() {
    a_scrape_covers_requests_store_and_process(FreshDatabase::sqlite()).await;
}

#[tokio::test]
async fn a_scrape_covers_requests_store_and_process_on_postgres() {
    a_scrape_covers_requests_store_and_process(FreshDatabase::postgres().await).await;
}

#[tokio::test]
async fn an_in_memory_store_has_no_connection_metrics() {
    let service = InProcess::memory().await;
    let samples = scrape(&service).await;

    assert_eq!(sum(&samples, &["db_client_connection"]), 0.0, "{samples:#?}");
}

#[test]
fn dropped_log_lines_are_counted_by_sink() {
    let metrics = MetricsRegistry::new(|| vec![("console", 3), ("syslog", 5)]);
    let samples = samples(&(metrics.renderer)().expect("a scrape"));

    for (sink, count) in [("console", 3.0), ("syslog", 5.0)] {
        let series = format!("log_lines_dropped_total{{log_sink=\"{sink}\"}}");
        assert_eq!(samples.get(&series), Some(&count));
    }
}

#[tokio::test]
async fn a_cancelled_request_is_no_longer_active() {
    let store = store_over(example::repositories(example::Gated::default()));
    let service = InProcess::over(&store, &[]);
    let active = async || {
        let samples = scrape(&service).await;
        sum(
            &samples,
            &[r#"http_server_active_requests{http_request_method="GET"}"#],
        )
    };
    // The scrape counts itself.
    assert_eq!(active().await, 1.0);

    let mut first = Box::pin(service.get(example::COLLECTION).send());
    let mut second = Box::pin(service.get(example::COLLECTION).send());
    for call in [&mut first, &mut second] {
        tokio::select! {
            biased;
            _ = call => panic!("the store is blocked, but there is a response"),
            () = std::future::ready(()) => {}
        }
    }
    assert_eq!(active().await, 3.0);

    drop(first);
    assert_eq!(active().await, 2.0);
    drop(second);
    assert_eq!(active().await, 1.0);
}
