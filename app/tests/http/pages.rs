//! Pages of any resource.

use serde_json::json;

use crate::support::{
    InProcess,
    example::{self, COLLECTION},
    header, json as json_of, problem, status_of,
};

/// A service with items whose texts are the numbers from 0.
async fn with_items(count: usize) -> InProcess {
    let service = InProcess::memory().await;
    for n in 0..count {
        service.create(&n.to_string()).await;
    }
    service
}

/// The texts of a page, and its `Link`.
async fn page(service: &InProcess, query: &str) -> (Vec<String>, Option<String>) {
    let response = service.get(format!("{COLLECTION}{query}")).send().await;
    assert_eq!(status_of(&response), 200, "{query}");
    let link = header(&response, "link");

    let body = json_of(response).await;
    let items = body.as_array().expect("an array").iter();
    (items.map(example::text_of).collect(), link)
}

#[tokio::test]
async fn a_full_last_page_has_no_next_link() {
    let service = with_items(3).await;

    assert_eq!(page(&service, "?limit=3").await.1, None);
    assert!(page(&service, "?limit=2").await.1.is_some());
}

#[tokio::test]
async fn a_page_has_50_items_by_default_and_at_most_200() {
    let service = with_items(202).await;

    assert_eq!(page(&service, "").await.0.len(), 50);
    assert_eq!(page(&service, "?limit=200").await.0.len(), 200);
    assert_eq!(page(&service, "?limit=1").await.0, ["201"]);
}

#[tokio::test]
async fn an_invalid_limit_is_400() {
    let service = InProcess::memory().await;
    let invalid = [
        "0",
        "201",
        "-1",
        "abc",
        "",
        "1.5",
        "+5",
        "99999999999999999999999",
        "%00",
        "%D9%A1",
    ];

    for limit in invalid {
        let response = service.get(format!("{COLLECTION}?limit={limit}")).send().await;
        let body = problem(response, 400).await;
        let expected = json!([{"pointer": "/limit", "detail": "must be a whole number from 1 to 200"}]);
        assert_eq!(body["errors"], expected, "{limit}");
    }
}

#[tokio::test]
async fn an_invalid_before_is_400() {
    let service = InProcess::memory().await;

    for before in ["x", "", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01KAN2FGVXM1SY9VXF7MJ4Z7Q"] {
        let response = service.get(format!("{COLLECTION}?before={before}")).send().await;
        let body = problem(response, 400).await;
        assert_eq!(body["errors"][0]["pointer"], "/before", "{before}");
    }
}

#[tokio::test]
async fn before_may_name_an_item_that_does_not_exist() {
    let service = with_items(1).await;

    let (texts, _) = page(&service, "?before=7ZZZZZZZZZZZZZZZZZZZZZZZZZ").await;
    assert_eq!(texts, ["0"]);
    let (texts, _) = page(&service, "?before=00000000000000000000000000").await;
    assert_eq!(texts, [""; 0]);
}
