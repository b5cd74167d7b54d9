//! What holds the statements of a gated repository back.

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::RepositoryError;
use tokio::sync::Semaphore;

/// What a gated repository is built from: it records statements, and holds each back until the test releases it.
pub struct Gate {
    permits: Semaphore,
    statements: Mutex<Vec<String>>,
    failure: Mutex<Option<RepositoryError>>,
}

impl Gate {
    /// Lets this many statements return, those in flight first.
    pub fn release(&self, statements: usize) {
        self.permits.add_permits(statements);
    }

    /// Fails every further statement with this error; `None` ends the outage.
    pub fn set_failure(&self, error: Option<RepositoryError>) {
        *lock(&self.failure) = error;
    }

    /// All statements so far.
    pub fn statements(&self) -> Vec<String> {
        lock(&self.statements).clone()
    }

    /// Records a statement, waits for its release, and returns the failure that was set when it started, or else its
    /// result.
    pub async fn pass<T>(
        &self,
        statement: String,
        result: Result<T, RepositoryError>,
    ) -> Result<T, RepositoryError> {
        lock(&self.statements).push(statement);
        let failure = lock(&self.failure).clone();

        let permit = self.permits.acquire().await.expect("an open semaphore");
        permit.forget();

        failure.map_or(result, Err)
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            permits: Semaphore::new(0),
            statements: Mutex::default(),
            failure: Mutex::default(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
