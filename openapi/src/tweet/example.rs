//! The tweet of the document's examples.

use domain::tweet::{self, NewTweet};

use crate::http::values;

/// It has all members.
pub(super) fn content() -> NewTweet {
    NewTweet {
        text: values::example("Some text", tweet::TweetText::new),
    }
}
