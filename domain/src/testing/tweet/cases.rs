//! What one caller sees.

use std::sync::Arc;

use super::{Spawn, all_pages, newest_first, tweet, tweets};
use crate::{RepositoryError, Tweet, TweetId, TweetRepository, TweetText};

/// Every tweet that was added is found by its id, as it was.
pub async fn added_tweets_are_found(repository: Arc<dyn TweetRepository>, _: Spawn) {
    let added = tweets(0..5);
    repository.add(&added).await.expect("add");
    for tweet in &added {
        assert_eq!(
            repository.find(&[tweet.id]).await.expect("find"),
            std::slice::from_ref(tweet)
        );
    }
    let ids: Vec<_> = added.iter().map(|tweet| tweet.id).collect();
    let found = repository.find(&ids).await.expect("find");
    assert_eq!(newest_first(found), newest_first(added), "all at once");
}

/// Ids nobody stored shorten the answer; an id asked for twice is answered once.
pub async fn absent_ids_are_left_out(repository: Arc<dyn TweetRepository>, _: Spawn) {
    let stored = tweet(1);
    assert_eq!(
        repository.find(&[stored.id]).await.expect("find"),
        [],
        "an empty store has nothing"
    );
    repository.add(std::slice::from_ref(&stored)).await.expect("add");
    let extremes = [TweetId::from_u128(0), TweetId::from_u128(u128::MAX)];
    assert_eq!(
        repository.find(&extremes).await.expect("find"),
        [],
        "ids at both ends of the range"
    );
    let asked = [extremes[0], stored.id, tweet(2).id, stored.id, extremes[1]];
    assert_eq!(repository.find(&asked).await.expect("find"), [stored]);
}

/// Empty batches, empty questions and empty stores are no errors.
pub async fn nothing_asked_is_nothing_answered(repository: Arc<dyn TweetRepository>, _: Spawn) {
    repository.add(&[]).await.expect("adding nothing");
    assert_eq!(repository.find(&[]).await.expect("finding nothing"), []);
    assert_eq!(repository.latest(None, 10).await.expect("latest of nothing"), []);
    assert_eq!(
        repository
            .latest(Some(tweet(1).id), 10)
            .await
            .expect("latest of nothing"),
        []
    );
    repository.add(&tweets(0..2)).await.expect("add");
    assert_eq!(repository.latest(None, 0).await.expect("a page of nothing"), []);
}

/// The order is that of the ids, whatever the order of arrival and the timestamps.
pub async fn latest_is_by_descending_id(repository: Arc<dyn TweetRepository>, _: Spawn) {
    let mut shuffled: Vec<Tweet> = [3, 0, 4, 1, 2].into_iter().map(tweet).collect();
    // A clock that stepped back: the newest id with the oldest time.
    shuffled[2].timestamp = tweet(0).timestamp - chrono::TimeDelta::days(1);
    for tweet in &shuffled {
        repository.add(std::slice::from_ref(tweet)).await.expect("add");
    }
    assert_eq!(
        repository.latest(None, 10).await.expect("latest"),
        newest_first(shuffled)
    );
}

/// `limit` and `before` both bound what is answered; `before` itself is left out and need not exist.
pub async fn a_limit_bounds_the_page(repository: Arc<dyn TweetRepository>, _: Spawn) {
    let even: Vec<Tweet> = (0..10).map(|n| tweet(2 * n)).collect();
    repository.add(&even).await.expect("add");
    let numbers = |numbers: &[u64]| numbers.iter().copied().map(tweet).collect::<Vec<_>>();
    assert_eq!(
        repository.latest(None, 3).await.expect("latest"),
        numbers(&[18, 16, 14])
    );
    assert_eq!(
        repository.latest(Some(tweet(14).id), 2).await.expect("latest"),
        numbers(&[12, 10])
    );
    assert_eq!(
        repository.latest(Some(tweet(13).id), 2).await.expect("latest"),
        numbers(&[12, 10])
    );
    assert_eq!(
        repository.latest(Some(tweet(2).id), 5).await.expect("latest"),
        numbers(&[0])
    );
    assert_eq!(repository.latest(Some(tweet(0).id), 5).await.expect("latest"), []);
    assert_eq!(
        repository
            .latest(Some(TweetId::from_u128(u128::MAX)), 1)
            .await
            .expect("latest"),
        numbers(&[18])
    );
}

