//! Every type of problem has a page that explains it.

use std::collections::BTreeSet;

use openapi::http::problem_type::ProblemType;

use super::{documented::documented_types, operation::Operation};
use crate::support::{InProcess, Service, example, header, problem, problem_type, status_of, text};

/// A page, with the policy that it is shown under.
async fn page(service: &InProcess, path: &str) -> (String, String) {
    let response = service.get(path).send().await;
    assert_eq!(status_of(&response), 200, "{path}");
    response.assert_content_type("text/html; charset=utf-8");

    let policy = header(&response, "content-security-policy").expect("a policy");
    (text(response).await, policy)
}

/// The types of problems that the document lists for any operation.
fn all_documented() -> BTreeSet<String> {
    let mut types = BTreeSet::new();

    for operation in Operation::all() {
        for (_, response) in operation.responses() {
            if response["content"]["application/problem+json"].is_object() {
                types.extend(documented_types(response).keys().cloned());
            }
        }
    }
    types
}

#[tokio::test]
async fn every_type_has_a_page_that_says_what_happened_and_what_to_do() {
    let service = InProcess::memory().await;
    let documented = all_documented();
    assert!(!documented.is_empty());
    let all = ProblemType::ALL.iter().map(|kind| kind.slug.to_owned());

    for slug in all.chain(documented) {
        let kind = ProblemType::find(&slug).expect("a type of the table");
        let (html, _) = page(&service, &format!("/problems/{slug}")).await;

        for part in [
            kind.title,
            kind.happened,
            kind.action,
            "What happened",
            "What to do",
        ] {
            assert!(html.contains(part), "{slug}: {part}");
        }
    }
}

#[tokio::test]
async fn the_list_links_to_every_page() {
    let service = InProcess::memory().await;
    let (html, _) = page(&service, "/problems/").await;

    for kind in ProblemType::ALL {
        let link = format!("<a href=\"{}\">{}</a>", kind.path(), kind.title);
        assert!(html.contains(&link), "{link}");
    }
}

#[tokio::test]
async fn pages_need_nothing_but_their_own_style() {
    let service = InProcess::memory().await;

    for path in ["/problems/", "/problems/internal-error"] {
        let (html, policy) = page(&service, path).await;

        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(policy.contains("style-src 'sha256-"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        for loader in [
            "<script",
            "<link rel=\"stylesheet",
            "<img ",
            "<iframe",
            "@import",
            "url(",
        ] {
            assert!(!html.contains(loader), "{path}: {loader}");
        }
    }
}

#[tokio::test]
async fn an_ampersand_in_the_base_is_itself_in_the_links_of_pages() {
    let service = InProcess::with(&[("PUBLIC_URL", "https://api.example.com/&sol;other")]).await;

    for path in ["/problems/", "/problems/internal-error"] {
        let (html, _) = page(&service, path).await;

        let link = "href=\"https://api.example.com/&amp;sol;other/problems/";
        assert!(html.contains(link), "{html}");
        assert!(!html.contains("/&sol;"), "{html}");
    }
}

#[tokio::test]
async fn an_unknown_type_is_404() {
    let service = InProcess::memory().await;

    for path in [
        "/problems/no-such-problem",
        "/problems/internal-error/x",
        "/problems/%ff",
    ] {
        let body = problem(service.get(path).send().await, 404).await;
        assert_eq!(problem_type(&body).slug, "path-not-found", "{path}");
    }
}

/// By the path alone, `type` would lead to another service behind a proxy that serves this one under a prefix.
#[test]
fn the_type_of_a_problem_leads_to_its_page() {
    const PREFIX: &str = "X-Forwarded-Prefix: /microblog\r\n";
    const URL: &str = "https://api.example.com/a";
    let trusting = ("TRUSTED_PROXIES", "127.0.0.1");

    for (variables, lines, base) in [
        (&[][..], "", ""),
        (&[trusting], PREFIX, "/microblog"),
        (&[trusting, ("PUBLIC_URL", URL)], PREFIX, URL),
    ] {
        let service = Service::in_memory(variables);
        let get = |path: &str, host: &str| {
            let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}\r\n");
            service.exchange(head.as_bytes())
        };

        // One from a handler, one from the router, one from a layer.
        for (path, host, slug) in [
            (example::UNKNOWN_ITEM, "localhost", "item-not-found"),
            ("/nothing", "localhost", "path-not-found"),
            (example::COLLECTION, "foreign.example", "host-not-allowed"),
        ] {
            let response = get(path, host);
            let kind = format!("{{\"type\":\"{base}/problems/{slug}\",");
            assert!(response.contains(&kind), "{kind}: {response}");
        }
        let index = get("/problems/", "localhost");
        assert!(
            index.contains(&format!("href=\"{base}/problems/internal-error\"")),
            "{index}"
        );
    }
}
