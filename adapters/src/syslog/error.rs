//! Why a batch could not be sent.

use std::io;

/// A failure to send to the syslog server. The lines still in the batch were not sent.
#[derive(Debug)]
pub(super) struct SendError {
    pub(super) source: io::Error,
    /// The number of lines that had left the batch and are now known not to have arrived.
    pub(super) lost: usize,
}

impl SendError {
    /// Whether the server, or the system's send buffer, accepts no more data at the moment. The connection is intact.
    pub(super) fn would_block(&self) -> bool {
        self.source.kind() == io::ErrorKind::WouldBlock
    }
}

impl From<io::Error> for SendError {
    fn from(source: io::Error) -> Self {
        Self { source, lost: 0 }
    }
}
