//! Metrics: OpenTelemetry instruments, exported through a Prometheus registry.

use std::sync::Arc;

use openapi::MetricsRenderer;
use opentelemetry::{
    KeyValue,
    metrics::{Meter, MeterProvider},
};
use opentelemetry_sdk::{
    Resource,
    metrics::{Aggregation, Instrument, InstrumentKind, SdkMeterProvider, Stream},
};
use prometheus::{Registry, TextEncoder};

#[cfg(target_os = "linux")]
use super::process_metrics::ProcessMetrics;
use crate::version::{NAME, REVISION, VERSION};

/// The upper bounds of the buckets of every duration, in seconds, as the semantic conventions recommend.
const BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The semantic conventions' name for the connections of a pool ends in `_count`, like the count of a histogram, and so a
/// linter rejects it as a gauge. It is exported as untyped; queries see no difference.
const POOL_GAUGE: &str = "# TYPE db_client_connection_count gauge\n";
const POOL_UNTYPED: &str = "# TYPE db_client_connection_count untyped\n";

/// Where the service records measurements, and how they are exported.
pub struct MetricsRegistry {
    /// Creates instruments. They record as long as the renderer exists.
    pub meter: Meter,
    /// Renders all metrics in the Prometheus text format.
    pub renderer: MetricsRenderer,
}

impl MetricsRegistry {
    /// A new, independent set of metrics, with those of the process (on Linux), of the build and of the log.
    /// `dropped_lines` returns how many lines each log sink has dropped since the start.
    pub fn new(dropped_lines: impl Fn() -> Vec<(&'static str, u64)> + Send + Sync + 'static) -> Self {
        let registry = Registry::new();

        let mut provider = SdkMeterProvider::builder()
            // The default resource would be read from the environment.
            .with_resource(Resource::builder_empty().build())
            .with_view(buckets);
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .without_target_info()
            .scope_info_enabled(false);
        // A new registry has no reason to refuse. If it does, a service without metrics is better than none.
        match exporter.build() {
            Ok(exporter) => provider = provider.with_reader(exporter),
            Err(error) => {
                tracing::error!(%error, "cannot export metrics: /metrics will contain only process_*")
            }
        }
        let provider = provider.build();

        #[cfg(target_os = "linux")]
        if let Err(error) = registry.register(Box::new(ProcessMetrics::new())) {
            tracing::error!(%error, "cannot collect process metrics: /metrics will not contain process_*");
        }
        let meter = provider.meter(NAME);
        observe_build(&meter);
        observe_log(&meter, dropped_lines);

        let render = move || {
            // Dropping the provider would disable all instruments, so the renderer owns it.
            let _ = &provider;
            let text = TextEncoder::new().encode_to_string(&registry.gather())?;
            Ok(text.replacen(POOL_GAUGE, POOL_UNTYPED, 1))
        };
        Self {
            meter,
            renderer: Arc::new(render),
        }
    }
}

/// Gives every histogram of seconds the same buckets.
fn buckets(instrument: &Instrument) -> Option<Stream> {
    if instrument.unit() != "s" || instrument.kind() != InstrumentKind::Histogram {
        return None;
    }

    let aggregation = Aggregation::ExplicitBucketHistogram {
        boundaries: BUCKETS.to_vec(),
        record_min_max: false,
    };
    Stream::builder().with_aggregation(aggregation).build().ok()
}

fn observe_build(meter: &Meter) {
    let labels = [
        KeyValue::new("version", VERSION),
        KeyValue::new("revision", REVISION),
    ];

    meter
        .u64_observable_gauge("service.build_info")
        .with_description(
            "Always 1. The labels are the version of the service and the revision of its source.",
        )
        .with_callback(move |build| build.observe(1, &labels))
        .build();
}

fn observe_log(meter: &Meter, dropped_lines: impl Fn() -> Vec<(&'static str, u64)> + Send + Sync + 'static) {
    meter
        .u64_observable_counter("log.lines.dropped")
        .with_unit("{line}")
        .with_description("Log lines dropped because their sink was too slow or unavailable.")
        .with_callback(move |dropped| {
            for (sink, lines) in dropped_lines() {
                dropped.observe(lines, &[KeyValue::new("log.sink", sink)]);
            }
        })
        .build();
}
