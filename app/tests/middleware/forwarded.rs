//! What a trusted proxy reports of the client's request. Only real connections have a peer that can be trusted.

use crate::support::{Service, example};

const HOSTS: (&str, &str) = ("ALLOWED_HOSTS", "127.0.0.1,localhost,api.example.com");

const FORWARDED: &str = "X-Forwarded-Host: api.example.com\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.7\r\n\
     X-Forwarded-Prefix: /microblog\r\n";

const HSTS: &str = "strict-transport-security: max-age=31536000\r\n";

fn behind(proxies: &str) -> Service {
    Service::in_memory(&[HOSTS, ("TRUSTED_PROXIES", proxies)])
}

fn get(service: &Service, path: &str, lines: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n");
    service.exchange(head.as_bytes())
}

#[test]
fn links_name_what_a_trusted_proxy_reports_of_the_url() {
    let service = behind("192.0.2.0/24,127.0.0.0/8");
    let (body, collection) = (example::body("hello"), example::COLLECTION);

    let created = service.post_with(FORWARDED, &body);
    assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
    for part in [
        &format!("location: https://api.example.com/microblog{collection}"),
        &format!("\"href\":\"https://api.example.com/microblog{collection}"),
        HSTS,
    ] {
        assert!(created.contains(part), "{part}: {created}");
    }

    let created = service.post(&body);
    let location = format!("location: http://localhost{collection}");
    assert!(
        created.contains(&location),
        "a proxy may report nothing: {created}"
    );
    let page = get(&service, &format!("{collection}?limit=1"), FORWARDED);
    let link = format!("link: <https://api.example.com/microblog{collection}?limit=1&before=");
    assert!(page.contains(&link), "{page}");
}

#[test]
fn every_response_over_tls_has_strict_transport_security() {
    let service = behind("127.0.0.1");

    for (path, status) in [
        ("/", "307"),
        ("/nothing", "404"),
        ("/metrics", "200"),
        ("/docs", "200"),
    ] {
        let response = get(&service, path, FORWARDED);
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")) && response.contains(HSTS),
            "{response}"
        );
    }

    let plain = get(&service, "/livez", "X-Forwarded-Proto: http\r\n");
    assert!(!plain.contains("strict-transport-security"), "{plain}");
}

#[test]
fn a_forwarded_host_must_be_allowed() {
    let service = behind("127.0.0.1");

    for host in ["evil.example", "", "api.example.com, evil.example"] {
        let lines = format!("X-Forwarded-Proto: https\r\nX-Forwarded-Host: {host}\r\n");
        let response = get(&service, example::COLLECTION, &lines);

        assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
        assert!(response.contains(HSTS), "{response}");
        assert!(
            response.contains("\"pointer\":\"/X-Forwarded-Host\"") && !response.contains("evil"),
            "{response}"
        );
    }
}

#[test]
fn forwarded_headers_of_untrusted_peers_are_ignored() {
    for proxies in ["", "192.0.2.0/24,::1"] {
        let service = behind(proxies);
        service.post(&example::body("hello"));

        let response = get(&service, example::COLLECTION, FORWARDED);
        let href = format!("\"href\":\"http://localhost{}", example::COLLECTION);
        assert!(response.contains(&href), "{response}");
        assert!(!response.contains("api.example.com"), "{response}");
        assert!(!response.contains("microblog"), "{response}");
        assert!(!response.contains("strict-transport-security"), "{response}");

        let foreign = "X-Forwarded-Host: evil.example\r\n";
        let response = get(&service, example::COLLECTION, foreign);
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
        assert!(!response.contains("evil"), "{response}");
    }
}
