//! Closing a connection: the client can read what was sent to it, and what it does not read is not stored for long.
//!
//! A socket that is closed with unread bytes of the client resets the connection, and the client may lose the response
//! (RFC 9112, 9.6). A socket that is closed with unsent bytes of ours lives on in the system, where no limit of ours
//! counts it. So the server first closes its own direction, then waits for the client to close the other one.

use std::{io, time::Duration};

use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

/// How many bytes of a client are discarded while the server waits for it to close the connection.
const MAX_DISCARDED: usize = 1024 * 1024;

/// How long the system tries to deliver what a client, which has closed its direction, has not read of its last
/// response.
#[cfg(target_os = "linux")]
const UNREAD_RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Ends the response that was sent last, waits until the client closes the connection, at most for `limit`, and closes
/// it. If the client does not close it, it is reset.
pub(super) async fn close(mut stream: TcpStream, limit: Duration) {
    match timeout(limit, finish(&mut stream)).await {
        Ok(Ok(true)) => release(&stream),
        // The connection is lost already.
        Ok(Err(_)) => {}
        Ok(Ok(false)) | Err(_) => reset(stream),
    }
}

/// Closes a connection at once: both systems forget it, with all that was not sent or read.
pub(super) fn reset(stream: TcpStream) {
    // Without it, the system would go on sending. It fails only on a socket that is no longer connected.
    let _ = stream.set_zero_linger();
}

/// Whether the client closes its direction before it has sent [`MAX_DISCARDED`] further bytes.
async fn finish(stream: &mut TcpStream) -> io::Result<bool> {
    stream.shutdown().await?;
    let mut discarded = 0;

    while discarded < MAX_DISCARDED {
        stream.readable().await?;
        // Not kept while waiting, so that it takes no memory of the connection.
        let mut buffer = [0; 4096];
        match stream.try_read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(read) => discarded += read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }

    Ok(false)
}

/// Leaves the rest of the last response to the system, for a limited time.
fn release(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD_RESPONSE_TIMEOUT));
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}
