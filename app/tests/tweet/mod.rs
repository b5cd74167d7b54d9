//! Tweets over HTTP.

mod bad_bodies;
mod clock_skew;
mod creating;
mod getting;
mod idempotency;
mod listing;
mod many_texts;
mod stack;
