//! The service as a whole: composed as `serve` composes it, spoken to over HTTP; and the rules of the house.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must fail, saying why"
)]

mod client;
mod support;

mod boot;
mod config;
mod deadlines;
mod draining;
mod faults;
mod fixtures;
mod goodput;
mod house;
mod http;
mod overload;
mod refusals;
mod retries;
mod rolling;
mod stack;
