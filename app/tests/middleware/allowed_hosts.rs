//! Which hosts are answered to.

use poem::http::{HeaderValue, Method, StatusCode};
use proptest::{prop_assert, prop_assert_eq, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::support::Site;
use crate::support::{header, problem};

async fn with_hosts(hosts: &str) -> Site {
    Site::with(&[("DATABASE_URL", "memory:"), ("ALLOWED_HOSTS", hosts)]).await
}

async fn status(site: &Site, host: &str) -> StatusCode {
    site.client
        .get("/livez")
        .header("host", host)
        .send()
        .await
        .0
        .status()
}

#[tokio::test]
async fn without_configuration_only_the_machine_itself_is_answered_to() {
    let site = Site::memory().await;
    for host in [
        "localhost",
        "LocalHost.:8000",
        "a.localhost",
        "127.0.0.1:8000",
        "[::1]:8000",
        "[::0:1]",
    ] {
        assert_eq!(status(&site, host).await, StatusCode::OK, "{host}");
    }
    for host in [
        "example.com",
        "localhost.example.com",
        "notlocalhost",
        "127.0.0.2",
        "127.1",
        "0.0.0.0",
        "[::]",
    ] {
        assert_eq!(status(&site, host).await, StatusCode::BAD_REQUEST, "{host}");
    }
}

#[tokio::test]
async fn names_subdomains_and_all_are_allowed_as_in_the_original() {
    let site = with_hosts("example.com, .example.org").await;
    for host in ["example.com", "EXAMPLE.com:81", "example.org.", "a.b.example.org"] {
        assert_eq!(status(&site, host).await, StatusCode::OK, "{host}");
    }
    for host in [
        "localhost",
        "127.0.0.1",
        "a.example.com",
        "notexample.org",
        "example.com.evil.net",
    ] {
        assert_eq!(status(&site, host).await, StatusCode::BAD_REQUEST, "{host}");
    }
    let site = with_hosts("*").await;
    for host in ["whoever", "192.0.2.1:81", "[2001:db8::1]"] {
        assert_eq!(status(&site, host).await, StatusCode::OK, "{host}");
    }
    for host in [
        "evil\"<script>",
        "user@example.org",
        "a b",
        "",
        "example.org/path",
        "é.example",
        "a:b",
    ] {
        assert_eq!(status(&site, host).await, StatusCode::BAD_REQUEST, "{host}");
    }
}

#[tokio::test]
async fn a_foreign_host_is_refused_before_anything_else_happens() {
    let site = Site::memory().await;
    let paths = [
        "/",
        "/docs",
        "/livez",
        "/healthcheck/",
        "/metrics",
        "/openapi.json",
        "/tweet",
        "/nothing",
    ];
    for path in paths {
        for method in [Method::GET, Method::POST, Method::OPTIONS, Method::DELETE] {
            let request = site
                .client
                .request(method.clone(), path)
                .header("host", "evil.example");
            let answer = request.body_json(&json!({"text": "never stored"})).send().await;
            assert_eq!(header(&answer, "allow"), None, "{method} {path}");
            let body = problem(answer, 400).await;
            assert_eq!(body["errors"][0]["pointer"], "/Host", "{method} {path}");
            assert!(!body.to_string().contains("evil"), "it is not repeated: {body}");
        }
    }
    site.client
        .get("/tweet/")
        .send()
        .await
        .assert_json(json!([]))
        .await;
    let head = site
        .client
        .head("/livez")
        .header("host", "evil.example")
        .send()
        .await;
    head.assert_status(StatusCode::BAD_REQUEST);
    head.assert_text("").await;
    let metrics = site
        .client
        .get("/metrics")
        .send()
        .await
        .0
        .into_body()
        .into_string()
        .await
        .expect("text");
    let refused = r#"http_request_method="DELETE",http_response_status_code="400",http_route="""#;
    assert!(
        metrics.contains(refused) && !metrics.contains("evil"),
        "{metrics}"
    );
}

#[tokio::test]
async fn one_host_there_must_be_and_one_only() {
    let site = Site::memory().await;
    let twice = site
        .client
        .get("/livez")
        .header("host", "localhost")
        .header("host", "localhost")
        .send()
        .await;
    let body = problem(twice, 400).await;
    assert_eq!(
        body["errors"],
        json!([{"pointer": "/Host", "detail": "is there more than once"}])
    );
    let target = |target: &str| site.client.get(target).send();
    target("http://localhost:81/livez").await.assert_status_is_ok();
    problem(target("http://evil.example/livez").await, 400).await;
    problem(target("http://user@localhost/livez").await, 400).await;
}

#[test]
fn no_host_gets_into_an_answer_but_ours() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let site = runtime.block_on(with_hosts("ours.example"));
    let tweet = site
        .client
        .post("/tweet/")
        .header("host", "ours.example")
        .body_json(&json!({"text": "x"}));
    runtime.block_on(tweet.send()).assert_status(StatusCode::CREATED);
    let hosts =
        "\\PC{0,30}|(ours|OURS|evil)?[.]?(ours|example)?[.]example[.]?(:[0-9]{0,6})?|[\\[\\]:0-9a-f.]{0,20}";
    let checked = TestRunner::default().run(&hosts, |host| {
        let Ok(host) = HeaderValue::from_str(&host) else {
            return Ok(());
        };
        let (status, body) = runtime.block_on(async {
            let answer = site.client.get("/tweet/").header("host", host).send().await;
            (
                answer.0.status(),
                answer.json().await.value().deserialize::<Value>(),
            )
        });
        if status == StatusCode::OK {
            let href = body[0]["href"].as_str().expect("an href").to_lowercase();
            prop_assert!(href.starts_with("http://ours.example"), "{}", href);
        } else {
            prop_assert_eq!(status, StatusCode::BAD_REQUEST);
            prop_assert_eq!(&body["errors"][0]["pointer"], "/Host");
        }
        Ok(())
    });
    checked.expect("what holds for every host");
}
