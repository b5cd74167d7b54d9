//! The worker threads of the service, and what they do before they park.

use std::{
    cell::Cell,
    io,
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

use tokio::runtime::{Builder, Runtime};

/// If a thread is off its core for this long per yield, on average, it competes with a program that computes without end.
const MAX_MEAN_OFF_CPU: Duration = Duration::from_millis(1);

/// The window of the moving average, in yields: a single long one does not count as a competitor.
const EWMA_WINDOW: u32 = 64;

/// How long a thread does not yield after that.
const COOLDOWN: Duration = Duration::from_secs(1);

/// A multi-threaded runtime whose workers yield their core once (`sched_yield(2)`) before they park. Where clients or the
/// database share the cores, they use that time to send the next requests and results, which the worker then finds
/// without having slept or having been woken. Where no other thread is ready to run, it costs less than a microsecond.
///
/// # Errors
/// If the system has no thread or file descriptor left.
pub fn start(workers: NonZeroUsize) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(workers.get())
        .enable_all()
        .on_thread_park(yield_before_park)
        .build()
}

fn yield_before_park() {
    thread_local! {
        static STATE: Cell<YieldBeforePark> = const { Cell::new(YieldBeforePark::NEW) };
    }

    let state = STATE.get();
    let start = Instant::now();
    if state.allowed(start) {
        thread::yield_now();
        STATE.set(state.record(start, Instant::now()));
    }
}

/// Decides whether a thread yields before it parks. The system runs a thread soon after it is woken, but a thread that
/// yielded waits for its next time slice. Next to a program that computes without end, or when a CPU quota is used up,
/// this takes milliseconds each time; then the thread stops yielding for [`COOLDOWN`].
#[derive(Clone, Copy)]
struct YieldBeforePark {
    /// The exponentially weighted moving average of the time off the core.
    mean_off_cpu: Duration,
    cooldown_until: Option<Instant>,
}

impl YieldBeforePark {
    const NEW: Self = Self {
        mean_off_cpu: Duration::ZERO,
        cooldown_until: None,
    };

    fn allowed(&self, now: Instant) -> bool {
        self.cooldown_until.is_none_or(|until| until <= now)
    }

    /// The state after a yield from `start` to `end`.
    fn record(self, start: Instant, end: Instant) -> Self {
        let mean_off_cpu = (self.mean_off_cpu * (EWMA_WINDOW - 1) + (end - start)) / EWMA_WINDOW;

        if mean_off_cpu < MAX_MEAN_OFF_CPU {
            Self {
                mean_off_cpu,
                cooldown_until: None,
            }
        } else {
            Self {
                cooldown_until: Some(end + COOLDOWN),
                ..Self::NEW
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Yields up to `times` times, each time for `off_cpu`. Returns how many yields were allowed in a row.
    fn yields(state: &mut YieldBeforePark, now: &mut Instant, times: u32, off_cpu: Duration) -> u32 {
        for done in 0..times {
            if !state.allowed(*now) {
                return done;
            }
            *state = state.record(*now, *now + off_cpu);
            *now += off_cpu;
        }

        times
    }

    #[test]
    fn short_yields_and_a_few_long_ones_cause_no_cooldown() {
        let (mut state, mut now) = (YieldBeforePark::NEW, Instant::now());

        for _ in 0..100 {
            let (short, long) = (Duration::from_micros(300), Duration::from_millis(4));
            assert_eq!(yields(&mut state, &mut now, 100, short), 100);
            assert_eq!(yields(&mut state, &mut now, 5, long), 5);
        }
    }

    #[test]
    fn long_yields_cause_a_cooldown_after_which_yielding_is_tried_again() {
        let (mut state, mut now) = (YieldBeforePark::NEW, Instant::now());

        for _ in 0..3 {
            let before = yields(&mut state, &mut now, 1_000, Duration::from_millis(3));
            assert!((10..50).contains(&before), "{before} yields");
            assert!(!state.allowed(now + COOLDOWN - Duration::from_nanos(1)));

            now += COOLDOWN;
            assert!(state.allowed(now));
        }
    }
}
