//! The body of `POST /tweet/`, read by hand: every error has a JSON Pointer and a reason, and quotes nothing.

use std::{borrow::Cow, collections::HashSet, fmt};

use domain::TweetText;
use poem::{
    Request, RequestBody,
    error::ReadBodyError,
    http::{StatusCode, header::CONTENT_LENGTH},
};
use poem_openapi::{
    Object, impl_apirequest_for_payload,
    payload::{Json, ParsePayload, Payload},
    registry::{MetaSchemaRef, Registry},
    types::{Example, Type},
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use crate::problem::{Problem, Violation};

/// The largest body that is read, in bytes. 140 characters, each escaped as a surrogate pair, take 1,680.
const MAX_BYTES: usize = 16 * 1024;

/// What to store. Members that are not listed are ignored.
#[derive(Debug, Object)]
#[oai(rename = "NewTweet", example)]
struct NewTweetBody {
    /// 1 to 140 Unicode scalar values once surrounding white space is removed; no U+0000.
    // The rule of the domain as a pattern (ECMA 262, counting scalar values). There is no maxLength, because white
    // space around the text does not count.
    #[oai(validator(
        min_length = 1,
        pattern = r"^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*[^\u0000\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]([^\u0000]{0,138}[^\u0000\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000])?[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$"
    ))]
    text: String,
}

impl Example for NewTweetBody {
    fn example() -> Self {
        Self { text: "Hello, world!".to_owned() }
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
        let announced =
            request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        // Before the body is asked for, so that a client that waits for "100 Continue" sends nothing.
        if announced.is_some_and(|length: u64| length > MAX_BYTES as u64) {
            return Err(too_large().into());
        }
        match body.take()?.into_bytes_limit(MAX_BYTES).await {
            Ok(bytes) => Ok(Self(parse(&bytes)?)),
            Err(ReadBodyError::PayloadTooLarge) => Err(too_large().into()),
            Err(error) => Err(error.into()),
        }
    }
}

impl_apirequest_for_payload!(NewTweetText);

fn parse(body: &[u8]) -> Result<TweetText, Problem> {
    text_of(body).map_err(|violation| Problem::bad_request("the body is not a valid tweet", vec![violation]))
}

fn text_of(body: &[u8]) -> Result<TweetText, Violation> {
    let document = |reason: Cow<'static, str>| Violation::new("", reason);
    let json = std::str::from_utf8(body)
        .map_err(|error| document(format!("is not UTF-8 from byte {} on", error.valid_up_to()).into()))?;
    if json.trim_ascii().is_empty() {
        return Err(document("is empty; {\"text\": \"…\"} is expected".into()));
    }
    let members: Members<'_> = serde_json::from_str(json).map_err(|error| {
        document(match error.classify() {
            serde_json::error::Category::Data => "must be a JSON object".into(),
            _ => format!("is not JSON: see line {}, column {}", error.line(), error.column()).into(),
        })
    })?;
    if let Some(violation) = members.violation {
        return Err(violation);
    }
    let text = |reason: Cow<'static, str>| Violation::new("/text", reason);
    let raw = members.text.ok_or_else(|| text("is missing".into()))?.get();
    let kind = match raw.as_bytes().first() {
        Some(b'"') => {
            // Well-formed JSON may still spell half a surrogate pair, which is no character.
            let decoded: String = serde_json::from_str(raw)
                .map_err(|_| text("must be Unicode text: it has half a surrogate pair".into()))?;
            return TweetText::new(&decoded).map_err(|error| text(error.to_string().into()));
        }
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        Some(b'[') => "an array",
        Some(b'{') => "an object",
        _ => "a number",
    };
    Err(text(format!("must be a string, not {kind}").into()))
}

/// The members of the outermost object. A violation found among them does not stop the reading: whether the whole is
/// JSON at all comes first.
struct Members<'a> {
    text: Option<&'a RawValue>,
    violation: Option<Violation>,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Members { text: None, violation: None };
                let mut others = HashSet::new();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    let value: &RawValue = map.next_value()?;
                    if name == "text" {
                        if members.text.replace(value).is_some() {
                            members.violation = Some(Violation::new("/text", "is there more than once"));
                        }
                    } else if !others.insert(name) {
                        members.violation = Some(Violation::new("", "has a member more than once"));
                    } else if nested_too_deeply(value) {
                        members.violation = Some(Violation::new("", "is nested too deeply"));
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Values nobody reads are skipped without recursion, at any depth; what no other reader of JSON would take is refused
/// all the same.
fn nested_too_deeply(value: &RawValue) -> bool {
    value.get().starts_with(['[', '{'])
        && serde_json::from_str::<Value>(value.get()).is_err_and(|error| error.is_syntax())
}
