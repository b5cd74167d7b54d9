//! What a scrape tells, read as a Prometheus server reads it.

use std::{collections::BTreeMap, sync::Arc};

use adapters::{
    InMemoryTweetRepository,
    testing::{FreshDatabase, Gated},
};
use app::{
    compose::{self, Store},
    config::Config,
    telemetry::metrics::Metrics,
};
use domain::TweetRepository;
use poem::{endpoint::BoxEndpoint, test::TestClient};
use serde_json::json;

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

/// Every sample by its series, as in `name{label="value"}`.
pub(super) type Samples = BTreeMap<String, f64>;

fn samples(text: &str) -> Samples {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (series, value) = line
            .rsplit_once(' ')
            .unwrap_or_else(|| panic!("no sample: {line}"));
        (
            series.to_owned(),
            value.parse().unwrap_or_else(|_| panic!("no number: {line}")),
        )
    };
    let all: Vec<_> = lines.map(sample).collect();
    let distinct: Samples = all.iter().cloned().collect();
    assert_eq!(distinct.len(), all.len(), "a series is there twice:\n{text}");
    distinct
}

/// The conventions that `promtool check metrics` holds names to.
fn names_are_those_of_their_types(text: &str) {
    let types = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    for (name, kind) in types {
        assert!(text.contains(&format!("# HELP {name} ")), "{name} has no help");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
        let reserved = ["_count", "_sum", "_bucket"]
            .iter()
            .any(|suffix| name.ends_with(suffix));
        assert!(!reserved || kind == "untyped", "{name} is a {kind}");
    }
}

pub(super) type Client = TestClient<BoxEndpoint<'static>>;

pub(super) fn client(store: &Store) -> Client {
    let (config, _) = Config::load(None, [("DATABASE_URL".into(), "memory:".into())]).expect("valid");
    client_of(&config, store)
}

fn client_of(config: &Config, store: &Store) -> Client {
    TestClient::new(compose::router(config, store, None, Arc::default())).default_header("host", "localhost")
}

pub(super) fn over(repository: impl TweetRepository + 'static) -> Store {
    let check = Arc::new(InMemoryTweetRepository::default());
    Store {
        tweet_repository: Arc::new(repository),
        check,
        schema: None,
    }
}

pub(super) async fn scrape(client: &Client) -> Samples {
    samples(&text(client).await)
}

async fn text(client: &Client) -> String {
    let answer = client.get("/metrics").send().await;
    answer.assert_status_is_ok();
    answer.assert_header_all("content-type", ["text/plain; version=0.0.4; charset=utf-8"]);
    answer.0.into_body().into_string().await.expect("text")
}

#[tokio::test]
async fn a_scrape_tells_all_there_is_to_know_over_sqlite() {
    a_scrape_tells_all_there_is_to_know(FreshDatabase::sqlite()).await;
}

#[tokio::test]
async fn a_scrape_tells_all_there_is_to_know_over_postgres() {
    a_scrape_tells_all_there_is_to_know(FreshDatabase::postgres().await).await;
}

