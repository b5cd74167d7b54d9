//! How requests fare, recorded at the edge, and the page that a Prometheus server scrapes.

use std::{error::Error, sync::Arc, sync::OnceLock, time::Duration};

use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, BoundUpDownCounter, Histogram, Meter},
};
use poem::http::Method;
use poem_openapi::{
    OpenApi,
    payload::{PlainText, Response},
};

use crate::http::problem::Problem;

/// Everything measured so far, in the Prometheus text format.
pub type MetricsRenderer = Arc<dyn Fn() -> Result<String, Box<dyn Error + Send + Sync>> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct MetricsApi {
    scrape: MetricsRenderer,
}

/// About the service, not of its API, so the document does not list it.
#[OpenApi]
impl MetricsApi {
    #[oai(path = "/metrics", method = "get", hidden)]
    async fn metrics(&self) -> poem::Result<Response<PlainText<String>>> {
        let text = (self.scrape)().map_err(|error| Problem::internal().caused_by(error))?;
        Ok(Response::new(PlainText(text)).header("content-type", "text/plain; version=0.0.4; charset=utf-8"))
    }
}

impl MetricsApi {
    pub(crate) fn new(scrape: MetricsRenderer) -> Self {
        Self { scrape }
    }
}

/// The methods of RFC 9110 and PATCH; the last stands for all others, so that a client cannot invent values.
const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "_OTHER",
];

/// The route of a request that matched none. Prometheus takes an empty label for an absent one, which is what the
/// semantic conventions ask for.
const NO_ROUTE: &str = "";

/// Several times as many as there are routes, methods and the statuses they answer.
const SLOTS: usize = 1024;

/// `http.server.request.duration` and `http.server.active_requests` of the OpenTelemetry semantic conventions. Every
/// label is from a closed set: no part of a request becomes one.
pub(crate) struct HttpMetrics {
    duration: Histogram<f64>,
    series: Box<[OnceLock<Series>]>,
    active: [BoundUpDownCounter<i64>; METHODS.len()],
}

struct Series {
    method: &'static str,
    route: String,
    status: u16,
    duration: BoundHistogram<f64>,
}

impl HttpMetrics {
    pub(crate) fn new(meter: &Meter) -> Self {
        let duration = meter
            .f64_histogram("http.server.request.duration")
            .with_unit("s")
            .with_description("How long requests took to be answered.")
            .build();
        let active = meter
            .i64_up_down_counter("http.server.active_requests")
            .with_unit("{request}")
            .with_description("Requests that are being served now.")
            .build();
        Self {
            duration,
            series: (0..SLOTS).map(|_| OnceLock::new()).collect(),
            active: METHODS.map(|method| active.bind(&[KeyValue::new("http.request.method", method)])),
        }
    }

    /// Counts a request as active until the guard is dropped, which also happens when the client goes away and the
    /// request's future is dropped with it.
    pub(crate) fn begin(&self, method: &'static str) -> Active<'_> {
        let known = METHODS
            .iter()
            .position(|known| *known == method)
            .unwrap_or(METHODS.len() - 1);
        let active = &self.active[known];
        active.add(1);
        Active(active)
    }

    /// An answer was given. `route` is a template, such as `/tweet/{id}`.
    pub(crate) fn record(&self, method: &'static str, route: Option<&str>, status: u16, took: Duration) {
        let (route, seconds) = (route.unwrap_or(NO_ROUTE), took.as_secs_f64());
        match self.series(method, route, status) {
            Some(series) => series.duration.record(seconds),
            None => self.duration.record(seconds, &attributes(method, route, status)),
        }
    }

    /// The series, bound when it is first needed. Looking it up by its attributes on every request would cost five
    /// times as much; here nothing is locked, copied or hashed. A slot once taken never changes, so the search may
    /// stop at the first that fits, and ends without one only when all are taken.
    fn series(&self, method: &'static str, route: &str, status: u16) -> Option<&Series> {
        let start = usize::from(status) + 31 * route.len() + 7 * method.len();
        let slots = (start..start + SLOTS).map(|slot| &self.series[slot % SLOTS]);
        let taken = slots.map(|slot| slot.get_or_init(|| self.bind(method, route, status)));
        taken
            .into_iter()
            .find(|series| series.status == status && series.method == method && series.route == route)
    }

    fn bind(&self, method: &'static str, route: &str, status: u16) -> Series {
        let duration = self.duration.bind(&attributes(method, route, status));
        Series {
            method,
            route: route.to_owned(),
            status,
            duration,
        }
    }
}

fn attributes(method: &'static str, route: &str, status: u16) -> [KeyValue; 3] {
    [
        KeyValue::new("http.request.method", method),
        KeyValue::new("http.response.status_code", i64::from(status)),
        KeyValue::new("http.route", route.to_owned()),
    ]
}

/// A request that is being served.
pub(crate) struct Active<'a>(&'a BoundUpDownCounter<i64>);

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.add(-1);
    }
}

/// The method by its name, or `_OTHER`.
pub(crate) fn known(method: &Method) -> &'static str {
    METHODS
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("_OTHER")
}
