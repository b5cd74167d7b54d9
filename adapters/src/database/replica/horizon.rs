//! Up to which id a replica has everything.

use std::time::{Duration, Instant};

use domain::{DateTime, Utc};

/// By how much the clocks of instances may differ.
pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(10);

/// How long a horizon is used. A replica that is further behind still serves what it has.
pub(super) const MAX_HORIZON_AGE: Duration = Duration::from_secs(3);

/// A position in PostgreSQL's write-ahead log: a number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position(pub(super) i64);

/// The size of a page of the log, unless PostgreSQL was compiled with another.
const WAL_PAGE: i64 = 8192;

/// The headers of a page: at the beginning of a file, and elsewhere.
const WAL_PAGE_HEADERS: [i64; 2] = [40, 24];

impl Position {
    /// The end of what was inserted before the next record is inserted at this place. At the beginning of a page, the
    /// next record follows the page's header; a replica that has replayed everything is before that header, and stays
    /// there until something is written.
    pub(super) fn of_insertion(next_record: i64) -> Self {
        let in_page = next_record % WAL_PAGE;

        if WAL_PAGE_HEADERS.contains(&in_page) {
            Self(next_record - in_page)
        } else {
            Self(next_record)
        }
    }
}

/// How much older than the primary's position an id must be, so that its item is committed before or never.
#[derive(Debug, Clone, Copy)]
pub(super) struct Margin(Duration);

impl Margin {
    pub(super) fn new(request_timeout: Duration, statement_timeout: Duration) -> Self {
        Self(request_timeout + statement_timeout + MAX_CLOCK_SKEW)
    }
}

/// The bits of an id below its time in milliseconds.
const RANDOM_BITS: u32 = 80;

/// Every stored item whose id is smaller than this, as a number, is on the replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Horizon {
    pub(super) complete_below: u128,
    /// When the primary's position was read.
    pub(super) taken: Instant,
}

impl Horizon {
    /// The horizon of a replica that has replayed a position which the primary reached at `time` or later.
    pub(super) fn new(time: DateTime<Utc>, taken: Instant, margin: Margin) -> Self {
        let margin = i64::try_from(margin.0.as_millis()).unwrap_or(i64::MAX);
        let millis = time.timestamp_millis().saturating_sub(margin);

        Self {
            // Before 1970 there are no ids.
            complete_below: u128::try_from(millis).unwrap_or(0) << RANDOM_BITS,
            taken,
        }
    }

    pub(super) fn is_recent(&self, now: Instant) -> bool {
        now.duration_since(self.taken) <= MAX_HORIZON_AGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_of_an_empty_page_is_not_awaited() {
        for (next_record, end) in [
            (8192 + 24, 8192),
            (16 * 1024 * 1024 + 40, 16 * 1024 * 1024),
            (8192 + 32, 8192 + 32),
            (8192, 8192),
        ] {
            assert_eq!(Position::of_insertion(next_record), Position(end));
        }
    }

    #[test]
    fn horizon_is_older_than_the_position_by_both_timeouts_and_the_clock_skew() {
        let margin = Margin::new(Duration::from_secs(10), Duration::from_secs(5));
        let time = DateTime::from_timestamp_millis(1_700_000_025_000).expect("a time");

        let horizon = Horizon::new(time, Instant::now(), margin);

        assert_eq!(horizon.complete_below, 1_700_000_000_000 << 80);
    }

    #[test]
    fn clock_before_1970_has_no_ids_below_the_horizon() {
        let margin = Margin::new(Duration::from_secs(1), Duration::from_secs(1));

        let horizon = Horizon::new(DateTime::UNIX_EPOCH, Instant::now(), margin);

        assert_eq!(horizon.complete_below, 0);
    }
}
