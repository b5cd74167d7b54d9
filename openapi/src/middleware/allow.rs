//! Layer: a 405 lists the methods that the path has (RFC 9110, 15.5.6).

use std::sync::Arc;

use poem::{
    Request, Response,
    http::{StatusCode, header::ALLOW},
};

use super::layer::{Layer, Rejection};
use crate::routes::Routes;

/// Adds `Allow` to every 405.
pub(crate) struct Allow(pub(crate) Arc<Routes>);

impl Layer for Allow {
    type State = ();

    fn before(&self, _: &mut Request) -> Result<(), Rejection> {
        Ok(())
    }

    fn after(&self, (): (), response: &mut Response) {
        if response.status() != StatusCode::METHOD_NOT_ALLOWED {
            return;
        }
        if let Some(route) = self.0.of(response) {
            response.headers_mut().insert(ALLOW, route.allow.clone());
        }
    }
}
