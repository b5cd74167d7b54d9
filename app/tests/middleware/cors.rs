//! Which sites' scripts may use the service.

use std::collections::BTreeSet;

use poem::{
    http::{HeaderMap, HeaderValue, Method},
    test::TestResponse,
};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::support::Site;
use crate::support::{header, problem};

const OURS: &str = "https://app.example.com";

async fn with_origins(origins: &str) -> Site {
    Site::with(&[("DATABASE_URL", "memory:"), ("CORS_ALLOWED_ORIGINS", origins)]).await
}

async fn preflight(site: &Site, origin: &'static str) -> TestResponse {
    let request = site
        .client
        .request(Method::OPTIONS, "/tweet/")
        .header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    request
        .header("access-control-request-headers", "content-type")
        .send()
        .await
}

/// The headers of the document's answers that Fetch does not show by itself, in small letters.
fn documented() -> BTreeSet<String> {
    let document: Value = serde_json::from_str(&openapi::spec()).expect("JSON");
    let operations = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .flat_map(|(_, path)| path.as_object());
    let answers = operations
        .flatten()
        .flat_map(|(_, operation)| operation["responses"].as_object())
        .flatten();
    let headers = answers
        .flat_map(|(_, answer)| answer["headers"].as_object())
        .flatten();
    headers
        .map(|(name, _)| name.to_lowercase())
        .filter(|name| name != "cache-control")
        .collect()
}

fn words_about_origins(headers: &HeaderMap) -> usize {
    headers
        .keys()
        .filter(|name| name.as_str().starts_with("access-control-") || *name == "vary")
        .count()
}

#[tokio::test]
async fn without_configuration_there_is_no_word_about_origins() {
    let site = Site::memory().await;
    let answers = [
        preflight(&site, OURS).await,
        site.client.get("/tweet/").header("origin", OURS).send().await,
        site.client.get("/nothing").header("origin", OURS).send().await,
    ];
    for (answer, status) in answers.into_iter().zip([405, 200, 404]) {
        assert_eq!(answer.0.status().as_u16(), status);
        assert_eq!(
            words_about_origins(answer.0.headers()),
            0,
            "{:?}",
            answer.0.headers()
        );
    }
}

#[tokio::test]
async fn a_site_on_the_list_may_ask_and_read_errors_too() {
    let site = with_origins("https://app.example.com, http://localhost:3000").await;
    for origin in [OURS, "http://localhost:3000"] {
        let answer = preflight(&site, origin).await;
        assert_eq!(answer.0.status(), 204);
        assert_eq!(
            header(&answer, "access-control-allow-origin").as_deref(),
            Some(origin)
        );
        assert_eq!(
            header(&answer, "access-control-allow-methods").as_deref(),
            Some("GET, HEAD, POST")
        );
        let allowed = header(&answer, "access-control-allow-headers").expect("headers");
        for name in [
            "content-type",
            "x-request-id",
            "idempotency-key",
            "authorization",
            "if-none-match",
        ] {
            assert!(
                allowed.split(", ").any(|allowed| allowed == name),
                "{name} in {allowed}"
            );
        }
        assert_eq!(header(&answer, "access-control-max-age").as_deref(), Some("7200"));
        assert_eq!(header(&answer, "vary").as_deref(), Some("origin"));
        assert!(header(&answer, "x-request-id").is_some());
        assert_eq!(
            header(&answer, "x-content-type-options").as_deref(),
            Some("nosniff")
        );
        answer.assert_text("").await;
        let created = site
            .client
            .post("/tweet/")
            .header("origin", origin)
            .body_json(&json!({"text": "x"}));
        let answers = [
            created.send().await,
            site.client.get("/nothing").header("origin", origin).send().await,
        ];
        for (answer, status) in answers.into_iter().zip([201, 404]) {
            assert_eq!(answer.0.status().as_u16(), status);
            assert_eq!(
                header(&answer, "access-control-allow-origin").as_deref(),
                Some(origin)
            );
            let exposed = header(&answer, "access-control-expose-headers").expect("headers");
            let exposed: BTreeSet<_> = exposed.split(", ").map(str::to_owned).collect();
            assert_eq!(exposed, documented());
            assert_eq!(header(&answer, "vary").as_deref(), Some("origin"));
        }
    }
}

#[tokio::test]
async fn any_other_site_is_told_nothing() {
    let site = with_origins(OURS).await;
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
        let asked = preflight(&site, origin).await;
        assert_eq!(
            words_about_origins(asked.0.headers()),
            1,
            "Vary alone: {:?}",
            asked.0.headers()
        );
        problem(asked, 405).await;
        let answer = site.client.get("/tweet/").header("origin", origin).send().await;
        answer.assert_status_is_ok();
        assert_eq!(
            words_about_origins(answer.0.headers()),
            1,
            "{:?}",
            answer.0.headers()
        );
    }
    let without = site.client.get("/tweet/").send().await;
    assert_eq!(
        header(&without, "vary").as_deref(),
        Some("origin"),
        "a cache may keep it for a site on the list"
    );
    let plain = site
        .client
        .request(Method::OPTIONS, "/tweet/")
        .header("origin", OURS)
        .send()
        .await;
    problem(plain, 405).await;
}

#[test]
fn an_origin_is_repeated_only_when_it_is_on_the_list_to_the_letter() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let site = runtime.block_on(with_origins(OURS));
    let nearly = "(null, ?)?[Hh]ttps?://(user@)?app[.]example[.]com([.]|:443|/|, .{0,9})?"
        .prop_map(String::into_bytes);
    let origins = prop_oneof![Just(OURS.into()), nearly, vec(any::<u8>(), 0..40)];
    let checked = TestRunner::default().run(&origins, |origin| {
        let Ok(value) = HeaderValue::from_bytes(&origin) else {
            return Ok(());
        };
        let answer = runtime.block_on(site.client.get("/livez").header("origin", value).send());
        let allowed = (origin == OURS.as_bytes()).then(|| OURS.to_owned());
        prop_assert_eq!(header(&answer, "access-control-allow-origin"), allowed);
        prop_assert_eq!(header(&answer, "vary"), Some("origin".to_owned()));
        Ok(())
    });
    checked.expect("what holds for every origin");
}

#[tokio::test]
async fn all_sites_may_be_allowed() {
    let site = with_origins("*").await;
    assert_eq!(preflight(&site, "https://who.ever").await.0.status(), 204);
    for answer in [
        site.client
            .get("/tweet/")
            .header("origin", "https://who.ever")
            .send()
            .await,
        site.client.get("/tweet/").send().await,
    ] {
        assert_eq!(
            header(&answer, "access-control-allow-origin").as_deref(),
            Some("*")
        );
        assert_eq!(header(&answer, "vary"), None, "it is the same for everybody");
        assert_eq!(header(&answer, "access-control-allow-credentials"), None);
    }
}

#[tokio::test]
async fn a_foreign_host_is_refused_before_any_origin_is_asked_about() {
    let site = with_origins(OURS).await;
    let request = site
        .client
        .request(Method::OPTIONS, "/tweet/")
        .header("host", "evil.example");
    let request = request
        .header("origin", OURS)
        .header("access-control-request-method", "POST");
    problem(request.send().await, 400).await;
}
