//! Which events are logged.

use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;

/// Our own events from this level on. Libraries log much at `INFO` that interests only their authors: theirs are logged
/// from `WARN` on, SQL statements also at `DEBUG`, and everything from `DEBUG` on if the level is `TRACE`.
pub(super) fn filter(level: Level) -> Targets {
    let libraries = if level >= Level::TRACE {
        LevelFilter::DEBUG
    } else {
        LevelFilter::WARN
    };
    let sql = if level >= Level::DEBUG {
        LevelFilter::DEBUG
    } else {
        LevelFilter::WARN
    };

    let targets = [
        "hyper",
        "hyper_util",
        "h2",
        "poem",
        "sea_orm",
        "sea_orm_migration",
        "sqlx",
        "mio",
        "tokio",
    ];
    Targets::new()
        .with_default(level)
        .with_targets(targets.map(|target| (target, libraries)))
        .with_target("sqlx::query", sql)
        // They log what a server says before it is trusted, and a server may repeat the password. A connection that leads to
        // another server than it should, or to none, is logged by those who refuse it.
        .with_target("sqlx_core::pool::inner", LevelFilter::OFF)
        .with_target("sqlx::postgres::notice", LevelFilter::OFF)
}
