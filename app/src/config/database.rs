use std::{fmt, time::Duration};

use url::Url;

use super::reader::Reader;

/// The store and how to use it.
#[derive(Debug)]
pub struct Database {
    /// `DATABASE_URL`, or `POSTGRES_*`
    pub place: StoreUrl,
    /// `DATABASE_MAX_CONNECTIONS`
    pub max_connections: u32,
    /// `DATABASE_ACQUIRE_TIMEOUT_SECONDS`
    pub acquire_timeout: Duration,
    /// `DATABASE_STATEMENT_TIMEOUT_SECONDS`
    pub statement_timeout: Duration,
    /// `CACHE_BYTES`
    pub cache_bytes: u64,
    /// `MIGRATE_ON_START`
    pub migrate_on_start: bool,
}

/// Where tweets are kept.
#[derive(Clone)]
pub enum StoreUrl {
    /// `memory:`: in the process, until it ends.
    Memory,
    /// `postgres://…` or `sqlite://…`. It may hold a password.
    Sql(String),
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sql(url) => f.write_str(&adapters::database::redacted(url)),
        }
    }
}

const DEFAULT_SQLITE_URL: &str = "sqlite://templatesite.db";

impl Database {
    /// The database must be given up before `request_timeout`, the deadline of the whole request.
    pub(super) fn read(read: &mut Reader, request_timeout: Option<Duration>) -> Option<Self> {
        let place = place(read);
        let max_connections = read.number("DATABASE_MAX_CONNECTIONS", 1..=1000);
        let acquire_timeout = read.number("DATABASE_ACQUIRE_TIMEOUT_SECONDS", 1..=3600);
        let statement_timeout = statement_timeout(read, request_timeout);
        let cache_bytes = read.parsed("CACHE_BYTES");
        let migrate_on_start = read.switch("MIGRATE_ON_START");
        Some(Self {
            place: place?,
            max_connections: max_connections?,
            acquire_timeout: Duration::from_secs(acquire_timeout?.into()),
            statement_timeout: statement_timeout?,
            cache_bytes: cache_bytes?,
            migrate_on_start: migrate_on_start?,
        })
    }
}

fn statement_timeout(read: &mut Reader, request_timeout: Option<Duration>) -> Option<Duration> {
    const NAME: &str = "DATABASE_STATEMENT_TIMEOUT_SECONDS";
    let request_timeout = request_timeout?;
    if read.text(NAME).is_none() {
        return Some(request_timeout / 2);
    }
    let seconds = |text: &str| text.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
    let fits = |timeout: &Duration| *timeout < request_timeout;
    read.with(NAME, |text| seconds(text).map(Duration::from_secs).filter(fits))
}

fn place(read: &mut Reader) -> Option<StoreUrl> {
    if read.text("DATABASE_URL").is_some() {
        return read.with("DATABASE_URL", parse_url);
    }
    let port: Option<u16> = read.with("POSTGRES_PORT", |port| port.parse().ok().filter(|port| *port > 0));
    let Some(host) = read.text("POSTGRES_HOST") else {
        if read.text("POSTGRES_PASSWORD").is_some() {
            read.problem(
                "POSTGRES_PASSWORD is set, but neither POSTGRES_HOST nor DATABASE_URL is".to_owned(),
            );
        }
        return Some(StoreUrl::Sql(DEFAULT_SQLITE_URL.to_owned()));
    };
    let (database, user) = (read.text("POSTGRES_DB")?, read.text("POSTGRES_USER")?);
    let password = read.text("POSTGRES_PASSWORD");
    // The parts are encoded one by one, so that no password can change where the URL leads.
    let mut url = Url::parse("postgres://localhost").ok()?;
    let host_fits = url.set_host(Some(&host)).is_ok();
    if !host_fits || url.host_str().is_none_or(str::is_empty) {
        return read.with("POSTGRES_HOST", |_| None);
    }
    url.set_port(Some(port?)).ok()?;
    url.path_segments_mut().ok()?.clear().push(&database);
    url.set_username(&user).ok()?;
    url.set_password(password.as_deref()).ok()?;
    Some(StoreUrl::Sql(url.into()))
}

fn parse_url(text: &str) -> Option<StoreUrl> {
    let url = Url::parse(text).ok()?;
    match url.scheme() {
        "memory" if text == "memory:" => Some(StoreUrl::Memory),
        "postgres" | "postgresql" if url.host_str().is_some_and(|host| !host.is_empty()) => {
            Some(StoreUrl::Sql(text.to_owned()))
        }
        // Every connection of a pool would have a ":memory:" of its own.
        "sqlite" if !text.contains(":memory:") && !text.contains("mode=memory") => {
            let file = text.strip_prefix("sqlite://")?;
            (!file.is_empty() && !file.starts_with('?')).then(|| StoreUrl::Sql(text.to_owned()))
        }
        _ => None,
    }
}
