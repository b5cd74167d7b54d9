//! `/metrics`: the page that a Prometheus server scrapes.

use std::{
    error::Error,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use bytes::Bytes;
use poem::Body;
use poem_openapi::{
    OpenApi,
    payload::{Binary, Response},
};
use tokio::sync::Mutex;

use crate::{
    Dependencies,
    http::{preconditions::NO_STORE, problem::Problem},
};

/// While more than this many renderings wait for their clients, further requests share the newest one for [`MAX_AGE`]. No
/// more scrape at the same time, unless somebody means harm: each combination of method, route and status adds to the
/// page, which can have half a megabyte, and neither limits of rates nor of concurrency apply to it.
const MAX_OWN_RENDERINGS: usize = 8;

/// How old a rendering may be that is shared.
const MAX_AGE: Duration = Duration::from_secs(1);

/// While this many renderings wait for their clients, the newest one is shared whatever its age.
const MAX_RENDERINGS: usize = 64;

/// Renders everything that was measured so far, in the Prometheus text format.
pub type MetricsRenderer = Arc<dyn Fn() -> Result<String, Box<dyn Error + Send + Sync>> + Send + Sync>;

#[derive(Clone)]
pub(crate) struct MetricsApi {
    renderer: MetricsRenderer,
    latest: Arc<Mutex<Latest>>,
}

/// The rendering that began last, as long as a response holds it.
#[derive(Default)]
struct Latest {
    rendering: Weak<Rendering>,
    /// One clone for each rendering that a response holds.
    held: Arc<()>,
}

struct Rendering {
    text: String,
    began: Instant,
    _held: Arc<()>,
}

/// The body of one of the responses that share a rendering.
struct Shared(Arc<Rendering>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.text.as_bytes()
    }
}

impl MetricsApi {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            renderer: Arc::clone(&dependencies.metrics),
            latest: Arc::default(),
        }
    }

    /// A rendering that shows what was measured before `requested`, or an older one while many are held. One is made at a
    /// time, and serves all who wait for it.
    async fn render(&self, requested: Instant) -> Result<Arc<Rendering>, Problem> {
        let mut latest = self.latest.lock().await;
        if let Some(rendering) = latest.rendering.upgrade() {
            let is_recent = rendering.began.elapsed() < MAX_AGE;
            let held = Arc::strong_count(&latest.held) - 1;
            if rendering.began >= requested
                || held >= MAX_OWN_RENDERINGS && is_recent
                || held >= MAX_RENDERINGS
            {
                return Ok(rendering);
            }
        }

        let began = Instant::now();
        let text = (self.renderer)().map_err(|error| Problem::internal().caused_by(error))?;
        let rendering = Arc::new(Rendering {
            text,
            began,
            _held: Arc::clone(&latest.held),
        });
        latest.rendering = Arc::downgrade(&rendering);
        Ok(rendering)
    }
}

/// About the service rather than part of its API, so the document does not list it.
#[OpenApi]
impl MetricsApi {
    #[oai(path = "/metrics", method = "get", hidden)]
    async fn metrics(&self) -> poem::Result<Response<Binary<Body>>> {
        let rendering = self.render(Instant::now()).await?;
        let body = Body::from(Bytes::from_owner(Shared(rendering)));

        let content_type = "text/plain; version=0.0.4; charset=utf-8";
        let response = Response::new(Binary(body)).header("content-type", content_type);
        Ok(response.header("cache-control", NO_STORE))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use super::*;

    /// Renders the number of earlier renderings.
    fn counting() -> (MetricsApi, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let renderer: MetricsRenderer = Arc::new(move || Ok(counted.fetch_add(1, Relaxed).to_string()));

        let latest = Arc::default();
        (MetricsApi { renderer, latest }, count)
    }

    #[tokio::test]
    async fn every_request_gets_a_new_rendering_while_few_are_held() {
        let (api, _) = counting();
        let mut held = Vec::new();

        for expected in 0..MAX_OWN_RENDERINGS {
            let rendering = api.render(Instant::now()).await.expect("a rendering");
            assert_eq!(rendering.text, expected.to_string());
            held.push(rendering);
        }
    }

    #[tokio::test]
    async fn responses_that_nobody_reads_share_one_rendering_a_second() {
        let (api, count) = counting();
        let started = Instant::now();
        let mut held = Vec::new();

        while started.elapsed() < MAX_AGE * 2 {
            held.push(api.render(Instant::now()).await.expect("a rendering"));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let renderings = count.load(Relaxed);
        let expected = MAX_OWN_RENDERINGS + 1..=MAX_OWN_RENDERINGS + 3;
        assert!(
            expected.contains(&renderings),
            "{renderings} for {} responses",
            held.len()
        );

        drop(held);
        let before = count.load(Relaxed).to_string();
        assert_eq!(
            api.render(Instant::now()).await.expect("a rendering").text,
            before
        );
    }

    #[tokio::test]
    async fn rendering_that_began_after_the_request_serves_it() {
        let (api, count) = counting();
        let requested = Instant::now();

        let held = api.render(requested).await.expect("a rendering");
        api.render(requested).await.expect("a rendering");

        assert_eq!((count.load(Relaxed), &*held.text), (1, "0"));
    }
}
