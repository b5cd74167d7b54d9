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

    for start in ["", "&after=00000000000000000000000000"] {
        assert_eq!(page(&service, &format!("?limit=3{start}")).await.1, None);
        assert!(page(&service, &format!("?limit=2{start}")).await.1.is_some());
    }
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
async fn an_invalid_cursor_is_400() {
    let service = InProcess::memory().await;

    for id in ["x", "", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01KAN2FGVXM1SY9VXF7MJ4Z7Q"] {
        for name in ["before", "after"] {
            let response = service.get(format!("{COLLECTION}?{name}={id}")).send().await;
            let body = problem(response, 400).await;
            assert_eq!(body["errors"][0]["pointer"], format!("/{name}"), "{id}");
        }
    }
}

#[tokio::test]
async fn cursors_may_name_an_item_that_does_not_exist() {
    let service = with_items(1).await;
    let (smallest, largest) = ("00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");

    for (cursor, expected) in [
        (format!("before={largest}"), &["0"][..]),
        (format!("before={smallest}"), &[]),
        (format!("after={smallest}"), &["0"]),
        (format!("after={largest}"), &[]),
    ] {
        let (texts, _) = page(&service, &format!("?{cursor}")).await;
        assert_eq!(texts, expected, "{cursor}");
    }
}

#[tokio::test]
async fn a_reversed_page_has_the_same_items_in_the_opposite_order() {
    let service = with_items(5).await;

    assert_eq!(page(&service, "?limit=2").await.0, ["4", "3"]);
    assert_eq!(page(&service, "?limit=2&reverse=false").await.0, ["4", "3"]);
    assert_eq!(page(&service, "?limit=2&reverse=true").await.0, ["3", "4"]);
}

#[tokio::test]
async fn an_invalid_reverse_is_400() {
    let service = InProcess::memory().await;

    for reverse in ["", "1", "yes", "TRUE", "%74rue%20"] {
        let response = service
            .get(format!("{COLLECTION}?reverse={reverse}"))
            .send()
            .await;
        let body = problem(response, 400).await;
        let expected = json!([{"pointer": "/reverse", "detail": "must be true or false"}]);
        assert_eq!(body["errors"], expected, "{reverse}");
    }
}
