//! THE lists of resources in this crate: what each is stored in, and which service is behind its API.
//!
//! A resource is one line in each list. How its repository is decorated is in its own folder.

use std::sync::Arc;

use adapters::database::Database;
use openapi::Services;

use crate::compose::Context;

/// A bare repository for each resource, below all decorators.
#[expect(missing_docs, reason = "a field for each resource, which its type explains")]
pub struct Repositories {
    pub tweets: Arc<dyn domain::tweet::TweetRepository>,
}

impl Repositories {
    /// The repositories on an open database.
    pub fn sql(database: &Database) -> Self {
        Self {
            tweets: crate::tweet::sql(database),
        }
    }

    /// Empty repositories in the memory of this process.
    pub fn in_memory() -> Self {
        Self {
            tweets: crate::tweet::in_memory(),
        }
    }

    /// The use cases of each resource, over its decorated repository.
    pub(crate) fn services(&self, context: &Context<'_>) -> Services {
        Services {
            tweets: crate::tweet::service(&self.tweets, context),
        }
    }
}
