//! Which connection is closed for a new one when all places are taken.

use std::{cmp::Reverse, net::IpAddr, time::Duration};

use tokio::time::Instant;

use super::connection_state::{ConnectionState, Waiting};

/// A connection is spared for this long after it was accepted, began a request or got a response, as long as there are
/// others to close: a distant client needs about this time for its next bytes. Without it, clients that send half a
/// request at once would displace those that are just connecting.
///
/// A response counts as being read for this long after the client has last made room for more of it. A longer time would
/// let clients that never read keep all places with fewer new connections in a second.
const GRACE: Duration = Duration::from_secs(1);

/// A connection is not closed at all for this long, because its next request may be in the queue of its socket already.
const MIN_AGE: Duration = Duration::from_millis(100);

/// How many candidates one look at all connections finds, so that a flood costs few such looks. The test of `registry.rs`
/// has the figures.
const CANDIDATES: usize = 1024;

/// After a look at all connections that found no candidate, the next one may come after this time.
const SCAN_INTERVAL: Duration = Duration::from_millis(10);

/// How useful a connection is, the least useful first. A connection has none of these, and is not closed for another one:
///
/// - while its request is handled;
/// - while its response is being read, for [`GRACE`];
/// - within [`MIN_AGE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Usefulness {
    /// It has never sent a byte.
    Silent,
    /// It has not completed a request that it began. One byte now and then does not count as progress.
    Incomplete,
    /// It has sent no further request.
    Idle,
    /// It does not read its response.
    Unread,
    /// One of the first three, but within [`GRACE`].
    Young,
    /// It reads its response, but has done so for longer than [`GRACE`]. Otherwise clients that read without haste could
    /// keep all places.
    Slow,
}

fn usefulness(
    (waiting, since): (Waiting, Instant),
    response_began: Instant,
    now: Instant,
) -> Option<Usefulness> {
    let time = now.saturating_duration_since(since);
    let is_slow = now.saturating_duration_since(response_began) >= GRACE;

    match waiting {
        Waiting::Reader if time < GRACE => is_slow.then_some(Usefulness::Slow),
        _ if time < MIN_AGE => None,
        _ if time < GRACE => Some(Usefulness::Young),
        Waiting::Reader => Some(Usefulness::Unread),
        Waiting::FirstByte => Some(Usefulness::Silent),
        Waiting::RestOfRequest => Some(Usefulness::Incomplete),
        Waiting::NextRequest => Some(Usefulness::Idle),
    }
}

/// A connection that could be closed, if it still is in the same state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub(super) client: IpAddr,
    pub(super) id: u64,
    pub(super) waiting: (Waiting, Instant),
    usefulness: Usefulness,
}

impl Candidate {
    /// A candidate, unless the connection is in use.
    pub(super) fn new(client: IpAddr, id: u64, state: &ConnectionState, now: Instant) -> Option<Self> {
        let waiting = state.waiting()?;

        Some(Self {
            client,
            id,
            waiting,
            usefulness: usefulness(waiting, state.response_began(), now)?,
        })
    }

    /// The least useful first; among equals, the one that has been waiting longest.
    fn order(&self) -> (Usefulness, Instant) {
        (self.usefulness, self.waiting.1)
    }
}

/// The least useful connections, found in one look at all of them, so that not every new connection needs such a look.
#[derive(Debug, Default)]
pub(super) struct EvictionQueue {
    /// The least useful one last.
    candidates: Vec<Candidate>,
    filled: Option<Instant>,
    /// Whether few were found when it was filled, so that the next look soon would find few as well.
    found_few: bool,
}

impl EvictionQueue {
    /// The next candidate. Those of an earlier flood are forgotten.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Candidate> {
        if self.filled.is_some_and(|filled| now - filled >= GRACE) {
            *self = Self::default();
        }

        self.candidates.pop()
    }

    /// Whether it is worth looking at all connections.
    pub(super) fn may_fill(&self, now: Instant) -> bool {
        !self.found_few || self.filled.is_none_or(|filled| now - filled >= SCAN_INTERVAL)
    }

    /// Takes the least useful of these.
    pub(super) fn fill(&mut self, candidates: impl Iterator<Item = Candidate>, now: Instant) {
        let mut candidates: Vec<_> = candidates.collect();
        if candidates.len() > CANDIDATES {
            candidates.select_nth_unstable_by_key(CANDIDATES, Candidate::order);
            candidates.truncate(CANDIDATES);
            candidates.shrink_to_fit();
        }
        candidates.sort_unstable_by_key(|candidate| Reverse(candidate.order()));

        self.found_few = candidates.len() < CANDIDATES / 8;
        self.candidates = candidates;
        self.filled = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The waiting times, in milliseconds, of the connections in the order in which they are closed.
    fn order(connections: &[(Waiting, u64)]) -> Vec<(Waiting, u64)> {
        let now = Instant::now() + Duration::from_secs(3600);
        let candidate = |(id, &(waiting, millis)): (usize, &(Waiting, u64))| {
            let waiting = (waiting, now - Duration::from_millis(millis));
            Some(Candidate {
                client: IpAddr::from([192, 0, 2, 7]),
                id: id as u64,
                waiting,
                usefulness: usefulness(waiting, waiting.1, now)?,
            })
        };
        let mut queue = EvictionQueue::default();
        queue.fill(connections.iter().enumerate().filter_map(candidate), now);

        let ids = std::iter::from_fn(|| queue.pop(now).map(|candidate| candidate.id as usize));
        ids.map(|id| connections[id]).collect()
    }

    #[test]
    fn client_that_reads_without_haste_is_closed_last() {
        let now = Instant::now() + Duration::from_secs(3600);
        let ago = |millis| now - Duration::from_millis(millis);
        let reader = |response_began| usefulness((Waiting::Reader, ago(10)), ago(response_began), now);

        assert_eq!(reader(900), None);
        assert_eq!(reader(1_000), Some(Usefulness::Slow));
        assert!(Usefulness::Slow > Usefulness::Young && Usefulness::Slow > Usefulness::Unread);
    }

    #[test]
    fn least_useful_connection_is_closed_first() {
        use Waiting::{FirstByte, NextRequest, Reader, RestOfRequest};

        let closed = [
            (FirstByte, 9_000),
            (FirstByte, 1_000),
            (RestOfRequest, 9_000),
            (RestOfRequest, 1_000),
            (NextRequest, 70_000),
            (NextRequest, 1_000),
            (Reader, 60_000),
            (Reader, 1_000),
            // Spared as long as there are others, whatever they have sent.
            (NextRequest, 999),
            (FirstByte, 500),
            (RestOfRequest, 100),
        ];
        let spared = [
            (Reader, 999),
            (FirstByte, 99),
            (RestOfRequest, 99),
            (NextRequest, 0),
        ];

        let mut all = [&closed[..], &spared].concat();
        for _ in 0..all.len() {
            all.rotate_left(1);
            assert_eq!(order(&all), closed);
        }
    }

    #[test]
    fn one_look_at_all_connections_serves_many_new_ones() {
        let connections: Vec<_> = (0..10_000).map(|n| (Waiting::FirstByte, 1_000 + n)).collect();

        let longest_first: Vec<_> = connections.iter().rev().take(CANDIDATES).copied().collect();
        assert_eq!(order(&connections), longest_first);
    }
}
