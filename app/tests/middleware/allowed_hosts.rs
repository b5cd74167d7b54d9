//! Requests for other hosts than the allowed ones are rejected. The unit tests of the layer cover the syntax of hosts.

use poem::http::{HeaderValue, Method};
use proptest::{prop_assert, prop_assert_eq, test_runner::TestRunner};
use serde_json::json;

use crate::support::{InProcess, Service, example, header, json, problem, scrape_text, status_of};

async fn with_hosts(hosts: &str) -> InProcess {
    InProcess::with(&[("ALLOWED_HOSTS", hosts)]).await
}

async fn status(service: &InProcess, host: &str) -> u16 {
    status_of(&service.get("/livez").header("host", host).send().await)
}

#[tokio::test]
async fn by_default_only_the_local_machine_is_allowed() {
    let service = InProcess::memory().await;

    for host in [
        "localhost",
        "LocalHost.:8000",
        "a.localhost",
        "127.0.0.1:8000",
        "[::1]:8000",
    ] {
        assert_eq!(status(&service, host).await, 200, "{host}");
    }
    for host in [
        "example.com",
        "localhost.example.com",
        "127.0.0.2",
        "0.0.0.0",
        "[::]",
    ] {
        assert_eq!(status(&service, host).await, 400, "{host}");
    }
}

#[tokio::test]
async fn configured_hosts_and_subdomains_are_allowed() {
    let service = with_hosts("example.com, .example.org").await;

    for host in ["example.com", "EXAMPLE.com:81", "example.org.", "a.b.example.org"] {
        assert_eq!(status(&service, host).await, 200, "{host}");
    }
    for host in [
        "localhost",
        "a.example.com",
        "notexample.org",
        "example.com.evil.net",
    ] {
        assert_eq!(status(&service, host).await, 400, "{host}");
    }
}

#[tokio::test]
async fn a_wildcard_allows_every_valid_host() {
    let service = with_hosts("*").await;

    for host in ["any.example", "192.0.2.1:81", "[2001:db8::1]"] {
        assert_eq!(status(&service, host).await, 200, "{host}");
    }
    for host in [
        "evil\"<script>",
        "user@example.org",
        "a b",
        "",
        "example.org/path",
        "a:b",
    ] {
        assert_eq!(status(&service, host).await, 400, "{host}");
    }
}

#[tokio::test]
async fn a_foreign_host_is_rejected_before_anything_else() {
    let service = InProcess::with(&[("CORS_ALLOWED_ORIGINS", "https://app.example.com")]).await;
    let paths = [
        "/",
        "/docs",
        "/livez",
        "/readyz",
        "/healthcheck/",
        "/metrics",
        "/openapi.json",
        example::COLLECTION,
        "/nothing",
    ];

    for path in paths {
        for method in [Method::GET, Method::POST, Method::OPTIONS, Method::DELETE] {
            let request = service
                .request(method.clone(), path)
                .header("host", "evil.example")
                .header("origin", "https://app.example.com")
                .header("access-control-request-method", "POST")
                .content_type("application/json");
            let response = request.body(example::body("never stored")).send().await;

            assert_eq!(header(&response, "allow"), None, "{method} {path}");
            let body = problem(response, 400).await;
            assert_eq!(body["errors"][0]["pointer"], "/Host", "{method} {path}");
            assert!(
                !body.to_string().contains("evil"),
                "the host is not repeated: {body}"
            );
        }
    }

    let page = service.get(example::COLLECTION).send().await;
    page.assert_json(json!([])).await;
    let metrics = scrape_text(&service).await;
    let rejected = r#"http_request_method="DELETE",http_response_status_code="400",http_route="""#;
    assert!(metrics.contains(rejected), "{metrics}");
    assert!(!metrics.contains("evil"), "{metrics}");
}

