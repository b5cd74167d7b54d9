//! Layer: how long requests take and how many are active, for Prometheus.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, BoundUpDownCounter, Histogram, Meter},
};
use poem::{Request, Response, http::Method};

use super::{
    access_log::NO_RESPONSE,
    layer::{Layer, Rejection},
};
use crate::routes::Routes;

/// The methods of RFC 9110 and PATCH. The last one stands for all others, so that a client cannot invent values.
const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "_OTHER",
];

/// The route of a request that matched none. Prometheus takes an empty label for an absent one, which is what the
/// semantic conventions require.
const NO_ROUTE: &str = "";

/// Several times the number of combinations of route, method and status.
const SERIES: usize = 1024;

/// The method's name, or `_OTHER`.
pub(crate) fn known_method(method: &Method) -> &'static str {
    METHODS
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("_OTHER")
}

/// Records every request in `http.server.request.duration` and `http.server.active_requests` (OpenTelemetry semantic
/// conventions). Every label is from a closed set: no part of a request becomes one.
pub(crate) struct Metrics {
    routes: Arc<Routes>,
    duration: Histogram<f64>,
    /// The series that were needed so far, where [`series`](Self::series) looks for them. Boxed, because most cells stay
    /// empty.
    series: Box<[OnceLock<Box<Series>>]>,
    methods: [Arc<MethodSeries>; METHODS.len()],
}

struct MethodSeries {
    method: &'static str,
    active: BoundUpDownCounter<i64>,
    duration: Histogram<f64>,
}

struct Series {
    method: &'static str,
    route: String,
    status: u16,
    duration: BoundHistogram<f64>,
}

/// A request in progress. It stops being active when this is dropped, which also happens if the connection ends
/// before the response.
pub(crate) struct Active {
    started: Instant,
    series: Arc<MethodSeries>,
    is_recorded: bool,
}

impl Drop for Active {
    fn drop(&mut self) {
        self.series.active.add(-1);

        if !self.is_recorded {
            let seconds = self.started.elapsed().as_secs_f64();
            let attributes = attributes(self.series.method, NO_ROUTE, NO_RESPONSE);
            self.series.duration.record(seconds, &attributes);
        }
    }
}

impl Layer for Metrics {
    type State = Active;

    fn before(&self, request: &mut Request) -> Result<Active, Rejection> {
        let method = known_method(request.method());
        let index = METHODS.iter().position(|known| *known == method);
        let series = Arc::clone(&self.methods[index.unwrap_or(METHODS.len() - 1)]);

        series.active.add(1);
        Ok(Active {
            started: Instant::now(),
            series,
            is_recorded: false,
        })
    }

    fn after(&self, mut active: Active, response: &mut Response) {
        active.is_recorded = true;
        let method = active.series.method;
        let seconds = active.started.elapsed().as_secs_f64();
        let route = self
            .routes
            .of(response)
            .map_or(NO_ROUTE, |route| &*route.template);
        let status = response.status().as_u16();

        match self.series(method, route, status) {
            Some(series) => series.duration.record(seconds),
            None => self.duration.record(seconds, &attributes(method, route, status)),
        }
    }
}

impl Metrics {
    pub(crate) fn new(routes: &Arc<Routes>, meter: &Meter) -> Self {
        let duration = meter
            .f64_histogram("http.server.request.duration")
            .with_unit("s")
            .with_description("Duration of HTTP server requests.")
            .build();
        let active = meter
            .i64_up_down_counter("http.server.active_requests")
            .with_unit("{request}")
            .with_description("Number of active HTTP server requests.")
            .build();

        Self {
            routes: Arc::clone(routes),
            series: (0..SERIES).map(|_| OnceLock::new()).collect(),
            methods: METHODS.map(|method| {
                Arc::new(MethodSeries {
                    method,
                    active: active.bind(&[KeyValue::new("http.request.method", method)]),
                    duration: duration.clone(),
                })
            }),
            duration,
        }
    }

    /// The bound series, made when it is first needed. Looking it up by its attributes on every request would cost five
    /// times as much; here nothing is locked, copied or hashed. A cell never changes once it is filled, so the search
    /// ends at the first match, and finds nothing only if all cells are filled.
    fn series(&self, method: &'static str, route: &str, status: u16) -> Option<&Series> {
        let start = usize::from(status) + 31 * route.len() + 7 * method.len();

        (start..start + SERIES)
            .map(|cell| &self.series[cell % SERIES])
            .map(|cell| &**cell.get_or_init(|| Box::new(self.bind(method, route, status))))
            .find(|series| series.status == status && series.method == method && series.route == route)
    }

    fn bind(&self, method: &'static str, route: &str, status: u16) -> Series {
        Series {
            method,
            route: route.to_owned(),
            status,
            duration: self.duration.bind(&attributes(method, route, status)),
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
