//! The number of series stays bounded, whatever clients send.

use poem::http::Method;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use crate::support::{InProcess, Samples, example, scrape};

const METHODS: &str = "GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|[A-Z]{1,12}";

fn requests(samples: &Samples) -> f64 {
    let counts = samples
        .iter()
        .filter(|(series, _)| series.starts_with("http_server_request_duration_seconds_count"));

    counts.map(|(_, value)| value).sum()
}

#[tokio::test]
async fn random_requests_add_no_series() {
    let collection = example::COLLECTION.trim_end_matches('/');
    let paths = format!("({collection})?/[a-zA-Z0-9._~-]{{1,20}}(/[a-z]{{0,5}})?");
    let service = InProcess::memory().await;

    // First, each known method and an unknown one, for each kind of path and host that random requests can have.
    let kinds = ["", collection].map(|prefix| format!("{prefix}/nothing"));
    let below_an_item = format!("{collection}/nothing/at/all");
    for method in METHODS.split('|').map(|name| name.replace("[A-Z]{1,12}", "BREW")) {
        for path in kinds.iter().chain([&below_an_item]) {
            for host in ["localhost", "foreign"] {
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                service.request(method, path).header("host", host).send().await;
            }
        }
    }
    scrape(&service).await;
    let before = scrape(&service).await;

    let mut runner = TestRunner::deterministic();
    let mut random = |pattern: &str| {
        let strategy = proptest::string::string_regex(pattern).expect("a pattern");
        strategy.new_tree(&mut runner).expect("a string").current()
    };
    for _ in 0..10_000 {
        let method = Method::from_bytes(random(METHODS).as_bytes()).expect("a method");
        let host = random("localhost|[a-z0-9.-]{1,30}(:[0-9]{1,5})?");
        let request = service.request(method, random(&paths));
        request.header("host", host).send().await;
    }

    let after = scrape(&service).await;
    assert_eq!(
        after.keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
    assert_eq!(
        requests(&after) - requests(&before),
        10_001.0,
        "each is counted, and the scrape before"
    );
}
