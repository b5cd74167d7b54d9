//! HEAD responds as GET does, without the body. `operations/paths.rs` tests it for documented operations.

use poem::http::Method;

use crate::support::{InProcess, example};

#[tokio::test]
async fn head_has_the_headers_of_get_for_pages_and_errors() {
    let service = InProcess::memory().await;

    for path in [example::UNKNOWN_ITEM, "/docs", "/openapi.json", "/", "/nothing"] {
        for coding in ["gzip", "identity"] {
            let send = |method| {
                let request = service.request(method, path);
                let request = request.header("x-request-id", "same");
                request.header("accept-encoding", coding).send()
            };
            let (head, get) = (send(Method::HEAD).await, send(Method::GET).await);
            let what = format!("{path} in {coding}");

            let mut headers = head.0.headers().clone();
            let length = headers.remove("content-length").expect("a length");
            assert_eq!(head.0.status(), get.0.status(), "{what}");
            assert_eq!(&headers, get.0.headers(), "{what}");

            let body = get.0.into_body().into_bytes().await.expect("a body");
            assert_eq!(length, body.len().to_string().as_str(), "{what}");
            head.assert_text("").await;
        }
    }
}
