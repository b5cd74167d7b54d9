//! The body of `POST /tweet/`.

use domain::tweet::{NewTweet, TweetText};
use poem_openapi::{Object, types::Example};
use serde::Deserialize;

use crate::http::values::{TextInput, example_text};

/// What to store. Members that are not listed are ignored.
#[derive(Debug, Object, Deserialize)]
#[oai(rename = "TweetInput", example)]
pub(crate) struct NewTweetBody {
    /// 1 to 140 Unicode scalar values once surrounding white space is removed; no U+0000.
    text: TextInput<{ TweetText::MAX_CHARS }>,
}

impl From<NewTweetBody> for NewTweet {
    fn from(body: NewTweetBody) -> Self {
        let NewTweetBody { text } = body;
        Self { text: text.0 }
    }
}

impl Example for NewTweetBody {
    fn example() -> Self {
        Self {
            text: TextInput(example_text("Hello, world!")),
        }
    }
}
