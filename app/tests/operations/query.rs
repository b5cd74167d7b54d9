//! A query has the parameters that the document lists for its operation, each once. Anything else is a 400 that says
//! so.

use serde_json::{Value, json};

use super::operation::Operation;
use crate::support::{InProcess, problem, problem_type, status_of, text};

/// The names of an operation's query parameters.
fn names(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters("query").into_iter();
    let names = parameters.map(|parameter| parameter["name"].as_str().expect("a name").to_owned());
    names.collect()
}

/// What is wrong with this query of a request that would succeed otherwise.
async fn errors(operation: &Operation, query: &str) -> Value {
    let service = InProcess::memory().await;
    let path = operation.existing_path(&service).await;

    let response = operation
        .request(&service, &format!("{path}?{query}"))
        .send()
        .await;
    assert_eq!(status_of(&response), 400, "{operation}: ?{query}");
    let problem = problem(response, 400).await;
    assert_eq!(
        problem_type(&problem).slug,
        "invalid-query",
        "{operation}: ?{query}"
    );
    problem["errors"].clone()
}

/// Generated clients send defaults, and each language writes a boolean in its own way: 0, false or False.
#[test]
fn a_boolean_in_the_query_has_no_default() {
    for operation in Operation::all() {
        for parameter in operation.parameters("query") {
            let schema = &parameter["schema"];
            let is_sent = schema["type"] == "boolean" && !schema["default"].is_null();
            assert!(!is_sent, "{operation}: {}", parameter["name"]);
        }
    }
}

#[tokio::test]
async fn an_unknown_query_parameter_is_400() {
    for operation in Operation::of_resources() {
        let errors = errors(&operation, "no-such-parameter=1").await;

        let reason = "is not a parameter of this operation";
        let expected = json!([{"pointer": "/no-such-parameter", "detail": reason}]);
        assert_eq!(errors, expected, "{operation}");
    }
}

#[tokio::test]
async fn a_misspelt_query_parameter_is_400_with_the_right_name() {
    for operation in Operation::of_resources() {
        for name in names(&operation).iter().filter(|name| name.len() > 3) {
            let misspelt = format!("{}{}", &name[..2], &name[3..]);
            let errors = errors(&operation, &format!("{misspelt}=5")).await;

            assert_eq!(errors[0]["pointer"], *format!("/{misspelt}"), "{operation}");
            let reason = errors[0]["detail"].as_str().expect("a reason");
            let suggestion = format!("; did you mean {name}?");
            assert!(reason.ends_with(&suggestion), "{operation}: {reason}");
        }
    }
}

#[tokio::test]
async fn a_query_parameter_that_is_there_twice_is_400() {
    for operation in Operation::of_resources() {
        for parameter in operation.parameters("query") {
            if parameter["schema"]["type"] == "array" {
                continue;
            }
            let name = parameter["name"].as_str().expect("a name");
            let errors = errors(&operation, &format!("{name}=1&{name}=1")).await;

            let expected = json!([{"pointer": format!("/{name}"), "detail": "must be there once"}]);
            assert_eq!(errors, expected, "{operation}");
        }
    }
}

#[tokio::test]
async fn a_name_that_is_not_plain_is_not_repeated() {
    for operation in Operation::of_resources() {
        for query in ["%3Cscript%3E=1", "forged%0d%0aSet-Cookie:1", &"forged".repeat(20)] {
            let errors = errors(&operation, query).await;

            assert_eq!(errors[0]["pointer"], "", "{operation}: ?{query}");
            assert!(!errors.to_string().contains("forged"), "{operation}: {errors}");
            assert!(!errors.to_string().contains("script"), "{operation}: {errors}");
        }
    }
}

#[tokio::test]
async fn nothing_is_stored_if_the_query_is_not_valid() {
    for operation in Operation::of_resources().filter(Operation::is_write) {
        let service = InProcess::memory().await;
        let path = operation.existing_path(&service).await;
        let collection = path
            .rsplit_once('/')
            .map_or("/", |(collection, _)| collection)
            .to_owned()
            + "/";
        let stored = async || text(service.get(&collection).send().await).await;

        let before = stored().await;
        let response = operation
            .request(&service, &format!("{path}?dry-run=true"))
            .send()
            .await;
        assert_eq!(status_of(&response), 400, "{operation}");
        assert_eq!(stored().await, before, "{operation}");
    }
}

/// Probes may add anything, to get past caches for example.
#[tokio::test]
async fn monitoring_and_pages_ignore_the_query() {
    let service = InProcess::memory().await;
    let monitoring = Operation::all().into_iter().filter(Operation::is_monitoring);
    let paths = monitoring.map(|operation| operation.path());
    let pages = [
        "/metrics",
        "/docs",
        "/openapi.json",
        "/openapi.yaml",
        "/problems/",
    ]
    .map(str::to_owned);

    for path in paths.chain(pages) {
        let response = service.get(format!("{path}?_=123&_=124")).send().await;
        assert_eq!(status_of(&response), 200, "{path}");
    }
}
