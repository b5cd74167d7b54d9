//! What the handlers of any resource use.

pub(crate) mod base_url;
pub(crate) mod csp;
pub(crate) mod error_response;
pub(crate) mod host;
pub(crate) mod idempotency_key;
pub(crate) mod json;
pub(crate) mod params;
pub(crate) mod problem;
pub(crate) mod schema;
