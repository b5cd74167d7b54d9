//! What a proxy tells, over real connections: only there a request has a peer.

use tempfile::TempDir;

use crate::support::Running;

const HOSTS: (&str, &str) = ("ALLOWED_HOSTS", "127.0.0.1,localhost,api.example.com");

fn start(variables: &[(&str, &str)]) -> (Running, TempDir) {
    let folder = TempDir::new().expect("a folder");
    (
        Running::start(
            &[&[("DATABASE_URL", "memory:"), HOSTS], variables].concat(),
            folder.path(),
        ),
        folder,
    )
}

fn get(service: &Running, path: &str, lines: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n");
    service.exchange(head.as_bytes())
}

const TOLD: &str =
    "X-Forwarded-Host: api.example.com\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.7\r\n";
const HSTS: &str = "strict-transport-security: max-age=31536000\r\n";

#[test]
fn a_trusted_proxy_says_where_clients_reach_us() {
    let (service, _folder) = start(&[("TRUSTED_PROXIES", "192.0.2.0/24,127.0.0.0/8")]);
    let body = "{\"text\":\"hello\"}";
    let head =
        "POST /tweet/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json";
    let created =
        service.exchange(format!("{head}\r\n{TOLD}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
    assert!(
        created.contains("location: https://api.example.com/tweet/"),
        "{created}"
    );
    assert!(
        created.contains("\"href\":\"https://api.example.com/tweet/"),
        "{created}"
    );
    assert!(created.contains(HSTS), "{created}");
    assert!(
        service.post(body).contains("location: http://localhost/tweet/"),
        "a proxy may be silent"
    );
    let page = get(&service, "/tweet/?limit=1", TOLD);
    assert!(
        page.contains("link: <https://api.example.com/tweet/?limit=1&before="),
        "{page}"
    );
    for (path, status) in [
        ("/", "307"),
        ("/nothing", "404"),
        ("/metrics", "200"),
        ("/docs", "200"),
    ] {
        let answer = get(&service, path, TOLD);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.contains(HSTS),
            "{answer}"
        );
    }
    let plain = get(&service, "/livez", "X-Forwarded-Proto: http\r\n");
    assert!(!plain.contains("strict-transport-security"), "{plain}");
}

#[test]
fn a_host_that_a_trusted_proxy_passes_on_is_checked_as_well() {
    let (service, _folder) = start(&[("TRUSTED_PROXIES", "127.0.0.1")]);
    for host in [
        "evil.example",
        "evil\"<script>",
        "",
        "api.example.com, evil.example",
    ] {
        let answer = get(
            &service,
            "/tweet/",
            &format!("X-Forwarded-Proto: https\r\nX-Forwarded-Host: {host}\r\n"),
        );
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.contains(HSTS),
            "{answer}"
        );
        assert!(
            answer.contains("\"pointer\":\"/X-Forwarded-Host\"") && !answer.contains("evil"),
            "{answer}"
        );
    }
}

#[test]
fn anybody_else_is_not_believed() {
    for proxies in ["", "192.0.2.0/24,::1"] {
        let (service, _folder) = start(&[("TRUSTED_PROXIES", proxies)]);
        service.post("{\"text\":\"hello\"}");
        let answer = get(&service, "/tweet/", TOLD);
        assert!(answer.contains("\"href\":\"http://localhost/tweet/"), "{answer}");
        assert!(
            !answer.contains("api.example.com") && !answer.contains("strict-transport-security"),
            "{answer}"
        );
        let answer = get(&service, "/tweet/", "X-Forwarded-Host: evil.example\r\n");
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && !answer.contains("evil"),
            "{answer}"
        );
    }
}
