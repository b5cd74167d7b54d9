//! What the program itself does with the resource: where widgets are stored, what is around their store, and the widgets
//! that a new store starts with.

pub(crate) mod fixtures;

use std::sync::Arc;

use adapters::{
    database::Database,
    widget::{Batched, Cached, InMemoryWidgetRepository, Metered, Replicated, SeaOrmWidgetRepository},
};
use domain::widget::{WidgetRepository, WidgetService};

use crate::compose::{self, Context};

/// The widgets in a database.
pub(crate) fn sql(database: &Database) -> Arc<dyn WidgetRepository> {
    Arc::new(SeaOrmWidgetRepository::new(database.clone()))
}

/// An empty store of widgets in the memory of this process.
pub(crate) fn in_memory() -> Arc<dyn WidgetRepository> {
    Arc::new(InMemoryWidgetRepository::default())
}

/// The use cases over the decorated repository.
pub(crate) fn service(repository: &Arc<dyn WidgetRepository>, context: &Context<'_>) -> Arc<WidgetService> {
    Arc::new(WidgetService::new(stack(repository, context), compose::clock()))
}

/// The decorators around a bare repository, innermost first.
pub fn stack(repository: &Arc<dyn WidgetRepository>, context: &Context<'_>) -> Arc<dyn WidgetRepository> {
    // Next to the store, to time what the store does and not what the layers above save it.
    let metered = Metered::new(Arc::clone(repository), context.meter);
    if context.in_process {
        return Arc::new(metered);
    }

    // Below the batches, so that calls which share a statement share it on the replica too. Both servers are timed.
    match context.replica {
        None => shared(metered, context),
        Some(replica) => {
            let copy = Metered::replica(sql(replica.database()), context.meter);
            shared(Replicated::new(metered, copy, replica.reads().clone()), context)
        }
    }
}

/// Calls to a store, shared and remembered.
fn shared<R: WidgetRepository + 'static>(store: R, context: &Context<'_>) -> Arc<dyn WidgetRepository> {
    // Below the cache, to batch the calls that miss it, whichever request they belong to.
    let batched = Batched::new(store, context.meter);
    if context.config.cache_bytes == 0 {
        return Arc::new(batched);
    }

    // Outermost, so that a hit waits in no queue and needs no statement.
    let cached = Cached::new(batched, context.config.cache_bytes, context.meter);
    Arc::new(cached)
}
