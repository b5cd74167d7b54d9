//! The outermost layer: what is true of every request and every answer, whatever the route.

pub(crate) mod allowed_hosts;
pub(crate) mod authentication;
pub(crate) mod client_address;
pub(crate) mod concurrency_limit;
pub(crate) mod cors;
pub(crate) mod forwarded;
pub(crate) mod normalize_path;
pub(crate) mod rate_limit;
pub(crate) mod request_id;
pub(crate) mod security_headers;
pub(crate) mod timeout;
pub(crate) mod trust;

use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc, thread, time::Duration, time::Instant};

use domain::{Authenticator, Clock, Principal};
use futures_util::FutureExt;
use governor::clock::DefaultClock;
use poem::{
    Endpoint, Middleware, PathPattern, Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use crate::{
    Dependencies,
    http::problem::Problem,
    metrics::{self, HttpMetrics},
    middleware::authentication::BearerAuth,
    middleware::normalize_path::{Route, Routes},
    middleware::rate_limit::Clients,
    middleware::request_id::RequestId,
    middleware::timeout as deadline,
    middleware::trust::Trust,
};

/// Request id, hosts and origins, what a client may ask for, one spelling of paths, HEAD, deadline, panics and errors as
/// problem+json, the headers for browsers, the access line and the metrics.
pub(crate) struct Edge(Arc<Shared>);

struct Shared {
    routes: Routes,
    trust: Trust,
    clients: Option<Clients>,
    authenticator: Option<Arc<dyn Authenticator>>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    metrics: HttpMetrics,
}

impl Edge {
    pub(crate) fn new(routes: Routes, context: &Dependencies) -> Self {
        Self(Arc::new(Shared {
            routes,
            trust: context.trust.clone(),
            clients: context
                .rate_limit
                .map(|limit| Clients::new(limit, DefaultClock::default())),
            authenticator: context.authenticator.clone(),
            clock: Arc::clone(&context.clock),
            timeout: context.request_timeout,
            metrics: HttpMetrics::new(&context.meter),
        }))
    }
}

impl<E: Endpoint<Output = Response>> Middleware<E> for Edge {
    type Output = EdgeEndpoint<E>;

    fn transform(&self, inner: E) -> EdgeEndpoint<E> {
        EdgeEndpoint {
            inner,
            shared: Arc::clone(&self.0),
        }
    }
}

pub(crate) struct EdgeEndpoint<E> {
    inner: E,
    shared: Arc<Shared>,
}

impl<E: Endpoint<Output = Response>> Endpoint for EdgeEndpoint<E> {
    type Output = Response;

    fn call(&self, request: Request) -> impl Future<Output = poem::Result<Response>> + Send {
        let id = RequestId::of(&request, &*self.shared.clock);
        id.clone().scope(self.serve(request, id))
    }
}

impl<E: Endpoint<Output = Response>> EdgeEndpoint<E> {
    async fn serve(&self, mut request: Request, id: RequestId) -> poem::Result<Response> {
        let started = Instant::now();
        let method = metrics::known(request.method());
        let _active = self.shared.metrics.begin(method);
        let mut entry = self.shared.trust.enter(&mut request);
        let head = request.method() == Method::HEAD;
        if head {
            // Served as GET, so that the headers are those of GET (RFC 9110, 9.3.2).
            request.set_method(Method::GET);
        }
        if let Some(uri) = self.shared.routes.respell(request.uri()) {
            *request.uri_mut() = uri;
        }
        let long = has_long_body(request.headers());
        let allowance = self
            .shared
            .clients
            .as_ref()
            .and_then(|clients| clients.count(&request));
        let excess = allowance
            .as_ref()
            .and_then(|allowance| allowance.refusal())
            .map(Err);
        let doorkeeper = self.shared.authenticator.as_ref().map(BearerAuth::new);
        if let Some(doorkeeper) = &doorkeeper {
            request.set_data(doorkeeper.clone());
        }
        let (outcome, route) = match entry.answer.take().or(excess) {
            Some(settled) => (settled, None),
            None => {
                let call = pin!(AssertUnwindSafe(self.inner.call(request)).catch_unwind());
                self.outcome(deadline::within(self.shared.timeout, call).await)
            }
        };
        let mut response = outcome.unwrap_or_else(|problem| {
            // A refusal that has no cause is none of our failures.
            if problem.source.is_some() {
                log(&problem);
            }
            problem.into_response(&id)
        });
        response
            .headers_mut()
            .insert(&request_id::HEADER, id.header_value());
        entry.mark(response.headers_mut());
        if let Some(allowance) = allowance {
            allowance.mark(&mut response);
        }
        if let (StatusCode::METHOD_NOT_ALLOWED, Some(route)) = (response.status(), route) {
            response.headers_mut().insert(header::ALLOW, route.allow.clone());
        }
        if long && response.status().is_client_error() {
            // The rest of the body will not be read, so the client must not send another request behind it.
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if head {
            response = without_body(response).await;
        }
        let (took, status) = (started.elapsed(), response.status().as_u16());
        let route = route.map(|route| &*route.template);
        self.shared.metrics.record(method, route, status, took);
        tracing::info!(
            target: "access",
            method,
            route = route.unwrap_or("-"),
            status,
            duration_ms = took.as_micros() as f64 / 1000.0,
            writer = doorkeeper.as_ref().and_then(BearerAuth::admitted).map(Principal::as_str),
        );
        Ok(response)
    }

    /// What the inside answered, or why it did not, and the route that was taken.
    fn outcome(
        &self,
        answer: Option<thread::Result<poem::Result<Response>>>,
    ) -> (Result<Response, Problem>, Option<&Route>) {
        let route =
            |pattern: Option<&PathPattern>| pattern.and_then(|pattern| self.shared.routes.get(&pattern.0));
        match answer {
            Some(Ok(Ok(response))) => {
                let route = route(response.data());
                (Ok(response), route)
            }
            Some(Ok(Err(error))) => {
                let route = route(error.data());
                (Err(Problem::from_error(error)), route)
            }
            Some(Err(_panic)) => (Err(Problem::internal().caused_by("the handler panicked")), None),
            None => {
                let detail = "the request took too long and was given up";
                let cause = "no answer within REQUEST_TIMEOUT_SECONDS";
                (
                    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).caused_by(cause)),
                    None,
                )
            }
        }
    }
}

/// Whether a body may be too long to have arrived together with its header.
fn has_long_body(headers: &HeaderMap) -> bool {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length: u64| length > 4096)
}

/// An error is logged here and nowhere else, with all that is known of its cause.
fn log(problem: &Problem) {
    let mut causes = Vec::new();
    let mut cause = problem
        .source
        .as_deref()
        .map(|source| source as &dyn std::error::Error);
    while let Some(error) = cause {
        let text = error.to_string();
        // Many an error ends with the words of its cause.
        if !causes.last().is_some_and(|said: &String| said.ends_with(&text)) {
            causes.push(text);
        }
        cause = error.source();
    }
    tracing::error!(
        status = problem.status.as_u16(),
        cause = causes.join(": "),
        "{problem}"
    );
}

/// The answer to HEAD: the length stays, the body goes.
async fn without_body(mut response: Response) -> Response {
    let body = response.take_body().into_bytes().await.unwrap_or_default();
    if response.status() != StatusCode::NOT_MODIFIED {
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, body.len().into());
    }
    response
}
