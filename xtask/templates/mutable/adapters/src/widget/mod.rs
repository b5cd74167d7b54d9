//! Widgets: the stores that implement [`WidgetRepository`](domain::widget::WidgetRepository), and the decorators around
//! them. The contract holds through every stack of them.
//!
//! There is neither a cache nor a batch: widgets change, and other instances would show an old version.

pub mod memory;
pub mod sql_repository;

pub mod metered;
pub mod traced;

mod entity;
mod statements;

#[cfg(test)]
mod sql_plan_tests;

pub use memory::InMemoryWidgetRepository;
pub use metered::Metered;
pub use sql_repository::SeaOrmWidgetRepository;
pub use traced::Traced;
