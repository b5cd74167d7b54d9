//! Lists come in pages of a limited size, which links connect in both directions, and can be polled for newer items.

use poem::http::Method;

use super::operation::Operation;
use crate::support::{InProcess, json as json_of, link, problem, status_of};

/// A bound of the operation's `limit`, such as `maximum`.
fn bound(operation: &Operation, name: &str) -> u64 {
    let limit = operation
        .parameter("query", "limit")
        .unwrap_or_else(|| panic!("{operation} responds with an array and has no `limit`"));
    let bound = limit["schema"][name].as_f64();

    bound.unwrap_or_else(|| panic!("{operation}: `limit` has no {name}")) as u64
}

#[test]
fn every_page_size_has_a_maximum_and_a_default() {
    for operation in Operation::paged() {
        let [minimum, default, maximum] =
            ["minimum", "default", "maximum"].map(|name| bound(&operation, name));
        assert!(
            (1..=default).contains(&minimum) && default <= maximum,
            "{operation}: {minimum} {default} {maximum}"
        );
    }
}

#[tokio::test]
async fn a_page_size_above_the_maximum_is_400() {
    let service = InProcess::memory().await;

    for operation in Operation::paged() {
        let path = operation.existing_path(&service).await;
        let [minimum, maximum] = ["minimum", "maximum"].map(|name| bound(&operation, name));
        let get = |limit: u64| service.get(format!("{path}?limit={limit}")).send();

        for limit in [minimum, maximum] {
            assert_eq!(status_of(&get(limit).await), 200, "{operation}: limit={limit}");
        }
        for limit in [minimum - 1, maximum + 1] {
            let response = get(limit).await;
            assert_eq!(status_of(&response), 400, "{operation}: limit={limit}");
            let problem = problem(response, 400).await;
            assert_eq!(problem["errors"][0]["pointer"], "/limit", "{operation}");
        }
    }
}

/// A page: the ids of its items, and the paths of the pages that it links to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Page {
    ids: Vec<String>,
    next: Option<String>,
    prev: Option<String>,
    first: Option<String>,
}

async fn page(service: &InProcess, path: &str) -> Page {
    let response = service.get(path).send().await;
    assert_eq!(status_of(&response), 200, "{path}");
    let [next, prev, first] = ["next", "prev", "first"].map(|relation| {
        let path = link(&response, relation)?
            .strip_prefix("http://localhost")?
            .to_owned();
        Some(path)
    });

    let items = json_of(response).await;
    let items = items.as_array().expect("an array").iter();
    let ids = items.map(|item| item["id"].as_str().expect("an id").to_owned());
    Page {
        ids: ids.collect(),
        next,
        prev,
        first,
    }
}

/// The pages from this one on, by the links that `follow` chooses.
async fn walk(service: &InProcess, start: &str, follow: fn(&Page) -> Option<&str>) -> Vec<Page> {
    let mut pages = vec![page(service, start).await];

    while let Some(path) = pages.last().and_then(follow) {
        assert!(pages.len() < 100, "the links go round in circles: {pages:#?}");
        let next = page(service, path).await;
        pages.push(next);
    }
    pages
}

fn ids(pages: &[Page]) -> Vec<&[String]> {
    pages.iter().map(|page| &*page.ids).collect()
}

/// Creates an item of the collection that an operation lists, and returns its id.
async fn create(service: &InProcess, list: &Operation) -> String {
    let mut all = Operation::all().into_iter();
    let create = all.find(|other| other.method == Method::POST && other.template == list.template);
    let create = create.unwrap_or_else(|| panic!("{list}: nothing creates its items"));

    let created = json_of(create.succeed(service).await).await;
    created["id"].as_str().expect("an id").to_owned()
}

/// Smaller than every id.
const SMALLEST_ID: &str = "00000000000000000000000000";

#[tokio::test]
async fn next_links_lead_to_every_item_once_and_prev_links_back_through_the_same_pages() {
    for operation in Operation::paged() {
        let service = InProcess::memory().await;
        let mut oldest_first = Vec::new();
        for _ in 0..8 {
            oldest_first.push(create(&service, &operation).await);
        }
        let newest_first: Vec<_> = oldest_first.iter().rev().cloned().collect();

        for (cursor, expected) in [
            (String::new(), newest_first),
            (format!("&after={SMALLEST_ID}"), oldest_first),
        ] {
            let start = format!("{}?limit=3{cursor}", operation.template);
            let forwards = walk(&service, &start, |page| page.next.as_deref()).await;
            assert_eq!(ids(&forwards).concat(), expected, "{operation}");
            assert_eq!(
                (&forwards[0].prev, &forwards[0].first),
                (&None, &None),
                "{operation}"
            );

            let last = forwards[forwards.len() - 2].next.as_deref().expect("a last page");
            let mut backwards = walk(&service, last, |page| page.prev.as_deref()).await;
            backwards.reverse();
            assert_eq!(ids(&backwards), ids(&forwards), "{operation}: the same pages");

            for page in forwards[1..].iter().chain(&backwards) {
                assert_eq!(page.first.as_deref(), Some(&*start), "{operation}");
            }
            let again = backwards[0].next.as_deref().expect("a second page");
            assert_eq!(
                page(&service, again).await.ids,
                forwards[1].ids,
                "{operation}: and back"
            );
        }
    }
}

#[tokio::test]
async fn a_client_that_polls_after_the_newest_item_gets_what_is_created_then() {
    for operation in Operation::paged() {
        let service = InProcess::memory().await;
        let newest = create(&service, &operation).await;
        let path = format!("{}?limit=2&after={newest}", operation.template);

        let nothing_new = page(&service, &path).await;
        assert_eq!(nothing_new.ids, [""; 0], "{operation}");
        assert_eq!((nothing_new.next, nothing_new.prev), (None, None), "{operation}");

        let mut created = Vec::new();
        for _ in 0..3 {
            created.push(create(&service, &operation).await);
        }
        let pages = walk(&service, &path, |page| page.next.as_deref()).await;
        assert_eq!(ids(&pages).concat(), created, "{operation}: oldest first");
    }
}

#[tokio::test]
async fn before_and_after_together_are_400_for_both() {
    let service = InProcess::memory().await;

    for operation in Operation::paged() {
        let path = &operation.template;
        for after in [SMALLEST_ID, "x"] {
            let query = format!("{path}?before={SMALLEST_ID}&after={after}");
            let problem = problem(service.get(query).send().await, 400).await;

            let pointers: Vec<_> = problem["errors"].as_array().expect("errors").iter().collect();
            let pointers: Vec<_> = pointers.iter().map(|error| &error["pointer"]).collect();
            assert_eq!(pointers, ["/before", "/after"], "{operation}: after={after}");
        }
    }
}

#[test]
fn every_list_documents_its_links_and_cursors() {
    for operation in Operation::paged() {
        for name in ["before", "after", "reverse"] {
            assert!(
                operation.parameter("query", name).is_some(),
                "{operation}: {name}"
            );
        }

        let mut responses = operation.responses().into_iter();
        let (_, page) = responses.find(|(status, _)| *status == 200).expect("a page");
        let mut headers = page["headers"].as_object().expect("headers").iter();
        let link = headers.find(|(name, _)| name.eq_ignore_ascii_case("link"));
        let (_, link) = link.unwrap_or_else(|| panic!("{operation} documents no Link"));

        let description = link["description"].as_str().expect("a description");
        for relation in ["`next`", "`prev`", "`first`"] {
            assert!(description.contains(relation), "{operation}: {description}");
        }
    }
}
