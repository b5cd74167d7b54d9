//! A tracer for tests that do not look at spans.

use std::sync::Arc;

use opentelemetry::{global::BoxedTracer, trace::TracerProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::traced::StoreTracer;

/// Makes spans that are sent nowhere.
pub fn store_tracer() -> StoreTracer {
    let tracer = SdkTracerProvider::builder().build().tracer("test");

    StoreTracer {
        tracer: Arc::new(BoxedTracer::new(Box::new(tracer))),
        system: "memory",
    }
}
