//! The database: which one, and how many connections and how much time requests may use.

use std::{fmt, time::Duration};

use url::Url;

use super::{
    reader::Reader,
    variable::{BOOL, PORT, SECONDS, Section, Variable},
};

pub(super) const SECTION: Section = Section {
    title: "Database",
    variables: &[
        Variable::new(
            "DATABASE_URL",
            "Where the data is stored. If not set, the `POSTGRES_*` variables decide; without `POSTGRES_HOST`, it is \
             `sqlite://templatesite.db`.",
        )
        .expected("`postgres://user:password@host:port/database`, `sqlite://file` or `memory:`")
        .secret(),
        Variable::new(
            "POSTGRES_HOST",
            "The host of the PostgreSQL server. Ignored if `DATABASE_URL` is set, like the other `POSTGRES_*` variables.",
        )
        .expected("a host name or an IP address"),
        Variable::new("POSTGRES_PORT", "The port of the PostgreSQL server.")
            .default("5432")
            .expected(PORT),
        Variable::new("POSTGRES_DB", "The name of the database.").default("templatesite").expected("a name"),
        Variable::new("POSTGRES_USER", "The user to log in as.").default("postgres").expected("a name"),
        Variable::new("POSTGRES_PASSWORD", "The password of that user.").secret(),
        Variable::new(
            "DATABASE_MAX_CONNECTIONS",
            "The maximum number of connections to the database.",
        )
        .default("10")
        .expected("a whole number from 1 to 1000"),
        Variable::new(
            "DATABASE_ACQUIRE_TIMEOUT_SECONDS",
            "How long a request may wait for a connection to the database. After that the client gets a 503.",
        )
        .default("3")
        .expected(SECONDS),
        Variable::new(
            STATEMENT_TIMEOUT,
            "How long a request may wait for the database in all, including for a connection. After that the client gets a \
             503. If not set, half of `REQUEST_TIMEOUT_SECONDS`.",
        )
        .expected("a whole number of seconds from 1 to 3600, less than `REQUEST_TIMEOUT_SECONDS`"),
        Variable::new(
            "CACHE_BYTES",
            "The maximum size of the in-memory cache of stored items.",
        )
        .default("33554432")
        .expected("a whole number of bytes; 0 for no cache"),
        Variable::new(
            "MIGRATE_ON_START",
            "Whether `templatesite serve` applies pending migrations before it serves requests.",
        )
        .default("true")
        .expected(BOOL),
    ],
};

const STATEMENT_TIMEOUT: &str = "DATABASE_STATEMENT_TIMEOUT_SECONDS";
const DEFAULT_SQLITE_URL: &str = "sqlite://templatesite.db";

/// The store, and how to use it.
#[derive(Debug)]
pub struct DatabaseConfig {
    /// `DATABASE_URL`, or `POSTGRES_*`
    pub url: StoreUrl,
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

/// Where the data is stored. `Debug` shows it without the password.
#[derive(Clone)]
pub enum StoreUrl {
    /// `memory:`, in the memory of the process. The data is lost when the process ends.
    Memory,
    /// `postgres://…` or `sqlite://…`. It may contain a password.
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

impl DatabaseConfig {
    /// `request_timeout` is the timeout of the whole request. The one for the database must be shorter, so that a slow
    /// database is reported as such.
    pub(super) fn read(reader: &mut Reader, request_timeout: Option<Duration>) -> Option<Self> {
        let url = store_url(reader);
        let max_connections = reader.number("DATABASE_MAX_CONNECTIONS", 1..=1000);
        let acquire_timeout = reader.seconds("DATABASE_ACQUIRE_TIMEOUT_SECONDS", 1..=3600);
        let statement_timeout = statement_timeout(reader, request_timeout);
        let cache_bytes = reader.parse("CACHE_BYTES");
        let migrate_on_start = reader.bool("MIGRATE_ON_START");

        Some(Self {
            url: url?,
            max_connections: max_connections?,
            acquire_timeout: acquire_timeout?,
            statement_timeout: statement_timeout?,
            cache_bytes: cache_bytes?,
            migrate_on_start: migrate_on_start?,
        })
    }
}

fn statement_timeout(reader: &mut Reader, request_timeout: Option<Duration>) -> Option<Duration> {
    // Without one, the configuration is invalid already, and this value is still checked as far as possible.
    let request_timeout = request_timeout.unwrap_or(Duration::MAX);
    if reader.string(STATEMENT_TIMEOUT).is_none() {
        return Some(request_timeout / 2);
    }

    reader.parse_with(STATEMENT_TIMEOUT, |text| {
        let seconds = text.parse().ok().filter(|seconds| (1..=3600).contains(seconds))?;
        Some(Duration::from_secs(seconds)).filter(|timeout| *timeout < request_timeout)
    })
}

fn store_url(reader: &mut Reader) -> Option<StoreUrl> {
    if reader.string("DATABASE_URL").is_some() {
        return reader.parse_with("DATABASE_URL", parse_url);
    }

    let port = reader.port("POSTGRES_PORT");
    let password = reader.string("POSTGRES_PASSWORD");
    let Some(host) = reader.string("POSTGRES_HOST") else {
        if password.is_some() {
            reader.problem(
                "POSTGRES_PASSWORD is set, but neither POSTGRES_HOST nor DATABASE_URL is".to_owned(),
            );
        }
        return Some(StoreUrl::Sql(DEFAULT_SQLITE_URL.to_owned()));
    };
    let (database, user) = (reader.string("POSTGRES_DB")?, reader.string("POSTGRES_USER")?);

    // The parts are encoded one by one, so that no password can change the host or the database of the URL.
    let mut url = Url::parse("postgres://localhost").ok()?;
    let is_valid_host = url.set_host(Some(&host)).is_ok();
    if !is_valid_host || url.host_str().is_none_or(str::is_empty) {
        return reader.parse_with("POSTGRES_HOST", |_| None);
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
        // Each connection of a pool would have its own ":memory:" database.
        "sqlite" if !text.contains(":memory:") && !text.contains("mode=memory") => {
            let file = text.strip_prefix("sqlite://")?;
            (!file.is_empty() && !file.starts_with('?')).then(|| StoreUrl::Sql(text.to_owned()))
        }
        _ => None,
    }
}
