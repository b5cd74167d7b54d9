//! The threads that serve requests, and what they do before they sleep.

use std::{
    cell::Cell,
    io,
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

use tokio::runtime::{Builder, Runtime};

/// How long a thread is away, on average, when what takes its core is no longer a client's or the database's turn.
const LONG: Duration = Duration::from_millis(1);
/// The weight of the past in that average, in yields: one long turn is no sign yet.
const MEMORY: u32 = 64;
/// How long the core is not offered again after that.
const PAUSE: Duration = Duration::from_secs(1);

/// A runtime whose `workers` offer their core once to whoever waits for it before they sleep (`sched_yield(2)`). Where
/// clients or the database share the cores, these have sent the next requests and answers by the time the thread has
/// its core back: it finds them without having slept, and nobody had to wake it. Where nobody waits, it costs less than
/// a microsecond.
///
/// # Errors
/// The system's, when it has no thread or no descriptor left.
pub fn start(workers: NonZeroUsize) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(workers.get())
        .enable_all()
        .on_thread_park(offer)
        .build()
}

fn offer() {
    thread_local! {
        static OFFERS: Cell<Offers> = const { Cell::new(Offers::NONE) };
    }
    let offers = OFFERS.get();
    let begun = Instant::now();
    if offers.allowed(begun) {
        thread::yield_now();
        OFFERS.set(offers.taken(begun, Instant::now()));
    }
}

/// What a thread knows of its past offers. A thread that sleeps is given a core as soon as it is woken; one that offered
/// its core waits for its turn. Beside a program that computes without end this is milliseconds each time, so that such
/// neighbours, or a quota that is used up, end the offers for a while.
#[derive(Clone, Copy)]
struct Offers {
    mean: Duration,
    paused_until: Option<Instant>,
}

impl Offers {
    const NONE: Self = Self {
        mean: Duration::ZERO,
        paused_until: None,
    };

    fn allowed(&self, now: Instant) -> bool {
        self.paused_until.is_none_or(|until| until <= now)
    }

    /// After the core was away from `begun` to `ended`.
    fn taken(self, begun: Instant, ended: Instant) -> Self {
        let mean = (self.mean * (MEMORY - 1) + (ended - begun)) / MEMORY;
        if mean < LONG {
            Self {
                mean,
                paused_until: None,
            }
        } else {
            Self {
                paused_until: Some(ended + PAUSE),
                ..Self::NONE
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offers the core up to `times` times, each time away for `away`; how many offers there were before a pause.
    fn offers(state: &mut Offers, now: &mut Instant, times: u32, away: Duration) -> u32 {
        for offered in 0..times {
            if !state.allowed(*now) {
                return offered;
            }
            *state = state.taken(*now, *now + away);
            *now += away;
        }
        times
    }

    #[test]
    fn short_turns_and_single_long_ones_are_no_reason_to_stop() {
        let (mut state, mut now) = (Offers::NONE, Instant::now());
        for _ in 0..100 {
            assert_eq!(offers(&mut state, &mut now, 100, Duration::from_micros(300)), 100);
            assert_eq!(offers(&mut state, &mut now, 5, Duration::from_millis(4)), 5);
        }
    }

    #[test]
    fn beside_a_busy_neighbour_the_core_is_kept_for_a_second_and_then_offered_again() {
        let (mut state, mut now) = (Offers::NONE, Instant::now());
        for _ in 0..3 {
            let before = offers(&mut state, &mut now, 1_000, Duration::from_millis(3));
            assert!((10..50).contains(&before), "{before} offers");
            assert!(!state.allowed(now + PAUSE - Duration::from_nanos(1)));
            now += PAUSE;
            assert!(state.allowed(now));
        }
    }
}
