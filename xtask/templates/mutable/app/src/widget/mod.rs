//! What the program itself does with the resource: where widgets are stored, what is around their store, and the
//! widgets that a new store starts with.

pub(crate) mod fixtures;

use std::sync::Arc;

use adapters::{
    database::Database,
    widget::{InMemoryWidgetRepository, Metered, SeaOrmWidgetRepository, Traced},
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

/// The decorators around a bare repository, innermost first. A cache is not among them, because widgets change.
pub fn stack(repository: &Arc<dyn WidgetRepository>, context: &Context<'_>) -> Arc<dyn WidgetRepository> {
    // Innermost, beside the durations, for the same reason: a span is what the store does.
    let traced: Arc<dyn WidgetRepository> = match context.tracer {
        Some(tracer) => Arc::new(Traced::new(Arc::clone(repository), tracer)),
        None => Arc::clone(repository),
    };

    Arc::new(Metered::new(traced, context.meter))
}
