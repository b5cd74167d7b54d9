//! `/metrics`: the page that a Prometheus server scrapes.

use std::{error::Error, sync::Arc};

use poem_openapi::{
    OpenApi,
    payload::{PlainText, Response},
};

use crate::{
    Dependencies,
    http::{preconditions::NO_STORE, problem::Problem},
};

/// Renders everything that was measured so far, in the Prometheus text format.
pub type MetricsRenderer = Arc<dyn Fn() -> Result<String, Box<dyn Error + Send + Sync>> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct MetricsApi {
    renderer: MetricsRenderer,
}

impl MetricsApi {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            renderer: Arc::clone(&dependencies.metrics),
        }
    }
}

/// About the service rather than part of its API, so the document does not list it.
#[OpenApi]
impl MetricsApi {
    #[oai(path = "/metrics", method = "get", hidden)]
    async fn metrics(&self) -> poem::Result<Response<PlainText<String>>> {
        let text = (self.renderer)().map_err(|error| Problem::internal().caused_by(error))?;

        let content_type = "text/plain; version=0.0.4; charset=utf-8";
        let response = Response::new(PlainText(text)).header("content-type", content_type);
        Ok(response.header("cache-control", NO_STORE))
    }
}
