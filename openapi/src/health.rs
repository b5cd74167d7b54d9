//! Liveness and readiness.

mod report;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::{Choice, HealthCheck};
use futures_util::future::join_all;
use poem_openapi::{
    ApiResponse, OpenApi, Tags,
    payload::{PlainText, Response},
};
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::{
    Dependencies,
    http::{
        error_response::{DocumentedErrors, ErrorResponse},
        json::Json,
        preconditions::NO_STORE,
        problem_type::operations::{self, ProblemTypes},
    },
};
use report::{CheckResult, DRAINING, HealthBody, Status};

/// The time that a check may take. Load balancers ask every few seconds and soon give up, so a late response is
/// useless.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(crate) struct HealthApi {
    checks: Vec<Arc<dyn HealthCheck>>,
    draining: Arc<AtomicBool>,
}

impl HealthApi {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            checks: dependencies.checks.clone(),
            draining: Arc::clone(&dependencies.draining),
        }
    }
}

#[derive(Tags)]
enum Tag {
    /// Whether the service works.
    Health,
}

#[OpenApi(prefix_path = "/healthcheck/", tag = "Tag::Health")]
impl HealthApi {
    /// Readiness
    ///
    /// Checks every dependency, all concurrently, each under a short timeout. A service that is about to stop is `nok`
    /// and reports `draining` next to its dependencies. A `replica` that is `nok` leaves the service `ok`: its database
    /// serves the reads.
    #[oai(path = "/", method = "get", operation_id = "healthcheck")]
    async fn healthcheck(&self) -> Result<Response<HealthResponse>, ErrorResponse<MonitoringErrors>> {
        let results = self.checks.iter().map(|check| async {
            let status = run(&**check).await;
            CheckResult {
                name: check.name().as_str(),
                status,
                is_required: check.is_required(),
            }
        });
        let mut results = join_all(results).await;
        if self.draining.load(Relaxed) {
            results.push(CheckResult {
                name: DRAINING,
                status: Status::Nok,
                is_required: true,
            });
        }

        let report = HealthBody::new(results);
        Ok(not_stored(match report.status {
            Status::Ok => HealthResponse::Healthy(Json(report)),
            Status::Nok => HealthResponse::Unhealthy(Json(report)),
        }))
    }
}

/// The body of a response to `/livez`.
const ALIVE: &str = "ok\n";

#[derive(Clone)]
pub(crate) struct LivenessApi;

impl LivenessApi {
    pub(crate) fn new(_: &Dependencies) -> Self {
        Self
    }
}

#[OpenApi(tag = "Tag::Health")]
impl LivenessApi {
    /// Liveness
    ///
    /// Succeeds while the process runs; checks no dependency.
    #[oai(path = "/livez", method = "get", operation_id = "livez")]
    async fn livez(&self) -> Result<Response<LivezResponse>, ErrorResponse<MonitoringErrors>> {
        Ok(not_stored(LivezResponse::Alive(PlainText(ALIVE))))
    }
}

/// A response that no cache keeps: it is true only now.
fn not_stored<T>(response: T) -> Response<T> {
    Response::new(response).header("cache-control", NO_STORE)
}

/// Runs one check. The reason of a failure goes to the log; the client only gets the status.
async fn run(check: &dyn HealthCheck) -> Status {
    let error = match timeout(CHECK_TIMEOUT, check.check()).await {
        Ok(Ok(())) => return Status::Ok,
        Ok(Err(unhealthy)) => match &unhealthy.source {
            Some(source) => format!("{unhealthy}: {source}"),
            None => unhealthy.to_string(),
        },
        Err(_) => format!("no response within {} s", CHECK_TIMEOUT.as_secs()),
    };

    let dependency = check.name().as_str();
    tracing::warn!(dependency, error, "health check failed");
    Status::Nok
}

#[derive(ApiResponse)]
enum HealthResponse {
    /// Every dependency works.
    #[oai(status = 200)]
    Healthy(Json<HealthBody>),
    /// A dependency does not work, or the service is about to stop; send no requests here.
    #[oai(status = 503)]
    Unhealthy(Json<HealthBody>),
}

#[derive(ApiResponse)]
enum LivezResponse {
    /// The process runs.
    #[oai(status = 200)]
    Alive(PlainText<&'static str>),
}

/// Monitoring is subject to one check only, that of the host.
struct MonitoringErrors;

impl DocumentedErrors for MonitoringErrors {
    const PROBLEMS: &'static [ProblemTypes] = &[operations::ANY];
}

/// A step of the document: the examples that are not those of a schema.
pub(crate) fn examples(document: &mut Value) {
    for (response, example) in [
        (
            "/paths/~1healthcheck~1/get/responses/503",
            HealthBody::example(Status::Nok),
        ),
        ("/paths/~1livez/get/responses/200", ALIVE.into()),
    ] {
        let content = document.pointer_mut(&format!("{response}/content"));
        let media_types = content
            .and_then(Value::as_object_mut)
            .into_iter()
            .flat_map(Map::values_mut);
        for body in media_types {
            body["example"] = example.clone();
        }
    }
}
