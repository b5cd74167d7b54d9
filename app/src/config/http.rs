use std::{net::SocketAddr, num::NonZeroU32, time::Duration};

use openapi::{AllowedHosts, AllowedOrigins, RateLimit, TrustedProxies};

use super::reader::Reader;

/// What clients are allowed to take: time, connections, requests at once.
#[derive(Debug)]
pub struct Http {
    /// `ALLOWED_HOSTS`; without it, what follows from the address listened on.
    pub allowed_hosts: AllowedHosts,
    /// `TRUSTED_PROXIES`
    pub trusted_proxies: TrustedProxies,
    /// `CORS_ALLOWED_ORIGINS`
    pub allowed_origins: AllowedOrigins,
    /// `HEADER_READ_TIMEOUT_SECONDS`
    pub header_read: Duration,
    /// `BODY_READ_TIMEOUT_SECONDS`
    pub body_read: Duration,
    /// `IDLE_TIMEOUT_SECONDS`
    pub idle: Duration,
    /// `REQUEST_TIMEOUT_SECONDS`
    pub request_timeout: Duration,
    /// `MAX_CONCURRENT_REQUESTS`
    pub max_concurrent_requests: usize,
    /// `MAX_CONNECTIONS`
    pub max_connections: usize,
    /// `RATE_LIMIT_*`
    pub rate_limit: Option<RateLimit>,
    /// `SHUTDOWN_DELAY_SECONDS`
    pub drain: Duration,
    /// `SHUTDOWN_TIMEOUT_SECONDS`
    pub shutdown: Duration,
}

impl Http {
    pub(super) fn read(read: &mut Reader, listen: Option<SocketAddr>) -> Option<Self> {
        let allowed_hosts: Option<Option<AllowedHosts>> = read.optional("ALLOWED_HOSTS");
        let trusted_proxies: Option<Option<TrustedProxies>> = read.optional("TRUSTED_PROXIES");
        let allowed_origins: Option<Option<AllowedOrigins>> = read.optional("CORS_ALLOWED_ORIGINS");

        let mut seconds = |name, least| {
            let number = read.number(name, least..=3600)?;
            Some(Duration::from_secs(number.into()))
        };
        let header_read = seconds("HEADER_READ_TIMEOUT_SECONDS", 1);
        let body_read = seconds("BODY_READ_TIMEOUT_SECONDS", 1);
        let idle = seconds("IDLE_TIMEOUT_SECONDS", 1);
        let request_timeout = seconds("REQUEST_TIMEOUT_SECONDS", 1);
        let drain = seconds("SHUTDOWN_DELAY_SECONDS", 0);
        let shutdown = seconds("SHUTDOWN_TIMEOUT_SECONDS", 1);
        let max_concurrent_requests = read.number("MAX_CONCURRENT_REQUESTS", 1..=1_000_000);
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
            allowed_hosts: match allowed_hosts? {
                Some(hosts) => hosts,
                None => AllowedHosts::local(listen?.ip()),
            },
            trusted_proxies: trusted_proxies?.unwrap_or_default(),
            allowed_origins: allowed_origins?.unwrap_or_default(),
            header_read: header_read?,
            body_read: body_read?,
            idle: idle?,
            request_timeout: request_timeout?,
            max_concurrent_requests: usize::try_from(max_concurrent_requests?).ok()?,
            max_connections: usize::try_from(max_connections?).ok()?,
            rate_limit: NonZeroU32::new(per_second?).and_then(limit),
            drain: drain?,
            shutdown: shutdown?,
        })
    }
}
