//! The one shape of every error response: problem details (RFC 9457).

use std::{borrow::Cow, error::Error, time::Duration};

use domain::RepositoryError;
use poem::{
    Response,
    error::ResponseError,
    http::{
        HeaderName, StatusCode,
        header::{self, HeaderValue},
    },
};

pub use crate::http::problem_body::Violation;

use crate::{
    http::problem_body::{MEDIA_TYPE, ProblemBody},
    middleware::request_id::RequestId,
};

/// The `Retry-After` of every 503 (RFC 9110, 10.2.3).
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Data of a response that rejects a request because too many are in progress. The server uses it to delay the client's
/// next request; otherwise clients that repeat at once would keep the service busy with rejections.
#[derive(Debug, Clone, Copy)]
pub struct Overloaded;

/// Why a request failed. Handlers and layers return it as an error; the middleware adds the request id and writes the
/// response.
#[derive(Debug, thiserror::Error)]
#[error("{status}: {detail}")]
pub struct Problem {
    /// The status of the response.
    pub status: StatusCode,
    detail: Cow<'static, str>,
    /// What is wrong with the request, part by part.
    pub errors: Vec<Violation>,
    /// For the log, never for the client. Client errors have none.
    pub source: Option<Box<dyn Error + Send + Sync>>,
    /// Whether the response carries [`Overloaded`].
    overloaded: bool,
    /// A header field that belongs to this problem.
    header: Option<(HeaderName, &'static str)>,
}

impl Problem {
    /// A problem with this status. `detail` is sent to the client and logged; it must quote nothing from the request.
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            detail: detail.into(),
            errors: Vec::new(),
            source: None,
            overloaded: false,
            header: None,
        }
    }

    /// A 400 that names each part of the request that is not valid.
    pub fn bad_request(detail: &'static str, errors: Vec<Violation>) -> Self {
        Self {
            errors,
            ..Self::new(StatusCode::BAD_REQUEST, detail)
        }
    }

    /// A 401 with its `WWW-Authenticate` (RFC 9110, 11.6.1).
    pub fn unauthorized(detail: &'static str, challenge: &'static str) -> Self {
        Self {
            header: Some((header::WWW_AUTHENTICATE, challenge)),
            ..Self::new(StatusCode::UNAUTHORIZED, detail)
        }
    }

    /// The 415 of a body with a content coding, with its `Accept-Encoding` (RFC 9110, 12.5.3).
    pub fn unsupported_encoding() -> Self {
        let detail = "the body must have no Content-Encoding";
        Self {
            header: Some((header::ACCEPT_ENCODING, "identity")),
            ..Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
        }
    }

    /// A 404.
    pub fn not_found(detail: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// A 500. Its cause belongs in the log: see [`caused_by`](Self::caused_by).
    pub fn internal() -> Self {
        let detail = "the service failed; its log has the reason under this request id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    /// The 503 of a request that was rejected because too many are in progress.
    pub fn overloaded() -> Self {
        let detail = "too many requests are in progress; try again";
        Self {
            overloaded: true,
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        }
    }

    /// Adds the cause, for the log.
    pub fn caused_by(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..self
        }
    }

    /// The response to the request with this id.
    pub fn into_response(self, request_id: &RequestId) -> Response {
        let body = ProblemBody {
            kind: "about:blank".to_owned(),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.into_owned(),
            request_id: request_id.as_str().to_owned(),
            errors: self.errors,
        };
        // Texts and numbers can always be serialised.
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::builder().content_type(MEDIA_TYPE).body(json);
        response.set_status(self.status);

        let headers = response.headers_mut();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER.as_secs().into());
        }
        if let Some((name, value)) = self.header {
            headers.insert(name, HeaderValue::from_static(value));
        }

        if self.overloaded {
            response.set_data(Overloaded);
        }
        response
    }
}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<RepositoryError> for Problem {
    fn from(error: RepositoryError) -> Self {
        let unavailable = |detail| Self::new(StatusCode::SERVICE_UNAVAILABLE, detail);

        let problem = match &error {
            RepositoryError::Unavailable { .. } => unavailable("the store cannot be reached now; try again"),
            RepositoryError::TimedOut { .. } => unavailable("the store did not respond in time; try again"),
            RepositoryError::Conflict | RepositoryError::Internal { .. } => Self::internal(),
        };
        problem.caused_by(error)
    }
}
