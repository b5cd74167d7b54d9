//! Layers of values: a later one wins as a whole, also where one thing can be said in two ways.

use adapters::database::SslMode;
use app::version::NAME;

use super::{
    folder, load_config,
    store::{postgres, store, write},
};

#[test]
fn environment_wins_however_it_says_where_the_database_is() {
    let folder = folder();
    let url_file = write(&folder, "url", "postgres://secret/x\n");
    let by_url = "DATABASE_URL = 'postgres://file/x'\n";
    let by_url_file = format!("DATABASE_URL_FILE = '{url_file}'\n");
    let by_parts = "POSTGRES_HOST = 'parts'\nPOSTGRES_PASSWORD = 'pw'\n";

    for toml in [by_url, &by_url_file, by_parts] {
        for (environment, expected) in [
            (("DATABASE_URL", "postgres://env/x"), "postgres://env:5432/x"),
            (("DATABASE_URL_FILE", &*url_file), "postgres://secret:5432/x"),
            (("POSTGRES_HOST", "env"), &*format!("postgres://env:5432/{NAME}")),
        ] {
            let url = store(toml, &[environment]).expect("no conflict between layers");
            assert_eq!(format!("{url:?}"), expected, "{toml} and {environment:?}");
        }
    }

    let password_file = write(&folder, "password", "from a file\n");
    let url = store(by_parts, &[("POSTGRES_PASSWORD_FILE", &password_file)]);
    let address = postgres(url.expect("parts may come from several layers"));
    assert_eq!(address.password.as_deref(), Some("from a file"));
    assert_eq!(address.servers.to_string(), "parts:5432");
}

#[test]
fn one_thing_said_twice_in_one_layer_is_an_error() {
    let pairs = [
        ("DATABASE_URL", "memory:", "DATABASE_URL_FILE", "/x"),
        ("DATABASE_URL", "memory:", "POSTGRES_HOST", "db"),
        ("DATABASE_URL_FILE", "/x", "POSTGRES_HOST", "db"),
        (
            "DATABASE_URL",
            "postgres://db?sslmode=require",
            "DATABASE_SSLMODE",
            "prefer",
        ),
        (
            "DATABASE_URL",
            "postgres://db?sslrootcert=/x",
            "DATABASE_SSLROOTCERT",
            "/x",
        ),
    ];
    for (name, value, other, other_value) in pairs {
        let environment = store("", &[(name, value), (other, other_value)]).expect_err(other);
        let file = store(&format!("{name} = '{value}'\n{other} = '{other_value}'\n"), &[]).expect_err(other);

        for problems in [environment, file] {
            assert!(
                problems.contains("both set") && problems.contains("remove one"),
                "{problems}"
            );
        }
    }

    let twice = store("LOG_LEVEL = 'info'\nlog_level = 'warn'\n", &[]).expect_err("two spellings");
    assert!(
        twice.contains("line 2, column 1: LOG_LEVEL is set twice"),
        "{twice}"
    );
}

#[test]
fn tls_settings_of_a_later_layer_win_over_the_other_spelling() {
    let mode = |toml: &str, environment: &[_]| postgres(store(toml, environment).expect("valid")).tls.mode;

    let by_url = "DATABASE_URL = 'postgres://db/x?sslmode=disable'\n";
    assert_eq!(
        mode(by_url, &[("DATABASE_SSLMODE", "require")]),
        Some(SslMode::Require)
    );
    let by_setting = "DATABASE_SSLMODE = 'disable'\n";
    let url = ("DATABASE_URL", "postgres://db/x?sslmode=require");
    assert_eq!(mode(by_setting, &[url]), Some(SslMode::Require));
    assert_eq!(
        mode(by_setting, &[("POSTGRES_HOST", "db")]),
        Some(SslMode::Disable)
    );

    let invalid = store("", &[("POSTGRES_HOST", "db"), ("DATABASE_SSLMODE", "on")]).expect_err("no mode");
    assert!(
        invalid.contains("DATABASE_SSLMODE") && invalid.contains("verify-full"),
        "{invalid}"
    );
}

#[test]
fn variables_that_kubernetes_and_docker_add_count_as_unset_and_do_not_warn() {
    let address = "tcp://10.96.12.7:5432";
    let mut names = vec![
        ("SYSLOG_PORT".to_owned(), "udp://10.96.12.8:514".to_owned()),
        ("POSTGRES_ENV_PGDATA".to_owned(), "/data".to_owned()),
    ];
    // Services that are named like the first word of a variable, or like the service itself.
    for service in [
        "POSTGRES",
        "DATABASE",
        "SYSLOG",
        "LOG",
        "CACHE",
        &*NAME.to_uppercase().replace('-', "_"),
        "POSTGRES_DB",
    ] {
        for (suffix, value) in [
            ("SERVICE_HOST", "10.96.12.7"),
            ("SERVICE_PORT", "5432"),
            ("SERVICE_PORT_HTTP", "5432"),
            ("PORT", address),
            ("PORT_5432_TCP", address),
            ("PORT_5432_TCP_PROTO", "tcp"),
            ("PORT_5432_TCP_PORT", "5432"),
            ("PORT_5432_TCP_ADDR", "10.96.12.7"),
            ("PORT_514_UDP", "udp://10.96.12.8:514"),
        ] {
            names.push((format!("{service}_{suffix}"), value.to_owned()));
        }
    }
    let mut variables: Vec<_> = names.iter().map(|(name, value)| (&**name, &**value)).collect();

    for (name, value) in [
        ("POSTGRES_HOST", "db"),
        ("DATABASE_URL", "memory:"),
        ("LOG_LEVEL", "warn"),
    ] {
        variables.push((name, value));
        let (config, warnings) = load_config(None, &variables).expect("a configuration");
        variables.pop();

        assert_eq!(warnings, [""; 0], "{name}");
        if name == "POSTGRES_HOST" {
            assert_eq!(postgres(config.database.url).servers[0].port, 5432);
        }
    }
}

#[test]
fn unused_settings_are_not_read() {
    let unused = [
        ("DATABASE_URL", "memory:"),
        ("POSTGRES_PASSWORD_FILE", "/nowhere"),
        ("POSTGRES_PORT", "none"),
    ];
    assert!(store("", &unused).is_ok());

    let overridden = "DATABASE_URL_FILE = '/nowhere'\n";
    assert!(store(overridden, &[("POSTGRES_HOST", "db")]).is_ok());
}
