//! Batches of spans on their way to the collector.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use opentelemetry_proto::{
    tonic::collector::trace::v1::ExportTraceServiceRequest,
    transform::{
        common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter},
};
use prost::Message;

use super::{
    client::{Client, SendError},
    counts::Counts,
    outage::Outage,
    shutdown::Shutdown,
};

/// The delay after the first failed attempt. It doubles with each further one.
const INITIAL_DELAY: Duration = Duration::from_millis(200);

/// A request with no time left would fail before it is made; its error would say nothing about the collector.
const MIN_TIMEOUT: Duration = Duration::from_millis(50);

/// Encodes and sends batches. It blocks its thread, which is that of the batch processor.
pub(super) struct Exporter {
    client: Client,
    timeout: Duration,
    resource: ResourceAttributesWithSchema,
    counts: Arc<Counts>,
    shutdown: Arc<Shutdown>,
    outage: Mutex<Outage>,
}

impl Exporter {
    pub(super) fn new(
        client: Client,
        timeout: Duration,
        counts: Arc<Counts>,
        shutdown: Arc<Shutdown>,
    ) -> Self {
        Self {
            client,
            timeout,
            resource: ResourceAttributesWithSchema::default(),
            counts,
            shutdown,
            outage: Mutex::default(),
        }
    }

    /// Sends an encoded batch, again if that may help and there is time for it. Returns how many of its spans the
    /// collector rejects.
    fn send(&self, batch: &[u8]) -> Result<u64, SendError> {
        let deadline = Instant::now() + self.timeout;
        let mut delay = INITIAL_DELAY;

        loop {
            let end = self.shutdown.deadline().map_or(deadline, |end| end.min(deadline));
            let left = end.saturating_duration_since(Instant::now());
            let error = match self.client.post(batch, left.max(MIN_TIMEOUT)) {
                Err(error) if error.is_transient => error,
                outcome => return outcome,
            };

            let pause = error.retry_after.unwrap_or_default().max(delay);
            let left = deadline.saturating_duration_since(Instant::now());
            let is_last = self.shutdown.deadline().is_some() || pause >= left;
            if is_last {
                return Err(error);
            }
            self.shutdown.wait(pause);
            delay *= 2;
        }
    }

    /// Counts what became of a batch, and logs the beginning and the end of an outage.
    fn record(&self, spans: u64, outcome: Result<u64, SendError>) -> OTelSdkResult {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        let endpoint = self.client.endpoint();

        let (lost, reason) = match outcome {
            Ok(0) => {
                self.counts.record(spans, 0);
                if let Some(lost) = outage.end() {
                    tracing::info!(lost, "the collector {endpoint} receives spans again");
                }
                return Ok(());
            }
            Ok(rejected) => (rejected.min(spans), "it rejects some of them".to_owned()),
            Err(error) => (spans, error.reason),
        };

        self.counts.record(spans - lost, lost);
        if outage.record(lost) {
            tracing::warn!(
                "cannot send spans to the collector {endpoint}: {reason}; they are lost, and further ones wait in a \
                 bounded queue"
            );
        }
        Err(OTelSdkError::InternalFailure(reason))
    }
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        self.counts.dequeue(spans);

        let request = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(batch, &self.resource),
        };
        let outcome = self.send(&request.encode_to_vec());

        self.record(spans as u64, outcome)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}
