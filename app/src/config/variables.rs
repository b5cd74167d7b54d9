//! Every variable there is. `environment.env`, the README's table and `templatesite config` follow from this list, and
//! tests hold them to it.

/// One variable of the environment, or key of the configuration file.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is when nobody sets it; empty for nothing.
    pub default: &'static str,
    /// What may be written there.
    pub allowed: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Whether its value must never be shown. A secret can also be in a file that `NAME_FILE` names.
    pub secret: bool,
}

const fn plain(
    name: &'static str,
    default: &'static str,
    allowed: &'static str,
    about: &'static str,
) -> Variable {
    Variable {
        name,
        default,
        allowed,
        about,
        secret: false,
    }
}

const fn secret(
    name: &'static str,
    default: &'static str,
    allowed: &'static str,
    about: &'static str,
) -> Variable {
    Variable {
        secret: true,
        ..plain(name, default, allowed, about)
    }
}

const SWITCH: &str = "true or false";
const SECONDS: &str = "a whole number from 1 to 3600";
const COUNT: &str = "a whole number from 1 to 1000000";
const LEVELS: &str = "error, warn, info, debug or trace";

/// All of them, in the order in which people meet them.
pub const VARIABLES: &[Variable] = &[
    plain(
        "LISTEN_ADDR",
        "127.0.0.1:8000",
        "an IP address and a port, such as 127.0.0.1:8000",
        "Where to serve HTTP.",
    ),
    plain(
        "ALLOWED_HOSTS",
        "",
        "host names and addresses between commas, without ports; .example.com for it and its subdomains; * for all",
        "The hosts that requests may ask for; others get 400. Without it, localhost, loopback addresses and LISTEN_ADDR's.",
    ),
    plain(
        "TRUSTED_PROXIES",
        "",
        "IP addresses and networks such as 10.0.0.0/8, between commas",
        "The proxies whose X-Forwarded-For, -Host and -Proto are believed; without it, none.",
    ),
    plain(
        "API_TOKENS_FILE",
        "",
        "a file of name:sha256-of-token lines, as templatesite token new NAME prints them",
        "Who may create tweets, by bearer tokens; without it, everybody.",
    ),
    plain(
        "RATE_LIMIT_PER_SECOND",
        "0",
        "a whole number from 0 to 1000000; 0 for no limit",
        "How many requests a second one client may send in the long run; further ones are answered 429.",
    ),
    plain(
        "RATE_LIMIT_BURST",
        "50",
        COUNT,
        "How many of them may come at once.",
    ),
    plain(
        "CORS_ALLOWED_ORIGINS",
        "",
        "origins such as https://example.com between commas, or *",
        "The sites whose scripts may use the service from a browser; without it, none but its own.",
    ),
    secret(
        "DATABASE_URL",
        "",
        "postgres://user:password@host:port/database, sqlite://file or memory:",
        "The tweet store. Without it, POSTGRES_HOST and its kin; without these, sqlite://templatesite.db.",
    ),
    plain(
        "POSTGRES_HOST",
        "",
        "a host name or address",
        "PostgreSQL's host, when DATABASE_URL is not set.",
    ),
    plain(
        "POSTGRES_PORT",
        "5432",
        "a port, 1 to 65535",
        "PostgreSQL's port.",
    ),
    plain(
        "POSTGRES_DB",
        "templatesite",
        "a name",
        "The database on that host.",
    ),
    plain("POSTGRES_USER", "postgres", "a name", "The user to log in as."),
    secret("POSTGRES_PASSWORD", "", "any text", "The user's password."),
    plain(
        "DATABASE_MAX_CONNECTIONS",
        "10",
        "a whole number from 1 to 1000",
        "The largest number of connections.",
    ),
    plain(
        "DATABASE_ACQUIRE_TIMEOUT_SECONDS",
        "3",
        "a whole number from 1 to 3600",
        "How long a request waits for a connection before it is answered 503.",
    ),
    plain(
        "DATABASE_STATEMENT_TIMEOUT_SECONDS",
        "",
        "a whole number from 1 to 3600, less than REQUEST_TIMEOUT_SECONDS",
        "How long the database may take over a request before it is answered 503, the wait for a connection included; \
         without it, half of REQUEST_TIMEOUT_SECONDS.",
    ),
    plain(
        "CACHE_BYTES",
        "33554432",
        "a whole number of bytes; 0 turns the cache off",
        "How much memory may hold tweets that were read or written before.",
    ),
    plain(
        "MIGRATE_ON_START",
        "true",
        SWITCH,
        "Whether serve brings the schema up to date first.",
    ),
    plain(
        "WORKER_THREADS",
        "",
        "a whole number from 1 to 255",
        "How many threads serve requests; without it, one for each core.",
    ),
    plain(
        "HEADER_READ_TIMEOUT_SECONDS",
        "10",
        SECONDS,
        "How long a client may take to send a request's header.",
    ),
    plain(
        "BODY_READ_TIMEOUT_SECONDS",
        "10",
        SECONDS,
        "How long it may take to send the body before it is answered 408.",
    ),
    plain(
        "IDLE_TIMEOUT_SECONDS",
        "75",
        SECONDS,
        "How long a connection may be quiet: before a request, or not taking its answer.",
    ),
    plain(
        "REQUEST_TIMEOUT_SECONDS",
        "10",
        SECONDS,
        "How long a request may take before it is answered 503.",
    ),
    plain(
        "MAX_CONCURRENT_REQUESTS",
        "1024",
        COUNT,
        "How many requests may be under way; further ones are answered 503 at once.",
    ),
    plain(
        "MAX_CONNECTIONS",
        "10000",
        COUNT,
        "How many connections may be open; further ones wait until one is closed.",
    ),
    plain(
        "SHUTDOWN_DELAY_SECONDS",
        "0",
        "a whole number from 0 to 3600",
        "How long to go on serving after SIGTERM or SIGINT while /healthcheck/ says nok, so that load balancers notice.",
    ),
    plain(
        "SHUTDOWN_TIMEOUT_SECONDS",
        "10",
        SECONDS,
        "How long requests under way may then take to finish.",
    ),
    plain("LOG_LEVEL", "info", LEVELS, "The least severe lines to log."),
    plain(
        "LOG_FORMAT",
        "text",
        "text or json",
        "One line of text or one JSON object a log line.",
    ),
    plain(
        "CONSOLE_LOGS",
        "true",
        SWITCH,
        "Whether to log to standard error.",
    ),
    plain(
        "SYSLOG_HOST",
        "",
        "a host name or address",
        "The syslog server to log to; without it, none.",
    ),
    plain(
        "SYSLOG_PORT",
        "514",
        "a port, 1 to 65535",
        "The syslog server's port.",
    ),
    plain(
        "SYSLOG_PROTOCOL",
        "udp",
        "udp or tcp",
        "How the syslog server is spoken to.",
    ),
    plain(
        "DEBUG_MODE",
        "false",
        SWITCH,
        "Logs at level debug, SQL statements included, whatever LOG_LEVEL says.",
    ),
];
