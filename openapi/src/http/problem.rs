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

pub use crate::http::{problem_body::Violation, problem_type::ProblemType};

use crate::{
    http::{
        base_url::BaseUrl,
        problem_body::{MEDIA_TYPE, ProblemBody},
        values::UrlValue,
    },
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
#[error("{}: {detail}", .kind.status)]
pub struct Problem {
    /// Its type, which decides on status and title.
    pub kind: &'static ProblemType,
    detail: Cow<'static, str>,
    /// What is wrong with the request, part by part.
    pub errors: Vec<Violation>,
    /// For the log, never for the client. Client errors have none.
    pub source: Option<Box<dyn Error + Send + Sync>>,
    /// A header field that belongs to this problem.
    header: Option<(HeaderName, &'static str)>,
}

impl Problem {
    /// A problem of this type, with the type's `detail`.
    pub fn new(kind: &'static ProblemType) -> Self {
        Self {
            kind,
            detail: Cow::Borrowed(kind.detail),
            errors: Vec::new(),
            source: None,
            header: None,
        }
    }

    /// The same with another `detail`. It is sent to the client and logged; it must quote nothing from the request.
    pub fn with_detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            detail: detail.into(),
            ..self
        }
    }

    /// The same, naming each part of the request that is not valid.
    pub fn with_errors(self, errors: Vec<Violation>) -> Self {
        Self { errors, ..self }
    }

    /// The same with this header field, such as the challenge of a 401.
    pub fn with_header(self, name: HeaderName, value: &'static str) -> Self {
        Self {
            header: Some((name, value)),
            ..self
        }
    }

    /// A 404: no item has the id.
    pub fn not_found(detail: &'static str) -> Self {
        Self::new(ProblemType::ITEM_NOT_FOUND).with_detail(detail)
    }

    /// A 500. Its cause belongs in the log: see [`caused_by`](Self::caused_by).
    pub fn internal() -> Self {
        Self::new(ProblemType::INTERNAL_ERROR)
    }

    /// Adds the cause, for the log.
    pub fn caused_by(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..self
        }
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.kind.status
    }

    /// The response to the request with this id, from a client that reaches the service at this base.
    ///
    /// `type` is the URL of the type's page: absolute if it is known where clients reach the service, otherwise the
    /// path, with the prefix under which a proxy serves it. So it leads to the page either way, and resolves to the
    /// same URI for all requests of a client. A relative path would not: it depends on the path of the request (RFC
    /// 9457, 3.1.1).
    pub fn into_response(self, request_id: &RequestId, base: &BaseUrl) -> Response {
        let status = self.status();
        let body = ProblemBody {
            kind: UrlValue(base.join(&self.kind.path())),
            title: self.kind.title.to_owned(),
            status: status.as_u16(),
            detail: self.detail.into_owned(),
            request_id: request_id.as_str().to_owned(),
            errors: self.errors,
        };
        // Texts and numbers can always be serialised.
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::builder().content_type(MEDIA_TYPE).body(json);
        response.set_status(status);

        let headers = response.headers_mut();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER.as_secs().into());
        }
        if let Some((name, value)) = self.header {
            headers.insert(name, HeaderValue::from_static(value));
        }

        if self.kind == ProblemType::OVERLOADED {
            response.set_data(Overloaded);
        }
        response
    }
}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        self.kind.status
    }
}

impl From<RepositoryError> for Problem {
    fn from(error: RepositoryError) -> Self {
        let kind = match &error {
            RepositoryError::Unavailable { .. } => ProblemType::STORE_UNAVAILABLE,
            RepositoryError::TimedOut { .. } => ProblemType::STORE_TIMED_OUT,
            RepositoryError::Conflict | RepositoryError::Internal { .. } => ProblemType::INTERNAL_ERROR,
        };

        Self::new(kind).caused_by(error)
    }
}
