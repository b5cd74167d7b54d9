//! The OpenAPI document. poem-openapi generates it from the handlers; the steps below make it one that generators of
//! clients, mocks and linters read as it is meant.
//!
//! # Adding a step
//! 1. Write a function that changes one thing of the document, in the file of this folder that is about it. Find the
//!    places by the iterators of `walk`.
//! 2. Add it to [`STEPS`].
//! 3. `cargo run -- openapi > openapi/openapi.json`; a rule for all operations is a test in `app/tests/operations`.

mod examples;
mod headers;
mod parameters;
pub(crate) mod problem_examples;
mod rate_limit;
mod schemas;
mod security;
mod walk;

use poem_openapi::{OpenApi, OpenApiService};
use serde_json::Value;

use crate::health;

/// What is done with the generated document, in this order. Each function keeps the order of members: generators make
/// the order of arguments from it.
const STEPS: &[fn(&mut Value)] = &[
    version,
    problem_examples::add,
    headers::canonical_names,
    rate_limit::headers,
    parameters::sort,
    parameters::without_redundancy,
    schemas::portable_formats,
    schemas::whole_bounds,
    schemas::typed_nullables,
    schemas::plain_media_types,
    security::explicit,
    health::examples,
    examples::of_bodies,
    examples::of_headers,
];

/// The document of the service.
pub(crate) struct Document(Value);

impl Document {
    /// The document of these APIs, whether tokens are configured or not.
    #[expect(clippy::expect_used, reason = "a constant of the program, which tests make")]
    pub(crate) fn new<A: OpenApi>(service: &OpenApiService<A, ()>) -> Self {
        let mut document = serde_json::from_str(&service.spec()).expect("the framework writes JSON");
        for step in STEPS {
            step(&mut document);
        }

        Self(document)
    }

    /// As JSON, ending in a line break.
    pub(crate) fn json(&self) -> String {
        format!("{:#}\n", self.0)
    }

    /// As YAML. Times are quoted: a plain one is no string for readers of YAML 1.1.
    #[expect(clippy::expect_used, reason = "a constant of the program, which tests make")]
    pub(crate) fn yaml(&self) -> String {
        let yaml = serde_yaml::to_string(&self.0).expect("JSON can be written as YAML");

        let quoted = yaml.lines().map(|line| match line.rsplit_once(' ') {
            Some((start, value)) if is_date(value) => format!("{start} '{value}'\n"),
            _ => format!("{line}\n"),
        });
        quoted.collect()
    }

    /// The page of Swagger UI that shows it. It can send tokens only if `with_tokens`: the locks of a service without
    /// tokens would ask for what nobody has.
    pub(crate) fn swagger_ui_html(&self, with_tokens: bool) -> String {
        let mut document = self.0.clone();
        if !with_tokens {
            security::remove(&mut document);
        }

        // The framework's page shows a document of the framework.
        let empty = OpenApiService::new((), "", "");
        // `</script>` in a text would end the script.
        let script = document.to_string().replace("</", r"<\/");
        empty.swagger_ui_html().replacen(&empty.spec(), &script, 1)
    }
}

/// Whether a scalar begins with a date.
fn is_date(scalar: &str) -> bool {
    let is_digit = |at: &usize| scalar.as_bytes().get(*at).is_some_and(u8::is_ascii_digit);
    let is_dash = |at: &usize| scalar.as_bytes().get(*at) == Some(&b'-');

    [0, 1, 2, 3, 5, 6, 8, 9].iter().all(is_digit) && [4, 7].iter().all(is_dash)
}

/// The version of OpenAPI: the first that defines the empty requirement `{}`, by which a token is optional.
fn version(document: &mut Value) {
    document["openapi"] = "3.0.3".into();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        crate::document("service")
    }

    #[test]
    fn json_and_yaml_are_the_same_document() {
        let document = document();
        let json: Value = serde_json::from_str(&document.json()).expect("JSON");
        let yaml: Value = serde_yaml::from_str(&document.yaml()).expect("YAML");

        assert_eq!(json, document.0);
        assert_eq!(yaml, document.0);
    }

    #[test]
    fn times_in_yaml_are_strings_for_every_reader() {
        let yaml = document().yaml();

        assert!(yaml.contains("timestamp: '20"), "{yaml}");
        assert!(!yaml.lines().any(|line| line.split(' ').any(is_date)), "{yaml}");
    }

    #[test]
    fn page_shows_the_document_and_locks_only_with_tokens() {
        let document = document();

        for with_tokens in [true, false] {
            let html = document.swagger_ui_html(with_tokens);
            let (_, script) = html.split_once("let spec = ").expect("the script");
            let (shown, _) = script.split_once(";\n").expect("the end of the line");
            let shown: Value = serde_json::from_str(shown).expect("JSON");

            assert_eq!(shown == document.0, with_tokens);
            assert_eq!(shown["components"]["securitySchemes"].is_object(), with_tokens);
            assert_eq!(shown.to_string().contains("[{\"ApiToken\":[]}"), with_tokens);
            assert_eq!(shown["info"], document.0["info"]);
        }
    }
}
