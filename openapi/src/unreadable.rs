//! What is no request.

use poem::http::StatusCode;

use crate::http::problem::Problem;

/// Set on a request that stands in for one that the server could not read: it is answered with this status, and
/// otherwise like any other.
#[derive(Debug, Clone, Copy)]
pub struct Unreadable(pub StatusCode);

impl Unreadable {
    pub(crate) fn problem(self) -> Problem {
        let detail = match self.0 {
            StatusCode::REQUEST_TIMEOUT => "the header did not arrive in time",
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                "the header must be at most 16 KiB, in at most 100 lines"
            }
            _ => "what was sent is not an HTTP/1.1 request",
        };
        Problem::new(self.0, detail)
    }
}
