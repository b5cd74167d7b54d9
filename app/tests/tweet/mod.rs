//! Tweets over HTTP.

mod creating;
mod getting;
mod idempotency;
mod limits;
mod listing;
mod stack;

/// A creation that differs from the document's example.
pub(crate) const OTHER_BODY: (&str, &str) = ("createTweet", r#"{"text":"another text"}"#);
