//! An operation as the document describes it.

use std::{fmt, sync::LazyLock};

use app::version::NAME;
use poem::http::Method;
use serde_json::{Map, Value};

use super::MONITORING;

pub(super) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&openapi::spec(NAME)).expect("a document in JSON"));

#[derive(Debug)]
pub(super) struct Operation {
    pub(super) method: Method,
    /// Its path with the parameters in braces.
    pub(super) template: String,
    pub(super) description: Value,
}

/// For the message of a failed assertion.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {})", self.id(), self.method, self.template)
    }
}

/// What follows a `$ref`, or the value itself.
pub(super) fn resolve(value: &Value) -> &Value {
    match value["$ref"]
        .as_str()
        .and_then(|reference| reference.strip_prefix('#'))
    {
        Some(pointer) => DOCUMENT.pointer(pointer).expect("what a $ref names"),
        None => value,
    }
}

pub(super) fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// What is documented of JSON among the media types of a body.
fn json(content: &Value) -> Option<&Value> {
    let mut media_types = members(content);
    media_types
        .find(|(name, _)| name.starts_with("application/json"))
        .map(|(_, body)| body)
}

/// The example of a parameter or schema; for an object without one, it consists of the members' examples.
fn example(described: &Value) -> Option<Value> {
    let schema = resolve(&described["schema"]);
    let own = [&described["example"], &schema["example"]];
    if let Some(example) = own.into_iter().find(|example| !example.is_null()) {
        return Some(example.clone());
    }

    let properties = schema["properties"].as_object()?.iter();
    let member = |(name, schema): (&String, &Value)| {
        let example = resolve(schema)["example"].clone();
        (!example.is_null()).then(|| (name.clone(), example))
    };
    properties
        .map(member)
        .collect::<Option<Map<_, _>>>()
        .map(Value::Object)
}

impl Operation {
    pub(super) fn all() -> Vec<Self> {
        let mut all = Vec::new();

        for (template, methods) in members(&DOCUMENT["paths"]) {
            for (method, description) in members(methods) {
                all.push(Self {
                    method: method.to_uppercase().parse().expect("a method"),
                    template: template.clone(),
                    description: description.clone(),
                });
            }
        }

        assert!(!all.is_empty(), "the document has operations");
        all
    }

    /// Those that are there for clients, not for monitoring.
    pub(super) fn of_resources() -> impl Iterator<Item = Self> {
        Self::all()
            .into_iter()
            .filter(|operation| !operation.is_monitoring())
    }

    /// Those that respond with an array, or have a `limit`.
    pub(super) fn paged() -> impl Iterator<Item = Self> {
        let is_array = |schema: &Value| schema["type"] == "array";

        Self::all().into_iter().filter(move |operation| {
            operation.result().is_some_and(is_array) || operation.parameter("query", "limit").is_some()
        })
    }

    pub(super) fn id(&self) -> &str {
        self.description["operationId"]
            .as_str()
            .unwrap_or("no operationId")
    }

    pub(super) fn is_monitoring(&self) -> bool {
        MONITORING.contains(&&*self.template)
    }

    pub(super) fn is_write(&self) -> bool {
        !matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS)
    }

    /// Whether its path ends in a parameter, as those of items do.
    pub(super) fn is_item(&self) -> bool {
        self.template.ends_with('}')
    }

    /// Whether the document lists a token for it, which a service without tokens does not require.
    pub(super) fn lists_security(&self) -> bool {
        let alternatives = self.description["security"].as_array().into_iter().flatten();

        alternatives
            .flat_map(members)
            .any(|(scheme, _)| !DOCUMENT["components"]["securitySchemes"][scheme].is_null())
    }

    /// Its parameters of this kind: `path`, `query` or `header`.
    pub(super) fn parameters(&self, kind: &str) -> Vec<&Value> {
        let all = self.description["parameters"].as_array().into_iter().flatten();
        all.map(resolve)
            .filter(|parameter| parameter["in"] == kind)
            .collect()
    }

    pub(super) fn parameter(&self, kind: &str, name: &str) -> Option<&Value> {
        let mut all = self.parameters(kind).into_iter();
        all.find(|parameter| parameter["name"] == name)
    }

    /// Its path, with an example for each parameter.
    pub(super) fn path(&self) -> String {
        let mut path = self.template.clone();

        for parameter in self.parameters("path") {
            let name = parameter["name"].as_str().expect("a name");
            let value = example(parameter).unwrap_or_else(|| panic!("{self}: {name} has no example"));
            path = path.replace(
                &format!("{{{name}}}"),
                value.as_str().unwrap_or(&value.to_string()),
            );
        }

        path
    }

    /// The header fields of a request that succeeds: the required ones, with their examples. `If-Match: *` matches
    /// whatever version is stored (RFC 9110, 13.1.1).
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let field = |parameter: &Value| {
            let name = parameter["name"].as_str().expect("a name");
            if name.eq_ignore_ascii_case("if-match") {
                return Some((name.to_owned(), "*".to_owned()));
            }
            if parameter["required"] != true {
                return None;
            }
            let value = example(parameter).unwrap_or_else(|| panic!("{self}: {name} has no example"));
            Some((
                name.to_owned(),
                value.as_str().map_or(value.to_string(), str::to_owned),
            ))
        };

        self.parameters("header").into_iter().filter_map(field).collect()
    }

    /// The example of its JSON body, if it has one.
    pub(super) fn body(&self) -> Option<Value> {
        let body = resolve(self.description.get("requestBody")?);
        let example = json(&body["content"]).and_then(example);

        Some(example.unwrap_or_else(|| panic!("{self}: the body has no JSON example")))
    }

    /// Each documented response with its status.
    pub(super) fn responses(&self) -> Vec<(u16, &Value)> {
        members(&self.description["responses"])
            .map(|(status, response)| (status.parse().expect("a status"), resolve(response)))
            .collect()
    }

    pub(super) fn documents(&self, status: u16) -> bool {
        self.responses()
            .iter()
            .any(|(documented, _)| *documented == status)
    }

    /// The schema of the JSON that a success responds with.
    pub(super) fn result(&self) -> Option<&Value> {
        let responses = self.responses().into_iter();
        let mut successes = responses.filter(|(status, _)| (200..300).contains(status));

        successes.find_map(|(_, response)| json(&response["content"])?.get("schema"))
    }
}
