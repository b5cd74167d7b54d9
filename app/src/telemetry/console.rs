//! Log lines for standard error, written by a dedicated thread: `tracing-appender`'s.
//!
//! Logging a line costs the caller a copy of it and a push to a bounded queue, about 70 ns.

use std::{
    io::{self, Write},
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

/// How many lines can wait for a slow terminal or pipe before further lines are dropped.
const MAX_QUEUED_LINES: usize = 2_048;

/// How many bytes are written at once.
const MAX_BATCH_BYTES: usize = 64 * 1024;

/// How long lines accumulate before they are written. Waking the thread for each line, and one write for each, would
/// cost a busy service more than everything else that it does to log.
const BATCH_DELAY: Duration = Duration::from_millis(5);

/// How long the guard waits for lines that are queued or being written. Afterwards, the appender's own guard waits for up
/// to 1.1 s for those that came meanwhile: 4 s in all.
const MAX_DRAIN: Duration = Duration::from_millis(2_900);

/// After so many looks at the thread, each [`BATCH_DELAY`] later, that found it without lines, its queue is empty: it pauses
/// for one [`BATCH_DELAY`] after each batch.
const QUIET_ROUNDS: u32 = 3;

/// Starts the thread.
pub(super) fn start(output: impl Write + Send + 'static) -> (NonBlocking, DropCounter, Guard) {
    let batches = BatchWriter {
        output,
        batch: Vec::new(),
        unwritten: Arc::default(),
        pending: Arc::default(),
    };
    let (unwritten, pending) = (Arc::clone(&batches.unwritten), Arc::clone(&batches.pending));

    let (writer, worker) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(MAX_QUEUED_LINES)
        .thread_name("console")
        .finish(batches);
    let counter = DropCounter {
        queue_full: writer.error_counter(),
        unwritten,
    };

    let guard = Guard {
        worker: Some(worker),
        pending,
    };
    (writer, counter, guard)
}

/// Keeps the thread running. When it is dropped, queued lines are written, for at most 4 seconds.
#[derive(Debug)]
pub(super) struct Guard {
    worker: Option<WorkerGuard>,
    pending: Arc<AtomicBool>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let until = Instant::now() + MAX_DRAIN;
        let mut quiet_rounds = 0;
        while quiet_rounds < QUIET_ROUNDS {
            if Instant::now() >= until {
                // The appender's guard would print to standard output that its queue is full, and wait for ever if that is
                // the output that nobody reads.
                mem::forget(self.worker.take());
                return;
            }
            thread::sleep(BATCH_DELAY);
            quiet_rounds = if self.pending.load(Ordering::Relaxed) {
                0
            } else {
                quiet_rounds + 1
            };
        }
    }
}

/// Counts the lines that did not get to the console.
#[derive(Debug)]
pub(super) struct DropCounter {
    queue_full: ErrorCounter,
    unwritten: Arc<AtomicU64>,
}

impl DropCounter {
    /// The number of lines that found the queue full, or that could not be written.
    pub(super) fn dropped(&self) -> u64 {
        self.queue_full.dropped_lines() as u64 + self.unwritten.load(Ordering::Relaxed)
    }
}

/// Writes lines in batches. The appender's thread flushes whenever its queue is empty, and ignores errors of the output,
/// which are therefore counted here.
struct BatchWriter<W> {
    output: W,
    batch: Vec<u8>,
    unwritten: Arc<AtomicU64>,
    /// Whether lines have been taken from the queue that are not written yet. Others may be in the queue.
    pending: Arc<AtomicBool>,
}

impl<W: Write> BatchWriter<W> {
    fn write_batch(&mut self) {
        let written = self
            .output
            .write_all(&self.batch)
            .and_then(|()| self.output.flush());
        if written.is_err() {
            let lines = self.batch.iter().filter(|byte| **byte == b'\n').count();
            self.unwritten.fetch_add(lines as u64, Ordering::Relaxed);
        }

        self.batch.clear();
    }
}

