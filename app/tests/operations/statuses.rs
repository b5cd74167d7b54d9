//! Every documented status is returned by a request that these tests can make for any operation, and the response has
//! the body and the header fields that the document promises.

use std::sync::Arc;

use domain::{BoxedSource, RepositoryError};
use poem::test::TestResponse;

use super::{
    authentication,
    documented::{has_documented_type, is_as_documented},
    operation::Operation,
    rate_limit,
};
use crate::support::{
    InProcess, Service, client::Client, failing_store, header, problem, resources, status_of,
};

/// Documented statuses that these tests cannot produce: operation, status, and the reason.
const NOT_PRODUCED: &[(&str, u16, &str)] = &[(
    "readyz",
    503,
    "needs a service that stops, or a database without its schema: `server::shutdown` and `faults::schema` have them",
)];

/// Whether an operation can return this error, by what it takes.
pub(super) fn applies(operation: &Operation, status: u16) -> bool {
    match status {
        400 | 429 | 500 | 503 => true,
        401 => operation.lists_security(),
        404 => operation.is_item(),
        408 | 413 | 415 => operation.body().is_some(),
        412 => operation.parameter("header", "If-Match").is_some(),
        428 => {
            let if_match = operation.parameter("header", "If-Match");
            if_match.is_some_and(|parameter| parameter["required"] == true)
        }
        422 => operation.parameter("header", "Idempotency-Key").is_some(),
        _ => false,
    }
}

/// The response to a request for which this status is documented; `None` when no such request is known.
async fn produce(operation: &Operation, status: u16) -> Option<TestResponse> {
    let (service, path) = (InProcess::memory().await, operation.path());
    let send = async |service: &InProcess| operation.request(service, &path).send().await;

    Some(match status {
        200..300 => operation.succeed(&service).await,
        304 => {
            let path = operation.existing_path(&service).await;
            let request = operation.request(&service, &path);
            request.header("if-none-match", "*").send().await
        }
        _ if !applies(operation, status) => return None,
        400 => {
            let request = operation.request(&service, &path);
            request.header("host", "foreign.example").send().await
        }
        401 => authentication::reject(operation).await,
        412 | 428 => {
            let path = operation.existing_path(&service).await;
            let request = operation.request_without(&service, &path, "if-match");
            let request = match status {
                412 => request.header("if-match", "\"another-version\""),
                _ => request,
            };
            request.send().await
        }
        413 => {
            let body = " ".repeat(1 << 20);
            let request = operation.request_with_body(&service, &path, "application/json", body);
            request.send().await
        }
        415 => {
            let body = "text".to_owned();
            let request = operation.request_with_body(&service, &path, "text/plain", body);
            request.send().await
        }
        422 => reuse_key(operation, &service).await,
        429 => rate_limit::exceed(operation).await,
        500 => send(&failing(|source| RepositoryError::Internal { source })).await,
        503 => send(&failing(|source| RepositoryError::Unavailable { source })).await,
        _ => send(&service).await,
    })
}

/// A service whose every store operation fails.
fn failing(error: fn(BoxedSource) -> RepositoryError) -> InProcess {
    let source = Arc::from(Box::from("this error is part of a test"));
    InProcess::over(&failing_store(&error(source)), &[])
}

/// Sends the document's example and another body under one idempotency key.
async fn reuse_key(operation: &Operation, service: &InProcess) -> TestResponse {
    let path = operation.existing_path(service).await;
    let send = |body: String| {
        let request = operation.request_with_body(service, &path, "application/json", body);
        let has_key = operation
            .headers()
            .iter()
            .any(|(name, _)| name == "Idempotency-Key");
        let key = (!has_key).then_some(("Idempotency-Key", "key"));
        key.into_iter()
            .fold(request, |request, (name, value)| request.header(name, value))
            .send()
    };

    send(operation.body().expect("a body").to_string()).await;
    send(other_body(operation).to_owned()).await
}

/// A body that creates something else than the document's example.
pub(super) fn other_body(operation: &Operation) -> &'static str {
    let mut others = resources::OTHER_BODIES.iter();
    let other = others.find(|(id, _)| *id == operation.id());

    let (_, other) = other.unwrap_or_else(|| {
        panic!(
            "{operation} has an Idempotency-Key: add a second body to OTHER_BODIES in support/resources.rs"
        )
    });
    other
}

#[tokio::test]
async fn every_documented_status_is_returned() {
    for operation in Operation::all() {
        for (status, documented) in operation.responses() {
            let mut exceptions = NOT_PRODUCED.iter();
            let exempt = exceptions.any(|(id, other, _)| (*id, *other) == (operation.id(), status));
            // 408 needs a connection: see the next test.
            if status == 408 || exempt {
                continue;
            }

            let what = format!("{operation} {status}");
            let response = produce(&operation, status).await;
            let response = response.unwrap_or_else(|| {
                panic!("{what} is documented: extend `produce`, or list it in NOT_PRODUCED with a reason")
            });
            assert_eq!(status_of(&response), status, "{what}");
            let media_type = header(&response, "content-type");
            is_as_documented(&what, documented, media_type.as_deref(), |name| {
                response
                    .0
                    .headers()
                    .get(name)
                    .map(|value| value.to_str().expect("ASCII"))
            });
            if media_type.as_deref() == Some("application/problem+json") {
                has_documented_type(&what, documented, &problem(response, status).await);
            }
        }
    }
}

#[test]
fn a_body_that_does_not_arrive_is_the_documented_408() {
    let service = Service::in_memory(&[("BODY_READ_TIMEOUT_SECONDS", "1")]);

    for operation in Operation::all() {
        let mut responses = operation.responses().into_iter();
        let Some((_, documented)) = responses.find(|(status, _)| *status == 408) else {
            continue;
        };

        let (method, path) = (&operation.method, operation.path());
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json");
        let mut client = Client::of(&service);
        let sent = client.send(format!("{head}\r\nContent-Length: 100\r\n\r\n").as_bytes());
        sent.expect("a header is sent");
        let response = client.response().expect("a response");

        assert_eq!(response.status, 408, "{operation}: {response:?}");
        let media_type = response.header("content-type");
        is_as_documented(&operation.to_string(), documented, media_type, |name| {
            response.header(name)
        });
        let problem = serde_json::from_str(&response.body).expect("JSON");
        has_documented_type(&operation.to_string(), documented, &problem);
    }
}

#[test]
fn every_exception_names_a_documented_status() {
    let all = Operation::all();

    for (id, status, reason) in NOT_PRODUCED {
        let operation = all.iter().find(|operation| operation.id() == *id);
        let documented = operation.is_some_and(|operation| operation.documents(*status));
        assert!(documented && !reason.is_empty(), "{id} documents no {status}");
    }
}
