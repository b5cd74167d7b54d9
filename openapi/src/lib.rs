//! The REST surface: operations, wire formats, the OpenAPI document and its pages. It drives the use cases of the
//! domain and knows no adapter.
//!
//! - Resources: a module each, with its handlers, request and response bodies. Yours to replace.
//! - Mechanism: `middleware` is the stack around all operations, `http` what the handlers of any resource use;
//!   `health`, `docs`, `metrics_page` and `problem_pages` are operations that every service has.
//!
//! # Adding an operation
//! 1. Write a method with `#[oai(path, method, operation_id)]` beside its resource. If it needs a token, its first
//!    argument is `RequireAuth`. Once its input is valid, it acquires a permit
//!    of the [`ConcurrencyLimit`].
//! 2. List the types of problems that it can fail with in a `DocumentedErrors`.
//! 3. The API of a new resource joins `Apis`, the one list of APIs.
//! 4. `cargo run -- openapi > openapi/openapi.json`, and tests in `app/tests` that use the operation over HTTP.
//!
//! A handler must not block its thread: on a small machine, all requests may share one. Use
//! `tokio::task::spawn_blocking` for what blocks.

// Resources, one line each.
mod tweet;

mod docs;
mod document;
mod health;
mod metrics_page;
mod problem_pages;

pub mod http;
mod middleware;
mod query_parameters;
mod routes;
mod version;

use std::{
    collections::HashMap,
    marker::PhantomData,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use domain::{Authenticator, Clock, HealthCheck};
use opentelemetry::metrics::Meter;
use poem::{IntoEndpoint, endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    ExtraHeader, LicenseObject, OpenApi, OpenApiService,
    registry::{MetaApi, Registry},
};

use document::Document;
use middleware::request_id::RequestIdHeader;
use query_parameters::CheckedQueries;
use routes::{CorsLists, Routes};

pub use http::{
    problem::{Overloaded, RETRY_AFTER},
    public_url::PublicUrl,
};
pub use metrics_page::MetricsRenderer;
pub use middleware::{
    allowed_hosts::AllowedHosts,
    client_address::ClientAddress,
    concurrency_limit::ConcurrencyLimit,
    cors::{AllowedHeaders, AllowedOrigins},
    log_ids::SpanIds,
    rate_limit::RateLimit,
    request_id::RequestId,
    traces::Traces,
    trusted_proxies::TrustedProxies,
};
pub use version::VERSION;

/// What the HTTP surface needs from the composition root.
#[derive(Clone)]
pub struct Dependencies {
    /// The name of the service, which is the title of the document.
    pub name: &'static str,
    /// The use cases of the resources.
    pub services: Services,

    /// Every dependency that the health report names.
    pub checks: Vec<Arc<dyn HealthCheck>>,
    /// What the service must have seen once before requests are sent to it. Probes ask every few seconds, so a check
    /// remembers that it succeeded, and no longer asks anyone.
    pub readiness: Vec<Arc<dyn HealthCheck>>,
    /// Whether the service is about to stop. Then it is not ready, whatever its dependencies report.
    pub draining: Arc<AtomicBool>,
    /// Knows the holders of tokens; without it, no operation needs a token.
    pub authenticator: Option<Arc<dyn Authenticator>>,
    /// Request ids are made from it.
    pub clock: Arc<dyn Clock>,

    /// Where clients reach the service; without it, URLs in responses are made from the headers of the request.
    pub public_url: Option<PublicUrl>,
    /// The hosts that requests may name.
    pub allowed_hosts: AllowedHosts,
    /// The proxies whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: TrustedProxies,
    /// The origins whose scripts may read responses; with none, CORS is off.
    pub allowed_origins: AllowedOrigins,
    /// The request headers that these scripts may send besides those in the document.
    pub allowed_headers: AllowedHeaders,

    /// What each client may send; without it, there is no limit.
    pub rate_limit: Option<RateLimit>,
    /// The time that a request may take before the response is a 503.
    pub request_timeout: Duration,
    /// The limit of concurrent requests, of the whole service.
    pub concurrency_limit: Arc<ConcurrencyLimit>,

    /// Durations and counts of requests are recorded through it.
    pub meter: Meter,
    /// Renders the page at `/metrics`.
    pub metrics: MetricsRenderer,
    /// Makes spans of requests; without it, there are none.
    pub traces: Option<Traces>,
}

/// The use cases of each resource, one line each.
#[derive(Clone)]
#[expect(missing_docs, reason = "a field for each resource, which its type explains")]
pub struct Services {
    pub tweets: Arc<domain::tweet::TweetService>,
}

/// Defines [`Apis`] and how to make them, so that there is one list.
macro_rules! apis {
    ($($api:ty),* $(,)?) => {
        /// THE list of APIs. Routes, the document, CORS and `Allow` are derived from it.
        type Apis = ($($api,)*);

        fn apis(dependencies: &Dependencies) -> Apis {
            ($(<$api>::new(dependencies),)*)
        }
    };
}

apis![
    tweet::TweetsApi,
    health::HealthApi,
    health::ProbesApi,
    docs::DocsApi,
    problem_pages::ProblemPagesApi,
    metrics_page::MetricsApi,
];

/// Everything that the service serves over HTTP.
pub fn router(dependencies: &Dependencies) -> BoxEndpoint<'static> {
    let apis = apis(dependencies);
    let routes = Routes::new(apis.clone());
    let of_layers = ["ratelimit", "ratelimit-policy"];
    let cors_lists = CorsLists::new::<Apis>(&["x-request-id"], &of_layers, &dependencies.allowed_headers);

    let router = service(CheckedQueries(apis), dependencies.name).into_endpoint();
    middleware::stack(router, routes, cors_lists, dependencies)
}

/// The OpenAPI document of the service of this name, as it is served and as `openapi/openapi.json` holds it.
pub fn spec(name: &str) -> String {
    document(name).json()
}

fn document(name: &str) -> Document {
    Document::new(&service(SpecOnly::<Apis>(PhantomData), name))
}

/// The types of an API without its handlers: all that the document needs.
struct SpecOnly<A>(PhantomData<A>);

impl<A: OpenApi> OpenApi for SpecOnly<A> {
    fn meta() -> Vec<MetaApi> {
        A::meta()
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

fn service<A: OpenApi>(api: A, name: &str) -> OpenApiService<A, ()> {
    OpenApiService::new(api, name, VERSION)
        .description("A small REST service.")
        .license(LicenseObject::new("MIT").url("https://opensource.org/license/mit"))
        // Where the document is served. `docs` replaces it if that is under a prefix.
        .server("/")
        // Any text: a pattern would promise that other values are rejected.
        .extra_request_header::<Option<String>, _>(ExtraHeader::new("X-Request-ID").description(
            "An id for this request. It is replaced unless it is 1 to 128 letters, digits, `.`, `_`, `@` or `-`.",
        ))
        .extra_response_header::<RequestIdHeader, _>(ExtraHeader::new("X-Request-ID").description(
            "The id of the request, also in every line logged for it.",
        ))
}
