//! The contract of [`TweetRepository`]: what every implementation must do. Run all of it with
//! [`tweet_repository_contract!`](crate::tweet_repository_contract).

#![expect(
    clippy::expect_used,
    reason = "a broken promise fails the test that runs the case"
)]

mod cases;
mod concurrency;
mod failing;
mod idempotency;

use std::sync::Arc;

pub use cases::*;
pub use concurrency::*;
pub use failing::FailingTweetRepository;
pub use idempotency::*;

use crate::{
    OwnedKey,
    testing::Sample,
    tweet::{IdempotentTweet, NewTweet, Tweet, TweetId, TweetRepository},
};

/// Expands to one test for each case; see [`contract_tests!`](crate::contract_tests) for `$fresh`.
///
/// A case runs only if it is listed here; `app/tests/rules` compares the list with the functions.
///
/// ```text
/// mod memory {
///     domain::tweet_repository_contract!(Fresh::memory());
/// }
/// ```
#[macro_export]
macro_rules! tweet_repository_contract {
    ($($fresh:tt)+) => {
        $crate::contract_tests!($($fresh)+; [$crate::testing::tweet];
            added_tweets_are_found,
            absent_ids_are_left_out,
            empty_input_gives_an_empty_result,
            latest_is_sorted_by_descending_id,
            latest_respects_limit_and_before,
            after_is_sorted_by_ascending_id_and_respects_limit_and_after,
            pages_contain_every_tweet_exactly_once,
            batch_of_a_thousand_is_stored_and_found,
            values_at_their_limits_round_trip,
            adding_a_stored_id_is_a_conflict_and_adds_nothing,
            duplicate_id_in_a_batch_is_a_conflict,
            concurrent_adds_are_all_stored,
            pages_neither_skip_nor_repeat_while_tweets_are_added,
            read_after_write_sees_the_write,
            dropped_call_does_not_affect_other_calls,
            repeated_key_stores_one_tweet,
            keys_are_compared_byte_for_byte,
            each_item_of_a_batch_gets_the_tweet_of_its_key,
            stored_id_is_a_conflict_under_any_key,
            keys_belong_to_their_owner,
            concurrent_calls_with_one_key_store_one_tweet,
        );
    };
}

/// The `n`th of a series of tweets with rising ids, one millisecond apart. Neighbours differ in their content.
pub fn tweet(n: u64) -> Tweet {
    with_content(n, new_tweet(n))
}

/// [`tweet(n)`](tweet) with this content.
pub fn with_content(n: u64, content: NewTweet) -> Tweet {
    let millis = 1_700_000_000_000 + n;
    let id = TweetId::from_u128(u128::from(millis) << 80);
    let timestamp = chrono::DateTime::from_timestamp_millis(millis.cast_signed()).expect("a valid time");

    Tweet::new(id, content, timestamp)
}

/// The `n`th of a series of ordinary contents.
pub fn new_tweet(n: u64) -> NewTweet {
    NewTweet {
        text: Sample::sample(n),
    }
}

/// The `n`th of a series of contents at the limits of their fields.
pub fn edge_tweet(n: u64) -> NewTweet {
    NewTweet {
        text: Sample::edge(n),
    }
}

/// [`tweet(n)`](tweet), to be stored under this key of a client without a name.
pub fn idempotent(n: u64, key: &str) -> IdempotentTweet {
    owned(n, None, key)
}

/// [`tweet(n)`](tweet), to be stored under this key of this client.
pub fn owned(n: u64, owner: Option<&str>, key: &str) -> IdempotentTweet {
    IdempotentTweet {
        item: tweet(n),
        key: OwnedKey {
            owner: owner.map(|name| name.parse().expect("a valid name")),
            key: key.parse().expect("a valid key"),
        },
    }
}

fn tweets(numbers: std::ops::Range<u64>) -> Vec<Tweet> {
    numbers.map(tweet).collect()
}

fn newest_first(mut tweets: Vec<Tweet>) -> Vec<Tweet> {
    tweets.sort_by_key(|tweet| std::cmp::Reverse(tweet.id));
    tweets
}

/// Every tweet of a store, by following pages of `limit` to the end.
async fn all_pages(repository: &Arc<dyn TweetRepository>, limit: usize) -> Vec<Tweet> {
    let mut seen: Vec<Tweet> = Vec::new();

    loop {
        let before = seen.last().map(|tweet| tweet.id);
        let page = repository.latest(before, limit).await.expect("latest");

        let is_older = |tweet: &Tweet| before.is_none_or(|before| tweet.id < before);
        assert!(
            page.iter().all(is_older),
            "a page holds only tweets before `before`"
        );

        let is_last = page.len() < limit;
        seen.extend(page);
        if is_last {
            return seen;
        }
    }
}

/// Every tweet with a larger id than `after`, by following pages of `limit` to the end.
async fn all_pages_after(repository: &Arc<dyn TweetRepository>, after: TweetId, limit: usize) -> Vec<Tweet> {
    let mut seen: Vec<Tweet> = Vec::new();

    loop {
        let after = seen.last().map_or(after, |tweet| tweet.id);
        let page = repository.after(after, limit).await.expect("after");

        assert!(
            page.iter().all(|tweet| tweet.id > after),
            "a page holds only tweets after `after`"
        );

        let is_last = page.len() < limit;
        seen.extend(page);
        if is_last {
            return seen;
        }
    }
}
