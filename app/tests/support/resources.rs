//! THE lists of resources in the tests of mechanism, one line each.

use std::sync::Arc;

use app::resources::Repositories;
use domain::RepositoryError;

/// Repositories whose every operation fails.
pub(crate) fn failing(error: &RepositoryError) -> Repositories {
    Repositories {
        tweets: Arc::new(domain::testing::tweet::FailingTweetRepository(error.clone())),
    }
}

/// Bodies that create another item than the document's example does, by operation id: one for each operation with an
/// `Idempotency-Key`. A key that was used with the example and is reused with such a body is a 422.
pub(crate) const OTHER_BODIES: &[(&str, &str)] = &[crate::tweet::OTHER_BODY];
