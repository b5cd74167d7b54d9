//! What the handlers of any resource are built from.
//!
//! - Requests: [`json`] (bodies), [`params`] and [`page_query`] (path and query), [`preconditions`],
//!   [`idempotency_key`], `host`.
//! - Responses: [`json`] and [`values`] (bodies), [`base_url`] and `public_url` (links), [`problem`] (every error),
//!   [`problem_type`] (their types), [`error_response`] (the errors that an operation documents), `page` and `csp`
//!   (pages), `gzip`, `vary`, [`weak_tag`].
//! - The document: `schema`.

pub mod base_url;
pub(crate) mod csp;
pub mod error_response;
pub(crate) mod gzip;
pub(crate) mod host;
pub mod idempotency_key;
pub mod json;
pub(crate) mod page;
pub mod page_query;
pub mod params;
pub mod preconditions;
pub mod problem;
pub(crate) mod problem_body;
pub mod problem_type;
pub(crate) mod public_url;
pub(crate) mod schema;
pub mod values;
pub(crate) mod vary;
pub mod weak_tag;

mod framework_error;
