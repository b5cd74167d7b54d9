//! gzip for clients that accept it. `openapi/src/http/gzip.rs` tests what `Accept-Encoding` means, and
//! `operations/docs.rs` the documentation, which is stored compressed.

use poem::test::{TestRequestBuilder, TestResponse};

use crate::support::{
    InProcess, bytes,
    example::{self, COLLECTION},
    gunzip, header, report, status_of,
};

/// A service whose list has this many items, each with a text of its own.
async fn with_items(count: usize) -> InProcess {
    let service = InProcess::memory().await;
    for n in 0..count {
        service
            .create(&format!("item {n} {}", "of many ".repeat(n % 5)))
            .await;
    }
    service
}

async fn in_gzip<E: poem::Endpoint>(request: TestRequestBuilder<'_, E>) -> TestResponse {
    request
        .header("accept-encoding", "gzip, deflate, br")
        .send()
        .await
}

/// The codings and the fields on which caches compare requests.
fn coding(response: &TestResponse) -> (Option<String>, Option<String>) {
    (header(response, "content-encoding"), header(response, "vary"))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn list_in_gzip_is_the_same_list_in_a_fraction_of_the_bytes() {
    let service = with_items(200).await;

    for limit in [50, 200] {
        let get = || service.get(format!("{COLLECTION}?limit={limit}"));
        let (plain, compressed) = (get().send().await, in_gzip(get()).await);

        assert_eq!(coding(&plain), (None, some("accept-encoding")));
        assert_eq!(coding(&compressed), (some("gzip"), some("accept-encoding")));
        for name in ["etag", "link", "content-type", "cache-control"] {
            assert_eq!(header(&compressed, name), header(&plain, name), "{name}");
        }

        let (plain, compressed) = (bytes(plain).await, bytes(compressed).await);
        assert_eq!(gunzip(&compressed).as_bytes(), plain);
        report(&format!(
            "a list of {limit}: {} bytes, {} in gzip",
            plain.len(),
            compressed.len()
        ));
        assert!(
            4 * compressed.len() < plain.len(),
            "{} of {}",
            compressed.len(),
            plain.len()
        );
    }
}

#[tokio::test]
async fn revalidation_does_not_depend_on_the_coding() {
    let service = with_items(50).await;
    let compressed = in_gzip(service.get(COLLECTION)).await;
    let tag = header(&compressed, "etag").expect("an ETag");

    for codings in ["gzip", "identity"] {
        let request = service.get(COLLECTION).header("accept-encoding", codings);
        let response = request.header("if-none-match", &tag).send().await;
        assert_eq!(status_of(&response), 304, "{codings}");
        assert_eq!(coding(&response), (None, some("accept-encoding")), "{codings}");
    }
}

#[tokio::test]
async fn small_list_is_not_compressed_unless_nothing_else_is_accepted() {
    let service = with_items(1).await;

    let response = in_gzip(service.get(COLLECTION)).await;
    assert_eq!(coding(&response), (None, some("accept-encoding")));

    let request = service
        .get(COLLECTION)
        .header("accept-encoding", "gzip, identity;q=0");
    let response = request.send().await;
    assert_eq!(coding(&response), (some("gzip"), some("accept-encoding")));
    assert!(gunzip(&bytes(response).await).starts_with('['));
}

/// Items have strong entity tags, which writers send back as `If-Match`.
#[tokio::test]
async fn item_creation_and_error_are_the_same_for_every_coding() {
    let service = with_items(1).await;
    let create = || service.post(COLLECTION).content_type("application/json");
    let created = in_gzip(create().body(example::body("hello"))).await;
    assert_eq!((status_of(&created), coding(&created)), (201, (None, None)));
    let path = example::path_of(&service.create("hello").await);

    let item = in_gzip(service.get(&path)).await;
    assert_eq!((status_of(&item), coding(&item)), (200, (None, None)));
    let tag = header(&item, "etag").expect("an ETag");
    let request = service.get(&path).header("if-match", tag);
    assert_eq!(status_of(&in_gzip(request).await), 200);

    for (path, status) in [("/nothing", 404), (&format!("{COLLECTION}?limit=x"), 400)] {
        let error = in_gzip(service.get(path)).await;
        assert_eq!((status_of(&error), coding(&error)), (status, (None, None)));
    }
}
