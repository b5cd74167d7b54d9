//! The health report, and the probes of an orchestrator: liveness and readiness.

mod report;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::{CheckName, Choice, HealthCheck};
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
    /// Health
    ///
    /// Checks every dependency, all concurrently, each under a short timeout. A service that is about to stop is `nok`
    /// and reports `draining` next to its dependencies. A `replica` that is `nok` leaves the service `ok`: its database
    /// serves the reads. For people and monitors; orchestrators ask `/readyz`.
    #[oai(path = "/", method = "get", operation_id = "healthcheck")]
    async fn healthcheck(&self) -> Result<Response<HealthResponse>, ErrorResponse<MonitoringErrors>> {
        let report = report(&self.checks, &self.draining).await;

        Ok(not_stored(match report.status {
            Status::Ok => HealthResponse::Healthy(Json(report)),
            Status::Nok => HealthResponse::Unhealthy(Json(report)),
        }))
    }
}

/// The body of a response to `/livez`.
const ALIVE: &str = "ok\n";

/// What orchestrators ask every few seconds.
#[derive(Clone)]
pub(crate) struct ProbesApi {
    readiness: Vec<Arc<dyn HealthCheck>>,
    draining: Arc<AtomicBool>,
}

impl ProbesApi {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            readiness: dependencies.readiness.clone(),
            draining: Arc::clone(&dependencies.draining),
        }
    }
}

#[OpenApi(tag = "Tag::Health")]
impl ProbesApi {
    /// Liveness
    ///
    /// Succeeds while the process runs; checks no dependency.
    #[oai(path = "/livez", method = "get", operation_id = "livez")]
    async fn livez(&self) -> Result<Response<LivezResponse>, ErrorResponse<MonitoringErrors>> {
        Ok(not_stored(LivezResponse::Alive(PlainText(ALIVE))))
    }

    /// Readiness
    ///
    /// Whether requests should be sent here: the service has seen the schema of its database, and is not about to stop.
    /// Does not depend on whether the database responds now: all instances would become unready at once, and clients
    /// would get refused connections instead of cached items and errors with a reason.
    #[oai(path = "/readyz", method = "get", operation_id = "readyz")]
    async fn readyz(&self) -> Result<Response<ReadyzResponse>, ErrorResponse<MonitoringErrors>> {
        let report = report(&self.readiness, &self.draining).await;

        Ok(not_stored(match report.status {
            Status::Ok => ReadyzResponse::Ready(Json(report)),
            Status::Nok => ReadyzResponse::NotReady(Json(report)),
        }))
    }
}

/// A response that no cache keeps: it is true only now.
fn not_stored<T>(response: T) -> Response<T> {
    Response::new(response).header("cache-control", NO_STORE)
}

/// The result of these checks, which are run concurrently. A service that is about to stop is `nok`, whatever they report.
async fn report(checks: &[Arc<dyn HealthCheck>], draining: &AtomicBool) -> HealthBody {
    let results = checks.iter().map(|check| async {
        let status = run(&**check).await;
        CheckResult {
            name: check.name().as_str(),
            status,
            is_required: check.is_required(),
        }
    });

    let mut results = join_all(results).await;
    if draining.load(Relaxed) {
        results.push(CheckResult {
            name: DRAINING,
            status: Status::Nok,
            is_required: true,
        });
    }
    HealthBody::new(results)
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
    /// Every dependency that the service needs works.
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

#[derive(ApiResponse)]
enum ReadyzResponse {
    /// The service takes requests.
    #[oai(status = 200)]
    Ready(Json<HealthBody>),
    /// The service is about to stop, or has not seen the schema of its database yet; send no requests here.
    #[oai(status = 503)]
    NotReady(Json<HealthBody>),
}

/// Monitoring is subject to one check only, that of the host.
struct MonitoringErrors;

impl DocumentedErrors for MonitoringErrors {
    const PROBLEMS: &'static [ProblemTypes] = &[operations::ANY];
}

/// A step of the document: the examples that are not those of a schema.
pub(crate) fn examples(document: &mut Value) {
    let report = HealthBody::example;
    for (response, example) in [
        (
            "/paths/~1healthcheck~1/get/responses/503",
            report(CheckName::Db, Status::Nok),
        ),
        ("/paths/~1livez/get/responses/200", ALIVE.into()),
        (
            "/paths/~1readyz/get/responses/200",
            report(CheckName::Schema, Status::Ok),
        ),
        (
            "/paths/~1readyz/get/responses/503",
            report(CheckName::Schema, Status::Nok),
        ),
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
