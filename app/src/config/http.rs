use std::{num::NonZeroU32, time::Duration};

use openapi::RateLimit;

use super::reader::Reader;

/// What clients are allowed to take: time, connections, requests at once.
#[derive(Debug)]
pub struct Http {
    /// `HEADER_READ_SECONDS`
    pub header_read: Duration,
    /// `BODY_READ_SECONDS`
    pub body_read: Duration,
    /// `IDLE_SECONDS`
    pub idle: Duration,
    /// `REQUEST_TIMEOUT_SECONDS`
    pub request_timeout: Duration,
    /// `MAX_REQUESTS`
    pub max_requests: usize,
    /// `MAX_CONNECTIONS`
    pub max_connections: usize,
    /// `RATE_LIMIT_*`
    pub rate_limit: Option<RateLimit>,
    /// `DRAIN_SECONDS`
    pub drain: Duration,
    /// `SHUTDOWN_SECONDS`
    pub shutdown: Duration,
}

impl Http {
    pub(super) fn read(read: &mut Reader) -> Option<Self> {
        let mut seconds = |name, least| {
            let number = read.number(name, least..=3600)?;
            Some(Duration::from_secs(number.into()))
        };
        let header_read = seconds("HEADER_READ_SECONDS", 1);
        let body_read = seconds("BODY_READ_SECONDS", 1);
        let idle = seconds("IDLE_SECONDS", 1);
        let request_timeout = seconds("REQUEST_TIMEOUT_SECONDS", 1);
        let drain = seconds("DRAIN_SECONDS", 0);
        let shutdown = seconds("SHUTDOWN_SECONDS", 1);
        let max_requests = read.number("MAX_REQUESTS", 1..=1_000_000);
        let max_connections = read.number("MAX_CONNECTIONS", 1..=1_000_000);
        let per_second = read.number("RATE_LIMIT_PER_SECOND", 0..=1_000_000);
        let burst = read.number("RATE_LIMIT_BURST", 1..=1_000_000);
        let burst = burst.and_then(NonZeroU32::new);
        let limit = |per_second| {
            Some(RateLimit {
                per_second,
                burst: burst?,
            })
        };
        Some(Self {
            header_read: header_read?,
            body_read: body_read?,
            idle: idle?,
            request_timeout: request_timeout?,
            max_requests: usize::try_from(max_requests?).ok()?,
            max_connections: usize::try_from(max_connections?).ok()?,
            rate_limit: NonZeroU32::new(per_second?).and_then(limit),
            drain: drain?,
            shutdown: shutdown?,
        })
    }
}
