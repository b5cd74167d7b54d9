//! Conditional requests, by the whole table of RFC 9110, 13.1 and 13.2.

use poem::http::Method;

use super::operation::Operation;
use crate::support::{InProcess, header, problem, status_of};

/// The lines of `If-Match`, those of `If-None-Match`, and the status of a GET. `TAG` is the current entity tag without its
/// quotes.
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

/// The operations that read one item with an entity tag.
fn conditional() -> Vec<Operation> {
    let all = Operation::all().into_iter();
    let conditional: Vec<_> = all
        .filter(|operation| operation.parameter("header", "If-None-Match").is_some())
        .collect();

    assert!(!conditional.is_empty(), "an operation has an entity tag");
    conditional
}

#[tokio::test]
async fn every_precondition_has_its_status() {
    for operation in conditional() {
        let service = InProcess::memory().await;
        let path = operation.existing_path(&service).await;
        let quoted = operation.succeed(&service).await;
        assert!(header(&quoted, "etag").is_some(), "{operation}: an ETag");
        let first = operation.request(&service, &path).send().await;
        let tag = header(&first, "etag").expect("an ETag");
        let tag = tag.trim_matches('"');

        for (if_match, if_none_match, status) in TABLE {
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
                assert_eq!(status_of(&response), *status, "{what}");
                match status {
                    200 | 304 => assert_eq!(header(&response, "etag"), header(&first, "etag"), "{what}"),
                    _ if method == Method::HEAD => response.assert_text("").await,
                    400 => {
                        let problem = problem(response, 400).await;
                        assert_eq!(problem["errors"][0]["pointer"], "/If-Match", "{what}");
                    }
                    _ => {
                        problem(response, *status).await;
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn what_does_not_exist_is_404_whatever_the_precondition() {
    for operation in conditional() {
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
