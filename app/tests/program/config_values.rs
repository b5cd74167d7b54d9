//! Configuration: strict, complete in its complaints, silent about secrets.

use std::{ffi::OsString, fs, os::unix::ffi::OsStringExt, path::Path, time::Duration};

use app::config::{Config, VARIABLES};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::support::{config, run};

fn load(file: Option<&Path>, variables: &[(&str, &str)]) -> Result<(Config, Vec<String>), String> {
    let variables = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::load(file, variables).map_err(|problems| problems.to_string())
}

fn place(variables: &[(&str, &str)]) -> String {
    format!("{:?}", config(variables).database.place)
}

#[test]
fn without_variables_there_are_the_defaults() {
    let config = config(&[]);
    assert_eq!(config.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(format!("{:?}", config.database.place), "sqlite://templatesite.db");
    assert!(config.database.migrate_on_start && config.logs.console && !config.logs.json);
    assert_eq!(config.logs.level, tracing::Level::INFO);
}

#[test]
fn the_database_is_given_up_before_the_request_is() {
    let statement = |variables: &[_]| config(variables).database.statement_timeout;
    let (request, database) = ("REQUEST_TIMEOUT_SECONDS", "DATABASE_STATEMENT_TIMEOUT_SECONDS");
    assert_eq!(statement(&[]), Duration::from_secs(5), "half of 10 s");
    assert_eq!(statement(&[(request, "1")]), Duration::from_millis(500));
    assert_eq!(
        statement(&[(request, "4"), (database, "3")]),
        Duration::from_secs(3)
    );
    for value in ["4", "5", "0", "3.5"] {
        let problems = load(None, &[(request, "4"), (database, value)]).expect_err(value);
        let problem =
            format!("{database} is {value:?}; allowed is a whole number from 1 to 3600, less than {request}");
        assert!(problems.ends_with(&problem), "{problems}");
    }
}

#[test]
fn an_empty_variable_is_one_that_is_not_set() {
    assert_eq!(
        place(&[("DATABASE_URL", ""), ("POSTGRES_HOST", "")]),
        "sqlite://templatesite.db"
    );
}

#[test]
fn the_database_is_found_by_url_or_by_parts() {
    assert_eq!(place(&[("DATABASE_URL", "memory:")]), "memory:");
    assert_eq!(
        place(&[("DATABASE_URL", "sqlite:///data/x.db")]),
        "sqlite:///data/x.db"
    );
    let all = [
        ("POSTGRES_HOST", "db"),
        ("POSTGRES_PORT", "5433"),
        ("POSTGRES_DB", "a b/c"),
        ("POSTGRES_USER", "me@home"),
        ("POSTGRES_PASSWORD", "p@ss:/?#[]"),
    ];
    assert_eq!(
        place(&all),
        "postgres://me%40home@db:5433/a%20b%2Fc",
        "encoded, and no password shown"
    );
    assert_eq!(place(&all[..1]), "postgres://postgres@db:5432/templatesite");
    assert_eq!(
        place(&[&all[..], &[("DATABASE_URL", "memory:")]].concat()),
        "memory:",
        "the URL wins"
    );
}

#[test]
fn every_wrong_value_is_named_with_what_is_allowed_all_at_once() {
    let wrong = [
        ("LISTEN_ADDR", "localhost"),
        ("ALLOWED_HOSTS", "example.com:80"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("CORS_ALLOWED_ORIGINS", "example.com"),
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
    let problems = load(None, &wrong).expect_err("nothing of this is valid");
    assert_eq!(problems.lines().count(), 1 + wrong.len(), "{problems}");
    for (name, value) in wrong {
        let line = problems
            .lines()
            .find(|line| line.trim().starts_with(name))
            .expect("a line for each");
        let variable = VARIABLES
            .iter()
            .find(|variable| variable.name == name)
            .expect("a variable");
        assert!(line.contains(variable.allowed), "{line}");
        assert_eq!(line.contains(&format!("{value:?}")), !variable.secret, "{line}");
    }
    assert!(
        !problems.contains("hunter2") && !problems.contains('\u{1b}'),
        "{problems}"
    );
}

#[test]
fn urls_that_cannot_be_meant_are_refused() {
    for url in [
        "",
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
        if !url.is_empty() {
            let problem = load(None, &[("DATABASE_URL", url)]).expect_err(url);
            assert!(
                problem.contains("DATABASE_URL holds something else; allowed is postgres://"),
                "{problem}"
            );
        }
    }
    let problem =
        load(None, &[("POSTGRES_HOST", "a/b"), ("POSTGRES_PORT", "0")]).expect_err("both are wrong");
    assert!(problem.contains("POSTGRES_PORT is \"0\""), "{problem}");
    let problem = load(None, &[("POSTGRES_PASSWORD", "hunter2")]).expect_err("no host");
    assert!(
        problem.contains("neither POSTGRES_HOST nor DATABASE_URL"),
        "{problem}"
    );
}

#[test]
fn a_file_is_read_and_the_environment_wins() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("templatesite.toml");
    fs::write(
        &file,
        "LISTEN_ADDR = \"127.0.0.1:1\"\nlog_level = \"warn\"\nREQUEST_TIMEOUT_SECONDS = 7\nLOG_LEVL = 1\n",
    )
    .expect("a file");
    let (config, warnings) = load(Some(&file), &[("LOG_LEVEL", "error")]).expect("a configuration");
    assert_eq!(config.listen.port(), 1);
    assert_eq!(config.http.request_timeout.as_secs(), 7);
    assert_eq!(config.logs.level, tracing::Level::ERROR);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    fs::write(&file, "LISTEN_ADDR = [1]\n").expect("a file");
    assert!(
        load(Some(&file), &[])
            .expect_err("a list")
            .contains("LISTEN_ADDR")
    );
    fs::write(&file, "LISTEN_ADDR = \n").expect("a file");
    assert!(
        load(Some(&file), &[])
            .expect_err("no TOML")
            .contains("templatesite.toml")
    );
    assert!(
        load(Some(Path::new("nowhere.toml")), &[])
            .expect_err("no file")
            .contains("nowhere.toml")
    );
}

#[test]
fn secrets_can_be_in_files_and_are_never_shown() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("secret");
    fs::write(&file, "postgres://me:hunter2@db/x\n").expect("a file");
    let path = file.to_str().expect("UTF-8");
    let config = config(&[("DATABASE_URL_FILE", path)]);
    assert_eq!(format!("{:?}", config.database.place), "postgres://me@db/x");
    assert!(!format!("{config:?} {config}").contains("hunter2"));
    assert!(config.to_string().contains("# DATABASE_URL is set, and secret"));
    let both = load(None, &[("DATABASE_URL_FILE", path), ("DATABASE_URL", "memory:")]);
    assert!(
        both.expect_err("both")
            .contains("DATABASE_URL and DATABASE_URL_FILE are both set")
    );
    let missing = load(None, &[("POSTGRES_PASSWORD_FILE", "/nowhere/secret")]);
    assert!(
        missing
            .expect_err("no file")
            .contains("POSTGRES_PASSWORD_FILE is \"/nowhere/secret\"")
    );
}

#[test]
fn unknown_variables_like_ours_draw_a_warning_with_the_nearest_name() {
    let variables = [
        ("LOG_LEVL", "info"),
        ("DATABASE_MAX_CONECTIONS", "5"),
        ("HOME", "/x"),
        ("PATH", "/y"),
        ("LOGNAME", "me"),
    ];
    let (_, warnings) = load(None, &variables).expect("a configuration");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].contains("LOG_LEVL ") && warnings[0].contains("is LOG_LEVEL meant?"),
        "{warnings:?}"
    );
    assert!(
        warnings[1].contains("is DATABASE_MAX_CONNECTIONS meant?"),
        "{warnings:?}"
    );
}

