use std::sync::{Mutex, PoisonError};

use ulid::Ulid;

use crate::{DateTime, TweetId, Utc};

/// Makes the ids of new tweets: ULIDs, each larger than the one before, whatever the clock does.
#[derive(Debug, Default)]
pub struct TweetIds {
    last: Mutex<u128>,
}

impl TweetIds {
    /// An id for a tweet stored `now`. Within one millisecond, and while the clock stands behind an earlier reading,
    /// ids count up from the last one; otherwise the random part is drawn anew.
    pub fn next(&self, now: DateTime<Utc>) -> TweetId {
        let fresh = Ulid::from_datetime(now.into());
        // A panic cannot leave a number half written, so a poisoned lock is as good as any.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let moved_on = fresh.timestamp_ms() > Ulid(*last).timestamp_ms();
        // 2^128 ids are not used up in a process's life, and saturating is still no panic.
        *last = if moved_on { fresh.0 } else { last.saturating_add(1) };
        TweetId::from_u128(*last)
    }
}
