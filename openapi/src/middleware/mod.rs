//! THE HTTP stack: what holds for every request and every response, whatever the route.
//!
//! A layer is one file: its promise, its code, the test of its promise. The order below is a decision, and each layer
//! says why it stands where it stands. Layers share state only through a few documented types, attached to the request
//! or the response: [`Forwarded`](forwarded::Forwarded), [`ClientAddress`](client_address::ClientAddress),
//! [`Principal`](domain::Principal) and the router's [`PathPattern`](poem::PathPattern).
//!
//! Two mechanisms of this folder are not in the list, because only the handler knows when they are due: operations that
//! need a token take [`RequireAuth`](authentication::RequireAuth) as their first argument, and every handler acquires a
//! permit of the [`ConcurrencyLimit`](concurrency_limit::ConcurrencyLimit) once its input is valid. Tests in
//! `app/tests/operations` fail for an operation that forgets one of them.
//!
//! # Adding a layer
//! 1. A file with a struct that implements [`Layer`](layer::Layer), if it awaits nothing, else with an endpoint around
//!    `inner`.
//! 2. Its line in [`stack`], with the reason for its place.

pub(crate) mod layer;

// In the order of the stack.
pub(crate) mod request_id;

pub(crate) mod forwarded;

pub(crate) mod metrics;

pub(crate) mod access_log;

pub(crate) mod head;

pub(crate) mod security_headers;

pub(crate) mod connection_close;

pub(crate) mod allowed_hosts;

pub(crate) mod cors;

pub(crate) mod rate_limit;

pub(crate) mod authentication;

pub(crate) mod normalize_path;

pub(crate) mod allow;

pub(crate) mod problems;

pub(crate) mod timeout;

pub(crate) mod catch_panic;

// What layers use, and what handlers acquire.
pub(crate) mod client_address;
pub(crate) mod concurrency_limit;
pub(crate) mod trusted_proxies;

use std::sync::Arc;

use poem::{Endpoint, Response};

use self::{
    access_log::AccessLog,
    allow::Allow,
    allowed_hosts::HostCheck,
    authentication::Authentication,
    catch_panic::CatchPanic,
    connection_close::ConnectionClose,
    cors::Cors,
    forwarded::ForwardedHeaders,
    head::Head,
    layer::{Layer, Layered},
    metrics::Metrics,
    normalize_path::NormalizePath,
    problems::Problems,
    request_id::RequestIds,
    security_headers::SecurityHeaders,
    timeout::Timeout,
};
use crate::{
    Dependencies,
    routes::{CorsLists, Routes},
};

/// Puts the stack around the router. A request passes the layers in the order of this list, its response in reverse.
pub(crate) fn stack<R: Endpoint<Output = Response>>(
    router: R,
    routes: Routes,
    cors_lists: CorsLists,
    needs: &Dependencies,
) -> impl Endpoint<Output = Response> + use<R> {
    let routes = Arc::new(routes);

    // First, because layers below need what trusted proxies report: scheme, host and client.
    let layers = ForwardedHeaders(needs.trusted_proxies.clone())
        // Around everything that can respond, so that every response is counted and all the work is timed.
        .then(Metrics::new(&routes, &needs.meter))
        // Beside the metrics, for the same reason.
        .then(AccessLog(Arc::clone(&routes)))
        // Inside of what reports the method, outside of all else that responds: no response to HEAD has a body.
        .then(Head)
        // Outside of everything that rejects requests: rejections have these headers too.
        .then(SecurityHeaders)
        // Outside of everything that may leave a body unread.
        .then(ConnectionClose::new(&needs.draining))
        // The first to reject: a request for a foreign host must not count against a client's rate limit.
        .then(HostCheck(needs.allowed_hosts.clone()))
        // Outside of the rate limit: scripts can read a 429, and preflights do not count.
        .then(Cors::new(needs.allowed_origins.clone(), cors_lists))
        // Outside of authentication, so that it limits the guessing of tokens.
        .then(rate_limit::layer(needs.rate_limit))
        // Makes the authenticator available; the operation decides whether it needs a token.
        .then(Authentication(needs.authenticator.clone()))
        // Directly before the router, which knows one spelling of each path.
        .then(NormalizePath(Arc::clone(&routes)))
        // Directly after the router, which does not list the methods of a path in a 405.
        .then(Allow(routes));

    // Then what wraps the future of everything inside of it, innermost first. Innermost of all: a panic becomes an error
    // like any other, for the layers outside to handle.
    let endpoint = CatchPanic(router);
    // Around the handler, the only part that waits.
    let endpoint = Timeout::new(endpoint, needs.request_timeout);
    // Outside of all that fails and inside of the list above, whose layers see only responses.
    let endpoint = Problems(endpoint);
    let endpoint = Layered::new(endpoint, layers);
    // Outermost of all: every line logged while the request is served has its id.
    RequestIds::new(endpoint, &needs.clock)
}
