//! `GET /tweet/{id}`: caching, conditional requests, ids.

use poem::http::{HeaderValue, StatusCode};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};

use super::create;
use crate::support::{InProcess, header, problem, status_of};

/// A service with one tweet, and the tweet's id.
async fn with_a_tweet() -> (InProcess, String) {
    let service = InProcess::memory().await;
    let tweet = create(&service).await;
    let id = tweet["id"].as_str().expect("an id").to_owned();

    (service, id)
}

#[tokio::test]
async fn shared_caches_may_hold_a_tweet_if_its_url_is_configured() {
    let public_url = ("PUBLIC_URL", "https://api.example.com");

    for (variables, scope) in [(&[][..], "private"), (&[public_url], "public")] {
        let service = InProcess::with(variables).await;
        let tweet = create(&service).await;
        let id = tweet["id"].as_str().expect("an id");
        let get = || service.get(format!("/tweet/{id}"));
        let conditional = get().header("If-None-Match", "*");

        for (response, status) in [(get().send().await, 200), (conditional.send().await, 304)] {
            assert_eq!(status_of(&response), status);
            assert_eq!(header(&response, "etag"), Some(format!("\"{id}\"")));
            let expected = format!("{scope}, max-age=31536000, immutable");
            assert_eq!(header(&response, "cache-control"), Some(expected));
        }
    }
}

/// Not every cache heeds `Vary`.
#[tokio::test]
async fn response_that_differs_by_origin_stays_out_of_shared_caches() {
    for (origins, scope) in [("*", "public"), ("https://app.example.com", "private")] {
        let variables = [
            ("PUBLIC_URL", "https://api.example.com"),
            ("CORS_ALLOWED_ORIGINS", origins),
        ];
        let service = InProcess::with(&variables).await;
        let tweet = create(&service).await;
        let id = tweet["id"].as_str().expect("an id");

        for origin in [
            None,
            Some("https://app.example.com"),
            Some("https://other.example.com"),
        ] {
            let mut request = service.get(format!("/tweet/{id}"));
            if let Some(origin) = origin {
                request = request.header("Origin", origin);
            }
            let response = request.send().await;
            let expected = format!("{scope}, max-age=31536000, immutable");
            assert_eq!(
                header(&response, "cache-control"),
                Some(expected),
                "{origins} {origin:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_matching_if_none_match_is_304() {
    let (service, id) = with_a_tweet().await;
    let get = |tags: &str| {
        let request = service.get(format!("/tweet/{id}"));
        request.header("If-None-Match", tags).send()
    };

    for tags in [
        &format!("\"{id}\""),
        "*",
        &format!("\"other\", \"{id}\""),
        &format!("W/\"{id}\""),
    ] {
        let response = get(tags).await;
        assert_eq!(response.0.status(), StatusCode::NOT_MODIFIED, "{tags}");
        assert_eq!(header(&response, "etag"), Some(format!("\"{id}\"")));
        response.assert_text("").await;
    }
    for tags in ["\"other\"", &id, ""] {
        assert_eq!(get(tags).await.0.status(), StatusCode::OK, "{tags}");
    }
}

#[test]
fn only_the_tweets_own_tag_or_a_star_matches() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (service, id) = runtime.block_on(with_a_tweet());
    let status = |tags: HeaderValue| {
        let request = service.get(format!("/tweet/{id}"));
        let response = runtime.block_on(request.header("If-None-Match", tags).send());
        status_of(&response)
    };
    let expected = |matches: bool| if matches { 304 } else { 200 };

    let opaque = format!("{id}[!#-~]{{0,2}}|{}|[!#-~]{{0,4}}", id.to_lowercase());
    let tags = vec((any::<bool>(), &*opaque), 1..5);
    let checked = TestRunner::default().run(&tags, |tags| {
        let matches = tags.iter().any(|(_, tag)| *tag == id);
        let tags = tags
            .iter()
            .map(|(weak, tag)| format!("{}\"{tag}\"", if *weak { "W/" } else { "" }));
        let tags = tags.collect::<Vec<_>>().join(" , ");

        let value = HeaderValue::from_str(&tags).expect("a header value");
        prop_assert_eq!(status(value), expected(matches), "{}", tags);
        Ok(())
    });
    checked.expect("what holds for every list of tags");

    let checked = TestRunner::default().run(&vec(any::<u8>(), 0..60), |bytes| {
        let Ok(value) = HeaderValue::from_bytes(&bytes) else {
            return Ok(());
        };
        prop_assert_eq!(status(value), expected(bytes.trim_ascii() == b"*"));
        Ok(())
    });
    checked.expect("what holds for any bytes");
}

#[tokio::test]
async fn ids_are_case_insensitive() {
    let (service, id) = with_a_tweet().await;
    let path = format!("/tweet/{}", id.to_lowercase());

    service.get(path).send().await.assert_status_is_ok();
}

#[tokio::test]
async fn unknown_and_malformed_ids_are_404() {
    let (service, _) = with_a_tweet().await;

    for id in [
        "01KAN2FGVXM1SY9VXF7MJ4Z7QV",
        "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "1",
        "abc",
        "%00",
        "..%2f..%2fetc",
        "%f0%9f%a6%80",
        "'--",
    ] {
        let body = problem(service.get(format!("/tweet/{id}")).send().await, 404).await;
        assert_eq!(body["detail"], "no tweet has this id", "{id}");
    }

    problem(service.get("/tweet/%ff").send().await, 404).await;
    let conditional = service
        .get("/tweet/01KAN2FGVXM1SY9VXF7MJ4Z7QV")
        .header("If-None-Match", "*");
    problem(conditional.send().await, 404).await;
}
