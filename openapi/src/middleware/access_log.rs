//! Layer: one line in the log for every request.

use std::{sync::Arc, time::Instant};

use domain::Principal;
use poem::{Request, Response};

use super::{
    layer::{Layer, Rejection},
    metrics::known_method,
};
use crate::routes::Routes;

/// Logs method, route, status, duration and user at level INFO, under the target `access`. Nothing that the client wrote
/// is logged: the method is one of a closed set, the route is the template.
pub(crate) struct AccessLog(pub(crate) Arc<Routes>);

pub(crate) struct Arrival {
    method: &'static str,
    at: Instant,
}

impl Layer for AccessLog {
    type State = Arrival;

    fn before(&self, request: &mut Request) -> Result<Arrival, Rejection> {
        Ok(Arrival {
            method: known_method(request.method()),
            at: Instant::now(),
        })
    }

    fn after(&self, arrival: Arrival, response: &mut Response) {
        let duration = arrival.at.elapsed();

        tracing::info!(
            target: "access",
            method = arrival.method,
            route = self.0.of(response).map_or("-", |route| &*route.template),
            status = response.status().as_u16(),
            duration_ms = duration.as_micros() as f64 / 1000.0,
            user = response.data::<Principal>().map(Principal::as_str),
        );
    }
}
