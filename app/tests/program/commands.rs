//! Commands other than `serve` and `load-fixtures`.

use std::net::UdpSocket;

use app::{config, version::NAME};
use migration::{Migrator, MigratorTrait};

use super::{MEMORY, folder};
use crate::support::{Service, example, run};

#[test]
fn healthcheck_exits_with_0_if_the_service_is_healthy() {
    let folder = folder();
    let service = Service::start(&[MEMORY], folder.path());
    let address = service.address.to_string();

    let (code, report, _) = run(&["healthcheck"], &[("LISTEN_ADDR", &address)], folder.path());
    assert_eq!(code, 0);
    assert_eq!(report, "{\"status\":\"ok\",\"db\":{\"status\":\"ok\"}}\n");

    // A service that listens on all addresses is reached through loopback.
    let all_addresses = format!("0.0.0.0:{}", service.address.port());
    let (code, ..) = run(
        &["healthcheck"],
        &[("LISTEN_ADDR", &all_addresses)],
        folder.path(),
    );
    assert_eq!(code, 0);

    drop(service);
    let (code, report, _) = run(&["healthcheck"], &[("LISTEN_ADDR", &address)], folder.path());
    assert_eq!(code, 1);
    assert!(
        report.starts_with(&format!("no response from {address}: ")),
        "{report}"
    );
}

#[test]
fn healthcheck_names_an_allowed_host() {
    for hosts in ["example.com", ".example.com,localhost", "192.0.2.1", "*"] {
        let folder = folder();
        let service = Service::start(&[MEMORY, ("ALLOWED_HOSTS", hosts)], folder.path());
        let address = service.address.to_string();

        let variables = [("LISTEN_ADDR", &*address), ("ALLOWED_HOSTS", hosts)];
        let (code, report, _) = run(&["healthcheck"], &variables, folder.path());

        assert_eq!(code, 0, "{hosts}: {report}");
    }
}

#[test]
fn healthcheck_does_not_log_to_syslog() {
    let syslog = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = syslog.local_addr().expect("an address").port().to_string();
    let variables = [
        ("SYSLOG_HOST", "127.0.0.1"),
        ("SYSLOG_PORT", &port),
        ("POSTGRES_HOSTT", "misspelt"),
    ];

    let (_, _, log) = run(&["healthcheck"], &variables, folder().path());

    assert!(log.contains("did you mean POSTGRES_HOST?"), "{log}");
    // Lines are sent before the program ends, and on one machine they arrive at once.
    syslog.set_nonblocking(true).expect("a non-blocking socket");
    assert!(syslog.recv(&mut [0; 2048]).is_err(), "a line was sent");
}

#[test]
fn migrate_applies_reverts_and_lists_migrations() {
    let folder = folder();
    let migrate = |direction| run(&["migrate", direction], &[], folder.path()).1;
    let report = |applied: usize| {
        let migrations = Migrator::migrations();
        let lines = migrations.iter().enumerate().map(|(n, migration)| {
            let state = if n < applied { "applied" } else { "pending" };
            format!("{state} {}\n", migration.name())
        });
        lines.collect::<String>()
    };
    let all = Migrator::migrations().len();

    assert_eq!(migrate("status"), report(0));
    assert_eq!(run(&["migrate"], &[], folder.path()).1, report(all));
    assert_eq!(migrate("up"), report(all), "a second time changes nothing");
    assert_eq!(migrate("status"), report(all));

    for applied in (0..all).rev() {
        assert_eq!(migrate("down"), report(applied));
    }
}

#[test]
fn missing_schema_is_a_warning_at_start_and_logged_once_per_request() {
    let folder = folder();
    let mut service = Service::start(&[("MIGRATE_ON_START", "false")], folder.path());
    let is_warning = |line: &String| line.contains("WARN") && line.contains("run `migrate up`");
    assert!(service.log.iter().any(is_warning), "{:?}", service.log);

    let response = service.get(example::COLLECTION);

    assert!(response.starts_with("HTTP/1.1 500 "), "{response}");
    let error = service.wait_for_log("ERROR");
    assert_eq!(error.matches("no such table").count(), 1, "{error}");
}

#[test]
fn openapi_prints_the_document() {
    let output = run(&["openapi"], &[], folder().path());

    assert_eq!(output, (0, openapi::spec(NAME), String::new()));
}

#[test]
fn config_prints_effective_values_without_secrets() {
    let variables = [
        ("DATABASE_URL", "postgres://me:hunter2@db/x"),
        ("LOG_LEVEL", "warn"),
    ];

    let (code, printed, log) = run(&["config"], &variables, folder().path());

    assert_eq!((code, &*log), (0, ""));
    assert!(printed.contains("LOG_LEVEL=warn\n"), "{printed}");
    assert!(
        printed.contains("# the data is stored in postgres://db:5432/x\n"),
        "{printed}"
    );
    assert!(!printed.contains("hunter2"), "{printed}");
    for variable in config::variables() {
        assert!(printed.contains(variable.name), "{}", variable.name);
    }
}

#[test]
fn config_prints_documents_about_all_variables() {
    for (format, expected) in [
        ("env", config::environment_file()),
        ("markdown", config::markdown()),
    ] {
        let output = run(&["config", "--format", format], &[], folder().path());

        assert_eq!(output, (0, expected, String::new()));
    }
}

#[test]
fn wrong_command_line_prints_usage_and_exits_with_2() {
    for arguments in [&["sing"][..], &["serve", "--loud"], &["migrate", "sideways"]] {
        let (code, _, usage) = run(arguments, &[], folder().path());

        assert_eq!(code, 2, "{arguments:?}");
        assert!(usage.contains("Usage: ") || usage.contains("--help"), "{usage}");
    }
}
