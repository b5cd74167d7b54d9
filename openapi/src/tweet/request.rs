//! The body of `POST /tweet/`.

use domain::tweet::{self, NewTweet};
use poem_openapi::{Object, types::Example};
use serde::Deserialize;

use crate::http::values;

/// What clients decide about a tweet. Members that are not listed are ignored.
#[derive(Debug, Object, Deserialize)]
#[oai(rename = "TweetInput", example)]
pub(crate) struct TweetInput {
    /// 1 to 140 Unicode scalar values once surrounding white space is removed; no U+0000.
    text: values::TextInput<{ tweet::TweetText::MAX_CHARS }, { tweet::TweetText::MIN_CHARS }>,
}

impl From<TweetInput> for NewTweet {
    fn from(body: TweetInput) -> Self {
        let TweetInput { text } = body;

        Self { text: text.0 }
    }
}

/// With all members.
impl Example for TweetInput {
    fn example() -> Self {
        let NewTweet { text } = super::example::content();

        Self {
            text: values::TextInput(text),
        }
    }
}
