//! Where values come from: the file, the environment, files of secrets.

use std::{fs, path::Path};

use tracing::Level;

use super::{folder, load_config};
use crate::support::config;

#[test]
fn empty_variable_counts_as_not_set() {
    let config = config(&[("DATABASE_URL", ""), ("POSTGRES_HOST", "")]);

    assert_eq!(format!("{:?}", config.database.url), "sqlite://service.db");
}

#[test]
fn environment_wins_over_file() {
    let folder = folder();
    let file = folder.path().join("service.toml");
    let toml =
        "LISTEN_ADDR = \"127.0.0.1:1\"\nlog_level = \"warn\"\nREQUEST_TIMEOUT_SECONDS = 7\nLOG_LEVL = 1\n";
    fs::write(&file, toml).expect("a file");

    let (config, warnings) = load_config(Some(&file), &[("LOG_LEVEL", "error")]).expect("a configuration");

    assert_eq!(config.server.listen.port(), 1);
    assert_eq!(config.http.request_timeout.as_secs(), 7);
    assert_eq!(config.logs.level, Level::ERROR);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("did you mean LOG_LEVEL?"), "{warnings:?}");
}

#[test]
fn invalid_file_is_reported() {
    let folder = folder();
    let file = folder.path().join("service.toml");
    let problems = |toml: &str| {
        fs::write(&file, toml).expect("a file");
        load_config(Some(&file), &[]).expect_err(toml)
    };

    assert!(problems("LISTEN_ADDR = [1]\n").contains("LISTEN_ADDR"));
    assert!(problems("LISTEN_ADDR = \n").contains("service.toml"));

    let missing = load_config(Some(Path::new("nowhere.toml")), &[]);
    let problems = missing.expect_err("no file");
    assert!(
        problems.contains("the configuration file cannot be read"),
        "{problems}"
    );
}

#[test]
fn secrets_are_read_from_files_and_never_shown() {
    let folder = folder();
    let file = folder.path().join("secret");
    fs::write(&file, "postgres://me:hunter2@db/x\n").expect("a file");
    let path = file.to_str().expect("UTF-8");

    let config = config(&[("DATABASE_URL_FILE", path)]);

    assert_eq!(format!("{:?}", config.database.url), "postgres://db:5432/x");
    assert!(!format!("{config:?} {config}").contains("hunter2"));
    let printed = config.to_string();
    assert!(printed.contains("# DATABASE_URL is set (not shown"), "{printed}");
}

#[test]
fn secret_is_an_error_if_set_twice_or_if_its_file_is_missing() {
    let problems = |variables: &[_]| load_config(None, variables).expect_err("a problem");

    let twice = problems(&[("DATABASE_URL_FILE", "/x"), ("DATABASE_URL", "memory:")]);
    assert!(
        twice.contains("DATABASE_URL and DATABASE_URL_FILE are both set"),
        "{twice}"
    );

    let missing = problems(&[("POSTGRES_PASSWORD_FILE", "/nowhere/secret")]);
    assert!(
        missing.contains("POSTGRES_PASSWORD_FILE must name a file") && missing.contains("No such file"),
        "{missing}"
    );
}

#[test]
fn unknown_variables_with_a_known_prefix_get_a_warning_with_the_nearest_name() {
    let variables = [
        ("LOG_LEVL", "info"),
        ("DATABASE_MAX_CONECTIONS", "5"),
        ("HOME", "/x"),
        ("PATH", "/y"),
        ("LOGNAME", "me"),
    ];

    let (_, warnings) = load_config(None, &variables).expect("a configuration");

    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("LOG_LEVL "), "{warnings:?}");
    assert!(warnings[0].ends_with("did you mean LOG_LEVEL?"), "{warnings:?}");
    assert!(
        warnings[1].ends_with("did you mean DATABASE_MAX_CONNECTIONS?"),
        "{warnings:?}"
    );
}
