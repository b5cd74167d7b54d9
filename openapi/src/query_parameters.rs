//! The query parameters of every operation: a request has no others, and each one once.

use std::collections::HashMap;

use futures_util::{FutureExt, future::BoxFuture};
use poem::{
    Request, Response,
    endpoint::{BoxEndpoint, DynEndpoint},
    http::Method,
};
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, MetaOperation, MetaParamIn, MetaSchemaRef, Registry},
};
use url::form_urlencoded;

use crate::{
    http::problem::{Problem, ProblemType, Violation},
    routes::{self, MONITORED},
};

/// The APIs, where every operation that the document describes rejects a query that does not fit, with a 400. A client
/// that misspells `limit` would otherwise not notice that it is ignored.
///
/// Ignored are the queries of monitoring, whose probes may add anything, and of the pages that the document does not
/// list.
pub(crate) struct CheckedQueries<A>(pub(crate) A);

impl<A: OpenApi> OpenApi for CheckedQueries<A> {
    fn meta() -> Vec<MetaApi> {
        A::meta()
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }

    fn add_routes(self, table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        self.0.add_routes(table);

        let paths = A::meta().into_iter().flat_map(|api| api.paths);
        for path in paths.filter(|path| !MONITORED.contains(&&*path.path)) {
            let Some(endpoints) = table.get_mut(&routes::pattern(&path.path)) else {
                continue;
            };
            for operation in path.operations {
                if let Some(endpoint) = endpoints.remove(&operation.method) {
                    let checked = CheckedQuery::new(endpoint, &operation);
                    endpoints.insert(operation.method, Box::new(checked));
                }
            }
        }
    }
}

/// An operation whose query is checked. It implements the trait of boxed endpoints directly: around a request without a
/// query, there is neither another future nor another allocation.
struct CheckedQuery {
    endpoint: BoxEndpoint<'static>,
    parameters: Vec<Parameter>,
}

/// A query parameter of an operation.
#[derive(Debug, PartialEq, Eq)]
struct Parameter {
    name: String,
    /// Whether it may be there several times.
    is_list: bool,
}

/// How many parts of a query a problem names.
const MAX_VIOLATIONS: usize = 10;

impl CheckedQuery {
    fn new(endpoint: BoxEndpoint<'static>, operation: &MetaOperation) -> Self {
        let parameters = operation.params.iter();
        let of_query = parameters.filter(|parameter| matches!(parameter.in_type, MetaParamIn::Query));

        let parameters = of_query.map(|parameter| Parameter {
            name: parameter.name.clone(),
            is_list: matches!(&parameter.schema, MetaSchemaRef::Inline(schema) if schema.ty == "array"),
        });
        Self {
            endpoint,
            parameters: parameters.collect(),
        }
    }
}

impl DynEndpoint for CheckedQuery {
    type Output = Response;

    fn call(&self, request: Request) -> BoxFuture<'_, poem::Result<Response>> {
        let Some(query) = request.uri().query() else {
            return self.endpoint.call(request);
        };

        let errors = violations(query, &self.parameters);
        if errors.is_empty() {
            return self.endpoint.call(request);
        }

        let problem = Problem::new(ProblemType::INVALID_QUERY).with_errors(errors);
        async move { Err(problem.into()) }.boxed()
    }
}

/// What does not fit in a query.
fn violations(query: &str, parameters: &[Parameter]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut seen = Vec::new();

    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        let parameter = parameters.iter().find(|parameter| parameter.name == name);
        match parameter {
            None => violations.push(unknown(&name, parameters)),
            Some(parameter) if seen.contains(&parameter) && !parameter.is_list => {
                violations.push(Violation::new(format!("/{name}"), "must be there once"));
            }
            Some(parameter) => seen.push(parameter),
        }

        if violations.len() == MAX_VIOLATIONS {
            break;
        }
    }
    violations
}

/// The longest unknown name that is repeated to the client, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// The violation of an unknown parameter, with the known one that was meant, if there is one that is near. The name is
/// repeated only if it is short and harmless wherever it may be shown; otherwise the pointer names the whole query.
fn unknown(name: &str, parameters: &[Parameter]) -> Violation {
    let is_harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if !(1..=MAX_NAME_BYTES).contains(&name.len()) || !name.bytes().all(is_harmless) {
        return Violation::new("", "has a parameter that is not one of this operation");
    }

    // Names are compared exactly, but whoever types them may not.
    let typed = name.to_ascii_lowercase();
    let distances = parameters.iter().map(|parameter| {
        let distance = strsim::damerau_levenshtein(&parameter.name.to_ascii_lowercase(), &typed);
        (distance, &parameter.name)
    });
    // A third of the letters may differ.
    let nearest = distances.min().filter(|(distance, _)| distance * 3 <= name.len());

    let suggestion = nearest.map(|(_, nearest)| format!("; did you mean {nearest}?"));
    let reason = "is not a parameter of this operation".to_owned() + &suggestion.unwrap_or_default();
    Violation::new(format!("/{name}"), reason)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parameters() -> Vec<Parameter> {
        let parameter = |name: &str, is_list| Parameter {
            name: name.to_owned(),
            is_list,
        };
        vec![
            parameter("limit", false),
            parameter("before", false),
            parameter("tag", true),
        ]
    }

    /// Pointers and reasons.
    fn found(query: &str) -> Vec<(String, String)> {
        let violations = violations(query, &parameters()).into_iter();
        violations.map(|each| (each.pointer, each.detail)).collect()
    }

    #[test]
    fn only_documented_parameters_are_accepted_and_each_one_once() {
        for query in [
            "",
            "limit",
            "limit=1&before=2",
            "&&limit=1&",
            "%6Cimit=1",
            "tag=a&tag=b",
        ] {
            assert_eq!(found(query), [], "{query}");
        }

        let unknown = "is not a parameter of this operation";
        for (query, pointer, reason) in [
            ("limt=5", "/limt", format!("{unknown}; did you mean limit?")),
            ("LIMIT=5", "/LIMIT", format!("{unknown}; did you mean limit?")),
            (
                "limit=5&bfeore=x",
                "/bfeore",
                format!("{unknown}; did you mean before?"),
            ),
            ("page=5", "/page", unknown.to_owned()),
            ("x", "/x", unknown.to_owned()),
            ("limit=1&limit=2", "/limit", "must be there once".to_owned()),
            ("limit=1&%6Cimit=1", "/limit", "must be there once".to_owned()),
        ] {
            assert_eq!(found(query), [(pointer.to_owned(), reason)], "{query}");
        }
    }

    #[test]
    fn names_that_are_long_or_not_plain_are_not_repeated() {
        let long = "x".repeat(65);

        for query in [
            &*long,
            "=1",
            "a%20b",
            "a+b",
            "%3Cscript%3E",
            "a/b",
            "a~b",
            "%ff",
            "é",
        ] {
            let expected = "has a parameter that is not one of this operation";
            assert_eq!(found(query), [(String::new(), expected.to_owned())], "{query}");
        }
    }

    proptest! {
        #[test]
        fn any_query_is_accepted_or_has_a_bounded_number_of_plain_reasons(query in "([a-z%0-9&=<\"\\\\é]{0,9}|limit|tag|&|=){0,40}") {
            let found = found(&query);

            prop_assert!(found.len() <= MAX_VIOLATIONS);
            for (pointer, reason) in found {
                let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_.- ;?".contains(&byte));
                prop_assert!(is_plain(&pointer) && is_plain(&reason), "{} {}", pointer, reason);
            }
        }
    }
}