impl<W: Write> Write for BatchWriter<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.pending.store(true, Ordering::Relaxed);
        self.batch.extend_from_slice(line);
        if self.batch.len() >= MAX_BATCH_BYTES {
            self.write_batch();
        }

        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let has_lines = !self.batch.is_empty();
        if has_lines {
            self.write_batch();
        }
        self.pending.store(false, Ordering::Relaxed);
        if has_lines {
            thread::sleep(BATCH_DELAY);
        }

        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, PipeReader, Read, pipe};

    use super::*;

    fn piped() -> (NonBlocking, DropCounter, Guard, PipeReader) {
        let (reader, output) = pipe().expect("a pipe");
        let (writer, counter, guard) = start(output);

        (writer, counter, guard, reader)
    }

    fn send(writer: &NonBlocking, line: &str) {
        writer
            .clone()
            .write_all(line.as_bytes())
            .expect("queued or dropped");
    }

    #[test]
    fn lines_of_concurrent_threads_are_written_once_whole_and_in_order() {
        let (writer, counter, guard, reader) = piped();

        // Fewer in all than the queue holds, so that none is dropped.
        let threads = [0, 1, 2].map(|thread| {
            let writer = writer.clone();
            thread::spawn(move || (0..600).for_each(|n| send(&writer, &format!("{thread} {n}\n"))))
        });
        threads
            .into_iter()
            .for_each(|thread| thread.join().expect("no panic"));
        drop((writer, guard));

        let lines: Vec<_> = BufReader::new(reader)
            .lines()
            .map(|line| line.expect("UTF-8"))
            .collect();
        for thread in ["0 ", "1 ", "2 "] {
            let numbers = lines
                .iter()
                .filter_map(|line| line.strip_prefix(thread)?.parse::<u32>().ok());
            assert!(numbers.eq(0..600), "thread {thread}");
        }
        assert_eq!((lines.len(), counter.dropped()), (1800, 0));
    }

    #[test]
    fn single_line_is_written_without_waiting_for_more() {
        let (writer, _counter, _guard, reader) = piped();
        let mut reader = BufReader::new(reader);

        for n in 0..3 {
            send(&writer, &format!("{n}\n"));
            let mut line = String::new();
            reader.read_line(&mut line).expect("a line");
            assert_eq!(line, format!("{n}\n"));
        }
    }

    #[test]
    fn blocked_output_does_not_block_the_caller_and_dropped_lines_are_counted() {
        let (writer, counter, guard, mut reader) = piped();
        let line = "x".repeat(255) + "\n";
        let sent = 3 * MAX_QUEUED_LINES;

        // Nothing reads the pipe meanwhile, so this would not return if it waited.
        (0..sent).for_each(|_| send(&writer, &line));

        // The thread closes the pipe once it has written all that was queued.
        let closing = thread::spawn(move || drop((writer, guard)));
        let mut written = Vec::new();
        reader.read_to_end(&mut written).expect("what was written");
        closing.join().expect("no panic");

        let dropped = usize::try_from(counter.dropped()).expect("a small number");
        assert_eq!(written.len() / line.len() + dropped, sent);
        assert!(dropped > 0 && written.len().is_multiple_of(line.len()));
    }

    #[test]
    fn guard_does_not_wait_for_what_is_written() {
        let (writer, _counter, guard, mut reader) = piped();
        // Exactly a batch, so that nothing is left when the queue is empty.
        let line = "x".repeat(MAX_BATCH_BYTES / 4 - 1) + "\n";
        let reading = thread::spawn(move || reader.read_to_end(&mut Vec::new()));
        (0..4).for_each(|_| send(&writer, &line));

        let started = Instant::now();
        drop((writer, guard));
        let time = started.elapsed();

        assert!(time < MAX_DRAIN, "it took {time:?}");
        reading.join().expect("no panic").expect("the end of the pipe");
    }

    #[test]
    fn lines_that_cannot_be_written_are_counted_as_dropped() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        let (writer, counter, guard) = start(Broken);
        send(&writer, "one\n");
        send(&writer, "two\n");
        drop(guard);

        assert_eq!(counter.dropped(), 2);
    }
}
