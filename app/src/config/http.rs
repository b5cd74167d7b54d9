//! HTTP: which requests are accepted, and how many.

use std::{net::IpAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use openapi::{AllowedHeaders, AllowedHosts, AllowedOrigins, PublicUrl, RateLimit, TrustedProxies};

use super::{
    reader::Reader,
    variable::{COUNT, SECONDS, Section, Variable},
};

pub(super) const SECTION: Section = Section {
    title: "HTTP",
    variables: &[
        Variable::new(
            "PUBLIC_URL",
            "Where clients reach the service. All URLs in responses begin with it, and shared caches may store items. If \
             not set, URLs are made from the headers of each request.",
        )
        .expected("a URL such as `https://api.example.com` or `https://example.com/microblog`, without user and query"),
        Variable::new(
            "ALLOWED_HOSTS",
            "The hosts that requests may name, besides that of `PUBLIC_URL`; a request for any other host gets a 400. If \
             not set: `localhost`, loopback addresses and the address in `LISTEN_ADDR`.",
        )
        .expected(
            "host names and IP addresses, separated by commas; `.example.com` for a name and its subdomains; with a port \
             such as `example.com:8443`, only that port; `*` for all",
        ),
        Variable::new(
            "TRUSTED_PROXIES",
            "The proxies whose `X-Forwarded-For`, `X-Forwarded-Host`, `X-Forwarded-Proto`, `X-Forwarded-Prefix` and \
             `traceparent` are trusted. If not set, none.",
        )
        .expected("IP addresses and networks such as `10.0.0.0/8`, separated by commas"),
        Variable::new(
            "API_TOKENS_FILE",
            "The file of the bearer tokens that writing requests need. If not set, writing needs no token.",
        )
        .expected("a file of `name:sha256-of-token` lines, as the command `token new NAME` prints them")
        .file(),
        Variable::new(
            "CORS_ALLOWED_ORIGINS",
            "The origins whose scripts may use the service from a browser. If not set, none but the service's own.",
        )
        .expected("origins such as `https://example.com`, separated by commas, or `*`"),
        Variable::new(
            "CORS_ALLOWED_HEADERS",
            "The request headers that these scripts may send besides those in the OpenAPI document.",
        )
        .default("traceparent,tracestate,baggage")
        .expected("header names, separated by commas"),
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
    /// `PUBLIC_URL`
    pub public_url: Option<PublicUrl>,
    /// `ALLOWED_HOSTS` and the host of `PUBLIC_URL`; the default depends on `LISTEN_ADDR`.
    pub allowed_hosts: AllowedHosts,
    /// `TRUSTED_PROXIES`
    pub trusted_proxies: TrustedProxies,
    /// `API_TOKENS_FILE`
    pub tokens_file: Option<PathBuf>,
    /// `CORS_ALLOWED_ORIGINS`
    pub allowed_origins: AllowedOrigins,
    /// `CORS_ALLOWED_HEADERS`
    pub allowed_headers: AllowedHeaders,
    /// `RATE_LIMIT_PER_SECOND`, `RATE_LIMIT_BURST`
    pub rate_limit: Option<RateLimit>,
    /// `MAX_CONCURRENT_REQUESTS`
    pub max_concurrent_requests: usize,
    /// `REQUEST_TIMEOUT_SECONDS`
    pub request_timeout: Duration,
}

impl HttpConfig {
    pub(super) fn read(reader: &mut Reader, listen: Option<IpAddr>) -> Option<Self> {
        let public_url = reader.optional::<PublicUrl>("PUBLIC_URL");
        let allowed_hosts = reader.optional("ALLOWED_HOSTS");
        let trusted_proxies = reader.optional("TRUSTED_PROXIES");
        let tokens_file = reader.optional("API_TOKENS_FILE");
        let allowed_origins = reader.optional("CORS_ALLOWED_ORIGINS");
        let allowed_headers = reader.parse("CORS_ALLOWED_HEADERS");

        let per_second = reader.number("RATE_LIMIT_PER_SECOND", 0..=1_000_000);
        let burst = reader.number("RATE_LIMIT_BURST", 1..=1_000_000);
        let max_concurrent_requests = reader.number("MAX_CONCURRENT_REQUESTS", 1..=1_000_000);
        let request_timeout = reader.seconds("REQUEST_TIMEOUT_SECONDS", 1..=3600);

        let burst = NonZeroU32::new(burst?)?;
        let rate_limit = NonZeroU32::new(per_second?).map(|per_second| RateLimit { per_second, burst });

        let public_url = public_url?;
        let allowed_hosts = match allowed_hosts? {
            Some(hosts) => hosts,
            None => AllowedHosts::local(listen?),
        };

        Some(Self {
            allowed_hosts: match &public_url {
                Some(url) => allowed_hosts.and_public_url(url),
                None => allowed_hosts,
            },
            public_url,
            trusted_proxies: trusted_proxies?.unwrap_or_default(),
            tokens_file: tokens_file?,
            allowed_origins: allowed_origins?.unwrap_or_default(),
            allowed_headers: allowed_headers?,
            rate_limit,
            max_concurrent_requests: usize::try_from(max_concurrent_requests?).ok()?,
            request_timeout: request_timeout?,
        })
    }
}
