//! If traces are configured: a span for every request.

use std::sync::Arc;

use opentelemetry::{
    Context, KeyValue,
    global::BoxedTracer,
    propagation::{Extractor, TextMapPropagator},
    trace::{Span, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, TraceState, Tracer},
};
use poem::{
    Request, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Version, uri::Scheme},
};

use super::{
    access_log::NO_RESPONSE, client_address::ClientAddress, forwarded::Forwarded, log_ids::SpanIds,
    metrics::known_method, trusted_proxies::TrustedProxies,
};
use crate::{
    Dependencies,
    routes::{Routes, is_monitored},
};

/// The header by which the sender of a request says which span it belongs to (W3C Trace Context).
static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The header that goes with it: what tracing systems add for themselves.
const TRACESTATE: &str = "tracestate";

/// Makes the spans of requests.
#[derive(Clone)]
pub struct Traces {
    /// Makes all spans of the process.
    pub tracer: Arc<BoxedTracer>,
    /// Reads which span a request belongs to from its headers.
    pub propagator: Arc<dyn TextMapPropagator + Send + Sync>,
}

/// Makes a span of every request (OpenTelemetry semantic conventions), which is the current one while the request is
/// served. It belongs to the span that a trusted proxy names in `traceparent`; for any other sender it begins a new
/// trace, with a link to the span that the sender names. Whether that one is sampled has no effect then.
///
/// Nothing that the client wrote is recorded: the method is one of a closed set, the route is the template, and the
/// address is written from its parsed form. So `url.path` and `user_agent.original` are missing. Probes and scrapes
/// have no span.
///
/// A request that is not sampled gets ids for its lines in the log, but no [`Context`] and no attributes.
pub(crate) struct RequestSpans {
    traces: Traces,
    routes: Arc<Routes>,
    proxies: TrustedProxies,
    /// The scheme of `PUBLIC_URL`.
    public_scheme: Option<Scheme>,
}

impl RequestSpans {
    pub(super) fn new(traces: &Traces, routes: &Arc<Routes>, dependencies: &Dependencies) -> Self {
        let public_url = dependencies.public_url.as_ref();

        Self {
            traces: traces.clone(),
            routes: Arc::clone(routes),
            proxies: dependencies.trusted_proxies.clone(),
            public_scheme: public_url.map(|url| url.scheme().clone()),
        }
    }

    /// Begins the span of a request. `None` for probes and scrapes.
    pub(super) fn start(&self, request: &Request) -> Option<RequestSpan<'_>> {
        if is_monitored(request.uri().path()) {
            return None;
        }

        let (parent, origin) = match self.named_span(request.headers()) {
            Some(named) if self.proxy(request).is_none() => (None, Some(named)),
            named => (named, None),
        };
        let method = known_method(request.method());
        let builder = SpanBuilder::from_name(method).with_kind(SpanKind::Server);
        let mut span = self
            .traces
            .tracer
            .build_with_context(builder, &parent.unwrap_or_default());

        let ids = SpanIds::of(span.span_context());
        let context = span.is_recording().then(|| {
            span.set_attributes(self.attributes(request));
            if let Some(origin) = origin {
                span.add_link(without_state(origin.span().span_context()), Vec::new());
            }
            Context::new().with_span(span)
        });

        Some(RequestSpan {
            ids,
            context,
            routes: &self.routes,
            method,
        })
    }

    /// The span that the sender of a request names.
    fn named_span(&self, headers: &HeaderMap) -> Option<Context> {
        if !headers.contains_key(&TRACEPARENT) {
            return None;
        }

        let context = self
            .traces
            .propagator
            .extract_with_context(&Context::new(), &TraceHeaders::new(headers));
        context.has_active_span().then_some(context)
    }

    /// The trusted proxy that a request comes from.
    fn proxy(&self, request: &Request) -> Option<ClientAddress> {
        let peer = ClientAddress::peer(request)?;
        self.proxies.contain(peer.0).then_some(peer)
    }

    /// What is known of a request when it arrives.
    fn attributes(&self, request: &Request) -> impl Iterator<Item = KeyValue> + use<> {
        let headers = request.headers();
        let proxy = self.proxy(request);

        let behind = proxy.map(|proxy| ClientAddress::behind(proxy, headers, &self.proxies));
        let client = behind.or_else(|| ClientAddress::peer(request));
        let reported = proxy.and_then(|_| Forwarded::parse(headers).into_scheme());
        let scheme = self.public_scheme.clone().or(reported);
        let scheme = scheme.unwrap_or_else(|| request.scheme().clone());

        let method = KeyValue::new("http.request.method", known_method(request.method()));
        let scheme = KeyValue::new("url.scheme", scheme.to_string());
        let version = KeyValue::new("network.protocol.version", protocol_version(request.version()));
        let client = client.map(|client| KeyValue::new("client.address", client.to_text()));
        [method, scheme, version].into_iter().chain(client)
    }
}

/// The span of a request in progress. Dropped without a response, because the connection closed, it ends with the status
/// 499.
pub(super) struct RequestSpan<'a> {
    pub(super) ids: Option<SpanIds>,
    /// What the request is served in; `None` if it is not sampled.
    pub(super) context: Option<Context>,
    routes: &'a Routes,
    method: &'static str,
}

impl RequestSpan<'_> {
    /// Ends the span of a request that got this response.
    pub(super) fn end(mut self, response: &Response) {
        if let Some(context) = self.context.take() {
            let route = self.routes.of(response).map(|route| &*route.template);
            self.finish(&context, route, response.status().as_u16());
        }
    }

    fn finish(&self, context: &Context, route: Option<&str>, status: u16) {
        let span = context.span();

        // The method of the name is another one where the method is unknown, as the semantic conventions require.
        let method = if self.method == "_OTHER" {
            "HTTP"
        } else {
            self.method
        };
        if let Some(route) = route {
            span.update_name(format!("{method} {route}"));
            span.set_attribute(KeyValue::new("http.route", route.to_owned()));
        } else {
            span.update_name(method);
        }

        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        if status >= 500 {
            span.set_attribute(KeyValue::new("error.type", status.to_string()));
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

impl Drop for RequestSpan<'_> {
    fn drop(&mut self) {
        if let Some(context) = self.context.take() {
            self.finish(&context, None, NO_RESPONSE);
        }
    }
}

/// The headers that name a span. Of several lines of `traceparent`, nothing tells which one is right; those of
/// `tracestate` are one list (W3C Trace Context, 3.3.1).
struct TraceHeaders<'a> {
    headers: &'a HeaderMap,
    state: String,
}

impl<'a> TraceHeaders<'a> {
    fn new(headers: &'a HeaderMap) -> Self {
        let lines = headers.get_all(TRACESTATE).iter().map(HeaderValue::to_str);
        let lines: Result<Vec<_>, _> = lines.collect();
        // As for anything that cannot be read, nothing of it counts.
        let state = lines.map(|lines| lines.join(",")).unwrap_or_default();

        Self { headers, state }
    }
}

impl Extractor for TraceHeaders<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        if name == TRACESTATE {
            return Some(&self.state);
        }

        let mut values = self.headers.get_all(name).iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        value.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.headers.keys().map(HeaderName::as_str).collect()
    }
}

/// The ids alone: what else an untrusted sender wrote is not recorded.
fn without_state(context: &SpanContext) -> SpanContext {
    SpanContext::new(
        context.trace_id(),
        context.span_id(),
        context.trace_flags(),
        context.is_remote(),
        TraceState::NONE,
    )
}

fn protocol_version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}
