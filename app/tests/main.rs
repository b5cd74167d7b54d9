//! The service as a whole: composed as `serve` composes it, spoken to over HTTP; and the rules of the house.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must fail, saying why"
)]

mod support;

mod tweet;

mod faults;
mod middleware;
mod operations;
mod program;
mod rules;
mod server;
