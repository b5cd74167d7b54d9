//! HTTP: which requests are accepted, and how many.

use std::{net::IpAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use openapi::{AllowedHosts, AllowedOrigins, RateLimit, TrustedProxies};

use super::{
    reader::Reader,
    variable::{COUNT, SECONDS, Section, Variable},
};

pub(super) const SECTION: Section = Section {
    title: "HTTP",
    variables: &[
        Variable::new(
            "ALLOWED_HOSTS",
            "The hosts that requests may name; a request for any other host gets a 400. If not set: `localhost`, loopback \
             addresses and the address in `LISTEN_ADDR`.",
        )
        .expected(
            "host names and IP addresses, separated by commas, without ports; `.example.com` for a name and its \
             subdomains; `*` for all",
        ),
        Variable::new(
            "TRUSTED_PROXIES",
            "The proxies whose `X-Forwarded-For`, `X-Forwarded-Host` and `X-Forwarded-Proto` are trusted. If not set, none.",
        )
        .expected("IP addresses and networks such as `10.0.0.0/8`, separated by commas"),
        Variable::new(
            "API_TOKENS_FILE",
            "The file of the bearer tokens that writing requests need. If not set, writing needs no token.",
        )
        .expected("a file of `name:sha256-of-token` lines, as `templatesite token new NAME` prints them"),
        Variable::new(
            "CORS_ALLOWED_ORIGINS",
            "The origins whose scripts may use the service from a browser. If not set, none but the service's own.",
        )
        .expected("origins such as `https://example.com`, separated by commas, or `*`"),
        Variable::new(
            "RATE_LIMIT_PER_SECOND",
            "The average number of requests per second that one client may send. Further ones get a 429.",
        )
        .default("0")
        .expected("a whole number from 0 to 1000000; 0 for no limit"),
        Variable::new(
            "RATE_LIMIT_BURST",
            "The number of requests that one client may send at once.",
        )
        .default("50")
        .expected(COUNT),
        Variable::new(
            "MAX_CONCURRENT_REQUESTS",
            "The maximum number of requests in flight. Further ones get a 503 immediately.",
        )
        .default("1024")
        .expected(COUNT),
        Variable::new(
            "REQUEST_TIMEOUT_SECONDS",
            "How long the service may take to process a request. After that the client gets a 503.",
        )
        .default("10")
        .expected(SECONDS),
    ],
};

/// Which requests are accepted, and how many.
#[derive(Debug)]
pub struct HttpConfig {
    /// `ALLOWED_HOSTS`; the default depends on `LISTEN_ADDR`.
    pub allowed_hosts: AllowedHosts,
    /// `TRUSTED_PROXIES`
    pub trusted_proxies: TrustedProxies,
    /// `API_TOKENS_FILE`
    pub tokens_file: Option<PathBuf>,
    /// `CORS_ALLOWED_ORIGINS`
    pub allowed_origins: AllowedOrigins,
    /// `RATE_LIMIT_PER_SECOND`, `RATE_LIMIT_BURST`
    pub rate_limit: Option<RateLimit>,
    /// `MAX_CONCURRENT_REQUESTS`
    pub max_concurrent_requests: usize,
    /// `REQUEST_TIMEOUT_SECONDS`
    pub request_timeout: Duration,
}

impl HttpConfig {
    pub(super) fn read(reader: &mut Reader, listen: Option<IpAddr>) -> Option<Self> {
        let allowed_hosts = reader.optional("ALLOWED_HOSTS");
        let trusted_proxies = reader.optional("TRUSTED_PROXIES");
        let tokens_file = match reader.string("API_TOKENS_FILE") {
            // A pasted token would be printed as the name of a missing file.
            Some(_) => reader
                .parse_with("API_TOKENS_FILE", |file| {
                    (!file.contains("tws_")).then(|| file.into())
                })
                .map(Some),
            None => Some(None),
        };
        let allowed_origins = reader.optional("CORS_ALLOWED_ORIGINS");

        let per_second = reader.number("RATE_LIMIT_PER_SECOND", 0..=1_000_000);
        let burst = reader.number("RATE_LIMIT_BURST", 1..=1_000_000);
        let max_concurrent_requests = reader.number("MAX_CONCURRENT_REQUESTS", 1..=1_000_000);
        let request_timeout = reader.seconds("REQUEST_TIMEOUT_SECONDS", 1..=3600);

        let burst = NonZeroU32::new(burst?)?;
        let rate_limit = NonZeroU32::new(per_second?).map(|per_second| RateLimit { per_second, burst });

        Some(Self {
            allowed_hosts: match allowed_hosts? {
                Some(hosts) => hosts,
                None => AllowedHosts::local(listen?),
            },
            trusted_proxies: trusted_proxies?.unwrap_or_default(),
            tokens_file: tokens_file?,
            allowed_origins: allowed_origins?.unwrap_or_default(),
            rate_limit,
            max_concurrent_requests: usize::try_from(max_concurrent_requests?).ok()?,
            request_timeout: request_timeout?,
        })
    }
}
