//! What the program itself does with the resource: where tweets are stored, what is around their store, and the tweets
//! that a new store starts with.

pub(crate) mod fixtures;

use std::sync::Arc;

use adapters::{
    database::Database,
    tweet::{Batched, Cached, InMemoryTweetRepository, Metered, Replicated, SeaOrmTweetRepository, Traced},
};
use domain::tweet::{TweetRepository, TweetService};

use crate::compose::{self, Context};

/// The tweets in a database.
pub(crate) fn sql(database: &Database) -> Arc<dyn TweetRepository> {
    Arc::new(SeaOrmTweetRepository::new(database.clone()))
}

/// An empty store of tweets in the memory of this process.
pub(crate) fn in_memory() -> Arc<dyn TweetRepository> {
    Arc::new(InMemoryTweetRepository::default())
}

/// The use cases over the decorated repository.
pub(crate) fn service(repository: &Arc<dyn TweetRepository>, context: &Context<'_>) -> Arc<TweetService> {
    Arc::new(TweetService::new(stack(repository, context), compose::clock()))
}

/// The decorators around a bare repository, innermost first.
pub fn stack(repository: &Arc<dyn TweetRepository>, context: &Context<'_>) -> Arc<dyn TweetRepository> {
    // Next to the store, to time what the store does and not what the layers above save it.
    let metered = Metered::new(traced(Arc::clone(repository), context), context.meter);
    if context.in_process {
        return Arc::new(metered);
    }

    // Below the batches, so that calls which share a statement share it on the replica too. Both servers are timed.
    match context.replica {
        None => shared(metered, context),
        Some(replica) => {
            let copy = traced(sql(replica.database()), context);
            let copy = Metered::replica(copy, context.meter);
            shared(Replicated::new(metered, copy, replica.reads().clone()), context)
        }
    }
}

/// Innermost, so that a span is a statement, whoever shares it.
fn traced(repository: Arc<dyn TweetRepository>, context: &Context<'_>) -> Arc<dyn TweetRepository> {
    match context.tracer {
        Some(tracer) => Arc::new(Traced::new(repository, tracer)),
        None => repository,
    }
}

/// Calls to a store, shared and remembered.
fn shared<R: TweetRepository + 'static>(store: R, context: &Context<'_>) -> Arc<dyn TweetRepository> {
    // Below the cache, to batch the calls that miss it, whichever request they belong to.
    let batched = Batched::new(store, context.meter);
    if context.config.cache_bytes == 0 {
        return Arc::new(batched);
    }

    // Outermost, so that a hit waits in no queue and needs no statement.
    let cached = Cached::new(batched, context.config.cache_bytes, context.meter);
    Arc::new(cached)
}
