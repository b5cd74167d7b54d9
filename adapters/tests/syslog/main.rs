//! The syslog adapter against receivers that check every byte, and against rsyslog.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a failing step must fail the test with its message"
)]

mod support;

mod receiver;
mod rsyslog;
mod tcp;
mod udp;
mod unavailable;
