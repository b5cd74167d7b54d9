//! Layer: every error becomes a response, as problem details (RFC 9457), and is logged once.

use domain::chain_of_causes;
use poem::{Endpoint, PathPattern, Request, Response};

use super::request_id::RequestId;
use crate::http::{base_url::BaseUrl, json::SerializeError, problem::Problem};

/// Turns the errors of everything inside of it into responses.
pub(crate) struct Problems<E>(pub(crate) E);

impl<E: Endpoint<Output = Response>> Endpoint for Problems<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let base = BaseUrl::without_host(&request);

        // The layers outside need the route, which the framework attaches to the response or to the error.
        let (problem, pattern) = match self.0.call(request).await {
            Ok(response) => match response.data::<SerializeError>() {
                None => return Ok(response),
                Some(error) => (
                    Problem::internal().caused_by(error.clone()),
                    response.data::<PathPattern>().cloned(),
                ),
            },
            Err(error) => {
                let pattern = error.data::<PathPattern>().cloned();
                (Problem::from_error(error), pattern)
            }
        };

        let mut response = render(problem, &base);
        if let Some(pattern) = pattern {
            response.set_data(pattern);
        }

        Ok(response)
    }
}

/// The response that describes a problem. A problem with a source is logged, here and nowhere else: client errors have
/// no source.
pub(crate) fn render(problem: Problem, base: &BaseUrl) -> Response {
    if let Some(source) = &problem.source {
        let cause = chain_of_causes(&**source);
        tracing::error!(status = problem.status().as_u16(), cause, "{problem}");
    }

    problem.into_response(&RequestId::current().unwrap_or_default(), base)
}

#[cfg(test)]
mod tests {
    use poem::{IntoResponse, endpoint::make_sync, http::StatusCode};
    use poem_openapi::registry::MetaSchema;
    use serde::{Serialize, Serializer, ser};

    use super::*;
    use crate::http::{json::Json, schema::schema_type};

    struct Unserializable;

    schema_type!(Unserializable, MetaSchema::new("string"));

    impl Serialize for Unserializable {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(ser::Error::custom("secret"))
        }
    }

    #[tokio::test]
    async fn response_that_cannot_be_serialised_becomes_a_problem() {
        // The framework sets the status of the operation after the body was written.
        let created = make_sync(|_| {
            let mut response = Json(Unserializable).into_response();
            response.set_status(StatusCode::CREATED);
            response
        });

        let response = Problems(created).get_response(Request::default()).await;

        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.content_type(), Some("application/problem+json"));
        let body = response.into_body().into_string().await.expect("a body");
        assert!(!body.contains("secret"), "{body}");
    }
}
