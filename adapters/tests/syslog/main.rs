//! The syslog adapter, before receivers that read every byte, and before rsyslog.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on must fail, saying why"
)]

mod support;

mod unavailable;
mod udp;
mod tcp;
mod receiver;
mod rsyslog;
