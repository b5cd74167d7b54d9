//! Conditional requests (RFC 9110, 8.8 and 13), and the caching of items.
//!
//! - An immutable item has an [`entity_tag`] that is made from its id, and may be cached for ever ([`immutable`]).
//! - An item that changes has the tag of its version ([`version_tag`]) and must be revalidated ([`NO_CACHE`]). Writes
//!   demand the version that the client has read ([`required_if_match`]), so that no update is lost.
//! - A page of items has a weak tag ([`page_tag`](crate::http::weak_tag::page_tag)) and must be revalidated.

use std::str;

use domain::{Expected, Id, Version, WriteOutcome};
use poem::http::{
    HeaderMap, HeaderName,
    header::{IF_MATCH, IF_NONE_MATCH},
};
use poem_openapi::{
    registry::MetaSchema,
    types::{ParseFromParameter, ParseResult},
};
use serde_json::json;

use crate::http::{
    base_url::BaseUrl,
    problem::{Problem, ProblemType, Violation},
    schema::schema_type,
};

/// `If-Match` in the OpenAPI document. Its value is read from the headers: the framework takes one line alone, and
/// treats one that is not ASCII as absent. Its schema has no pattern: clients send back what they were sent, and one
/// for lists of tags would be full of quotation marks and slashes, which generators escape or not.
#[derive(Debug)]
pub struct IfMatchParam;

// Without an example: pages that send requests would fill it in.
schema_type!(
    IfMatchParam,
    MetaSchema {
        min_length: Some(1),
        ..MetaSchema::new("string")
    }
);

impl ParseFromParameter for IfMatchParam {
    fn parse_from_parameter(_: &str) -> ParseResult<Self> {
        Ok(Self)
    }
}

/// `If-Match` in the OpenAPI document, of an operation that demands it. Without the header, [`required_if_match`]
/// returns a 428, where the framework would return a 400.
#[derive(Debug)]
pub struct RequiredIfMatchParam;

schema_type!(
    RequiredIfMatchParam,
    MetaSchema {
        min_length: Some(1),
        example: Some(json!("\"1\"")),
        ..MetaSchema::new("string")
    }
);

impl ParseFromParameter for RequiredIfMatchParam {
    fn parse_from_parameter(_: &str) -> ParseResult<Self> {
        Ok(Self)
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(_: I) -> ParseResult<Self> {
        Ok(Self)
    }
}

/// `Cache-Control` of what changes: a cache asks whether its copy is current before each use (RFC 9111, 5.2.2.4).
pub const NO_CACHE: &str = "no-cache";

/// `Cache-Control` of what is true only now, such as the report of a health check: no cache keeps it (RFC 9111,
/// 5.2.2.5).
pub const NO_STORE: &str = "no-store";

/// `Cache-Control` of an item that never changes: a cache may hold it for a year, the longest time in common use,
/// without revalidation (RFC 8246). A shared cache may only do so if the URLs in the response are the same for every
/// request: otherwise one client could choose, by headers that the cache does not compare, what all others get for a
/// year.
pub fn immutable(base: &BaseUrl) -> &'static str {
    match base {
        BaseUrl::Configured(_) => "public, max-age=31536000, immutable",
        BaseUrl::FromRequest(_) => "private, max-age=31536000, immutable",
    }
}

/// A strong entity tag for an immutable item: whatever has this id has the same content.
pub fn entity_tag<T>(id: Id<T>) -> String {
    ["\"", id.encode(&mut [0; domain::ID_LEN]), "\""].concat()
}

/// A strong entity tag for an item in this version.
pub fn version_tag(version: Version) -> String {
    format!("\"{version}\"")
}

/// The version with this entity tag. `None` for any other tag: no item has it.
fn tagged_version(tag: &[u8]) -> Option<Version> {
    let number = tag.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let number = str::from_utf8(number).ok()?.parse().ok()?;
    let version = Version::new(number).ok()?;

    // `"01"` and `"+1"` are other tags than `"1"`.
    (version_tag(version).as_bytes() == tag).then_some(version)
}

