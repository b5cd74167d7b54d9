//! Layer: one line in the log for every request.

use std::{sync::Arc, time::Instant};

use domain::Principal;
use poem::{Request, Response};
use tracing::Level;

use super::{
    client_address::ClientAddress,
    layer::{Layer, Rejection},
    log_ids::LogIds,
    metrics::known_method,
};
use crate::routes::{MONITORED, Routes};

/// Logs method, route, status, duration, the client's address and the user at level INFO, under the target `access`;
/// probes and scrapes that succeed at DEBUG. Nothing that the client wrote is logged: the method is one of a closed
/// set, the route is the template, and addresses are written from their parsed form.
pub(crate) struct AccessLog(pub(crate) Arc<Routes>);

/// The status of a request that got no response, because the service closed its connection: to make room for another,
/// or at the end of the shutdown timeout. nginx logs the same number if the client closes it.
pub(super) const NO_RESPONSE: u16 = 499;

/// A request in progress. If its connection ends, it is dropped and gets its line then.
pub(crate) struct Arrival {
    method: &'static str,
    client: Option<ClientAddress>,
    at: Instant,
    /// For the line that is written on drop, outside of the task-local scope.
    ids: LogIds,
    is_logged: bool,
}

impl Layer for AccessLog {
    type State = Arrival;

    fn before(&self, request: &mut Request) -> Result<Arrival, Rejection> {
        Ok(Arrival {
            method: known_method(request.method()),
            client: ClientAddress::of(request),
            at: Instant::now(),
            ids: LogIds::with_current(LogIds::clone).unwrap_or_default(),
            is_logged: false,
        })
    }

    fn after(&self, mut arrival: Arrival, response: &mut Response) {
        let route = self.0.of(response).map_or("-", |route| &*route.template);
        let user = response.data::<Principal>().map(Principal::as_str);

        arrival.log(route, response.status().as_u16(), user);
    }
}

impl Arrival {
    fn log(&mut self, route: &str, status: u16, user: Option<&str>) {
        self.is_logged = true;
        let duration = self.at.elapsed();
        let client = self.client.map(ClientAddress::to_text);

        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    target: "access",
                    $level,
                    method = self.method,
                    route,
                    status,
                    duration_ms = duration.as_micros() as f64 / 1000.0,
                    client = client.as_deref(),
                    user,
                )
            };
        }
        // The level of an event is a constant. Successes of monitoring would be most of the log of a quiet service.
        if status < 300 && MONITORED.contains(&route) {
            line!(Level::DEBUG);
        } else {
            line!(Level::INFO);
        }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if !self.is_logged {
            let ids = self.ids.clone();
            ids.sync_scope(|| self.log("-", NO_RESPONSE, None));
        }
    }
}
