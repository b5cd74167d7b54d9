//! The signals that stop the service: SIGTERM, SIGINT, SIGQUIT and SIGHUP.

use std::{fmt, fs, future::poll_fn, io, task::Poll};

use tokio::signal::unix::{self, SignalKind, signal};

/// Receives the signals that stop the service.
pub(super) struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// From now on, these signals are received here and no longer end the process by themselves.
    pub(super) fn new() -> io::Result<Self> {
        let mut received = vec![Signal::Terminate, Signal::Interrupt, Signal::Quit];
        // Under `nohup`, the service survives the terminal from which it was started.
        if !ignores_hangup() {
            received.push(Signal::Hangup);
        }

        let receive = |name: Signal| Ok((name, signal(SignalKind::from_raw(name.number().into()))?));
        received
            .into_iter()
            .map(receive)
            .collect::<io::Result<_>>()
            .map(Self)
    }

    /// The next signal, which may have arrived already.
    pub(super) async fn next(&mut self) -> Signal {
        poll_fn(|context| {
            let arrived = self
                .0
                .iter_mut()
                .find_map(|(name, signal)| match signal.poll_recv(context) {
                    Poll::Ready(_) => Some(*name),
                    Poll::Pending => None,
                });
            arrived.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// Whether the process was started with SIGHUP ignored. Without `/proc`, as on macOS, it counts as not ignored.
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());

    mask.is_some_and(|mask| mask & 1 << (Signal::Hangup.number() - 1) != 0)
}

/// A signal that stops the service.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signal {
    Hangup,
    Interrupt,
    Quit,
    Terminate,
}

impl Signal {
    /// Its number on Linux, macOS and the BSDs.
    fn number(self) -> u8 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Quit => 3,
            Self::Terminate => 15,
        }
    }

    /// The exit code that a shell reports for a program killed by this signal: 128 plus the signal's number.
    pub(super) fn exit_code(self) -> u8 {
        128 + self.number()
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hangup => "SIGHUP",
            Self::Interrupt => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Terminate => "SIGTERM",
        })
    }
}