/// The versions in which the client allows its write, from `If-Match`.
///
/// # Errors
/// A 428 without the header, a 400 if it is malformed.
pub fn required_if_match(headers: &HeaderMap) -> Result<Expected, Problem> {
    let mut versions = Vec::new();
    // The strong comparison: a weak tag is the tag of no version.
    let condition = evaluate(headers, &IF_MATCH, |listed| {
        versions.extend(tagged_version(listed));
        false
    });

    match condition {
        Some(Condition::Matches) => Ok(Expected::Any),
        Some(Condition::Differs) => Ok(Expected::OneOf(versions)),
        Some(Condition::Malformed) => Err(malformed_if_match()),
        None => Err(Problem::new(ProblemType::PRECONDITION_REQUIRED)),
    }
}

/// What a write has done.
///
/// # Errors
/// A 412 if the item is in another version than the client expects, `not_found` if there is none.
pub fn written<T>(outcome: WriteOutcome<T>, not_found: impl FnOnce() -> Problem) -> Result<T, Problem> {
    match outcome {
        WriteOutcome::Done(done) => Ok(done),
        WriteOutcome::OtherVersion => Err(precondition_failed()),
        WriteOutcome::Absent => Err(not_found()),
    }
}

/// Evaluates the conditions of a GET for what has this tag, in their order (RFC 9110, 13.2.2). Returns whether the
/// client's copy is current, so that the response is a 304. A malformed `If-None-Match` counts as absent.
///
/// # Errors
/// Those of [`check_if_match`].
pub fn is_not_modified(headers: &HeaderMap, tag: &str) -> Result<bool, Problem> {
    check_if_match(headers, tag)?;

    // The weak comparison (8.8.3.2).
    let own = tag.strip_prefix("W/").unwrap_or(tag);
    let condition = evaluate(headers, &IF_NONE_MATCH, |listed| {
        listed.strip_prefix(b"W/").unwrap_or(listed) == own.as_bytes()
    });
    Ok(condition == Some(Condition::Matches))
}

/// Evaluates `If-Match` for what has this tag.
///
/// # Errors
/// A 412 if the header lists other tags alone, a 400 if it is malformed: a guard that is not understood must not be
/// ignored.
pub fn check_if_match(headers: &HeaderMap, tag: &str) -> Result<(), Problem> {
    // The strong comparison: a weak tag equals none, not even itself.
    let equals = |listed: &[u8]| listed == tag.as_bytes() && !tag.starts_with("W/");
    match evaluate(headers, &IF_MATCH, equals) {
        None | Some(Condition::Matches) => Ok(()),
        Some(Condition::Differs) => Err(precondition_failed()),
        Some(Condition::Malformed) => Err(malformed_if_match()),
    }
}

fn precondition_failed() -> Problem {
    Problem::new(ProblemType::PRECONDITION_FAILED)
}

fn malformed_if_match() -> Problem {
    let reason = "must be * or a list of entity tags in double quotes";
    let violation = Violation::new("/If-Match", reason);
    Problem::new(ProblemType::INVALID_IF_MATCH).with_errors(vec![violation])
}

/// What a list of entity tags says about an item that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// It is `*`, or a listed tag equals that of the item.
    Matches,
    /// The tags are well-formed, and none of them equals it.
    Differs,
    Malformed,
}

/// `None` without such a header. Several lines are one list.
fn evaluate(
    headers: &HeaderMap,
    name: &HeaderName,
    mut equals: impl FnMut(&[u8]) -> bool,
) -> Option<Condition> {
    let lines = || headers.get_all(name).iter().map(|line| line.as_bytes());
    lines().next()?;
    if lines().map(<[u8]>::trim_ascii).eq([b"*"]) {
        return Some(Condition::Matches);
    }

    let (mut matches, mut any) = (false, false);
    for mut rest in lines() {
        while let Some((element, following)) = next_element(rest) {
            any |= !element.is_empty();
            matches |= equals(element);
            rest = following;
        }
        if !rest.trim_ascii().is_empty() {
            return Some(Condition::Malformed);
        }
    }

    Some(match (any, matches) {
        (false, _) => Condition::Malformed,
        (true, true) => Condition::Matches,
        (true, false) => Condition::Differs,
    })
}

