//! The database: which one, and how many connections and how much time requests may use.

use std::time::Duration;

use adapters::database::Servers;

use super::{
    reader::Reader,
    replicas,
    store_url::{self, SSL_MODE, SSL_ROOT_CERT, StoreUrl},
    variable::{BOOL, SECONDS, Section, Variable},
};
use crate::version::NAME;

pub(super) const SECTION: Section = Section {
    title: "Database",
    variables: &[
        Variable::new(
            "DATABASE_URL",
            "Where the data is stored. If not set, the `POSTGRES_*` variables decide; without `POSTGRES_HOST`, it is \
             `sqlite://service.db`.",
        )
        .expected(
            "`postgres://user:password@host:port/database`, percent-encoded, with one `host:port` or several, separated by \
             commas; `sqlite://file` or `memory:`",
        )
        .secret(),
        Variable::new(
            "POSTGRES_HOST",
            "The host of the PostgreSQL server, or the hosts of a primary and its standbys: the service uses the one that \
             is the primary. Set either this or `DATABASE_URL`, not both in one layer. The `POSTGRES_*` \
             variables are taken literally; with `DATABASE_URL`, the others are not used.",
        )
        .expected(
            "a host name, an IP address or the folder of a Unix socket, such as `/run/postgresql`; or several, separated by \
             commas",
        )
        .hosts(),
        Variable::new("POSTGRES_PORT", "The port of the PostgreSQL server.")
            .default("5432")
            .expected("a port, 1 to 65535; with several hosts, one for all or one for each, separated by commas"),
        Variable::new("POSTGRES_DB", "The name of the database.").default(NAME).expected("a name").name(),
        Variable::new("POSTGRES_USER", "The user to log in as.").default("postgres").expected("a name").not_shown(),
        Variable::new("POSTGRES_PASSWORD", "The password of that user.").secret(),
        Variable::new(
            SSL_MODE,
            "Whether connections to PostgreSQL are encrypted, as libpq's `sslmode`. If not set: `verify-full` with \
             `DATABASE_SSLROOTCERT`; else `prefer` on this machine (loopback, Unix socket) and `require` elsewhere.",
        )
        .expected("disable, allow, prefer, require, verify-ca or verify-full"),
        Variable::new(
            SSL_ROOT_CERT,
            "The PEM file of the authorities that may vouch for the PostgreSQL server, as libpq's `sslrootcert`. If not \
             set, the public ones.",
        )
        .expected("a file")
        .file(),
        replicas::VARIABLE,
        Variable::new(
            "DATABASE_MAX_CONNECTIONS",
            "The maximum number of connections to the database, and as many to a replica.",
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
            "Whether `serve` applies pending migrations before it serves requests.",
        )
        .default("true")
        .expected(BOOL),
    ],
};

const STATEMENT_TIMEOUT: &str = "DATABASE_STATEMENT_TIMEOUT_SECONDS";

/// The store, and how to use it.
#[derive(Debug)]
pub struct DatabaseConfig {
    /// `DATABASE_URL`, or `POSTGRES_*`
    pub url: StoreUrl,
    /// `DATABASE_REPLICA_HOSTS`
    pub replicas: Option<Servers>,
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

impl DatabaseConfig {
    /// `request_timeout` is the timeout of the whole request. The one for the database must be shorter, so that a slow
    /// database is reported as such.
    pub(super) fn read(reader: &mut Reader, request_timeout: Option<Duration>) -> Option<Self> {
        let url = store_url::read(reader);
        let replicas = replicas::read(reader, url.as_ref());
        let max_connections = reader.number("DATABASE_MAX_CONNECTIONS", 1..=1000);
        let acquire_timeout = reader.seconds("DATABASE_ACQUIRE_TIMEOUT_SECONDS", 1..=3600);
        let statement_timeout = statement_timeout(reader, request_timeout);
        let cache_bytes = reader.parse("CACHE_BYTES");
        let migrate_on_start = reader.bool("MIGRATE_ON_START");

        Some(Self {
            url: url?,
            replicas: replicas?,
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
    if !reader.is_set(STATEMENT_TIMEOUT) {
        return Some(request_timeout / 2);
    }

    reader.parse_with(STATEMENT_TIMEOUT, |text| {
        let seconds = text.parse().ok().filter(|seconds| (1..=3600).contains(seconds))?;
        Some(Duration::from_secs(seconds)).filter(|timeout| *timeout < request_timeout)
    })
}
