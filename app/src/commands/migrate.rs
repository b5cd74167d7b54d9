//! The command `migrate`, which changes the database schema or shows its state.

use super::{CommandError, print};
use crate::{cli::Direction, compose::Store, config::Config};

/// `migrate`: changes the schema and prints the state of every migration.
///
/// # Errors
/// If the database cannot be reached or a migration fails.
pub async fn migrate(config: &Config, direction: Direction) -> Result<(), CommandError> {
    let store = Store::open(&config.database).await?;
    let Some(schema) = store.schema else {
        tracing::info!("the in-memory store has no schema to migrate");
        return Ok(());
    };

    match direction {
        Direction::Up => drop(schema.up().await?),
        Direction::Down => schema.down().await?,
        Direction::Status => {}
    }

    for migration in schema.states().await? {
        print(&format!("{} {}\n", migration.status, migration.name))?;
    }
    Ok(())
}
