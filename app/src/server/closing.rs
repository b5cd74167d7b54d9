//! Closing a connection: the client can read what was sent to it, and what it does not read is not stored for long.
//!
//! A socket that is closed with unread bytes of the client resets the connection, and the client may lose the response
//! (RFC 9112, 9.6). A socket that is closed with unsent bytes of ours lives on in the system, where no limit of ours
//! counts it. So the server first closes its own direction, then waits for the client to close the other one and to
//! receive everything.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{sleep, timeout},
};

use super::connection_state::ConnectionState;

/// How many bytes of a client are discarded while the server waits for it to close the connection.
const MAX_DISCARDED: usize = 1024 * 1024;

/// How often the system is asked whether a client has received everything.
const DELIVERY_CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// The socket of a connection. If the connection is closed to make room, it is reset, so that nothing of it remains in
/// the system.
pub(super) struct Socket {
    pub(super) stream: TcpStream,
    state: Arc<ConnectionState>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.state.is_reset() {
            self.reset_when_dropped();
        }
    }
}

impl Socket {
    /// The socket of the connection that has this state.
    pub(super) fn new(stream: TcpStream, state: Arc<ConnectionState>) -> Self {
        Self { stream, state }
    }

    /// Ends the response that was sent last, waits until the client has received everything and closes the connection, at
    /// most for `limit`, and closes it. If the client has not done both by then, the connection is reset.
    pub(super) async fn close(mut self, limit: Duration) {
        match timeout(limit, finish(&mut self.stream)).await {
            Ok(Ok(true)) => {}
            // The connection is lost already.
            Ok(Err(_)) => {}
            Ok(Ok(false)) | Err(_) => self.reset_when_dropped(),
        }
    }

    /// Closes the connection at once: both systems forget it, with all that was not sent or read.
    pub(super) fn reset(self) {
        self.reset_when_dropped();
    }

    fn reset_when_dropped(&self) {
        // Without it, the system would go on sending. It fails only on a socket that is no longer connected.
        let _ = self.stream.set_zero_linger();
    }
}

/// Waits until both directions are closed. Returns `false` if the client has sent [`MAX_DISCARDED`] further bytes before.
async fn finish(stream: &mut TcpStream) -> io::Result<bool> {
    stream.shutdown().await?;
    let mut discarded = 0;

    while discarded < MAX_DISCARDED {
        stream.readable().await?;
        match discard(stream) {
            Ok(0) => {
                wait_until_delivered(stream).await;
                return Ok(true);
            }
            Ok(read) => discarded += read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }

    Ok(false)
}

/// Reads some of what the client has sent; 0 bytes if it has closed its direction. A function of its own, because the
/// buffer would be a part of each connection's memory in one that waits.
fn discard(stream: &TcpStream) -> io::Result<usize> {
    stream.try_read(&mut [0; 4096])
}

/// Waits until the client, which has closed its direction, has acknowledged all that was sent, or the connection is lost.
/// Linux then no longer knows the client's address. Other systems may: there, the rest is left to the system.
async fn wait_until_delivered(stream: &TcpStream) {
    while cfg!(target_os = "linux") && stream.peer_addr().is_ok() {
        sleep(DELIVERY_CHECK_INTERVAL).await;
    }
}
