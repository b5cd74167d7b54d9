//! How paths are spelt.

use poem::http::Method;

use super::operation::Operation;
use crate::support::InProcess;

#[test]
fn collections_end_in_a_slash_and_items_do_not() {
    let all = Operation::all();

    for operation in Operation::of_resources() {
        let template = &operation.template;
        if operation.template.trim_end_matches('/').ends_with('}') {
            assert!(!template.ends_with('/'), "{operation}: an item ends in no slash");
        }

        let is_array = operation.result().is_some_and(|schema| schema["type"] == "array");
        let item = format!("{}/{{", template.trim_end_matches('/'));
        let has_items = all.iter().any(|other| other.template.starts_with(&item));
        let creates = operation.documents(201);
        if is_array || has_items || creates {
            assert!(
                template.ends_with('/'),
                "{operation}: a collection ends in a slash"
            );
        }
    }
}

#[tokio::test]
async fn a_trailing_slash_is_optional() {
    for operation in Operation::all() {
        let service = InProcess::memory().await;

        for slash in ["", "/"] {
            // A path of its own for each request: an operation may remove what is there.
            let path = operation.existing_path(&service).await;
            let path = format!("{}{slash}", path.trim_end_matches('/'));
            let response = operation.request(&service, &path).send().await;

            let status = response.0.status();
            assert!(status.is_success(), "{operation}: {status} at {path}");
        }
    }
}

#[tokio::test]
async fn head_responds_as_get_without_the_body() {
    for operation in Operation::all() {
        if operation.method != Method::GET {
            continue;
        }
        let service = InProcess::memory().await;
        let path = operation.existing_path(&service).await;
        let send = |method| {
            let request = service.request(method, &path);
            request.header("x-request-id", "same").send()
        };
        let (get, head) = (send(Method::GET).await, send(Method::HEAD).await);

        let mut headers = head.0.headers().clone();
        let length = headers.remove("content-length").expect("a length");
        assert_eq!(head.0.status(), get.0.status(), "{operation}");
        assert_eq!(&headers, get.0.headers(), "{operation}");

        let body = get.0.into_body().into_bytes().await.expect("a body");
        assert_eq!(length, body.len().to_string().as_str(), "{operation}");
        head.assert_text("").await;
    }
}
