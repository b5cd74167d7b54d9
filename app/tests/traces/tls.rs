//! A collector that is reached over TLS, behind a proxy with a certificate of an authority of its own.

use std::{path::Path, process::Command};

use adapters::testing::collector::Collector;
use tempfile::TempDir;

use super::get;
use crate::{
    middleware::proxies::process::Proxy,
    support::{Service, example::COLLECTION},
};

/// An authority, another one, and the certificate and key of `localhost` that the first one vouches for.
fn make_certificates(folder: &Path) {
    let script = "set -e
        for name in ca other; do
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$name -keyout $name.key -out $name.crt
        done
        openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr
        echo subjectAltName=DNS:localhost >names
        openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt
        cat server.crt server.key >server.pem";
    let made = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder)
        .output();

    let made = made.expect("a shell");
    let log = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl made no certificates: {log}");
}

#[test]
fn collector_is_trusted_by_its_authority_alone() {
    let folder = TempDir::new().expect("a folder");
    make_certificates(folder.path());
    let collector = Collector::start();
    let proxy = Proxy::tls(
        &collector.address().to_string(),
        &folder.path().join("server.pem"),
    );

    let url = format!("https://localhost:{}", proxy.address().port());
    let start = |authority: &str| {
        let file = folder.path().join(authority);
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &*url),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", file.to_str().expect("UTF-8")),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
            ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ];
        let service = Service::in_memory(&variables);
        get(&service, COLLECTION, "");
        service
    };

    let warning = start("other.crt").wait_for_log("cannot send spans");
    assert!(warning.contains("there is no TLS connection"), "{warning}");
    assert_eq!(collector.requests().len(), 0);

    let _service = start("ca.crt");
    collector.wait_for_span(&format!("GET {COLLECTION}"));
}
