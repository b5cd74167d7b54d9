//! The REST surface: routes, wire formats, the OpenAPI document and its pages. It drives the domain's use cases and
//! knows no adapter.
//!
//! # Adding a route
//! 1. Write a method with `#[oai(path, method, operation_id, tag)]` in the file of its resource, or a new file.
//! 2. Name the statuses it can fail with in a `failure::DocumentedErrors`, so that the document tells them.
//! 3. A new resource joins the tuple in [`site`].
//! 4. `cargo run -- openapi > openapi/openapi.json`, and a test in `app/tests` that speaks to it over HTTP.
//!
//! A handler must not block its thread: on a small machine all requests may share one. What blocks goes to
//! `tokio::task::spawn_blocking`.

mod tweet;

mod docs;
mod health;
mod metrics;

mod http;
mod middleware;
mod unreadable;

use std::{
    collections::HashMap,
    marker::PhantomData,
    mem,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use domain::{Authenticator, Clock, HealthCheck, TweetService};
use opentelemetry::metrics::Meter;
use poem::{EndpointExt, IntoEndpoint, endpoint::BoxEndpoint};
use poem_openapi::{
    ExtraHeader, LicenseObject, OpenApi, OpenApiService, Webhook,
    registry::{MetaApi, Registry},
};

pub use http::problem::{Overloaded, RETRY_AFTER};
pub use metrics::MetricsRenderer;
pub use middleware::allowed_hosts::AllowedHosts;
pub use middleware::client_address::ClientAddress;
pub use middleware::cors::AllowedOrigins;
pub use middleware::forwarded::TrustedProxies;
pub use middleware::rate_limit::RateLimit;
pub use middleware::request_id::RequestId;
pub use middleware::trust::Trust;
pub use unreadable::Unreadable;

/// What the site needs from the composition root.
#[derive(Clone)]
pub struct Dependencies {
    /// The use cases.
    pub tweets: Arc<TweetService>,
    /// Every dependency the health report names.
    pub checks: Vec<Arc<dyn HealthCheck>>,
    /// Whom the service believes about hosts, proxies and origins.
    pub trust: Trust,
    /// Who may create tweets; without it, everybody.
    pub authenticator: Option<Arc<dyn Authenticator>>,
    /// What each client may ask for; without it, as much as it likes.
    pub rate_limit: Option<RateLimit>,
    /// Whether the service is about to stop: then it is not ready, whatever its dependencies say.
    pub draining: Arc<AtomicBool>,
    /// Request ids are made from it.
    pub clock: Arc<dyn Clock>,
    /// How long a request may take before it is answered 503.
    pub request_timeout: Duration,
    /// How many operations on tweets may be under way; further ones are answered 503 at once.
    pub max_concurrent_requests: usize,
    /// How requests fare is recorded through it.
    pub meter: Meter,
    /// What `/metrics` answers.
    pub scrape: MetricsRenderer,
}

/// Everything the service answers over HTTP.
pub fn router(context: &Dependencies) -> BoxEndpoint<'static> {
    let api = (
        tweet::TweetsApi::new(context),
        health::HealthApi::new(context),
        docs::DocsApi,
        metrics::MetricsApi::new(Arc::clone(&context.scrape)),
    );
    let routes = middleware::normalize_path::Routes::of(api.clone());
    service(api)
        .into_endpoint()
        .with(middleware::Edge::new(routes, context))
        .boxed()
}

/// The OpenAPI document, as it is served and as `openapi/openapi.json` holds it.
pub fn spec() -> String {
    document().spec() + "\n"
}

fn document() -> OpenApiService<impl OpenApi, impl Webhook> {
    service(SpecOnly::<(tweet::TweetsApi, health::HealthApi)>(PhantomData))
}

/// An API's types without its routes: all that the document needs.
struct SpecOnly<A>(PhantomData<A>);

impl<A: OpenApi> OpenApi for SpecOnly<A> {
    fn meta() -> Vec<MetaApi> {
        let mut apis = A::meta();
        for path in apis.iter_mut().flat_map(|api| &mut api.paths) {
            path.path = with_slash(mem::take(&mut path.path));
        }
        apis
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<::poem::http::Method, BoxEndpoint<'static>>>) {}
}

/// The paths that end in a slash, which the framework cuts off. Requests may leave it out as well.
fn with_slash(path: String) -> String {
    match &*path {
        "/tweet" | "/healthcheck" => path + "/",
        _ => path,
    }
}

fn service<A: OpenApi>(api: A) -> OpenApiService<A, ()> {
    let request_id = "Names the request in the answer and in every line logged for it.";
    OpenApiService::new(api, "templatesite", env!("CARGO_PKG_VERSION"))
        .description("Stores tweets and lets clients create and retrieve them.")
        .license(LicenseObject::new("MIT").url("https://opensource.org/license/mit"))
        // Any text: a pattern would promise that other values are refused.
        .extra_request_header::<Option<String>, _>(ExtraHeader::new("X-Request-ID").description(
            "Yours to choose; what is not 1 to 128 letters, digits and `.`, `_`, `@`, `-` is replaced.",
        ))
        .extra_response_header::<middleware::request_id::RequestIdHeader, _>(
            ExtraHeader::new("X-Request-ID").description(request_id),
        )
}
