//! A tweet in responses.

use domain::{
    DateTime,
    tweet::{Tweet, TweetText},
};
use poem_openapi::{Object, types::Example};
use serde::Serialize;

use crate::{
    http::{
        base_url::BaseUrl,
        values::{IdValue, TextValue, TimestampValue, UrlValue, example_id, example_text},
    },
    tweet::COLLECTION,
};

/// A tweet. It never changes.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Tweet", example)]
pub(crate) struct TweetBody {
    /// Its id. Ids rise with the time of creation, as the clock of the instance that stored it has it.
    id: IdValue<Tweet>,
    /// Its text, in Unicode scalar values.
    text: TextValue<{ TweetText::MAX_CHARS }>,
    /// When it was stored, to the millisecond (RFC 3339).
    timestamp: TimestampValue,
    /// Its URL: absolute, except in responses to HTTP/1.0 requests that name no host.
    href: UrlValue,
}

impl TweetBody {
    pub(crate) fn new(tweet: Tweet, base: &BaseUrl) -> Self {
        let Tweet { id, text, timestamp } = tweet;

        Self {
            id: IdValue(id),
            text: TextValue(text),
            timestamp: TimestampValue(timestamp),
            href: UrlValue(base.item(COLLECTION, id)),
        }
    }
}

impl Example for TweetBody {
    fn example() -> Self {
        let tweet = Tweet {
            id: example_id(),
            text: example_text("Hello, world!"),
            timestamp: DateTime::from_timestamp_millis(1_763_811_181_437).unwrap_or_default(),
        };

        Self::new(tweet, &BaseUrl::example())
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::{registry::Registry, types::Type};

    use super::*;

    #[test]
    fn tweet_is_written_as_the_document_describes_it() {
        let mut registry = Registry::new();
        TweetBody::register(&mut registry);
        let schema = &registry.schemas["Tweet"];

        let written = serde_json::to_value(TweetBody::example()).expect("JSON");

        assert_eq!(Some(&written), schema.example.as_ref());
        let members: Vec<_> = schema.properties.iter().map(|(name, _)| *name).collect();
        assert_eq!(members, schema.required, "every member is always there");
        assert_eq!(members.len(), written.as_object().map_or(0, serde_json::Map::len));
        assert!(members.iter().all(|name| written.get(name).is_some()));
    }
}