/// Pages of any size, one after another, hold every tweet once.
pub async fn pages_partition_the_tweets(repository: Arc<dyn TweetRepository>, _: Spawn) {
    let added = tweets(0..23);
    repository.add(&added).await.expect("add");
    let expected = newest_first(added);
    for limit in [1, 2, 5, 22, 23, 24, 1000] {
        assert_eq!(
            all_pages(&repository, limit).await,
            expected,
            "in pages of {limit}"
        );
    }
}

/// A batch of 1,000 is stored whole and can be asked for whole.
pub async fn a_thousand_tweets_at_once(repository: Arc<dyn TweetRepository>, _: Spawn) {
    let added = tweets(0..1000);
    repository.add(&added).await.expect("add");
    let ids: Vec<_> = added.iter().map(|tweet| tweet.id).collect();
    let found = repository.find(&ids).await.expect("find");
    let expected = newest_first(added);
    assert_eq!(newest_first(found), expected);
    assert_eq!(all_pages(&repository, 201).await, expected);
}

/// Texts at both limits, in several scripts, with everything that encodings and collations stumble over.
pub async fn texts_come_back_byte_for_byte(repository: Arc<dyn TweetRepository>, _: Spawn) {
    let max = TweetText::MAX_CHARS;
    let texts = [
        "x".to_owned(),
        "x".repeat(max),
        "🦀".repeat(max),
        "\u{10FFFF}".repeat(max),
        "e\u{301}".repeat(max / 2),
        "Größe ǅ ﬁ İstanbul".to_owned(),
        "Δοκιμή με τελικό σίγμα ς".to_owned(),
        "Съешь же ещё этих мягких французских булок".to_owned(),
        "いろはにほへと ちりぬるを、漢字と仮名。".to_owned(),
        "안녕하세요 \u{1112}\u{1161}\u{11AB}".to_owned(),
        "مرحبا \u{202E}بالعالم\u{202C} שלום".to_owned(),
        "हिन्दी தமிழ் ไทย".to_owned(),
        "👩\u{200D}👩\u{200D}👧\u{200D}👦 🏳\u{FE0F}\u{200D}🌈 🇪🇺".to_owned(),
        "a\u{1}\u{7}\u{8}\tb\r\nc\u{1b}[31m\u{7f}\u{85}\u{2028}d".to_owned(),
        "\u{FEFF}byte order mark, \u{FFFD} \u{FFFE} \u{E000}".to_owned(),
        r#"'; drop table tweet; -- "\" \\ \0 %s %n {} $1 ?1 :x"#.to_owned(),
    ];
    let added: Vec<Tweet> = (0..)
        .zip(&texts)
        .map(|(n, text)| Tweet {
            text: TweetText::new(text).expect("a valid text"),
            ..tweet(n)
        })
        .collect();
    repository.add(&added).await.expect("add");
    let listed = repository.latest(None, texts.len()).await.expect("latest");
    for (tweet, text) in added.iter().zip(&texts) {
        let found = repository.find(&[tweet.id]).await.expect("find");
        assert_eq!(found[0].text.as_str().as_bytes(), text.as_bytes(), "{text:?}");
        assert!(listed.contains(tweet), "{text:?} in a page");
    }
}

/// Adding an id again fails, changes nothing, and takes the rest of its batch with it.
pub async fn a_stored_id_is_a_conflict_and_adds_nothing(repository: Arc<dyn TweetRepository>, _: Spawn) {
    repository.add(&[tweet(1)]).await.expect("add");
    let other_text = Tweet {
        text: TweetText::new("another text").expect("a valid text"),
        ..tweet(1)
    };
    let outcome = repository.add(&[tweet(0), other_text, tweet(2)]).await;
    assert!(matches!(outcome, Err(RepositoryError::Conflict)), "{outcome:?}");
    assert_eq!(
        repository.latest(None, 10).await.expect("latest"),
        [tweet(1)],
        "as if it had not been tried"
    );
    repository
        .add(&[tweet(0), tweet(2)])
        .await
        .expect("the others can be added");
}

/// A batch that contradicts itself is refused whole.
pub async fn an_id_twice_in_a_batch_is_a_conflict(repository: Arc<dyn TweetRepository>, _: Spawn) {
    let outcome = repository.add(&[tweet(0), tweet(1), tweet(1)]).await;
    assert!(matches!(outcome, Err(RepositoryError::Conflict)), "{outcome:?}");
    assert_eq!(repository.latest(None, 10).await.expect("latest"), []);
}