#[test]
fn debug_mode_logs_more() {
    assert_eq!(
        config(&[("DEBUG_MODE", "true")]).logs.level,
        tracing::Level::DEBUG
    );
    assert_eq!(
        config(&[("DEBUG_MODE", "true"), ("LOG_LEVEL", "trace")])
            .logs
            .level,
        tracing::Level::TRACE
    );
}

#[test]
fn the_program_says_so_and_exits_with_2_before_it_starts_anything() {
    let folder = TempDir::new().expect("a folder");
    let (code, output, log) = run(
        &[],
        &[("DEBUG_MODE", "maybe"), ("LOG_LEVEL", "loud")],
        folder.path(),
    );
    assert_eq!((code, &*output), (2, ""));
    assert_eq!(
        log,
        "templatesite: the configuration is not valid, so nothing was started:\n  \
         LOG_LEVEL is \"loud\"; allowed is error, warn, info, debug or trace\n  \
         DEBUG_MODE is \"maybe\"; allowed is true or false\n"
    );
    assert!(!folder.path().join("templatesite.db").exists());
}

#[test]
fn the_effective_configuration_is_printed_without_secrets() {
    let folder = TempDir::new().expect("a folder");
    let variables = [
        ("DATABASE_URL", "postgres://me:hunter2@db/x"),
        ("LOG_LEVEL", "warn"),
    ];
    let (code, printed, log) = run(&["config"], &variables, folder.path());
    assert_eq!((code, &*log), (0, ""));
    assert!(
        printed.contains("LOG_LEVEL=warn\n") && printed.contains("# the store is postgres://me@db/x\n"),
        "{printed}"
    );
    assert!(!printed.contains("hunter2"), "{printed}");
    for variable in VARIABLES {
        assert!(printed.contains(variable.name), "{}", variable.name);
    }
}

proptest! {
    #[test]
    fn no_value_makes_the_reader_panic(n in 0..VARIABLES.len(), value in proptest::collection::vec(1_u8.., 0..40)) {
        let variable = (OsString::from(VARIABLES[n].name), OsString::from_vec(value));
        if let Err(problems) = Config::load(None, [variable]) {
            prop_assert!(problems.to_string().contains(VARIABLES[n].name));
        }
    }
}
