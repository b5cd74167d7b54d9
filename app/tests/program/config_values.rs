//! Which values are valid, and how invalid ones are reported.

use std::{ffi::OsString, os::unix::ffi::OsStringExt, time::Duration};

use app::{
    config::{self, Config},
    version::NAME,
};
use proptest::prelude::*;
use tracing::Level;

use super::load_config;
use crate::support::config;

fn store_url(variables: &[(&str, &str)]) -> String {
    format!("{:?}", config(variables).database.url)
}

fn problems(variables: &[(&str, &str)]) -> String {
    load_config(None, variables).expect_err("an invalid configuration")
}

#[test]
fn defaults_apply_without_variables() {
    let config = config(&[]);

    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(format!("{:?}", config.database.url), "sqlite://service.db");
    assert!(config.database.migrate_on_start);
    assert!(config.logs.console && !config.logs.json);
    assert_eq!(config.logs.level, Level::INFO);
}

#[test]
fn statement_timeout_is_shorter_than_request_timeout() {
    let statement_timeout = |variables: &[_]| config(variables).database.statement_timeout;
    let (request, statement) = ("REQUEST_TIMEOUT_SECONDS", "DATABASE_STATEMENT_TIMEOUT_SECONDS");

    assert_eq!(statement_timeout(&[]), Duration::from_secs(5), "half of 10 s");
    assert_eq!(statement_timeout(&[(request, "1")]), Duration::from_millis(500));
    assert_eq!(
        statement_timeout(&[(request, "4"), (statement, "3")]),
        Duration::from_secs(3)
    );

    for value in ["4", "5", "0", "3.5"] {
        let problems = problems(&[(request, "4"), (statement, value)]);
        let problem = format!(
            "{statement} is {value}; expected a whole number of seconds from 1 to 3600, less than `{request}`"
        );
        assert!(problems.ends_with(&problem), "{problems}");
    }
}

#[test]
fn statement_timeout_is_checked_although_request_timeout_is_invalid() {
    let problems = problems(&[
        ("REQUEST_TIMEOUT_SECONDS", "x"),
        ("DATABASE_STATEMENT_TIMEOUT_SECONDS", "y"),
    ]);

    assert_eq!(problems.lines().count(), 3, "{problems}");
}

#[test]
fn store_url_is_given_whole_or_in_parts() {
    assert_eq!(store_url(&[("DATABASE_URL", "memory:")]), "memory:");
    let file = "sqlite:///data/x.db";
    assert_eq!(store_url(&[("DATABASE_URL", file)]), file);

    let parts = [
        ("POSTGRES_HOST", "db"),
        ("POSTGRES_PORT", "5433"),
        ("POSTGRES_DB", "a b/c"),
        ("POSTGRES_USER", "me@home"),
        ("POSTGRES_PASSWORD", "p@ss:/?#[]"),
    ];
    let shown = "postgres://db:5433/(not shown)";
    assert_eq!(store_url(&parts), shown, "without the user and the password");
    assert_eq!(store_url(&parts[..1]), format!("postgres://db:5432/{NAME}"));

    let unused = [&parts[1..], &[("DATABASE_URL", "memory:")]].concat();
    assert_eq!(store_url(&unused), "memory:", "parts without a host are not used");
}

#[test]
fn all_invalid_values_are_reported_at_once_with_what_is_expected() {
    let invalid = [
        ("LISTEN_ADDR", "localhost"),
        ("PUBLIC_URL", "api.example.com"),
        ("ALLOWED_HOSTS", "example.com:80:80"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("CORS_ALLOWED_ORIGINS", "example.com"),
        ("CORS_ALLOWED_HEADERS", "x own"),
        ("DATABASE_URL", "mysql://root:hunter2@db/x"),
        ("DATABASE_MAX_CONNECTIONS", "0"),
        ("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "soon"),
        ("WORKER_THREADS", "0"),
        ("MIGRATE_ON_START", "yes"),
        ("REQUEST_TIMEOUT_SECONDS", "-1"),
        ("SHUTDOWN_TIMEOUT_SECONDS", "99999999999"),
        ("LOG_LEVEL", "INFO"),
        ("LOG_FORMAT", "xml\u{1b}[31m"),
        ("CONSOLE_LOGS", "1"),
        ("DEBUG_MODE", "maybe"),
    ];

    let problems = problems(&invalid);

    assert_eq!(problems.lines().count(), 1 + invalid.len(), "{problems}");
    for (name, value) in invalid {
        let line = problems
            .lines()
            .find(|line| line.trim().starts_with(name))
            .expect("a line for each");
        let variable = config::variables()
            .find(|variable| variable.name == name)
            .expect("a variable");

        assert!(line.contains(variable.expected), "{line}");
        let shows_value = line.contains(&format!(" is {value};"));
        let is_a_short_number = value.len() <= 5 && value.parse::<f32>().is_ok();
        assert_eq!(shows_value, is_a_short_number, "{line}");
    }
    let leaks = problems.contains("hunter2") || problems.contains('\u{1b}');
    assert!(!leaks, "{problems}");
}

#[test]
fn store_urls_without_a_host_or_a_file_are_invalid() {
    for url in [
        " ",
        "postgres://",
        "postgres:///db",
        "sqlite:",
        "sqlite://",
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite://x?mode=memory",
        "memory",
        "memory://",
        "http://x",
        "x",
    ] {
        let problems = problems(&[("DATABASE_URL", url)]);
        let problem = "DATABASE_URL is invalid (not shown: it may be a secret); expected `postgres://";
        assert!(problems.contains(problem), "{url}: {problems}");
    }
}

#[test]
fn invalid_parts_of_the_store_url_are_reported() {
    let port = problems(&[("POSTGRES_HOST", "a/b"), ("POSTGRES_PORT", "0")]);
    assert!(port.contains("POSTGRES_PORT is 0"), "{port}");
    assert!(port.contains("POSTGRES_HOST is invalid (not shown"), "{port}");

    let password = problems(&[("POSTGRES_PASSWORD", "hunter2")]);
    let problem = "neither POSTGRES_HOST nor DATABASE_URL";
    assert!(password.contains(problem), "{password}");
}

#[test]
fn debug_mode_lowers_the_level_to_debug() {
    let level = |variables: &[_]| config(variables).logs.level;

    assert_eq!(level(&[("DEBUG_MODE", "true")]), Level::DEBUG);
    let trace = [("DEBUG_MODE", "true"), ("LOG_LEVEL", "trace")];
    assert_eq!(level(&trace), Level::TRACE);
}

proptest! {
    #[test]
    fn arbitrary_values_are_read_or_reported_by_name(
        n in 0..config::variables().count(),
        value in proptest::collection::vec(1_u8.., 0..40),
    ) {
        let name = config::variables().nth(n).expect("in range").name;

        if let Err(problems) = Config::load(None, [(OsString::from(name), OsString::from_vec(value))]) {
            prop_assert!(problems.to_string().contains(name));
        }
    }
}
