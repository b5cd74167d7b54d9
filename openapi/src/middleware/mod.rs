//! THE HTTP stack: what holds for every request and every response, whatever the route.
//!
//! A layer is one file, its promise and its code; `app/tests/middleware` tests the promise. It has the name of its
//! file, with `Layer` at the end where a value has that name already. The order of the layers is a decision: each line
//! of [`stack`] has the reason for its place.
//!
//! Layers share state only through a few documented types, attached to the request or the response:
//! [`PublicUrl`](crate::PublicUrl), [`Forwarded`](forwarded::Forwarded),
//! [`ClientAddress`](client_address::ClientAddress), [`Principal`](domain::Principal),
//! [`BearerAuth`](authentication::BearerAuth), [`SerializeError`](crate::http::json::SerializeError),
//! [`Overloaded`](crate::Overloaded), which the server reads, and the router's [`PathPattern`](poem::PathPattern).
//!
//! Two mechanisms of this folder are not in the stack, because only a handler can use them at the right moment:
//! operations that need a token take [`RequireAuth`](authentication::RequireAuth) as their first argument, and every
//! handler acquires a permit of the [`ConcurrencyLimit`](concurrency_limit::ConcurrencyLimit) once its input is valid.
//! Tests in `app/tests/operations` fail for an operation that forgets one of them.
//!
//! The check of the query ([`CheckedQueries`](crate::query_parameters::CheckedQueries)) is not in the stack either:
//! which parameters there may be is known of an operation, so it is around each operation, inside of the router.
//!
//! # Adding a layer
//! 1. Write it in a file of this folder. If it awaits nothing, it is a struct that implements [`Layer`]
//!    (example: `allow.rs`); otherwise it is an endpoint around `inner` (example: `timeout.rs`).
//! 2. Below, add its `mod` line and its `use`.
//! 3. Add its line to [`stack`], with the reason for its place: in the list or, for an endpoint, as a `let`.
//! 4. Test its promise: over HTTP in `app/tests/middleware`, details in the file itself.

// The layers by name; `stack` has their order.
pub(crate) mod access_log;
pub(crate) mod allow;
pub(crate) mod allowed_hosts;
pub(crate) mod authentication;
pub(crate) mod catch_panic;
pub(crate) mod compression;
pub(crate) mod connection_close;
pub(crate) mod cors;
pub(crate) mod forwarded;
pub(crate) mod head;
pub(crate) mod metrics;
pub(crate) mod normalize_path;
pub(crate) mod problems;
pub(crate) mod rate_limit;
pub(crate) mod request_scope;
pub(crate) mod security_headers;
pub(crate) mod timeout;
pub(crate) mod transfer_encoding;

// What layers are built from, and the limit that handlers acquire.
pub(crate) mod client_address;
pub(crate) mod concurrency_limit;
pub(crate) mod layer;
pub(crate) mod log_ids;
pub(crate) mod request_id;
pub(crate) mod traces;
pub(crate) mod trusted_proxies;

use std::{sync::Arc, time::Duration};

use poem::{Endpoint, EndpointExt, Response, endpoint::BoxEndpoint};

use self::{
    access_log::AccessLog,
    allow::Allow,
    allowed_hosts::AllowedHostsLayer,
    authentication::Authentication,
    catch_panic::CatchPanic,
    compression::Compression,
    connection_close::ConnectionClose,
    cors::Cors,
    forwarded::ForwardedLayer,
    head::Head,
    layer::{Layered, layers},
    metrics::Metrics,
    normalize_path::NormalizePath,
    problems::Problems,
    rate_limit::Counted,
    request_scope::RequestScope,
    security_headers::SecurityHeaders,
    timeout::Timeout,
    traces::RequestSpans,
    transfer_encoding::TransferEncoding,
};
use crate::{
    Dependencies,
    routes::{CorsLists, Routes},
};

/// Puts the stack around the router.
///
/// A request passes `request_scope`, the list of layers from top to bottom, then `problems`, `timeout` and
/// `catch_panic`; its response takes the same way back.
pub(crate) fn stack(
    router: impl Endpoint<Output = Response> + 'static,
    routes: Routes,
    cors_lists: CorsLists,
    dependencies: &Dependencies,
) -> BoxEndpoint<'static> {
    let routes = Arc::new(routes);

    // From the outside in.
    let layers = layers![
        // Outermost, because the others need what proxies report: scheme, host and client.
        ForwardedLayer {
            proxies: dependencies.trusted_proxies.clone(),
            public_url: dependencies.public_url.clone().map(Arc::new),
        },
        // Outside everything that can respond, so that every response is counted and all the work is timed.
        Metrics::new(&routes, &dependencies.meter),
        // Beside the metrics, for the same reason.
        AccessLog(Arc::clone(&routes)),
        // Inside metrics and log, which report HEAD; outside everything else, so that no response to HEAD has a body.
        Head,
        // Outside everything that rejects requests, so that rejections have these headers too.
        SecurityHeaders,
        // Outside everything that rejects requests: rejections close the connection too.
        ConnectionClose::new(&dependencies.draining),
        // The first to reject: what follows such a header cannot be understood as a request.
        TransferEncoding,
        // Outside everything else that rejects: a request for a foreign host must not count against a rate limit.
        AllowedHostsLayer(dependencies.allowed_hosts.clone()),
        // Outside CORS, which responds to preflights.
        rate_limit::layer(dependencies.rate_limit, Counted::Preflights),
        // Outside the limit of all other requests, so that scripts can read a 429.
        Cors::new(dependencies.allowed_origins.clone(), cors_lists),
        // Outside authentication, so that it limits the guessing of tokens.
        rate_limit::layer(dependencies.rate_limit, Counted::Requests),
        // Outside the operations, which decide whether they need a token: it gives them the authenticator.
        Authentication(dependencies.authenticator.clone()),
        // Inside everything that rejects: it only changes what operations return.
        Compression,
        // Inside everything that rejects: only the router needs the exact path of a route.
        NormalizePath(Arc::clone(&routes)),
        // The innermost, because it only completes the router's own 405, which does not list the methods of the path.
        Allow(Arc::clone(&routes)),
    ];

    let handler = around_handler(router, dependencies.request_timeout);
    let endpoint = Layered::new(handler, layers);
    // Outside all of them, so that every line logged for the request has its ids, and its span is as long as the request.
    let spans = dependencies.traces.as_ref();
    RequestScope {
        inner: endpoint,
        clock: Arc::clone(&dependencies.clock),
        spans: spans.map(|traces| RequestSpans::new(traces, &routes, dependencies)),
    }
    .boxed()
}

/// What wraps the handler's future, from the inside out. The layers of the list see only its responses.
fn around_handler<R: Endpoint<Output = Response>>(
    router: R,
    request_timeout: Duration,
) -> impl Endpoint<Output = Response> {
    // The innermost, so that a panic is an error like any other for those outside.
    let endpoint = CatchPanic(router);
    // Outside the handler alone, because nothing else waits.
    let endpoint = Timeout::new(endpoint, request_timeout);
    // Outside everything that returns errors, which it turns into responses.
    Problems(endpoint)
}
