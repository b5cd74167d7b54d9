//! Layer: closes connections while the service is draining.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use poem::{
    Request, Response,
    http::{HeaderValue, header::CONNECTION},
};

use super::layer::{Layer, Rejection};

/// Announces `Connection: close` (RFC 9112, 9.6) while the service is draining, so that clients connect to another
/// instance. The server announces it after requests whose body is not read to its end, because only it knows them.
pub(crate) struct ConnectionClose {
    draining: Arc<AtomicBool>,
}

impl ConnectionClose {
    /// `draining`: whether the service is about to stop.
    pub(crate) fn new(draining: &Arc<AtomicBool>) -> Self {
        Self {
            draining: Arc::clone(draining),
        }
    }
}

impl Layer for ConnectionClose {
    type State = ();

    fn before(&self, _: &mut Request) -> Result<(), Rejection> {
        Ok(())
    }

    fn after(&self, (): (), response: &mut Response) {
        if self.draining.load(Relaxed) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
        }
    }
}