async fn a_scrape_tells_all_there_is_to_know(database: FreshDatabase) {
    let variables = [("DATABASE_URL".into(), database.url().into())];
    let (config, _) = Config::load(None, variables).expect("a configuration");
    let store = Store::open(&config.database).await.expect("a store");
    store
        .schema
        .as_ref()
        .expect("a schema")
        .up()
        .await
        .expect("migrated");
    let client = client_of(&config, &store);
    for _ in 0..2 {
        client
            .post("/tweet/")
            .body_json(&json!({ "text": "hello" }))
            .send()
            .await;
    }
    client.get("/tweet").send().await;
    client.head("/tweet/01KAN2FGVXM1SY9VXF7MJ4Z7QV").send().await;
    client.get("/no/such/path").send().await;

    let text = text(&client).await;
    names_are_those_of_their_types(&text);
    let samples = samples(&text);
    for (method, status, route, count) in [
        ("POST", 201, "/tweet/", 2.0),
        ("GET", 200, "/tweet/", 1.0),
        ("HEAD", 404, "/tweet/{id}", 1.0),
        ("GET", 404, "", 1.0),
    ] {
        let labels = format!(
            r#"http_request_method="{method}",http_response_status_code="{status}",http_route="{route}""#
        );
        let series = format!("http_server_request_duration_seconds_count{{{labels}}}");
        assert_eq!(samples.get(&series), Some(&count), "{series} in {samples:#?}");
    }
    let expected = [
        // The scrape itself.
        (r#"http_server_active_requests{http_request_method="GET"}"#, 1.0),
        (r#"http_server_active_requests{http_request_method="POST"}"#, 0.0),
        (
            r#"db_client_operation_duration_seconds_count{db_operation_name="add"}"#,
            2.0,
        ),
        (
            r#"db_client_operation_duration_seconds_count{db_operation_name="find"}"#,
            1.0,
        ),
        (
            r#"db_client_operation_duration_seconds_count{db_operation_name="latest"}"#,
            1.0,
        ),
        (r#"db_client_connection_max"#, 10.0),
        (r#"log_lines_dropped_total{log_sink="console"}"#, 0.0),
    ];
    for (series, value) in expected {
        assert_eq!(samples.get(series), Some(&value), "{series} in {samples:#?}");
    }
    let version = format!(
        r#"templatesite_build_info{{version="{}"}}"#,
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(samples.get(&version), Some(&1.0));
    // A connection goes back to its pool a moment after the answer.
    let connections = ["idle", "used"].map(|state| {
        let series = format!(r#"db_client_connection_count{{db_client_connection_state="{state}"}}"#);
        samples
            .get(&series)
            .copied()
            .unwrap_or_else(|| panic!("{series} in {samples:#?}"))
    });
    assert!(
        (1.0..=10.0).contains(&connections.iter().sum()),
        "{connections:?}"
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
    for series in [
        r#"http_server_request_duration_seconds_bucket{http_request_method="POST""#,
        r#"db_client_operation_duration_seconds_bucket{db_operation_name="add""#,
    ] {
        let buckets = samples.keys().filter(|bucket| bucket.starts_with(series));
        let bounds = buckets.filter_map(|bucket| bucket.split("le=\"").nth(1)?.split('"').next());
        let mut bounds: Vec<f64> = bounds.map(|bound| bound.parse().expect("a number")).collect();
        bounds.sort_by(f64::total_cmp);
        assert_eq!(bounds, BUCKETS, "{series}");
    }
    assert!(
        samples
            .keys()
            .all(|series| !series.contains("otel") && !series.starts_with("target_info"))
    );
}

#[tokio::test]
async fn memory_has_no_pool() {
    let client = client(&over(InMemoryTweetRepository::default()));
    assert!(
        scrape(&client)
            .await
            .keys()
            .all(|series| !series.starts_with("db_client_connection"))
    );
}

#[test]
fn dropped_lines_are_counted_by_sink() {
    let metrics = Metrics::new(|| vec![("console", 3), ("syslog", 5)]);
    let samples = samples(&(metrics.renderer)().expect("a scrape"));
    assert_eq!(
        samples.get(r#"log_lines_dropped_total{log_sink="console"}"#),
        Some(&3.0)
    );
    assert_eq!(
        samples.get(r#"log_lines_dropped_total{log_sink="syslog"}"#),
        Some(&5.0)
    );
}

#[tokio::test]
async fn a_request_that_is_given_up_is_no_longer_active() {
    let client = client(&over(Gated::default()));
    let active = async || {
        let samples = scrape(&client).await;
        samples
            .get(r#"http_server_active_requests{http_request_method="GET"}"#)
            .copied()
    };
    // The scrape counts itself.
    assert_eq!(active().await, Some(1.0));
    let mut one = Box::pin(client.get("/tweet/").send());
    let mut other = Box::pin(client.get("/tweet/").send());
    for call in [&mut one, &mut other] {
        tokio::select! {
            biased;
            _ = call => panic!("a store that never answers answered"),
            () = std::future::ready(()) => {}
        }
    }
    assert_eq!(active().await, Some(3.0));
    drop(one);
    assert_eq!(active().await, Some(2.0));
    drop(other);
    assert_eq!(active().await, Some(1.0));
}
