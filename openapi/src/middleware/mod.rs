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

pub(crate) mod request_id;

pub(crate) mod forwarded;

pub(crate) mod metrics;

pub(crate) mod access_log;

pub(crate) mod security_headers;

pub(crate) mod connection_close;

pub(crate) mod allowed_hosts;

pub(crate) mod cors;

pub(crate) mod rate_limit;

pub(crate) mod authentication;

pub(crate) mod head;

pub(crate) mod normalize_path;

pub(crate) mod allow;

pub(crate) mod problems;

pub(crate) mod timeout;

pub(crate) mod catch_panic;

pub(crate) mod client_address;
pub(crate) mod concurrency_limit;
pub(crate) mod trusted_proxies;

use std::sync::Arc;

use governor::clock::DefaultClock;
use poem::{Endpoint, Response};

use crate::{
    Dependencies,
    routes::{CorsLists, Routes},
};
use layer::{Layer, Layered};

/// Puts the stack around the router. Requests pass the layers from the top of the list to its end, and responses in
/// reverse.
pub(crate) fn stack<R: Endpoint<Output = Response>>(
    router: R,
    routes: Routes,
    cors_lists: CorsLists,
    dependencies: &Dependencies,
) -> impl Endpoint<Output = Response> + use<R> {
    let routes = Arc::new(routes);

    // First, because the layers below need what trusted proxies report: scheme, host and client.
    let layers = forwarded::ForwardedHeaders {
        trusted_proxies: dependencies.trusted_proxies.clone(),
    }
    // Around everything that can respond, so that it counts every response and times all the work.
    .then(metrics::Metrics::new(Arc::clone(&routes), &dependencies.meter))
    // Beside the metrics, for the same reason: one line for every response.
    .then(access_log::AccessLog(Arc::clone(&routes)))
    // Outside of everything that rejects requests: rejections carry these headers too.
    .then(security_headers::SecurityHeaders)
    // Outside of everything that can leave a body unread.
    .then(connection_close::ConnectionClose {
        draining: Arc::clone(&dependencies.draining),
    })
    // The first to reject: a request for another host is not ours, so it must not count against a client's rate limit
    // nor get CORS headers.
    .then(allowed_hosts::HostCheck {
        allowed_hosts: dependencies.allowed_hosts.clone(),
    })
    // Outside of the rate limit, so that a script can read a 429, and preflights do not count.
    .then(cors::Cors {
        allowed_origins: dependencies.allowed_origins.clone(),
        lists: cors_lists,
    })
    // Before authentication, so that it also bounds the guessing of tokens.
    .then(
        dependencies
            .rate_limit
            .map(|limit| rate_limit::RateLimiter::new(limit, DefaultClock::default())),
    )
    // Only makes the authenticator available: the operation decides whether it needs a token.
    .then(authentication::Authentication {
        authenticator: dependencies.authenticator.clone(),
    })
    // Inside of what reports the method: metrics and access log show HEAD.
    .then(head::Head)
    // Directly before the router, which knows exactly one spelling of a path.
    .then(normalize_path::NormalizePath(Arc::clone(&routes)))
    // Directly after the router, which does not list the methods of a path in a 405.
    .then(allow::Allow(routes));

    // What awaits, or must wrap the future of everything inside of it, innermost first.
    // Innermost: a panic ends this request only, and becomes an error that the layers outside can handle.
    let endpoint = catch_panic::CatchPanic { inner: router };
    // Around the handler alone. Everything outside of it finishes without waiting.
    let endpoint = timeout::Timeout {
        inner: endpoint,
        limit: dependencies.request_timeout,
    };
    // Outside of all that fails and inside of all other layers, so that these only ever see responses.
    let endpoint = problems::Problems { inner: endpoint };
    let endpoint = Layered {
        layers,
        inner: endpoint,
    };
    // Outermost: every line that is logged while the request is served has its id.
    request_id::RequestIds {
        inner: endpoint,
        clock: Arc::clone(&dependencies.clock),
    }
}
