//! What is true whatever the route.

use poem::http::{Method, StatusCode, Uri};
use proptest::{prop_assert, test_runner::TestRunner};
use serde_json::json;

use crate::support::Site;
use crate::support::{header, problem};

/// Every route, with its methods.
const ROUTES: [(&str, &str); 8] = [
    ("/tweet/", "GET, HEAD, POST"),
    ("/tweet/01KAN2FGVXM1SY9VXF7MJ4Z7QV", "GET, HEAD"),
    ("/healthcheck/", "GET, HEAD"),
    ("/livez", "GET, HEAD"),
    ("/", "GET, HEAD"),
    ("/docs", "GET, HEAD"),
    ("/openapi.json", "GET, HEAD"),
    ("/openapi.yaml", "GET, HEAD"),
];

#[tokio::test]
async fn a_wrong_method_is_405_and_told_the_right_ones() {
    let site = Site::memory().await;
    for (path, allowed) in ROUTES {
        for method in ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "POST", "BREW"] {
            if allowed.contains(method) {
                continue;
            }
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let answer = site.client.request(method.clone(), path).send().await;
            assert_eq!(
                header(&answer, "allow").as_deref(),
                Some(allowed),
                "{method} {path}"
            );
            problem(answer, 405).await;
        }
    }
}

#[tokio::test]
async fn a_trailing_slash_is_optional_everywhere() {
    let site = Site::memory().await;
    let created = site.create("hello").await;
    let tweet = format!("/tweet/{}", created["id"].as_str().expect("an id"));
    let paths = [
        "/tweet",
        "/healthcheck",
        "/livez",
        "/docs",
        "/openapi.json",
        "/openapi.yaml",
        &tweet,
    ];
    for path in paths {
        for path in [path.to_owned(), format!("{path}/")] {
            assert_eq!(
                site.client.get(&path).send().await.0.status(),
                StatusCode::OK,
                "{path}"
            );
        }
    }
    let answer = site
        .client
        .post("/tweet")
        .body_json(&json!({"text": "x"}))
        .send()
        .await;
    answer.assert_status(StatusCode::CREATED);
    problem(site.client.get("/tweet//").send().await, 404).await;
}

#[tokio::test]
async fn head_answers_as_get_does_without_the_body() {
    let site = Site::memory().await;
    let created = site.create("hello").await;
    let tweet = format!("/tweet/{}", created["id"].as_str().expect("an id"));
    let missing = "/tweet/01KAN2FGVXM1SY9VXF7MJ4Z7QV";
    let paths = [
        "/tweet/",
        &tweet,
        missing,
        "/healthcheck/",
        "/livez",
        "/docs",
        "/openapi.json",
        "/",
        "/nothing",
    ];
    for path in paths {
        let request = |method| {
            site.client
                .request(method, path)
                .header("x-request-id", "same")
                .send()
        };
        let (head, get) = (request(Method::HEAD).await, request(Method::GET).await);
        assert_eq!(head.0.status(), get.0.status(), "{path}");
        let (mut head_headers, get_headers) = (head.0.headers().clone(), get.0.headers().clone());
        let length = head_headers
            .remove("content-length")
            .expect("the length of what GET answers");
        assert_eq!(head_headers, get_headers, "{path}");
        let body = get.0.into_body().into_bytes().await.expect("a body");
        assert_eq!(length, body.len().to_string().as_str(), "{path}");
        head.assert_text("").await;
    }
}

#[tokio::test]
async fn unknown_routes_are_404() {
    let site = Site::memory().await;
    for path in [
        "/nothing",
        "/tweets/",
        "/tweet/a/b",
        "/TWEET/",
        "/docs/x",
        "/.env",
        "/%2e%2e/x",
    ] {
        let body = problem(site.client.get(path).send().await, 404).await;
        assert!(
            body["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains("/docs")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_good_request_id_is_kept_and_any_other_replaced() {
    let site = Site::memory().await;
    let ask = |id: Vec<u8>| {
        let value = poem::http::HeaderValue::from_bytes(&id).expect("a header value");
        site.client.get("/livez").header("X-Request-ID", value).send()
    };
    let longest = "x".repeat(128);
    for good in ["abc-123", "a", "A.b_c@d-e", &longest] {
        assert_eq!(
            header(&ask(good.into()).await, "x-request-id").as_deref(),
            Some(good)
        );
    }
    let too_long = "x".repeat(129);
    for bad in [
        "",
        " ",
        "a b",
        "a\tb",
        "<script>",
        "a/b",
        "é",
        "\u{9b}31m",
        &too_long,
    ] {
        let id = header(&ask(bad.into()).await, "x-request-id").expect("an id");
        assert!(
            id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{bad:?} became {id:?}"
        );
    }
    assert_ne!(
        header(&site.client.get("/livez").send().await, "x-request-id"),
        header(&site.client.get("/livez").send().await, "x-request-id"),
        "each request has its own"
    );
}

#[test]
fn any_target_is_answered_and_not_repeated() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let site = runtime.block_on(Site::memory());
    let path = "/tweet/?|/tweet/[!-~&&[^?#]]{0,27}|/(/|livez|docs|%[0-9a-f]{2}|[!-~&&[^?#]]{0,9}|[é🦀\u{2028}]){0,3}";
    let parameter = "(limit|before|[!-~&&[^#]]{0,5})(=([0-9]{1,4}|%[0-9a-f]{2}|[!-~&&[^#]]{0,9}))?";
    let query = format!("([?]({parameter}&){{0,2}}{parameter})?");
    let checked = TestRunner::default().run(&(path, &*query), |(path, query)| {
        let target = format!("{path}{query}marked");
        if target.parse::<Uri>().is_err() {
            return Ok(());
        }
        runtime.block_on(async {
            let answer = site.client.get(&target).send().await;
            prop_assert!(
                !format!("{:?}", answer.0.headers()).contains("marked"),
                "{:?}",
                answer.0.headers()
            );
            match answer.0.status().as_u16() {
                200 | 307 => {}
                status @ (400 | 404) => {
                    let body = problem(answer, status).await;
                    prop_assert!(!body.to_string().contains("marked"), "{body}");
                }
                status => prop_assert!(false, "{status} {target}"),
            }
            Ok(())
        })
    });
    checked.expect("what holds for every target");
}
