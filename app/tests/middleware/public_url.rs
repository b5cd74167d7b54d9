//! With `PUBLIC_URL`, no URL depends on the request; without it, no shared cache may store one that does.

use poem::test::TestResponse;

use crate::support::{InProcess, Service, example, header, json, status_of, text};

const URL: &str = "https://api.example.com/microblog";

async fn configured() -> InProcess {
    InProcess::with(&[("PUBLIC_URL", URL), ("ALLOWED_HOSTS", "localhost:8000,[::1]")]).await
}

#[tokio::test]
async fn all_urls_begin_with_the_configured_one() {
    let service = configured().await;
    let collection = format!("{URL}{}", example::COLLECTION);

    for host in [
        "localhost:8000",
        "[::1]:1337",
        "api.example.com",
        "api.example.com:1",
    ] {
        let create = service
            .post(example::COLLECTION)
            .header("host", host)
            .header("x-forwarded-prefix", "/evil")
            .content_type("application/json");
        let created = create.body(example::body("hello")).send().await;
        assert_eq!(status_of(&created), 201, "{host}");
        let location = header(&created, "location").expect("a location");
        assert!(location.starts_with(&collection), "{location}");
        assert_eq!(json(created).await["href"], *location);

        let get = |path: &str| service.get(path).header("host", host).send();
        get(example::COLLECTION).await.assert_status_is_ok();
        let root = get("/").await;
        assert_eq!(header(&root, "location"), Some(format!("{URL}/docs")));
        let document = json(get("/openapi.json").await).await;
        assert_eq!(document["servers"], serde_json::json!([{ "url": URL }]));
        let document = text(get("/openapi.yaml").await).await;
        let servers = format!("\nservers:\n- url: \"{URL}\"\n");
        assert!(document.contains(&servers), "{document}");
    }

    let page = service.get(format!("{}?limit=1", example::COLLECTION));
    let page = page.header("host", "localhost:8000").send().await;
    let link = header(&page, "link").expect("a link");
    assert!(
        link.starts_with(&format!("<{collection}?limit=1&before=")),
        "{link}"
    );
}

#[tokio::test]
async fn other_hosts_remain_foreign() {
    let service = configured().await;

    for host in ["localhost", "localhost:1337", "example.com", "evil.example"] {
        let response = service.get("/livez").header("host", host).send().await;
        assert_eq!(status_of(&response), 400, "{host}");
    }
}

#[tokio::test]
async fn its_scheme_decides_on_strict_transport_security() {
    for (url, expected) in [(URL, true), ("http://api.example.com", false)] {
        let service = InProcess::with(&[("PUBLIC_URL", url)]).await;
        let response = service.get("/livez").send().await;
        let hsts = header(&response, "strict-transport-security");
        assert_eq!(hsts.is_some(), expected, "{url}");
    }
}

#[tokio::test]
async fn only_responses_that_say_so_may_be_stored() {
    let cache_control = |response: &TestResponse| header(response, "cache-control");

    for service in [InProcess::memory().await, configured().await] {
        let get = |path: &str| service.get(path).header("host", "localhost:8000").send();

        for (path, expected) in [
            ("/", "no-cache"),
            ("/docs", "no-cache"),
            ("/openapi.json", "no-cache"),
            ("/openapi.yaml", "no-cache"),
            (example::COLLECTION, "no-cache"),
            ("/metrics", "no-store"),
            ("/livez", "no-store"),
            ("/readyz", "no-store"),
            ("/healthcheck/", "no-store"),
            ("/nothing", "no-store"),
            (example::UNKNOWN_ITEM, "no-store"),
        ] {
            let response = get(path).await;
            assert_eq!(cache_control(&response).as_deref(), Some(expected), "{path}");
        }

        let foreign = service.get("/livez").header("host", "evil.example");
        let response = foreign.send().await;
        assert_eq!(cache_control(&response).as_deref(), Some("no-store"));
    }
}

/// The page with the documentation sends requests to where it was loaded from, so it works under any prefix.
#[test]
fn documentation_page_is_the_same_under_every_prefix() {
    let service = Service::in_memory(&[("TRUSTED_PROXIES", "127.0.0.1")]);
    let page = |lines: &str| {
        let head = format!("GET /docs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n");
        let response = service.exchange(head.as_bytes());
        let (_, page) = response.split_once("\r\n\r\n").expect("a body");
        page.to_owned()
    };

    let plain = page("");
    assert!(plain.contains("spec.servers = [{ url: location.origin + location.pathname"));
    assert_eq!(page("X-Forwarded-Prefix: /microblog\r\n"), plain);
}
