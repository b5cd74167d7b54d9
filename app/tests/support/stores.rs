//! Stores that behave as a test needs.

use std::sync::Arc;

use adapters::InMemoryHealthCheck;
use app::{compose::Store, resources::Repositories};
use domain::{HealthCheck, RepositoryError, testing::FailingHealthCheck};

use super::resources;

/// A store whose every operation and whose health check fail.
pub(crate) fn failing_store(error: &RepositoryError) -> Store {
    let reason = "driver error: password \"hunter2\" is wrong";
    let check = FailingHealthCheck(reason.to_owned());

    in_process(resources::failing(error), Arc::new(check))
}

/// A healthy store over these repositories.
pub(crate) fn store_over(repositories: Repositories) -> Store {
    in_process(repositories, Arc::new(InMemoryHealthCheck))
}

fn in_process(repositories: Repositories, check: Arc<dyn HealthCheck>) -> Store {
    Store {
        repositories,
        check,
        schema: None,
        in_process: true,
    }
}
