//! Examples of one resource as examples of another: paths, bodies, responses and names.

use anyhow::{Context as _, Result};
use regex::{Captures, Regex};
use serde_json::{Value, json};

use crate::{
    fields::{Field, Kind},
    resource::Resource,
    tokens,
};

/// The text with its examples of `old` made into examples of `new`.
///
/// # Errors
///
/// If a resource has no required text.
pub fn text(text: &str, old: &Resource, new: &Resource) -> Result<String> {
    let (old_text, new_text) = (example_text(old)?, example_text(new)?);
    let old_name = &old_text.name;

    let text = responses(text, old, new)?;
    let text = bodies(&text, old, new)?;
    let text = text
        .replace(
            &format!("\"pointer\":\"/{old_name}\""),
            &format!("\"pointer\":\"/{}\"", new_text.name),
        )
        .replace(
            &format!("the {} must", old_text.words),
            &format!("the {} must", new_text.words),
        )
        .replace(
            &format!("select {old_name} from"),
            &format!("select {} from", new_text.name),
        );
    Ok(names(&without_removal(&text, old), old, new))
}

/// How to remove the example is of no use for the resource that takes its place.
fn without_removal(text: &str, old: &Resource) -> String {
    let Resource { name, plural, .. } = old;
    text.replace(&format!("xtask remove {name}"), "xtask remove <resource>")
        .replace(
            &format!("The resource {name} is gone"),
            "The resource <resource> is gone",
        )
        .replace(&format!("No more {plural}"), "No more <resource>s")
}

/// The first text that every item has.
fn example_text(resource: &Resource) -> Result<&Field> {
    resource
        .example_text()
        .with_context(|| format!("{} has no required text", resource.name))
}

/// The name in all its forms, where it is a word or a part of an identifier.
fn names(text: &str, old: &Resource, new: &Resource) -> String {
    let forms = forms(old).into_iter().zip(forms(new));
    forms.fold(text.to_owned(), |text, (old, new)| words(&text, &old, &new))
}

/// Whether a text has the name in one of its forms, as [`names`] would replace it.
pub(crate) fn is_named(text: &str, resource: &Resource) -> bool {
    forms(resource).iter().any(|form| words(text, form, "") != text)
}

/// The forms of the name, those of the plural first.
fn forms(resource: &Resource) -> [String; 6] {
    [
        resource.plural.clone(),
        resource.plural_pascal(),
        resource.plural.to_uppercase(),
        resource.name.clone(),
        resource.pascal(),
        resource.name.to_uppercase(),
    ]
}

/// Replaces a word that no lower-case letter continues on either side.
fn words(text: &str, old: &str, new: &str) -> String {
    let continues =
        |neighbour: Option<char>| neighbour.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let begins_capital = old.starts_with(|first: char| first.is_ascii_uppercase());

    let starts = text.match_indices(old).map(|(start, _)| start).filter(|start| {
        let before = text[..*start].chars().next_back();
        let after = text[start + old.len()..].chars().next();
        (begins_capital || !continues(before)) && !continues(after)
    });
    tokens::replace_at(text, starts, old.len(), |_| new)
}

/// Bodies of requests: the text of each stays, in the new resource's own.
fn bodies(text: &str, old: &Resource, new: &Resource) -> Result<String> {
    let members = old.fields.iter().filter(|field| !field.optional);
    let patterns = members.map(|field| {
        let value = match field.name == example_text(old)?.name {
            true => "\\\\?\"(?P<text>(?:[^\"\\\\]|\\\\u[0-9a-f]{4})*)\\\\?\"".to_owned(),
            false => quoted_pattern(&sample(field)),
        };
        Ok(format!("\\\\?\"{}\\\\?\": ?{value}", field.name))
    });
    let patterns = patterns.collect::<Result<Vec<_>>>()?.join(", ?");
    let pattern = Regex::new(&format!("\\{{{patterns}\\}}"))?;

    let new_text = example_text(new)?;
    let replaced = pattern.replace_all(text, |found: &Captures<'_>| {
        let whole = &found[0];
        let quote = if whole.starts_with("{\\") { "\\\"" } else { "\"" };
        let spaced = whole.contains("\": ");
        let (colon, comma) = if spaced { (": ", ", ") } else { (":", ",") };

        let members = new.fields.iter().filter(|field| !field.optional).map(|field| {
            let value = match field.name == new_text.name {
                true => format!("\"{}\"", &found["text"]),
                false => sample(field).to_string(),
            };
            let value = value.replace('"', quote);
            format!("{quote}{}{quote}{colon}{value}", field.name)
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(comma))
    });
    Ok(replaced.into_owned())
}

/// Items in responses, in the order of the wire.
fn responses(text: &str, old: &Resource, new: &Resource) -> Result<String> {
    let members = old.fields.iter().filter(|field| !field.optional);
    let patterns = members.map(|field| {
        let value = match field.name == example_text(old)?.name {
            true => "\"(?P<text>[^\"]*)\"".to_owned(),
            false => quoted_pattern(&sample(field)),
        };
        Ok(format!("\"{}\":{value},", field.name))
    });
    let patterns = patterns.collect::<Result<Vec<_>>>()?.concat();
    let pattern = Regex::new(&format!(
        "\\{{(?P<id>\"id\":\"[^\"]*\"),{patterns}(?P<end>\"timestamp\":)"
    ))?;

    let new_text = example_text(new)?;
    let replaced = pattern.replace_all(text, |found: &Captures<'_>| {
        let members = new.fields.iter().filter(|field| !field.optional).map(|field| {
            let value = match field.name == new_text.name {
                true => format!("\"{}\"", &found["text"]),
                false => sample(field).to_string(),
            };
            format!("\"{}\":{value},", field.name)
        });
        format!(
            "{{{},{}{}",
            &found["id"],
            members.collect::<String>(),
            &found["end"]
        )
    });
    Ok(replaced.into_owned())
}

/// A pattern for a value whose quotes may be escaped.
fn quoted_pattern(value: &Value) -> String {
    regex::escape(&value.to_string()).replace('"', "\\\\?\"")
}

/// A value of a field, in JSON.
#[must_use]
pub fn sample(field: &Field) -> Value {
    match &field.kind {
        Kind::Text { min, max } => {
            let length = usize::try_from(*min).unwrap_or(1);
            let text = "Hello, world!".repeat(length / 13 + 1);
            let length = length.max(usize::try_from(*max).unwrap_or(13).min(13));
            json!(text.chars().take(length).collect::<String>())
        }
        Kind::Int { min, max } => json!((*min).max(1).min(*max)),
        Kind::Bool => json!(true),
        Kind::Time => json!("2026-11-22T16:44:49.716Z"),
        Kind::Date => json!("2026-11-22"),
        Kind::Uuid => json!("8e03978e-40d5-43e8-bc93-6894a57f9324"),
        Kind::Enum { values } => json!(values.first().map(|word| &word.name)),
    }
}
