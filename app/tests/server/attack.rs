//! What clients do to keep connections without using them.

use crate::support::client::{Client, post_head};

/// What the clients of a flood do with their connections.
#[derive(Debug, Clone, Copy)]
pub(super) enum Attack {
    /// They send nothing.
    Silent,
    /// They send a part of a header.
    HalfHeader,
    /// They send a header, byte by byte.
    SlowHeader,
    /// They send a header and a part of the body.
    HalfBody,
    /// They send requests that are refused before their body arrives, each with the last byte of the one before.
    LateBody,
    /// They send a request, and stay.
    Idle,
}

/// A request that is refused whatever its body is, without the one byte of it.
const REFUSED: &[u8] = b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n";

impl Attack {
    /// What a client does first.
    pub(super) fn begin(self, client: &mut Client) -> std::io::Result<()> {
        match self {
            Self::Silent => Ok(()),
            Self::HalfHeader | Self::SlowHeader => client.send(b"GET /livez HTTP/1.1\r\nX: "),
            Self::HalfBody => {
                client.send(post_head(1000).as_bytes())?;
                client.send(b"{")
            }
            Self::LateBody => client.send(REFUSED),
            Self::Idle => client.get("/livez").map(drop),
        }
    }

    /// After how many new connections all clients go on.
    pub(super) fn interval(self) -> usize {
        match self {
            // 0.8 s: just before the service would give up.
            Self::LateBody => 160,
            _ => 20,
        }
    }

    /// What it does from then on.
    pub(super) fn go_on(self, client: &mut Client) -> std::io::Result<()> {
        match self {
            Self::SlowHeader => client.send(b"x"),
            Self::LateBody => client.send(&[b"x", REFUSED].concat()),
            _ => Ok(()),
        }
    }
}
