//! Conditional requests, by the whole table of RFC 9110, 13.1 and 13.2.

use poem::http::Method;

use super::operation::Operation;
use crate::support::{InProcess, header, problem, status_of};

/// The lines of `If-Match`, those of `If-None-Match`, and the status of a GET. `TAG` is the current entity tag, which
/// is strong, without its quotes. If it is weak, `If-Match` fails for every list: see [`status_for`].
type Row = (&'static [&'static str], &'static [&'static str], u16);

const TABLE: &[Row] = &[
    (&[], &[], 200),
    // If-Match: the strong comparison.
    (&["*"], &[], 200),
    (&["\"TAG\""], &[], 200),
    (&["\"other\", \"TAG\""], &[], 200),
    (&["\"other\"", "\"TAG\""], &[], 200),
    (&["W/\"TAG\""], &[], 412),
    (&["\"other\""], &[], 412),
    (&["\"other\", W/\"TAG\"", "\"another\""], &[], 412),
    (&["\"TAG,\""], &[], 412),
    (&["TAG"], &[], 400),
    (&["\"TAG"], &[], 400),
    (&["*, \"TAG\""], &[], 400),
    (&["*", "*"], &[], 400),
    (&["\"TAG\"", "TAG"], &[], 400),
    (&[""], &[], 400),
    // If-None-Match: the weak comparison. Malformed, it is ignored: the client gets what it would get without it.
    (&[], &["*"], 304),
    (&[], &["\"TAG\""], 304),
    (&[], &["W/\"TAG\""], 304),
    (&[], &["\"other\", W/\"TAG\""], 304),
    (&[], &["\"other\"", "\"TAG\""], 304),
    (&[], &["\"other\""], 200),
    (&[], &["\"TAG,\""], 200),
    (&[], &["TAG"], 200),
    (&[], &["*, \"TAG\""], 200),
    (&[], &["\"TAG\"", "TAG"], 200),
    (&[], &[""], 200),
    // Both: If-Match is evaluated first.
    (&["*"], &["*"], 304),
    (&["\"TAG\""], &["\"TAG\""], 304),
    (&["\"TAG\""], &["\"other\""], 200),
    (&["\"other\""], &["\"TAG\""], 412),
    (&["\"other\""], &["*"], 412),
    (&["TAG"], &["*"], 400),
];

/// The status of a row if the entity tag is weak: the strong comparison matches nothing but `*` (RFC 9110, 8.8.3.2).
fn status_for(is_weak: bool, if_match: &[&str], status: u16) -> u16 {
    let lists_tags = !if_match.is_empty() && if_match != ["*"];
    if is_weak && lists_tags && status != 400 {
        412
    } else {
        status
    }
}

/// The operations that read something with an entity tag.
fn conditional() -> Vec<Operation> {
    let all = Operation::all().into_iter();
    let conditional: Vec<_> = all
        .filter(|operation| operation.parameter("header", "If-None-Match").is_some())
        .collect();

    assert!(!conditional.is_empty(), "an operation has an entity tag");
    conditional
}

/// The tag of what is at this path.
async fn tag_of(operation: &Operation, service: &InProcess, path: &str) -> String {
    let response = operation.request(service, path).send().await;
    header(&response, "etag").unwrap_or_else(|| panic!("{operation}: an ETag"))
}

#[tokio::test]
async fn every_precondition_has_its_status() {
    for operation in conditional() {
        let service = InProcess::memory().await;
        let path = operation.existing_path(&service).await;
        let current = tag_of(&operation, &service, &path).await;
        let is_weak = current.starts_with("W/");
        let tag = current.trim_start_matches("W/").trim_matches('"');

        for (if_match, if_none_match, status) in TABLE {
            let status = status_for(is_weak, if_match, *status);
            for method in [Method::GET, Method::HEAD] {
                let lines = |name: &'static str, values: &'static [&'static str]| {
                    values.iter().map(move |value| (name, value.replace("TAG", tag)))
                };
                let fields = lines("if-match", if_match).chain(lines("if-none-match", if_none_match));
                let request = fields.fold(
                    service.request(method.clone(), &path),
                    |request, (name, value)| request.header(name, value),
                );

                let response = request.send().await;
                let what = format!("{operation} by {method}: {if_match:?} {if_none_match:?}");
                assert_eq!(status_of(&response), status, "{what}");
                match status {
                    200 | 304 => assert_eq!(header(&response, "etag").as_ref(), Some(&current), "{what}"),
                    _ if method == Method::HEAD => response.assert_text("").await,
                    400 => {
                        let problem = problem(response, 400).await;
                        assert_eq!(problem["errors"][0]["pointer"], "/If-Match", "{what}");
                    }
                    _ => {
                        problem(response, status).await;
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn what_does_not_exist_is_404_whatever_the_precondition() {
    for operation in conditional().into_iter().filter(Operation::is_item) {
        let service = InProcess::memory().await;

        for (if_match, if_none_match, _) in TABLE {
            let lines = |name: &'static str, values: &'static [&'static str]| {
                values.iter().map(move |value| (name, *value))
            };
            let fields = lines("if-match", if_match).chain(lines("if-none-match", if_none_match));
            let request = fields.fold(
                service.request(Method::GET, operation.path()),
                |request, (name, value)| request.header(name, value),
            );
            problem(request.send().await, 404).await;
        }
    }
}

#[test]
fn preconditions_are_documented_with_their_statuses() {
    for operation in conditional() {
        assert!(operation.parameter("header", "If-Match").is_some(), "{operation}");
        for status in [304, 400, 412] {
            assert!(operation.documents(status), "{operation}: {status}");
        }
    }
}

#[test]
fn every_list_has_an_entity_tag() {
    let conditional: Vec<_> = conditional()
        .iter()
        .map(|operation| operation.id().to_owned())
        .collect();

    for list in Operation::paged() {
        assert!(
            conditional.iter().any(|id| id == list.id()),
            "{list}: If-None-Match"
        );
    }
}

/// The tag names what the client gets, byte for byte and in `Link`: a client may go on showing it after a 304.
#[tokio::test]
async fn tag_of_a_list_changes_with_its_items_and_its_urls() {
    for list in Operation::paged() {
        let service = InProcess::memory().await;
        let path = format!("{}?limit=1", list.path());
        let tag = async || tag_of(&list, &service, &path).await;
        let all = Operation::all();
        let creates = |other: &&Operation| other.method == Method::POST && other.template == list.template;
        let create = all
            .iter()
            .find(creates)
            .unwrap_or_else(|| panic!("{list}: a POST"));

        let empty = tag().await;
        assert_eq!(tag().await, empty, "{list}: nothing has changed");
        create.succeed(&service).await;
        let one = tag().await;
        create.succeed(&service).await;
        let two = tag().await;
        assert!(
            empty != one && one != two && two != empty,
            "{list}: {empty} {one} {two}"
        );

        let stale = list
            .request(&service, &path)
            .header("if-none-match", &one)
            .send()
            .await;
        assert_eq!(status_of(&stale), 200, "{list}");
        let elsewhere = list.request(&service, &path).header("host", "127.0.0.1");
        let elsewhere = elsewhere.header("if-none-match", &two).send().await;
        assert_eq!(status_of(&elsewhere), 200, "{list}: its URLs have another host");
    }
}
