//! SIGTERM and SIGINT, the signals that stop the service.

use std::{fmt, io, process::ExitCode};

use tokio::signal::unix::{self, SignalKind, signal};

/// Receives the signals that stop the service.
pub(super) struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
}

impl Signals {
    /// From now on, these signals are received here and no longer end the process by themselves.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The next signal, which may have arrived already.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Interrupt,
        }
    }
}

/// A signal that stops the service.
#[derive(Debug, Clone, Copy)]
pub(super) enum Signal {
    Terminate,
    Interrupt,
}

impl Signal {
    /// The exit code that a shell reports for a program killed by this signal: 128 plus the signal's number.
    pub(super) fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Terminate => 128 + 15,
            Self::Interrupt => 128 + 2,
        })
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
        })
    }
}
