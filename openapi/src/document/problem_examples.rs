//! The types of problems in the document: an example of each on the responses that may have it, and the list of all.

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::Type,
};
use serde_json::{Map, Value, json};

use super::walk::{members, operations, responses};
use crate::http::{
    problem_body::{MEDIA_TYPE, ProblemBody},
    problem_type::ProblemType,
};

/// A schema that carries these types to [`add`], which replaces it: the framework has no place for several examples of
/// a response.
pub(crate) fn placeholder(kinds: &[&'static ProblemType]) -> MetaSchemaRef {
    let slugs = kinds.iter().map(|kind| json!(kind.slug));

    MetaSchemaRef::Inline(Box::new(MetaSchema {
        enum_items: slugs.collect(),
        // The framework drops schemas that nothing refers to.
        all_of: vec![ProblemBody::schema_ref()],
        ..MetaSchema::ANY
    }))
}

/// Gives each error response an example of every type that it may have, named by its slug, and lists all types in the
/// description of `type`. That is no `enum`, with which generated clients would reject the types of later versions.
pub(super) fn add(document: &mut Value) {
    for operation in operations(document) {
        for (_, response) in responses(operation) {
            let content = members(response.get_mut("content"));
            for (_, body) in content.filter(|(media_type, _)| *media_type == MEDIA_TYPE) {
                let kinds = placed(&body["schema"]);
                body["schema"] = reference(&ProblemBody::schema_ref());
                body["examples"] = kinds.map(example).collect::<Map<_, _>>().into();
            }
        }
    }

    if let Some(Value::Object(schema)) = document.pointer_mut("/components/schemas/Problem") {
        // Mocks would prefer it to the examples of the response.
        schema.remove("example");
        schema["properties"]["type"]["description"] = list().into();
    }
}

/// The types in a placeholder.
fn placed(schema: &Value) -> impl Iterator<Item = &'static ProblemType> + use<> {
    let slugs = schema["enum"].as_array().cloned().unwrap_or_default();
    slugs
        .into_iter()
        .filter_map(|slug| ProblemType::find(slug.as_str()?))
}

fn reference(schema: &MetaSchemaRef) -> Value {
    serde_json::to_value(schema).unwrap_or_default()
}

fn example(kind: &'static ProblemType) -> (String, Value) {
    let example = json!({"summary": kind.title, "value": kind.example()});
    (kind.slug.to_owned(), example)
}

/// All types as Markdown.
fn list() -> String {
    let kinds = ProblemType::ALL.iter().map(|kind| {
        let status = kind.status.as_u16();
        format!("- `{}` ({status}): {}", kind.path(), kind.title)
    });
    let kinds = kinds.collect::<Vec<_>>().join("\n");

    format!(
        "The type of problem: the URL of a page that says what happened and what to do. A base URL, or the path prefix of a \
         proxy, may come before what is listed here, so compare the last segment. Later versions may have further types:\n\n\
         {kinds}"
    )
}
