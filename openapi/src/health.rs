//! Whether the service lives, and whether it can work.

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
    ApiResponse, Enum, Object, OpenApi,
    payload::PlainText,
    registry::{MetaSchema, Registry},
};
use serde::Serialize;
use serde_json::json;
use tokio::time::timeout;

use crate::{Dependencies, docs::Tag, http::json::Json, http::schema::schema_type};

/// Load balancers ask every few seconds and give up soon; an answer that comes late is no answer.
const DEADLINE: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(crate) struct HealthApi {
    checks: Vec<Arc<dyn HealthCheck>>,
    draining: Arc<AtomicBool>,
}

#[derive(ApiResponse)]
enum HealthAnswer {
    /// Everything the service needs works.
    #[oai(status = 200)]
    Healthy(Json<HealthBody>),
    /// Something the service needs does not work; send no requests here.
    #[oai(status = 503)]
    Unhealthy(Json<HealthBody>),
}

#[derive(ApiResponse)]
enum LivezAnswer {
    /// The process runs.
    #[oai(status = 200)]
    Alive(PlainText<&'static str>),
}

#[OpenApi(prefix_path = "/healthcheck/", tag = "Tag::Health")]
impl HealthApi {
    /// Readiness
    ///
    /// Asks every dependency, all at once, each under a short deadline. A service that is about to stop says
    /// `nok`, and `draining` beside its dependencies.
    #[oai(path = "/", method = "get", operation_id = "healthcheck")]
    async fn healthcheck(&self) -> HealthAnswer {
        let dependencies = join_all(self.checks.iter().map(|check| async {
            (
                check.name(),
                Dependency {
                    status: run(&**check).await,
                },
            )
        }));
        let mut dependencies: BTreeMap<_, _> = dependencies.await.into_iter().collect();
        if self.draining.load(Relaxed) {
            dependencies.insert("draining", Dependency { status: Status::Nok });
        }
        if dependencies
            .values()
            .all(|dependency| dependency.status == Status::Ok)
        {
            HealthAnswer::Healthy(Json(HealthBody {
                status: Status::Ok,
                dependencies,
            }))
        } else {
            HealthAnswer::Unhealthy(Json(HealthBody {
                status: Status::Nok,
                dependencies,
            }))
        }
    }
}

#[derive(Clone)]
pub(crate) struct LivenessApi;

#[OpenApi(tag = "Tag::Health")]
impl LivenessApi {
    /// Liveness
    ///
    /// Answers while the process runs; asks no dependency.
    #[oai(path = "/livez", method = "get", operation_id = "livez")]
    async fn livez(&self) -> LivezAnswer {
        LivezAnswer::Alive(PlainText("ok\n"))
    }
}

impl HealthApi {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            checks: dependencies.checks.clone(),
            draining: Arc::clone(&dependencies.draining),
        }
    }
}

impl LivenessApi {
    pub(crate) fn new(_: &Dependencies) -> Self {
        Self
    }
}

/// The reason goes to the log; the client gets a word.
async fn run(check: &dyn HealthCheck) -> Status {
    let error = match timeout(DEADLINE, check.check()).await {
        Ok(Ok(())) => return Status::Ok,
        Ok(Err(unhealthy)) => match &unhealthy.source {
            Some(source) => format!("{unhealthy}: {source}"),
            None => unhealthy.to_string(),
        },
        Err(_) => format!("no answer within {} s", DEADLINE.as_secs()),
    };
    tracing::warn!(dependency = check.name(), error, "a health check failed");
    Status::Nok
}

/// `ok` or `nok`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize)]
#[oai(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Nok,
}

/// How one dependency is.
#[derive(Debug, Object, Serialize)]
struct Dependency {
    status: Status,
}

/// The whole, and each dependency under its name.
#[derive(Debug, Serialize)]
struct HealthBody {
    status: Status,
    #[serde(flatten)]
    dependencies: BTreeMap<&'static str, Dependency>,
}

schema_type!(
    HealthBody,
    "Health",
    MetaSchema {
        description: Some("How the service is, and each of its dependencies by name."),
        required: vec!["status"],
        properties: vec![("status", Status::schema_ref())],
        additional_properties: Some(Box::new(Dependency::schema_ref())),
        example: Some(json!({"status": "ok", "db": {"status": "ok"}})),
        ..MetaSchema::new("object")
    },
    |registry: &mut Registry| {
        Status::register(registry);
        Dependency::register(registry);
    }
);

#[cfg(test)]
mod tests {
    use poem_openapi::{registry::MetaSchemaRef, types::Type};

    use super::*;

    #[test]
    fn the_report_is_flat() {
        let dependencies = BTreeMap::from([("db", Dependency { status: Status::Nok })]);
        let body = serde_json::to_value(HealthBody {
            status: Status::Nok,
            dependencies,
        })
        .expect("JSON");
        assert_eq!(body, json!({"status": "nok", "db": {"status": "nok"}}));
        assert!(matches!(HealthBody::schema_ref(), MetaSchemaRef::Reference(name) if name == "Health"));
    }
}