/// Splits off the first element of a list, which is an entity tag or empty (RFC 9110, 5.6.1.2), and the comma after it.
/// `None` at the end of the list, and before anything malformed.
fn next_element(list: &[u8]) -> Option<(&[u8], &[u8])> {
    let list = list.trim_ascii_start();
    let is_tag_char = |byte: u8| byte == 0x21 || (0x23..=0x7e).contains(&byte) || byte >= 0x80;

    let opaque = list.strip_prefix(b"W/").unwrap_or(list).strip_prefix(b"\"");
    let element_len = match opaque {
        None => 0,
        Some(opaque) => {
            let text_len = opaque.iter().take_while(|byte| is_tag_char(**byte)).count();
            (opaque.get(text_len) == Some(&b'"')).then_some(list.len() - opaque.len() + text_len + 1)?
        }
    };

    let (element, rest) = list.split_at(element_len);
    let rest = rest.trim_ascii_start();
    match rest.split_first() {
        Some((b',', rest)) => Some((element, rest)),
        None if !element.is_empty() => Some((element, rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use poem::http::{HeaderValue, StatusCode};
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn headers(name: &HeaderName, lines: &[&[u8]]) -> Option<HeaderMap> {
        let values = lines.iter().map(|line| HeaderValue::from_bytes(line).ok());
        let fields = values.map(|value| Some((name.clone(), value?)));
        let fields = fields.collect::<Option<Vec<_>>>()?;

        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, value);
        }
        Some(headers)
    }

    /// What the lines of `If-Match` and of `If-None-Match` mean for an item with the tag `"a"`.
    fn outcomes(lines: &[&[u8]]) -> Option<(u16, u16)> {
        outcomes_for("\"a\"", lines)
    }

    fn outcomes_for(tag: &str, lines: &[&[u8]]) -> Option<(u16, u16)> {
        let status = |name| {
            let outcome = is_not_modified(&headers(name, lines)?, tag);
            Some(match outcome {
                Ok(false) => 200,
                Ok(true) => 304,
                Err(problem) => problem.status().as_u16(),
            })
        };

        Some((status(&IF_MATCH)?, status(&IF_NONE_MATCH)?))
    }

    #[test]
    fn lists_of_entity_tags_are_compared_as_the_rfc_says() {
        let (matches, weak, differs, malformed) = ((200, 304), (412, 304), (412, 200), (400, 200));

        for (lines, expected) in [
            (&[][..], (200, 200)),
            (&["*"], matches),
            (&[" * "], matches),
            (&["\"a\""], matches),
            (&["\"b\", \"a\""], matches),
            (&["\"b\"\t,\"a\" "], matches),
            (&[", ,\"a\",,"], matches),
            (&["\"b\"", "\"a\""], matches),
            (&["", "\"a\""], matches),
            (&["W/\"a\""], weak),
            (&["\"b\", W/\"a\""], weak),
            (&["\"b\""], differs),
            (&["\"\""], differs),
            (&["\"A\""], differs),
            (&["W/\"b\", \"c\""], differs),
            (&["\"b,\", \"\u{e9}\""], differs),
            (&["\"a,\""], differs),
            (&["\"*\""], differs),
            (&[""], malformed),
            (&[","], malformed),
            (&["a"], malformed),
            (&["'a'"], malformed),
            (&["\"a"], malformed),
            (&["a\""], malformed),
            (&["\"a b\""], malformed),
            (&["w/\"a\""], malformed),
            (&["W/ \"a\""], malformed),
            (&["\"a\" \"b\""], malformed),
            (&["\"a\"; \"b\""], malformed),
            (&["\"a\", b"], malformed),
            (&["\"a\", *"], malformed),
            (&["*, *"], malformed),
            (&["*", "*"], malformed),
            (&["\"a\"", "*"], malformed),
            (&["\"a\"", "b"], malformed),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
            assert_eq!(outcomes(&lines), Some(expected), "{lines:?}");
        }
    }

    #[test]
    fn weak_tag_equals_itself_only_in_if_none_match() {
        for (lines, expected) in [
            ("*", (200, 304)),
            ("W/\"a\"", (412, 304)),
            ("\"a\"", (412, 304)),
            ("\"b\", W/\"a\"", (412, 304)),
            ("W/\"b\"", (412, 200)),
            ("a", (400, 200)),
        ] {
            assert_eq!(
                outcomes_for("W/\"a\"", &[lines.as_bytes()]),
                Some(expected),
                "{lines}"
            );
        }
    }

    #[test]
    fn write_needs_the_tag_of_a_version_or_a_star() {
        let version = |number| Version::new(number).expect("a version");
        let one_of = |numbers: &[i64]| Ok(Expected::OneOf(numbers.iter().copied().map(version).collect()));

        for (lines, expected) in [
            (&[][..], Err(428)),
            (&["*"], Ok(Expected::Any)),
            (&["\"1\""], one_of(&[1])),
            (&["\"3\", \"x\"", "\"12\""], one_of(&[3, 12])),
            (&["\"9223372036854775807\""], one_of(&[i64::MAX])),
            (&["W/\"1\""], one_of(&[])),
            (
                &["\"01\",\"+1\",\"-1\",\"0\",\"\",\"1.0\",\"9223372036854775808\""],
                one_of(&[]),
            ),
            (&["1"], Err(400)),
            (&["\"1"], Err(400)),
            (&["*", "\"1\""], Err(400)),
            (&[""], Err(400)),
        ] {
            let bytes: Vec<_> = lines.iter().map(|line| line.as_bytes()).collect();
            let headers = headers(&IF_MATCH, &bytes).expect("headers");
            let demanded = required_if_match(&headers).map_err(|problem| problem.status().as_u16());
            assert_eq!(demanded, expected, "{lines:?}");
        }
    }

    #[test]
    fn if_match_is_evaluated_first() {
        let mut both = headers(&IF_NONE_MATCH, &[b"\"a\""]).expect("headers");
        both.append(IF_MATCH, HeaderValue::from_static("\"b\""));

        let outcome = is_not_modified(&both, "\"a\"");
        assert!(outcome.is_err_and(|problem| problem.status() == StatusCode::PRECONDITION_FAILED));
    }

    proptest! {
        #[test]
        fn any_bytes_have_one_of_four_meanings(lines in vec(vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b',')], 0..20), 1..3)) {
            let lines: Vec<_> = lines.iter().map(Vec::as_slice).collect();

            if let Some(outcomes) = outcomes(&lines) {
                prop_assert!([(200, 304), (412, 304), (412, 200), (400, 200)].contains(&outcomes));
            }
        }

        #[test]
        fn any_list_allows_a_write_in_the_version_that_a_get_would_match(list in "(\"?[0-3]?\"?,? ?){0,4}|\\*") {
            let headers = headers(&IF_MATCH, &[list.as_bytes()]).expect("a header");
            let demanded = required_if_match(&headers);

            for number in 1..=3 {
                let version = Version::new(number).expect("a version");
                let get = check_if_match(&headers, &version_tag(version)).map_err(|problem| problem.status());
                let write = match &demanded {
                    Ok(expected) if expected.allows(version) => Ok(()),
                    Ok(_) => Err(StatusCode::PRECONDITION_FAILED),
                    Err(problem) => Err(problem.status()),
                };
                prop_assert_eq!(write, get);
            }
        }

        #[test]
        fn the_tag_is_found_wherever_it_is_listed(others in vec("(W/)?\"[!#-~\u{e9}]{0,4}\"", 0..5), at in 0_usize..6) {
            let mut tags = others;
            tags.insert(at.min(tags.len()), "\"a\"".to_owned());

            prop_assert_eq!(outcomes(&[tags.join(" , ").as_bytes()]), Some((200, 304)));
        }
    }
}
