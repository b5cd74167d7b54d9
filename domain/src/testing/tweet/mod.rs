//! What every [`TweetRepository`] must do, whatever it is made of. Run all of it with
//! [`tweet_repository_contract!`](crate::tweet_repository_contract).
//!
//! Each case is a plain async function over an empty repository. It panics, saying what was promised, when the promise
//! is broken. `spawn` puts a task on the caller's runtime, because this crate knows none.

#![expect(
    clippy::expect_used,
    reason = "a broken promise fails the test that runs the case"
)]

mod cases;
mod concurrency;
mod failing;
mod idempotency;

use std::{pin::Pin, sync::Arc};

pub use cases::*;
pub use concurrency::*;
pub use failing::{FailingHealthCheck, FailingTweetRepository};
pub use idempotency::*;

use crate::{IdempotentTweet, Tweet, TweetId, TweetRepository, TweetText};

/// What a case runs beside itself.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts a task on the test's runtime; the returned future ends with the task and panics if the task did.
pub type Spawn = fn(Task) -> Task;

/// Expands to one `#[tokio::test]` a case. `$fresh` is a future of something that holds an empty store for one test:
/// it has a method `repository() -> Arc<dyn TweetRepository>` and may clean up when it is dropped.
///
/// ```text
/// mod memory {
///     domain::tweet_repository_contract!(Fresh::memory());
/// }
/// ```
#[macro_export]
macro_rules! tweet_repository_contract {
    ($fresh:expr) => {
        $crate::tweet_repository_contract!($fresh;
            added_tweets_are_found,
            absent_ids_are_left_out,
            nothing_asked_is_nothing_answered,
            latest_is_by_descending_id,
            a_limit_bounds_the_page,
            pages_partition_the_tweets,
            a_thousand_tweets_at_once,
            texts_come_back_byte_for_byte,
            a_stored_id_is_a_conflict_and_adds_nothing,
            an_id_twice_in_a_batch_is_a_conflict,
            concurrent_adds_are_all_kept,
            pages_neither_skip_nor_repeat_while_tweets_are_added,
            a_read_after_a_write_sees_it,
            dropping_a_call_harms_no_other,
            a_key_stores_one_tweet,
            a_key_tells_what_was_stored_whatever_the_text,
            keys_in_a_batch_are_told_apart,
            a_stored_id_is_a_conflict_under_any_key,
            many_at_once_with_one_key_store_one_tweet,
        );
    };
    ($fresh:expr; $($case:ident),* $(,)?) => {
        fn spawn(task: $crate::testing::tweet::Task) -> $crate::testing::tweet::Task {
            let handle = ::tokio::spawn(task);
            ::std::boxed::Box::pin(async { handle.await.expect("a task of the case failed") })
        }
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fresh = $fresh.await;
                $crate::testing::tweet::$case(fresh.repository(), spawn).await;
            }
        )*
    };
}

/// The `n`th of a row of tweets with rising ids, one millisecond apart.
pub fn tweet(n: u64) -> Tweet {
    let millis = 1_700_000_000_000 + n;
    Tweet {
        id: TweetId::from_u128(u128::from(millis) << 80),
        text: TweetText::new(&format!("tweet number {n}")).expect("a valid text"),
        timestamp: chrono::DateTime::from_timestamp_millis(millis.cast_signed()).expect("a valid time"),
    }
}

fn keyed(n: u64, key: &str) -> IdempotentTweet {
    IdempotentTweet {
        item: tweet(n),
        key: key.parse().expect("a valid key"),
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
        let older = |tweet: &Tweet| before.is_none_or(|before| tweet.id < before);
        assert!(
            page.iter().all(older),
            "a page holds only what is older than its `before`"
        );
        let last = page.len() < limit;
        seen.extend(page);
        if last {
            return seen;
        }
    }
}
