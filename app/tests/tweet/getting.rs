use poem::http::{HeaderValue, StatusCode};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};

use crate::support::Site;
use crate::support::{header, problem};

#[tokio::test]
async fn a_tweet_is_cacheable_for_ever() {
    let site = Site::memory().await;
    let created = site.create("hello").await;
    let id = created["id"].as_str().expect("an id");
    let answer = site.client.get(format!("/tweet/{id}")).send().await;
    answer.assert_status_is_ok();
    assert_eq!(header(&answer, "etag"), Some(format!("\"{id}\"")));
    assert_eq!(
        header(&answer, "cache-control").as_deref(),
        Some("public, max-age=31536000, immutable")
    );
}

#[tokio::test]
async fn who_has_the_tweet_is_told_so() {
    let site = Site::memory().await;
    let created = site.create("hello").await;
    let id = created["id"].as_str().expect("an id");
    let get = |tags: String| {
        site.client
            .get(format!("/tweet/{id}"))
            .header("If-None-Match", tags)
            .send()
    };
    for tags in [
        format!("\"{id}\""),
        "*".to_owned(),
        format!("\"other\", \"{id}\""),
        format!("W/\"{id}\""),
    ] {
        let answer = get(tags.clone()).await;
        assert_eq!(answer.0.status(), StatusCode::NOT_MODIFIED, "{tags}");
        assert_eq!(header(&answer, "etag"), Some(format!("\"{id}\"")));
        answer.assert_text("").await;
    }
    for tags in ["\"other\"".to_owned(), id.to_owned(), String::new()] {
        assert_eq!(get(tags.clone()).await.0.status(), StatusCode::OK, "{tags}");
    }
}

#[test]
fn only_a_tag_of_the_tweet_says_that_somebody_has_it() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let site = runtime.block_on(Site::memory());
    let created = runtime.block_on(site.create("hello"));
    let id = created["id"].as_str().expect("an id").to_owned();
    let status = |tags: HeaderValue| {
        let request = site
            .client
            .get(format!("/tweet/{id}"))
            .header("If-None-Match", tags);
        runtime.block_on(request.send()).0.status()
    };
    let opaque = format!("{id}[!#-~]{{0,2}}|{}|[!#-~]{{0,4}}", id.to_lowercase());
    let tags = vec((any::<bool>(), &*opaque), 1..5);
    let checked = TestRunner::default().run(&tags, |tags| {
        let expected = if tags.iter().any(|(_, tag)| *tag == id) {
            StatusCode::NOT_MODIFIED
        } else {
            StatusCode::OK
        };
        let tags = tags
            .iter()
            .map(|(weak, tag)| format!("{}\"{tag}\"", if *weak { "W/" } else { "" }));
        let tags = tags.collect::<Vec<_>>().join(" , ");
        prop_assert_eq!(
            status(HeaderValue::from_str(&tags).expect("a header")),
            expected,
            "{}",
            tags
        );
        Ok(())
    });
    checked.expect("what holds for every list of tags");
    let checked = TestRunner::default().run(&vec(any::<u8>(), 0..60), |bytes| {
        let Ok(tags) = HeaderValue::from_bytes(&bytes) else {
            return Ok(());
        };
        let expected = if bytes.trim_ascii() == b"*" {
            StatusCode::NOT_MODIFIED
        } else {
            StatusCode::OK
        };
        prop_assert_eq!(status(tags), expected);
        Ok(())
    });
    checked.expect("what holds for any bytes");
}

#[tokio::test]
async fn lower_case_ids_are_the_same_ids() {
    let site = Site::memory().await;
    let created = site.create("hello").await;
    let id = created["id"].as_str().expect("an id").to_lowercase();
    site.client
        .get(format!("/tweet/{id}"))
        .header("host", "localhost")
        .send()
        .await
        .assert_status_is_ok();
}

#[tokio::test]
async fn unknown_and_impossible_ids_are_404() {
    let site = Site::memory().await;
    site.create("hello").await;
    for id in [
        "01KAN2FGVXM1SY9VXF7MJ4Z7QV",
        "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        "1",
        "abc",
        "%00",
        "..%2f..%2fetc",
        "🦀",
        "'--",
    ] {
        let answer = site.client.get(format!("/tweet/{}", urlencoded(id))).send().await;
        let body = problem(answer, 404).await;
        assert_eq!(body["detail"], "no tweet has this id", "{id}");
    }
    problem(site.client.get("/tweet/%ff").send().await, 404).await;
    let tagged = site
        .client
        .get("/tweet/01KAN2FGVXM1SY9VXF7MJ4Z7QV")
        .header("If-None-Match", "*")
        .send()
        .await;
    problem(tagged, 404).await;
}

fn urlencoded(id: &str) -> String {
    id.bytes()
        .map(|byte| {
            if byte.is_ascii() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02x}")
            }
        })
        .collect()
}

#[tokio::test]
async fn a_host_that_could_harm_an_answer_is_refused() {
    let site = Site::memory().await;
    let created = site.create("hello").await;
    let id = created["id"].as_str().expect("an id");
    for host in [
        "evil\"<script>",
        "user@example.org",
        "a b",
        "",
        "example.org/path",
        "é.example",
    ] {
        let answer = site
            .client
            .get(format!("/tweet/{id}"))
            .header("host", host)
            .send()
            .await;
        let body = problem(answer, 400).await;
        assert_eq!(body["errors"][0]["pointer"], "/Host", "{host:?}");
    }
}