#[test]
fn a_request_names_exactly_one_host() {
    let service = Service::in_memory(&[]);
    let status = |target: &str, lines: &str| {
        let head = format!("GET {target} HTTP/1.1\r\nConnection: close\r\n{lines}\r\n");
        service.exchange(head.as_bytes())[9..12].to_owned()
    };

    for (lines, expected) in [
        ("Host: localhost\r\n", "200"),
        ("", "400"),
        ("Host: localhost\r\nHost: localhost\r\n", "400"),
        ("Host: localhost\r\nhost: evil.example\r\n", "400"),
        ("Host:\r\n", "400"),
        ("Host: localhost, evil.example\r\n", "400"),
        ("Host: localhost\u{e9}\r\n", "400"),
    ] {
        assert_eq!(status("/livez", lines), expected, "{lines:?}");
    }

    // The host of an absolute target replaces the field (RFC 9112, 3.2.2).
    let (local, foreign) = ("Host: localhost\r\n", "Host: evil.example\r\n");
    assert_eq!(status("http://localhost/livez", foreign), "200");
    assert_eq!(status("http://evil.example/livez", local), "400");
    assert_eq!(status("http://user@localhost/livez", local), "400");
}

#[test]
fn http_1_0_without_a_host_gets_urls_without_the_internal_address() {
    let (body, collection) = (example::body("hello"), example::COLLECTION);
    let length = format!("Content-Type: application/json\r\nContent-Length: {}", body.len());

    for (variables, base) in [
        (&[][..], ""),
        (
            &[("PUBLIC_URL", "https://api.example.com/a")],
            "https://api.example.com/a",
        ),
    ] {
        let service = Service::in_memory(variables);
        service.post(&body);
        let requests = [
            format!("POST {collection} HTTP/1.0\r\n{length}\r\n\r\n{body}"),
            format!("GET {collection}?limit=1 HTTP/1.0\r\n\r\n"),
        ];
        let [created, page] = requests.map(|request| service.exchange(request.as_bytes()));

        assert!(created.starts_with("HTTP/1.0 201 "), "{created}");
        for part in ["location: ", "\"href\":\""] {
            let part = format!("{part}{base}{collection}");
            assert!(created.contains(&part), "{part}: {created}");
        }
        let link = format!("link: <{base}{collection}?limit=1&before=");
        assert!(page.contains(&link), "{page}");
        assert!(
            !format!("{created}{page}").contains("127.0.0.1"),
            "{created}{page}"
        );
    }
}

#[tokio::test]
async fn a_port_is_compared_where_the_list_has_one() {
    let service = with_hosts("example.com:8443, localhost").await;

    for (host, expected) in [
        ("example.com:8443", 200),
        ("example.com", 400),
        ("example.com:1337", 400),
        ("localhost:1337", 200),
    ] {
        assert_eq!(status(&service, host).await, expected, "{host}");
    }
}

#[test]
fn links_name_allowed_hosts_only() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let service = runtime.block_on(with_hosts("ours.example, localhost"));
    runtime.block_on(service.create("hello"));

    let hosts =
        "\\PC{0,30}|(ours|OURS|evil)?[.]?(ours|example)?[.]example[.]?(:[0-9]{0,6})?|[\\[\\]:0-9a-f.]{0,20}";
    let checked = TestRunner::default().run(&hosts, |host| {
        let Ok(host) = HeaderValue::from_str(&host) else {
            return Ok(());
        };
        let request = service.get(example::COLLECTION).header("host", host);
        let (status, body) = runtime.block_on(async {
            let response = request.send().await;
            (status_of(&response), json(response).await)
        });

        if status == 200 {
            let href = body[0]["href"].as_str().expect("an href").to_lowercase();
            prop_assert!(href.starts_with("http://ours.example"), "{}", href);
        } else {
            prop_assert_eq!(status, 400);
            prop_assert_eq!(&body["errors"][0]["pointer"], "/Host");
        }
        Ok(())
    });

    checked.expect("what holds for every host");
}
