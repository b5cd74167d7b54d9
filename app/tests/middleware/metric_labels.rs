//! Labels stay bounded, whatever clients send.

use adapters::InMemoryTweetRepository;
use poem::http::Method;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

use super::metrics::{Samples, client, over, scrape};

#[tokio::test]
async fn no_client_can_add_a_series() {
    const METHODS: &str = "GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|[A-Z]{1,12}";
    const PATHS: &str = "(/tweet)?/[a-zA-Z0-9._~-]{1,20}(/[a-z]{0,5})?";
    let client = client(&over(InMemoryTweetRepository::default()));
    // Each known method, and one that is not, on each kind of path and host that the random ones can be.
    for method in METHODS
        .split('|')
        .map(|name| if name.contains('[') { "BREW" } else { name })
    {
        for path in ["/nothing", "/tweet/nothing", "/tweet/nothing/at/all"] {
            for host in ["localhost", "foreign"] {
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                client.request(method, path).header("host", host).send().await;
            }
        }
    }
    scrape(&client).await;
    let before = scrape(&client).await;

    let mut runner = TestRunner::deterministic();
    let mut random = |pattern: &str| {
        let strategy = proptest::string::string_regex(pattern).expect("a pattern");
        strategy.new_tree(&mut runner).expect("a string").current()
    };
    for _ in 0..10_000 {
        let method = Method::from_bytes(random(METHODS).as_bytes()).expect("a method");
        let host = random("localhost|[a-z0-9.-]{1,30}(:[0-9]{1,5})?");
        client
            .request(method, random(PATHS))
            .header("host", host)
            .send()
            .await;
    }
    let after = scrape(&client).await;
    assert_eq!(
        after.keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
    let count = |samples: &Samples| -> f64 {
        let counts = samples
            .iter()
            .filter(|(series, _)| series.starts_with("http_server_request_duration_seconds_count"));
        counts.map(|(_, value)| value).sum()
    };
    assert_eq!(
        count(&after) - count(&before),
        10_001.0,
        "each was counted, and the scrape before"
    );
}
