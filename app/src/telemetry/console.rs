//! Lines for standard error, written by a thread of their own.

use std::{
    io::Write,
    mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};

/// How much may wait for a slow terminal or pipe before further lines are dropped, in bytes.
const QUEUED_BYTES: usize = 4 << 20;

/// How long lines gather before they are written together. To wake the thread for each line, and to write each by
/// itself, would cost a busy service more than all else it does to log.
const GATHER: Duration = Duration::from_millis(5);

/// How long [`Guard`] lets the queue empty itself.
const FLUSH: Duration = Duration::from_secs(2);

/// Takes lines for the thread that writes them. A clone feeds the same queue.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<u8>,
    /// The thread waits to be woken.
    idle: bool,
    closing: bool,
}

impl Queue {
    /// Starts the thread.
    pub(super) fn start(output: impl Write + Send + 'static) -> (Self, Guard) {
        let queue = Self::default();
        let (end, ended) = channel();
        let worker = queue.clone();
        let run = move || {
            let _ended_when_dropped = end;
            worker.run(output);
        };
        // A system that has no thread left must not keep the service from starting: what fills the queue is dropped.
        let _ = thread::Builder::new().name("console".to_owned()).spawn(run);
        let guard = Guard {
            queue: queue.clone(),
            ended,
        };
        (queue, guard)
    }

    /// Queues a line, its end included, or drops it and counts it. Never waits for the output.
    pub(super) fn send(&self, line: &str) {
        let mut state = self.lock();
        if state.lines.len() + line.len() > QUEUED_BYTES {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        state.lines.extend_from_slice(line.as_bytes());
        if mem::take(&mut state.idle) {
            drop(state);
            self.0.wake.notify_one();
        }
    }

    /// How many lines were dropped so far.
    pub(super) fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Nothing runs under the lock that could panic half-way.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut output: impl Write) {
        let mut batch = Vec::new();
        while self.next(&mut batch) {
            if output.write_all(&batch).and_then(|()| output.flush()).is_err() {
                // There is nowhere to say so but in the count.
                let lines = batch.iter().filter(|byte| **byte == b'\n').count();
                self.0.dropped.fetch_add(lines as u64, Ordering::Relaxed);
            }
            batch.clear();
            thread::sleep(GATHER);
        }
    }

    /// Waits for lines and takes them all. `false` when there are none and never will be.
    fn next(&self, batch: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        while state.lines.is_empty() && !state.closing {
            state.idle = true;
            state = self.0.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        mem::swap(&mut state.lines, batch);
        !batch.is_empty()
    }
}

/// Ends the thread when dropped: what is queued is written, if that takes no longer than 2 seconds.
#[derive(Debug)]
pub(super) struct Guard {
    queue: Queue,
    ended: Receiver<()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.queue.lock().closing = true;
        self.queue.0.wake.notify_one();
        let _ = self.ended.recv_timeout(FLUSH);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufRead, BufReader, PipeReader, Read, pipe};

    use super::*;

    /// A queue whose output somebody reads, or does not.
    fn piped() -> (Queue, Guard, PipeReader) {
        let (reader, writer) = pipe().expect("a pipe");
        let (queue, guard) = Queue::start(writer);
        (queue, guard, reader)
    }

    #[test]
    fn every_line_arrives_once_whole_and_in_order() {
        let (queue, guard, reader) = piped();
        let threads = [0, 1, 2].map(|thread| {
            let queue = queue.clone();
            thread::spawn(move || (0..1000).for_each(|n| queue.send(&format!("{thread} {n}\n"))))
        });
        threads
            .into_iter()
            .for_each(|thread| thread.join().expect("no panic"));
        drop(guard);
        let lines: Vec<_> = BufReader::new(reader)
            .lines()
            .map(|line| line.expect("UTF-8"))
            .collect();
        for thread in ["0 ", "1 ", "2 "] {
            let numbers = lines
                .iter()
                .filter_map(|line| line.strip_prefix(thread)?.parse::<u32>().ok());
            assert!(numbers.eq(0..1000), "thread {thread}");
        }
        assert_eq!((lines.len(), queue.dropped()), (3000, 0));
    }

    #[test]
    fn a_line_is_not_kept_back() {
        let (queue, _guard, reader) = piped();
        let mut reader = BufReader::new(reader);
        for n in 0..3 {
            queue.send(&format!("{n}\n"));
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line while the queue lives");
            assert_eq!(line, format!("{n}\n"));
        }
    }

    #[test]
    fn who_logs_never_waits_and_what_is_dropped_is_counted() {
        let (queue, guard, mut reader) = piped();
        let line = "x".repeat(1023) + "\n";
        let sent = 3 * QUEUED_BYTES / line.len();
        // Nobody reads meanwhile, so this would not come to an end if it waited.
        (0..sent).for_each(|_| queue.send(&line));
        let closing = thread::spawn(move || drop(guard));
        let mut written = Vec::new();
        // The thread holds the writing end, and lets go of it when it has written all.
        reader.read_to_end(&mut written).expect("what was written");
        closing.join().expect("no panic");
        let dropped = usize::try_from(queue.dropped()).expect("a small number");
        assert_eq!(written.len() / line.len() + dropped, sent);
        assert!(dropped > 0 && written.len() % line.len() == 0);
    }

    #[test]
    fn an_output_that_is_gone_costs_lines_and_nothing_else() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (queue, guard) = Queue::start(Gone);
        queue.send("one\n");
        queue.send("two\n");
        drop(guard);
        assert_eq!(queue.dropped(), 2);
    }
}
