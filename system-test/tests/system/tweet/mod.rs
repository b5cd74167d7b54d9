//! The resource `tweet`: what clients can do with it, and the errors they can cause.

mod create_and_get;
mod errors;
mod list;

pub(crate) use self::errors::error_cases;
