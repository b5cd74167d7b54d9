//! A tweet on the wire.

use domain::{DateTime, SecondsFormat, Tweet, TweetId, TweetText, Utc};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::{http::base_url::BaseUrl, http::schema::schema_type};

/// A tweet, written straight from the domain's values, without a copy or a tree in between.
#[derive(Debug, Serialize)]
pub(crate) struct TweetBody {
    #[serde(serialize_with = "as_encoded")]
    id: TweetId,
    #[serde(serialize_with = "as_text")]
    text: TweetText,
    #[serde(serialize_with = "as_rfc3339")]
    timestamp: DateTime<Utc>,
    href: String,
}

impl TweetBody {
    pub(crate) fn new(tweet: Tweet, base: &BaseUrl) -> Self {
        let Tweet { id, text, timestamp } = tweet;
        Self {
            id,
            text,
            timestamp,
            href: base.tweet(id),
        }
    }
}

schema_type!(
    TweetBody,
    "Tweet",
    MetaSchema {
        description: Some("A tweet. It never changes."),
        required: vec!["id", "text", "timestamp", "href"],
        properties: vec![
            ("id", described("Its id. Ids rise with time.", ulid_schema())),
            (
                "text",
                described("What it says, in Unicode scalar values.", text_schema())
            ),
            (
                "timestamp",
                described(
                    "When it was stored, to the millisecond (RFC 3339).",
                    string("date-time")
                )
            ),
            ("href", described("Where it is.", string("uri"))),
        ],
        example: Some(json!({
            "id": EXAMPLE_ID,
            "text": "Hello, world!",
            "timestamp": "2025-11-22T11:33:01.437Z",
            "href": format!("http://localhost:8000/tweet/{EXAMPLE_ID}"),
        })),
        ..MetaSchema::new("object")
    }
);

fn as_encoded<S: Serializer>(id: &TweetId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(id.encode(&mut [0; TweetId::LEN]))
}

fn as_text<S: Serializer>(text: &TweetText, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text.as_str())
}

fn as_rfc3339<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// The id that examples show.
const EXAMPLE_ID: &str = "01KAN2FGVXM1SY9VXF7MJ4Z7QV";

/// What a tweet's id looks like, wherever one stands.
pub(crate) fn ulid_schema() -> MetaSchema {
    MetaSchema {
        pattern: Some("^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$".to_owned()),
        example: Some(json!(EXAMPLE_ID)),
        ..MetaSchema::new_with_format("string", "ulid")
    }
}

fn text_schema() -> MetaSchema {
    MetaSchema {
        min_length: Some(1),
        max_length: Some(TweetText::MAX_CHARS),
        ..MetaSchema::new("string")
    }
}

fn string(format: &'static str) -> MetaSchema {
    MetaSchema::new_with_format("string", format)
}

fn described(description: &'static str, schema: MetaSchema) -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(MetaSchema {
        description: Some(description),
        ..schema
    }))
}

#[cfg(test)]
mod tests {
    use poem_openapi::{registry::Registry, types::Type};

    use super::*;

    #[test]
    fn a_tweet_is_written_as_the_document_describes_it() {
        let mut registry = Registry::new();
        TweetBody::register(&mut registry);
        let schema = &registry.schemas["Tweet"];
        let tweet = Tweet {
            id: EXAMPLE_ID.parse().expect("a ULID"),
            text: TweetText::new("Hello, world!").expect("a text"),
            timestamp: DateTime::from_timestamp_millis(1_763_811_181_437).expect("a time"),
        };
        let written = serde_json::to_value(TweetBody::new(tweet, &BaseUrl::example())).expect("JSON");
        assert_eq!(Some(&written), schema.example.as_ref());
        let members: Vec<_> = schema.properties.iter().map(|(name, _)| *name).collect();
        assert_eq!(members, schema.required, "every member is always there");
        assert_eq!(members.len(), written.as_object().map_or(0, serde_json::Map::len));
        assert!(members.iter().all(|name| written.get(name).is_some()));
    }
}
