//! Spans for an OpenTelemetry collector: OTLP over HTTP, encoded as protobuf.
//!
//! Ending a span costs the caller a push to a bounded queue, and nothing else. A dedicated thread, that of the SDK's
//! batch processor, encodes spans and sends them. While the collector is slow or unreachable, that thread waits and
//! spans queue. A span that finds the queue full is dropped and counted, and so are the spans of a batch that cannot
//! be delivered.

mod client;
mod counts;
mod endpoint;
mod exporter;
mod outage;
mod pairs;
mod queue;
mod shutdown;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use opentelemetry::{KeyValue, global::BoxedTracer, metrics::Meter, trace::TracerProvider};
use opentelemetry_sdk::{
    Resource,
    resource::TelemetryResourceDetector,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanLimits},
};

pub use client::Certificates;
pub use endpoint::{Endpoint, ParseEndpointError};
pub use pairs::{Headers, ParsePairsError, ResourceAttributes};

use client::Client;
use counts::Counts;
use exporter::Exporter;
use queue::Queue;
use shutdown::Shutdown;

/// As many links as one statement can have callers. The SDK's default of 128 would leave out some.
const MAX_LINKS: u32 = 10_000;

/// How many spans are sent at once: the default of `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`.
const MAX_BATCH_SIZE: usize = 512;

/// Where spans go, and which ones.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the collector receives spans.
    pub endpoint: Endpoint,
    /// Sent with every request, such as credentials.
    pub headers: Headers,
    /// The authorities that may vouch for an `https` collector. If `None`, the public ones.
    pub certificates: Option<Certificates>,
    /// How long the delivery of a batch may take, with all attempts.
    pub timeout: Duration,
    /// What the spans are of. `service.name` must be among them.
    pub resource: ResourceAttributes,
    /// Which requests are traced.
    pub sampler: Sampler,
    /// How many spans can wait for the collector.
    pub max_queued_spans: usize,
    /// How long spans wait for more before they are sent.
    pub delay: Duration,
}

/// The spans of this process on their way to the collector.
///
/// Dropping it loses those that were not sent yet; [`shut_down`](Self::shut_down) sends them first.
pub struct Traces {
    provider: SdkTracerProvider,
    tracer: Arc<BoxedTracer>,
    endpoint: Endpoint,
    counts: Arc<Counts>,
    shutdown: Arc<Shutdown>,
}

impl Traces {
    /// Starts the thread that sends. Returns at once: the collector need not be reachable, now or ever. `scope` is
    /// the name of what makes the spans, the instrumentation scope.
    pub fn start(scope: &'static str, settings: Settings) -> Self {
        let (counts, shutdown) = (Arc::<Counts>::default(), Arc::<Shutdown>::default());
        let client = Client::new(settings.endpoint.clone(), settings.headers, settings.certificates);
        let exporter = Exporter::new(
            client,
            settings.timeout,
            Arc::clone(&counts),
            Arc::clone(&shutdown),
        );

        // All that the SDK would otherwise read from the environment is set here and below.
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(settings.max_queued_spans)
            .with_max_export_batch_size(MAX_BATCH_SIZE.min(settings.max_queued_spans))
            .with_scheduled_delay(settings.delay)
            .build();
        let queue = Queue {
            batches: BatchSpanProcessor::new(exporter, batches),
            capacity: settings.max_queued_spans,
            counts: Arc::clone(&counts),
        };

        let limits = SpanLimits {
            max_links_per_span: MAX_LINKS,
            ..SpanLimits::default()
        };
        let provider = SdkTracerProvider::builder()
            .with_sampler(settings.sampler)
            .with_span_limits(limits)
            .with_resource(resource(&settings.resource))
            .with_span_processor(queue)
            .build();

        Self {
            tracer: Arc::new(BoxedTracer::new(Box::new(provider.tracer(scope)))),
            provider,
            endpoint: settings.endpoint,
            counts,
            shutdown,
        }
    }

    /// Makes the spans.
    pub fn tracer(&self) -> Arc<BoxedTracer> {
        Arc::clone(&self.tracer)
    }

    /// Counts the spans that were sent and those that were lost with instruments of `meter`.
    pub fn observe(&self, meter: &Meter) {
        self.counts.observe(meter);
    }

    /// Sends the spans that ended so far, and stops. Blocks for at most `timeout`. Spans that end later are lost.
    pub fn shut_down(&self, timeout: Duration) {
        self.shutdown.begin(Instant::now() + timeout);
        let sent = self.provider.shutdown_with_timeout(timeout);

        let lost = self.counts.undelivered();
        if sent.is_err() || lost > 0 {
            tracing::warn!(
                lost,
                "the collector {} did not receive all spans before the end",
                self.endpoint
            );
        }
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        // Does nothing after `shut_down`. Without it, dropping the last tracer would wait for the collector.
        let _ = self.provider.shutdown_with_timeout(Duration::ZERO);
    }
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traces")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

fn resource(attributes: &ResourceAttributes) -> Resource {
    let attributes = attributes.iter();

    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(attributes.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned())))
        .build()
}
