//! Layer: every error becomes a response, as problem details (RFC 9457), and is logged once.

use std::error::Error;

use poem::{Endpoint, PathPattern, Request, Response};

use super::request_id::RequestId;
use crate::http::problem::Problem;

/// Turns the errors of everything inside of it into responses.
pub(crate) struct Problems<E>(pub(crate) E);

impl<E: Endpoint<Output = Response>> Endpoint for Problems<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let error = match self.0.call(request).await {
            Ok(response) => return Ok(response),
            Err(error) => error,
        };

        // The layers outside need the route, which the framework attaches to the error.
        let pattern = error.data::<PathPattern>().cloned();
        let mut response = render(Problem::from_error(error));
        if let Some(pattern) = pattern {
            response.set_data(pattern);
        }

        Ok(response)
    }
}

/// The response that describes a problem. A problem with a source is logged, here and nowhere else: client errors have
/// no source.
pub(crate) fn render(problem: Problem) -> Response {
    if let Some(source) = &problem.source {
        let cause = chain_of_causes(&**source);
        tracing::error!(status = problem.status.as_u16(), cause, "{problem}");
    }

    problem.into_response(&RequestId::current().unwrap_or_default())
}

fn chain_of_causes(error: &(dyn Error + 'static)) -> String {
    let mut causes: Vec<String> = Vec::new();
    let mut next = Some(error);

    while let Some(error) = next {
        let text = error.to_string();
        // The text of many an error ends with that of its source.
        if !causes.last().is_some_and(|previous| previous.ends_with(&text)) {
            causes.push(text);
        }
        next = error.source();
    }

    causes.join(": ")
}
