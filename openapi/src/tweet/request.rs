//! The body of `POST /tweet/`, read by hand: every error has a JSON Pointer and a reason, and quotes nothing.

use std::io;

use bytes::Bytes;
use domain::TweetText;
use http_body_util::{BodyExt, Limited, combinators::BoxBody};
use poem::{
    Request, RequestBody,
    error::ReadBodyError,
    http::{StatusCode, header::CONTENT_LENGTH},
};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{Json, ParsePayload, Payload},
    registry::{MetaSchema, MetaSchemaRef, Registry},
    types::Type,
};
use serde_json::json;

use crate::{http::problem::Problem, http::schema::schema_type};

/// The largest body that is read, in bytes. 140 characters, each escaped as a surrogate pair, take 1,680.
const MAX_BYTES: usize = 16 * 1024;

/// The body as the document describes it. What was sent is read by [`read`].
struct NewTweetBody;
schema_type!(
    NewTweetBody,
    "NewTweet",
    MetaSchema {
        description: Some("What to store. Members that are not listed are ignored."),
        required: vec!["text"],
        properties: vec![("text", MetaSchemaRef::Inline(Box::new(text_schema())))],
        example: Some(json!({ "text": "Hello, world!" })),
        ..MetaSchema::new("object")
    }
);

/// What Unicode calls `White_Space`, within brackets of an ECMA 262 pattern, whose own `\s` is another set.
const WHITE_SPACE: &str = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000";

/// The domain's rule as a pattern. A maxLength would count the white space around the text as well.
fn text_schema() -> MetaSchema {
    let (space, ink) = (format!("[{WHITE_SPACE}]*"), format!(r"[^\u0000{WHITE_SPACE}]"));
    let between = format!(r"[^\u0000]{{0,{}}}", TweetText::MAX_CHARS - 2);
    MetaSchema {
        description: Some(
            "1 to 140 Unicode scalar values once surrounding white space is removed; no U+0000.",
        ),
        min_length: Some(1),
        pattern: Some(format!("^{space}{ink}({between}{ink})?{space}$")),
        ..MetaSchema::new("string")
    }
}

/// The text of a valid body.
pub(crate) struct NewTweetText(pub(crate) TweetText);

impl Payload for NewTweetText {
    const CONTENT_TYPE: &'static str = "application/json";

    fn check_content_type(content_type: &str) -> bool {
        <Json<NewTweetBody> as Payload>::check_content_type(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        NewTweetBody::schema_ref()
    }

    fn register(registry: &mut Registry) {
        NewTweetBody::register(registry);
    }
}

impl ParsePayload for NewTweetText {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let too_large = || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body must be at most 16 KiB");
        let announced = request
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok());
        // Before the body is asked for, so that a client that waits for "100 Continue" sends nothing.
        if announced.is_some_and(|length: u64| length > MAX_BYTES as u64) {
            return Err(too_large().into());
        }
        // `Body::into_bytes_limit` would hold a buffer of 4 KiB in the request's future, and copy through it.
        let body = Limited::new(BoxBody::<Bytes, io::Error>::from(body.take()?), MAX_BYTES);
        match body.collect().await {
            Ok(body) => Ok(Self(parse(&body.to_bytes())?)),
            Err(error) => Err(match error.downcast() {
                Ok(error) => ReadBodyError::Io(*error).into(),
                Err(_limit) => too_large().into(),
            }),
        }
    }
}

impl_apirequest_for_payload!(NewTweetText);

fn parse(body: &[u8]) -> Result<TweetText, Problem> {
    super::read::text_of(body)
        .map_err(|violation| Problem::bad_request("the body is not a valid tweet", vec![violation]))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*};
    use serde_json::Value;

    use super::{super::read::text_of, *};
    use crate::http::problem::Violation;

    /// Anything, often nearly a tweet's text: white space around it, about as long as can be.
    fn texts() -> impl Strategy<Value = String> {
        let white = "[\t-\r \u{85}\u{a0}\u{1680}\u{2000}-\u{200b}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}]{0,3}";
        let around = |text: &'static str| (white, text, white).prop_map(|(a, b, c)| a + &b + &c);
        prop_oneof![around("\\PC{137,142}"), around("[\\s\\S]{0,3}"), any::<String>()]
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            texts().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            let object =
                vec((names(), inner.clone()), 0..4).prop_map(|members| members.into_iter().collect());
            prop_oneof![
                vec(inner, 0..4).prop_map(Value::Array),
                object.prop_map(Value::Object)
            ]
        })
    }

    fn names() -> impl Strategy<Value = String> {
        prop_oneof![3 => Just("text".to_owned()), 3 => "[ab<]", 1 => any::<String>()]
    }

    /// A reason is ours from end to end: short, and without anything that only the body could have brought.
    fn quotes_nothing(violation: &Violation) -> Result<(), TestCaseError> {
        let said = serde_json::to_value(violation).expect("JSON");
        let (pointer, reason) = (
            said["pointer"].as_str(),
            said["detail"].as_str().expect("a reason"),
        );
        prop_assert!(matches!(pointer, Some("" | "/text")), "{said}");
        let harmless = |c: char| c.is_ascii_alphanumeric() || " ,:;+-{}\"…".contains(c);
        prop_assert!(reason.len() < 80 && reason.chars().all(harmless), "{said}");
        Ok(())
    }

    proptest! {
        #[test]
        fn the_pattern_says_what_the_domain_takes(text in texts()) {
            let pattern = text_schema().pattern.expect("a pattern");
            let pattern = regress::Regex::with_flags(&pattern, "u").expect("ECMA 262");
            prop_assert_eq!(pattern.find(&text).is_some(), TweetText::new(&text).is_ok(), "{:?}", text);
        }

        #[test]
        fn any_bytes_are_a_text_or_refused(
            bytes in vec(any::<u8>(), 0..60),
            (before, after) in prop_oneof![Just(("", "")), Just(("{\"text\":\"", "\"}")), Just(("{\"text\":", "}"))],
        ) {
            let body = [before.as_bytes(), &bytes, after.as_bytes()].concat();
            match text_of(&body) {
                Ok(text) => {
                    let read: BTreeMap<String, Value> = serde_json::from_slice(&body).expect("JSON");
                    prop_assert_eq!(Some(text.as_str()), read["text"].as_str().map(str::trim));
                }
                Err(violation) => quotes_nothing(&violation)?,
            }
        }

        #[test]
        fn an_object_is_taken_when_it_has_one_valid_text_and_no_name_twice(
            members in vec((names(), prop_oneof!["\\PC{0,20}".prop_map(Value::from), values()]), 0..5),
        ) {
            let written: Vec<_> = members.iter().map(|(name, value)| format!("{}: {value}", json!(name))).collect();
            let body = format!(" {{{}}}\n", written.join(","));
            let members: BTreeMap<_, _> = members.into_iter().collect();
            let valid = members.get("text").and_then(|text| TweetText::new(text.as_str()?).ok());
            match text_of(body.as_bytes()) {
                Ok(text) => prop_assert_eq!((Some(text), members.len()), (valid, written.len())),
                Err(violation) => {
                    quotes_nothing(&violation)?;
                    prop_assert!(valid.is_none() || members.len() < written.len(), "{body}");
                }
            }
        }

        #[test]
        fn what_is_no_object_is_refused(value in values()) {
            if value.is_object() {
                return Ok(());
            }
            prop_assert!(text_of(value.to_string().as_bytes()).is_err());
        }
    }
}
