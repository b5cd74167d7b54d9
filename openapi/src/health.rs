//! Liveness and readiness.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::HealthCheck;
use futures_util::future::join_all;
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi, Tags,
    payload::{PlainText, Response},
    types::Example,
};
use serde::Serialize;
use tokio::time::timeout;

use crate::{
    Dependencies,
    http::{json::Json, preconditions::NO_STORE},
};

/// The time that a check may take. Load balancers ask every few seconds and soon give up, so a late response is useless.
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
    /// and reports `draining` next to its dependencies.
    #[oai(path = "/", method = "get", operation_id = "healthcheck")]
    async fn healthcheck(&self) -> Response<HealthResponse> {
        let results = self.checks.iter().map(|check| async {
            let status = run(&**check).await;
            (check.name(), status)
        });
        let mut results = join_all(results).await;
        if self.draining.load(Relaxed) {
            results.push(("draining", Status::Nok));
        }

        let dependencies = by_name(results);
        let response = if dependencies.values().all(|each| each.status == Status::Ok) {
            HealthResponse::Healthy(Json(HealthBody {
                status: Status::Ok,
                dependencies,
            }))
        } else {
            HealthResponse::Unhealthy(Json(HealthBody {
                status: Status::Nok,
                dependencies,
            }))
        };
        not_stored(response)
    }
}

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
    async fn livez(&self) -> Response<LivezResponse> {
        not_stored(LivezResponse::Alive(PlainText("ok\n")))
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

    tracing::warn!(dependency = check.name(), error, "health check failed");
    Status::Nok
}

/// The status of each name: `nok` if any check of that name failed.
fn by_name(results: Vec<(&'static str, Status)>) -> BTreeMap<String, Dependency> {
    let mut dependencies = BTreeMap::new();

    for (name, status) in results {
        let dependency = dependencies
            .entry(name.to_owned())
            .or_insert(Dependency { status });
        if status == Status::Nok {
            dependency.status = status;
        }
    }

    dependencies
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

/// The status of the service, and of each of its dependencies by name.
#[derive(Debug, Object, Serialize)]
#[oai(rename = "Health", example)]
struct HealthBody {
    status: Status,
    #[oai(flatten)]
    #[serde(flatten)]
    dependencies: BTreeMap<String, Dependency>,
}

/// The status of one dependency.
#[derive(Debug, Object, Serialize)]
struct Dependency {
    status: Status,
}

/// `ok` or `nok`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Nok,
}

impl Example for HealthBody {
    fn example() -> Self {
        Self {
            status: Status::Ok,
            dependencies: BTreeMap::from([("db".to_owned(), Dependency { status: Status::Ok })]),
        }
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::ToJSON;
    use serde_json::json;

    use super::*;

    #[test]
    fn dependencies_are_members_next_to_the_status() {
        let report = HealthBody::example();
        let expected = json!({"status": "ok", "db": {"status": "ok"}});

        assert_eq!(serde_json::to_value(&report).expect("JSON"), expected);
        assert_eq!(report.to_json(), Some(expected), "as documented");
    }

    #[test]
    fn healthy_check_does_not_hide_a_failing_one_of_the_same_name() {
        for (first, second) in [(Status::Ok, Status::Nok), (Status::Nok, Status::Ok)] {
            let report = by_name(vec![("db", first), ("cache", Status::Ok), ("db", second)]);

            let expected = json!({"cache": {"status": "ok"}, "db": {"status": "nok"}});
            assert_eq!(serde_json::to_value(report).expect("JSON"), expected);
        }
    }
}
