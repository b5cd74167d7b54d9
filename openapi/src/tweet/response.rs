//! A tweet in responses.

use domain::tweet::{self, Tweet};
use poem_openapi::{Object, types::Example};
use serde::Serialize;

use crate::{
    http::{
        base_url::BaseUrl,
        values::{self, IdValue, TimestampValue, UrlValue, example_id},
    },
    tweet::COLLECTION,
};

/// A tweet. It never changes.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Tweet", example)]
pub(crate) struct TweetBody {
    /// Its id. Ids rise with the time of creation, as the clock of the instance that stored it has it.
    id: IdValue<Tweet>,
    /// 1 to 140 Unicode scalar values once surrounding white space is removed; no U+0000.
    text: values::TextValue<{ tweet::TweetText::MAX_CHARS }, { tweet::TweetText::MIN_CHARS }>,
    /// When it was created, to the millisecond (RFC 3339).
    timestamp: TimestampValue,
    /// Its URL: absolute, except in responses to HTTP/1.0 requests that name no host.
    href: UrlValue,
}

impl TweetBody {
    pub(crate) fn new(tweet: Tweet, base: &BaseUrl) -> Self {
        let Tweet { id, text, timestamp } = tweet;

        Self {
            id: IdValue(id),
            text: values::TextValue(text),
            timestamp: TimestampValue(timestamp),
            href: UrlValue(base.item(COLLECTION, id)),
        }
    }
}

impl Example for TweetBody {
    fn example() -> Self {
        let timestamp = domain::DateTime::from_timestamp_millis(1_763_811_181_437).unwrap_or_default();
        let tweet = Tweet::new(example_id(), super::example::content(), timestamp);

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
        assert_eq!(members.len(), written.as_object().map_or(0, serde_json::Map::len));
        assert!(members.iter().all(|name| written.get(name).is_some()));

        assert_eq!(members, schema.required, "every member is always there");
    }
}
