//! No part of a password, token or secret file comes out of the program, whatever is misspelt and wherever it stands.

use std::{fs, net::TcpListener, path::Path, thread};

use adapters::testing::FreshDatabase;
use domain::TOKEN_PREFIX;
use proptest::prelude::*;
use tempfile::TempDir;

use super::{
    folder, load_config,
    secret_shapes::{ADDRESSES, FILES, VARIABLES},
};
use crate::support::{Service, example, run};

/// Parts of a secret from this length on must not come out.
const PART: usize = 5;

pub(super) const TRACE: (&str, &str) = ("LOG_LEVEL", "trace");

pub(super) fn fill(shape: &str, secret: &str) -> String {
    let (head, tail) = secret.split_at(secret.len() / 2);

    shape
        .replace("{token}", &format!("{TOKEN_PREFIX}{secret}"))
        .replace("{s}", secret)
        .replace("{h}", head)
        .replace("{t}", tail)
}

/// The first part of the secret that the output contains.
pub(super) fn leaked<'a>(output: &str, secret: &'a str) -> Option<&'a str> {
    let output = output.to_uppercase();
    let parts = (0..=secret.len() - PART).map(|start| &secret[start..start + PART]);

    parts.into_iter().find(|part| output.contains(part))
}

/// Everything that the program knows about a configuration and could print.
fn printed(file: Option<&Path>, variables: &[(&str, &str)]) -> String {
    match load_config(file, variables) {
        Ok((config, warnings)) => format!("{config}\n{config:?}\n{config:#?}\n{warnings:?}"),
        Err(problems) => problems,
    }
}

fn secrets() -> impl Strategy<Value = String> {
    // Letters that are rare enough for no part to occur by chance. Each half is long enough to be found.
    "[QXZJKVW]{12,20}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn misspelt_configuration_is_reported_without_its_secrets(secret in secrets()) {
        let folder = folder();
        let file = folder.path().join("file");
        let path = file.to_str().expect("UTF-8");
        let check = |shape: &str, output: String| {
            let part = leaked(&output, &secret);
            prop_assert!(part.is_none(), "{part:?} of {secret} in {shape:?} came out: {output}");
            Ok(())
        };

        for shape in ADDRESSES {
            let address = fill(shape, &secret);
            check(shape, printed(None, &[("DATABASE_URL", &address)]))?;
            check(shape, printed(None, &[("POSTGRES_HOST", &address)])).or_else(|error| {
                // A name alone is a valid host.
                if shape == "{s}" { Ok(()) } else { Err(error) }
            })?;

            fs::write(&file, &address).expect("a file");
            check(shape, printed(None, &[("DATABASE_URL_FILE", path)]))?;
            let utf16: Vec<u8> = address.encode_utf16().flat_map(u16::to_le_bytes).collect();
            fs::write(&file, utf16).expect("a file");
            check(shape, printed(None, &[("DATABASE_URL_FILE", path)]))?;
            check(shape, printed(Some(&file), &[]))?;
        }
        for &(name, shape) in VARIABLES {
            check(name, printed(None, &[(&fill(name, &secret), &fill(shape, &secret))]))?;
        }
        for shape in FILES {
            fs::write(&file, fill(shape, &secret)).expect("a file");
            check(shape, printed(Some(&file), &[]))?;
        }
    }
}

/// Runs every command with these variables, and with these files, at level trace. Returns everything they print.
fn every_command(arguments: &[&str], variables: &[(&str, &str)], folder: &Path) -> String {
    const COMMANDS: &[&[&str]] = &[
        &[],
        &["serve"],
        &["config"],
        &["migrate"],
        &["migrate", "status"],
        &["load-fixtures"],
        &["healthcheck"],
        &["token", "new", "alice"],
    ];
    // In use, so that a service with a valid configuration ends too.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let always = [
        TRACE,
        ("DATABASE_ACQUIRE_TIMEOUT_SECONDS", "1"),
        ("LISTEN_ADDR", &address),
    ];
    let variables = [&always, variables].concat();

    let outputs = COMMANDS.iter().map(|command| {
        let (_, output, log) = run(&[arguments, command].concat(), &variables, folder);
        output + &log
    });
    outputs.collect()
}

#[test]
fn no_command_prints_a_secret_at_any_level() {
    const SECRET: &str = "QXZJKVWWVKJZXQQZ";
    let in_variables = [
        ("DATABASE_URL", ADDRESSES[0]),
        ("DATABASE_URL", ADDRESSES[1]),
        ("DATABASE_URL", ADDRESSES[14]),
        ("DATABASE_URL", "postgres://u:x@127.0.0.1:1/db?pasword={s}"),
        ("DATABASE_URL", "postgres://u:x@127.0.0.1:1/db?sslrootcert={s}"),
        ("POSTGRES_PASSWORD_FILE", "{s}"),
        ("API_TOKENS_FILE", "{s}"),
        ("POSTGRES_USER", "{s}"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1/{s}"),
        ("OTEL_RESOURCE_ATTRIBUTES", "{h}={t}"),
    ];

    thread::scope(|scope| {
        for (name, shape) in in_variables {
            scope.spawn(move || {
                let folder = folder();
                let output = every_command(&[], &[(name, &fill(shape, SECRET))], folder.path());
                assert_eq!(leaked(&output, SECRET), None, "{name} as {shape}: {output}");
            });
        }
        scope.spawn(|| {
            let folder = folder();
            let write = |name: &str, content: &str| {
                fs::write(folder.path().join(name), fill(content, SECRET)).expect("a file");
            };
            write("service.toml", FILES[0]);
            let output = every_command(&["--config", "service.toml"], &[], folder.path());
            assert_eq!(leaked(&output, SECRET), None, "{output}");

            for content in [
                "{\"text\": \"{s}\" {s}\n",
                "{\"text\": [\"{s}\"]}\n",
                "{\"{s}\": 1}\n",
                "\"{s}\"\n",
                "{s}\n",
                "[\"{s}\", {\"text\": {\"{s}\": 1}}]",
            ] {
                write("fixtures", content);
                let (_, _, log) = run(&["load-fixtures", "fixtures"], &[TRACE], folder.path());
                assert_eq!(leaked(&log, SECRET), None, "{content}: {log}");
            }
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn service_at_level_trace_never_logs_its_password() {
    const SECRET: &str = "QXZJKVWWVKJZXQQZ";
    let database = FreshDatabase::postgres().await;
    let mut url = url::Url::parse(database.url()).expect("a URL");
    if url.password().is_some() {
        // The server in TEST_DATABASE_URL has a password of its own.
        return;
    }
    url.set_password(Some(SECRET)).expect("a password");

    let folder = TempDir::new().expect("a folder");
    let variables = [("DATABASE_URL", url.as_str()), TRACE];
    let mut service = Service::start(&variables, folder.path());
    let response = service.post_with("", &example::body("traced"));
    assert!(response.starts_with("HTTP/1.1 201 "), "{response}");
    service.signal("TERM");
    service.wait_for_log("stopped");

    let log = service.log.concat();
    assert!(log.contains("DEBUG"), "{log}");
    assert_eq!(leaked(&log, SECRET), None);
}
