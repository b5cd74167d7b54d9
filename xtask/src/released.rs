//! The document of the last release, which tests compare the committed one with.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{lists, plan::Missing, resource::Resource};

/// The file, as `cargo run -- openapi` wrote it.
pub const FILE: &str = "openapi/released.json";

/// The document without a resource: its operations, and the tags and schemas that only they use. Removing a resource
/// takes it from its clients on purpose. The document of a copy that has released nothing is that of the template, with
/// the template's example.
///
/// # Errors
///
/// If the document is not formatted as the program formats it.
pub fn without_resource(text: &str, old: &Resource) -> Result<String, Missing> {
    let missing = || Missing {
        place: format!(
            "the operations of {} in a document that the program wrote",
            old.name
        ),
        lines: String::new(),
    };
    let document: Value = serde_json::from_str(text).map_err(|_| missing())?;

    let collection = format!("/{}/", old.name);
    let paths = document["paths"].as_object().ok_or_else(missing)?;
    let is_own = |path: &&String| path.starts_with(&collection);
    let own: Vec<_> = paths.keys().filter(is_own).collect();
    let others: Map<_, _> = paths
        .iter()
        .filter(|(path, _)| !is_own(path))
        .map(owned)
        .collect();
    if own.is_empty() {
        return Ok(text.to_owned());
    }

    let (used, still_used) = (schemas(&document, paths), schemas(&document, &others));
    let (tags, other_tags) = (tags(paths), tags(&others));
    let mut lines: Vec<_> = text.lines().map(ToOwned::to_owned).collect();
    for path in own {
        remove(&mut lines, &format!("    \"{path}\": {{"), 0).ok_or_else(missing)?;
    }
    for tag in tags.difference(&other_tags) {
        // The line before the name opens the tag.
        remove(&mut lines, &format!("      \"name\": \"{tag}\""), 1).ok_or_else(missing)?;
    }
    for schema in used.difference(&still_used) {
        remove(&mut lines, &format!("      \"{schema}\": {{"), 0).ok_or_else(missing)?;
    }

    let text = lists::joined(lines.iter().map(String::as_str));
    let edited: Value = serde_json::from_str(&text).map_err(|_| missing())?;
    if edited["paths"] != Value::Object(others) {
        return Err(missing());
    }
    Ok(text)
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// Removes the lines of an object: from the one that is `above` the one that begins in this way, to the one that closes
/// it. `None` if there are none.
fn remove(lines: &mut Vec<String>, beginning: &str, above: usize) -> Option<()> {
    let start = lines
        .iter()
        .position(|line| line.starts_with(beginning))?
        .checked_sub(above)?;
    let indentation = lines.get(start)?.find(|character| character != ' ')?;
    let closing = format!("{}}}", " ".repeat(indentation));
    let end = start
        + lines
            .get(start..)?
            .iter()
            .position(|line| line.starts_with(&closing))?;

    let is_last = !lines.get(end)?.ends_with(',');
    lines.drain(start..=end);
    if is_last && let Some(before) = start.checked_sub(1).and_then(|before| lines.get_mut(before)) {
        *before = before.trim_end_matches(',').to_owned();
    }
    Some(())
}

/// The tags of the operations at these paths.
fn tags(paths: &Map<String, Value>) -> BTreeSet<String> {
    let operations = paths.values().filter_map(Value::as_object).flat_map(Map::values);
    let tags = operations
        .filter_map(|operation| operation.get("tags")?.as_array())
        .flatten();
    tags.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

/// The schemas that these paths refer to, and those that these schemas refer to.
fn schemas(document: &Value, paths: &Map<String, Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<_> = paths.values().collect();

    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(elements) => waiting.extend(elements),
            Value::Object(members) => waiting.extend(members.values()),
            Value::String(text) => {
                if let Some(name) = text.strip_prefix("#/components/schemas/")
                    && found.insert(name.to_owned())
                {
                    waiting.extend(document.pointer(&format!("/components/schemas/{name}")));
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::Record;

    fn resource(name: &str) -> Resource {
        let record = Record {
            resources: [(name.to_owned(), vec!["title:text(1..9)".to_owned()])].into(),
            ..Record::default()
        };
        Resource::recorded(&record).expect("a resource").remove(0)
    }

    fn document() -> Value {
        let operation = |tag: &str, schema: &str| {
            let reference = json!({"$ref": format!("#/components/schemas/{schema}")});
            json!({"get": {"tags": [tag], "responses": {"200": reference}}})
        };
        json!({
            "paths": {
                "/book/": operation("Books", "Book"),
                "/book/{id}": operation("Books", "Book"),
                "/bookshelf/": operation("Shelves", "Shelf")
            },
            "tags": [{"name": "Books"}, {"name": "Shelves"}],
            "components": {"schemas": {
                "Author": {"type": "object"},
                "Book": {"items": {"$ref": "#/components/schemas/Author"}},
                "Problem": {"type": "object"},
                "Shelf": {"type": "object"}
            }}
        })
    }

    fn pretty(document: &Value) -> String {
        serde_json::to_string_pretty(document).expect("JSON") + "\n"
    }

    #[test]
    fn resource_is_removed_with_what_only_it_uses() {
        let mut rest = document();
        rest["paths"] = json!({"/bookshelf/": rest["paths"]["/bookshelf/"]});
        rest["tags"] = json!([{"name": "Shelves"}]);
        let schemas = rest["components"]["schemas"].as_object_mut().expect("schemas");
        schemas.retain(|name, _| ["Problem", "Shelf"].contains(&&**name));

        let text = without_resource(&pretty(&document()), &resource("book")).expect("removed");
        assert_eq!(text, pretty(&rest));
    }

    #[test]
    fn last_of_a_list_leaves_no_comma() {
        let text = without_resource(&pretty(&document()), &resource("bookshelf")).expect("removed");

        let rest: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(rest["paths"].as_object().map(Map::len), Some(2));
        assert_eq!(rest["tags"], json!([{"name": "Books"}]));
        assert!(rest["components"]["schemas"].get("Shelf").is_none());
    }

    #[test]
    fn document_without_the_resource_stays_as_it_is() {
        let text = "{\"paths\":{}}";
        assert_eq!(without_resource(text, &resource("book")).expect("the same"), text);
    }

    #[test]
    fn document_in_another_format_is_refused() {
        let missing = without_resource(&document().to_string(), &resource("book")).expect_err("one line");
        assert!(missing.place.contains("operations of book"), "{}", missing.place);
    }
}
