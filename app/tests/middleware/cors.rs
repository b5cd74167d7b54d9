//! Cross-origin requests (the CORS protocol of the Fetch standard). `operations/cors.rs` tests that preflights allow
//! every operation.

use poem::{
    http::{HeaderMap, HeaderValue, Method},
    test::TestResponse,
};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};

use crate::support::{InProcess, example, header, problem, status_of};

const ALLOWED: &str = "https://app.example.com";

async fn with_origins(origins: &str) -> InProcess {
    InProcess::with(&[("CORS_ALLOWED_ORIGINS", origins)]).await
}

async fn preflight(service: &InProcess, origin: &str) -> TestResponse {
    let request = service.request(Method::OPTIONS, example::COLLECTION);

    request
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .send()
        .await
}

async fn get(service: &InProcess, path: &str, origin: &str) -> TestResponse {
    service.get(path).header("origin", origin).send().await
}

/// Whether caches are told that the response depends on the origin.
fn varies(headers: &HeaderMap) -> bool {
    let names = headers.get("vary").and_then(|names| names.to_str().ok());
    names.is_some_and(|names| names.split(", ").any(|name| name == "origin"))
}

/// How many header fields depend on the origin.
fn cors_headers(headers: &HeaderMap) -> usize {
    let names = headers.keys().map(|name| name.as_str());
    let count = names.filter(|name| name.starts_with("access-control-")).count();
    count + usize::from(varies(headers))
}

#[tokio::test]
async fn without_configuration_no_response_depends_on_the_origin() {
    let service = InProcess::memory().await;
    let responses = [
        preflight(&service, ALLOWED).await,
        get(&service, example::COLLECTION, ALLOWED).await,
        get(&service, "/nothing", ALLOWED).await,
    ];

    for (response, status) in responses.into_iter().zip([405, 200, 404]) {
        let headers = response.0.headers();
        assert_eq!(status_of(&response), status);
        assert_eq!(cors_headers(headers), 0, "{headers:?}");
    }
}

#[tokio::test]
async fn a_preflight_from_an_allowed_origin_is_204() {
    let service = with_origins("https://app.example.com, http://localhost:3000").await;

    for origin in [ALLOWED, "http://localhost:3000"] {
        let response = preflight(&service, origin).await;
        assert_eq!(status_of(&response), 204);
        for (name, value) in [
            ("access-control-allow-origin", origin),
            ("access-control-max-age", "7200"),
            ("vary", "origin"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(header(&response, name).as_deref(), Some(value), "{name}");
        }
        assert!(header(&response, "x-request-id").is_some());
        response.assert_text("").await;
    }
}

#[tokio::test]
async fn scripts_may_send_the_configured_headers() {
    let allowed = async |variables: &[(&str, &str)]| {
        let origins = ("CORS_ALLOWED_ORIGINS", ALLOWED);
        let service = InProcess::with(&[&[origins], variables].concat()).await;
        let response = preflight(&service, ALLOWED).await;
        let list = header(&response, "access-control-allow-headers").expect("a list");
        list.split(", ").map(str::to_owned).collect::<Vec<_>>()
    };
    let has = |list: &[String], name: &str| list.iter().any(|other| other == name);

    let by_default = allowed(&[]).await;
    for name in [
        "traceparent",
        "tracestate",
        "baggage",
        "content-type",
        "authorization",
    ] {
        assert!(has(&by_default, name), "{name}: {by_default:?}");
    }

    let configured = allowed(&[("CORS_ALLOWED_HEADERS", "X-Own, sentry-trace")]).await;
    for name in ["x-own", "sentry-trace", "content-type"] {
        assert!(has(&configured, name), "{name}: {configured:?}");
    }
    assert!(!has(&configured, "traceparent"), "{configured:?}");
}

#[tokio::test]
async fn scripts_of_an_allowed_origin_may_read_results_and_errors() {
    let service = with_origins("https://app.example.com, http://localhost:3000").await;

    for origin in [ALLOWED, "http://localhost:3000"] {
        for (path, status) in [(example::COLLECTION, 200), ("/nothing", 404)] {
            let response = get(&service, path, origin).await;
            assert_eq!(status_of(&response), status);
            let allowed = header(&response, "access-control-allow-origin");
            assert_eq!(allowed.as_deref(), Some(origin), "{path}");
            assert!(varies(response.0.headers()), "{path}");
        }
    }
}

#[tokio::test]
async fn any_other_origin_gets_vary_alone() {
    let service = with_origins(ALLOWED).await;

    for origin in [
        "https://evil.example",
        "https://app.example.com.evil.example",
        "https://app.example.com:8443",
        "http://app.example.com",
        "HTTPS://APP.EXAMPLE.COM",
        "null",
        "",
        "\u{e9}",
    ] {
        let preflight = preflight(&service, origin).await;
        assert_eq!(cors_headers(preflight.0.headers()), 1, "{origin}");
        problem(preflight, 405).await;

        let response = get(&service, example::COLLECTION, origin).await;
        response.assert_status_is_ok();
        assert_eq!(cors_headers(response.0.headers()), 1, "{origin}");
    }
}

#[tokio::test]
async fn requests_without_origin_and_options_without_preflight_are_ordinary() {
    let service = with_origins(ALLOWED).await;
    let without_origin = service.get(example::COLLECTION).send().await;
    assert!(
        varies(without_origin.0.headers()),
        "a cache may use it for an allowed origin"
    );

    let options = service.request(Method::OPTIONS, example::COLLECTION);
    problem(options.header("origin", ALLOWED).send().await, 405).await;
}

#[test]
fn only_an_exactly_matching_origin_is_repeated() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let service = runtime.block_on(with_origins(ALLOWED));

    let similar = "(null, ?)?[Hh]ttps?://(user@)?app[.]example[.]com([.]|:443|/|, .{0,9})?"
        .prop_map(String::into_bytes);
    let origins = prop_oneof![Just(ALLOWED.into()), similar, vec(any::<u8>(), 0..40)];
    let checked = TestRunner::default().run(&origins, |origin| {
        let Ok(value) = HeaderValue::from_bytes(&origin) else {
            return Ok(());
        };
        let response = runtime.block_on(service.get("/livez").header("origin", value).send());

        let allowed = (origin == ALLOWED.as_bytes()).then(|| ALLOWED.to_owned());
        prop_assert_eq!(header(&response, "access-control-allow-origin"), allowed);
        prop_assert!(varies(response.0.headers()));
        Ok(())
    });

    checked.expect("what holds for every origin");
}

#[tokio::test]
async fn every_origin_may_be_allowed() {
    let service = with_origins("*").await;
    let origin = "https://any.example";
    assert_eq!(status_of(&preflight(&service, origin).await), 204);

    for response in [
        get(&service, example::COLLECTION, origin).await,
        service.get(example::COLLECTION).send().await,
    ] {
        let allowed = header(&response, "access-control-allow-origin");
        assert_eq!(allowed.as_deref(), Some("*"));
        assert!(!varies(response.0.headers()), "it is the same for every origin");
        assert_eq!(header(&response, "access-control-allow-credentials"), None);
    }
}
