//! Metrics: OpenTelemetry instruments, read through one Prometheus registry.

use std::sync::Arc;

use openapi::MetricsRenderer;
use opentelemetry::{
    KeyValue,
    metrics::{Meter, MeterProvider},
};
use opentelemetry_sdk::{
    Resource,
    metrics::{Aggregation, Instrument, SdkMeterProvider, Stream},
};
#[cfg(target_os = "linux")]
use prometheus::process_collector::ProcessCollector;
use prometheus::{Registry, TextEncoder};

/// The upper bounds of every duration's buckets, in seconds: those the semantic conventions advise.
const BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// The semantic conventions' name for the pool's connections ends as the count of a histogram does, so a linter refuses
/// it as a gauge. It stands without a declared type; queries see no difference.
const POOL_GAUGE: &str = "# TYPE db_client_connection_count gauge\n";
const POOL_UNTYPED: &str = "# TYPE db_client_connection_count untyped\n";

/// Where measurements go in, and where they come out.
pub struct Metrics {
    /// For whoever measures.
    pub meter: Meter,
    /// For whoever asks. Instruments work as long as it exists.
    pub scrape: MetricsRenderer,
}

impl Metrics {
    /// Metrics of their own, beginning with those of the process (on Linux), of the build and of the log.
    /// `dropped_lines` tells how many lines each log sink has dropped since the start.
    pub fn new(dropped_lines: impl Fn() -> Vec<(&'static str, u64)> + Send + Sync + 'static) -> Self {
        let registry = Registry::new();
        let mut provider = SdkMeterProvider::builder()
            // The default would read the environment.
            .with_resource(Resource::builder_empty().build())
            .with_view(buckets);
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .without_target_info()
            .scope_info_enabled(false);
        // A new registry has no cause to refuse, and a service without metrics is still of use.
        match exporter.build() {
            Ok(exporter) => provider = provider.with_reader(exporter),
            Err(error) => {
                tracing::error!(%error, "nothing is measured: /metrics will lack all but process_*")
            }
        }
        #[cfg(target_os = "linux")]
        if let Err(error) = registry.register(Box::new(ProcessCollector::for_self())) {
            tracing::error!(%error, "the process is not measured: /metrics will lack process_*");
        }
        let provider = provider.build();
        let meter = provider.meter("templatesite");
        observe_build(&meter);
        observe_log(&meter, dropped_lines);
        let scrape = move || {
            // Dropping the provider ends all measuring, so it lives here.
            let _ = &provider;
            let text = TextEncoder::new().encode_to_string(&registry.gather())?;
            Ok(text.replacen(POOL_GAUGE, POOL_UNTYPED, 1))
        };
        Self {
            meter,
            scrape: Arc::new(scrape),
        }
    }
}

/// The buckets of every duration, here once and not at each instrument.
fn buckets(instrument: &Instrument) -> Option<Stream> {
    if instrument.unit() != "s" {
        return None;
    }
    let aggregation = Aggregation::ExplicitBucketHistogram {
        boundaries: BUCKETS.to_vec(),
        record_min_max: false,
    };
    Stream::builder().with_aggregation(aggregation).build().ok()
}

fn observe_build(meter: &Meter) {
    meter
        .u64_observable_gauge("templatesite.build_info")
        .with_description("Always 1; the label tells the version.")
        .with_callback(|build| build.observe(1, &[KeyValue::new("version", env!("CARGO_PKG_VERSION"))]))
        .build();
}

fn observe_log(meter: &Meter, dropped_lines: impl Fn() -> Vec<(&'static str, u64)> + Send + Sync + 'static) {
    meter
        .u64_observable_counter("log.lines.dropped")
        .with_unit("{line}")
        .with_description("Log lines that were dropped because their sink was too slow or not there.")
        .with_callback(move |dropped| {
            for (sink, lines) in dropped_lines() {
                dropped.observe(lines, &[KeyValue::new("log.sink", sink)]);
            }
        })
        .build();
}
