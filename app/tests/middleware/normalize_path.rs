//! Paths: the trailing slash of pages, and paths that lead nowhere. `operations/paths.rs` tests those of the document.

use poem::http::Uri;
use proptest::{prop_assert, test_runner::TestRunner};

use crate::support::{InProcess, example, problem, status_of};

#[tokio::test]
async fn a_trailing_slash_is_optional_for_pages() {
    let service = InProcess::memory().await;

    for page in ["/docs", "/openapi.json", "/openapi.yaml", "/metrics"] {
        for path in [page.to_owned(), format!("{page}/")] {
            assert_eq!(status_of(&service.get(&path).send().await), 200, "{path}");
        }
    }
}

#[tokio::test]
async fn two_trailing_slashes_are_404() {
    let service = InProcess::memory().await;
    let path = format!("{}/", example::COLLECTION);

    problem(service.get(path).send().await, 404).await;
}

#[tokio::test]
async fn unknown_paths_are_404_and_lead_to_the_documentation() {
    let service = InProcess::memory().await;
    let collection = example::COLLECTION;
    let below_an_item = format!("{collection}a/b");
    let capitals = collection.to_uppercase();

    for path in [
        "/nothing",
        "/nothing/",
        &below_an_item,
        &capitals,
        "/docs/x",
        "/.env",
        "/%2e%2e/x",
    ] {
        let body = problem(service.get(path).send().await, 404).await;
        let detail = body["detail"].as_str();
        assert!(detail.is_some_and(|detail| detail.contains("/docs")), "{path}");
    }
}

#[test]
fn any_target_gets_a_response_that_does_not_repeat_it() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let service = runtime.block_on(InProcess::memory());

    let collection = example::COLLECTION;
    let path = format!(
        "{collection}?|{collection}[!-~&&[^?#]]{{0,27}}|/(/|livez|docs|%[0-9a-f]{{2}}|[!-~&&[^?#]]{{0,9}}|[é🦀\u{2028}]){{0,3}}"
    );
    let parameter = "(limit|before|[!-~&&[^#]]{0,5})(=([0-9]{1,4}|%[0-9a-f]{2}|[!-~&&[^#]]{0,9}))?";
    let query = format!("([?]({parameter}&){{0,2}}{parameter})?");

    let checked = TestRunner::default().run(&(&*path, &*query), |(path, query)| {
        // Only the plain name of an unknown parameter is repeated; no plain name has a tilde.
        let target = format!("{path}{query}~marked");
        if target.parse::<Uri>().is_err() {
            return Ok(());
        }

        runtime.block_on(async {
            let response = service.get(&target).send().await;
            let headers = format!("{:?}", response.0.headers());
            prop_assert!(!headers.contains("marked"), "{headers}");

            match status_of(&response) {
                200 | 307 => {}
                status @ (400 | 404) => {
                    let body = problem(response, status).await;
                    prop_assert!(!body.to_string().contains("marked"), "{body}");
                }
                status => prop_assert!(false, "{status} {target}"),
            }
            Ok(())
        })
    });

    checked.expect("what holds for every target");
}
