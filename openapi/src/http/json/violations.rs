//! Everything that is wrong with a body that was refused.

use std::fmt;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::explain::{explain, token};
use crate::http::problem::Violation;

/// The violation of each member of `T`, in the order of the schema: serde stops at the `first` one. If that is one of
/// the body as a whole, it is the only one.
///
/// Each member is parsed once, by itself, so the work grows with the body and not with what is wrong with it.
pub(super) fn violations<T: Type + DeserializeOwned>(body: &[u8], first: Violation) -> Vec<Violation> {
    let json = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    let members = match serde_json::from_slice(json) {
        Ok(Members(members)) if !first.pointer.is_empty() => members,
        _ => return vec![first],
    };

    let schema = schema::<T>();
    let of_member = |&(name, _): &(&str, _)| {
        let pointer = token(name);
        let mut values = members.iter().filter(|member| member.0 == name);

        match (values.next(), values.next()) {
            (None, _) if schema.required.contains(&name) => Some(Violation::new(pointer, "is missing")),
            (None, _) => None,
            (Some((_, value)), None) => of_value::<T>(name, value),
            (Some(_), Some(_)) => Some(Violation::new(pointer, "is there more than once")),
        }
    };
    let found: Vec<_> = schema.properties.iter().filter_map(of_member).collect();

    if found.is_empty() { vec![first] } else { found }
}

/// What is wrong with the value of a member, which does not depend on other members.
fn of_value<T: DeserializeOwned>(name: &str, value: &RawValue) -> Option<Violation> {
    let object = format!("{{{}:{value}}}", serde_json::Value::from(name));
    let mut object = serde_json::Deserializer::from_str(&object);

    let error = serde_path_to_error::deserialize::<_, T>(&mut object).err()?;
    let violation = explain(&error);
    // Once the value is valid, serde reports that another member is missing.
    let below = violation.pointer.strip_prefix(&token(name))?;
    (below.is_empty() || below.starts_with('/')).then_some(violation)
}

fn schema<T: Type>() -> MetaSchema {
    let mut registry = Registry::new();
    T::register(&mut registry);

    match T::schema_ref() {
        MetaSchemaRef::Inline(schema) => *schema,
        MetaSchemaRef::Reference(name) => registry.schemas.remove(&name).unwrap_or(MetaSchema::ANY),
    }
}

/// The members of an object, also those of the same name.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::json::{
        kinds_tests::{Kinds, with},
        parse::parse,
    };

    /// `/member: reason` for everything that is wrong.
    fn all_violations(body: &str) -> Vec<String> {
        let first = parse::<Kinds>(body.as_bytes()).expect_err(body);
        let violations = violations::<Kinds>(body.as_bytes(), first);

        let texts = violations
            .iter()
            .map(|violation| format!("{}: {}", violation.pointer, violation.detail));
        texts.collect()
    }

    #[test]
    fn every_invalid_member_is_named_in_the_order_of_the_schema() {
        let body = r#"{
            "open": 1, "b": 1e999, "size": "medium", "other_rating": 6, "code": "ab", "day": "soon",
            "total": 1, "total": 2, "other_open": null, "at": null
        }"#;

        assert_eq!(
            all_violations(body),
            [
                "/rating: is missing",
                "/total: is there more than once",
                "/day: must be a date, such as 2026-11-22 (RFC 3339)",
                "/at: must be a string, not null",
                "/owner: is missing",
                "/size: must be `small` or `large`",
                "/open: must be a boolean, not a number",
                "/other_rating: must be a whole number from -5 to 5",
            ]
        );
        assert_eq!(all_violations("\u{feff}{}").len(), 8, "all that are required");
    }

    #[test]
    fn body_that_is_wrong_as_a_whole_has_one_violation() {
        for body in ["", "[]", "{", r#"{"code":"ab""#] {
            assert_eq!(all_violations(body).len(), 1, "{body}");
        }
        assert_eq!(
            all_violations(&with("open", r#"true,"b":1,"b":2"#)),
            [": has a member more than once"]
        );
    }
}
