//! The lock around schema changes.

use adapters::{database::MigrationLockError, testing::FreshDatabase};
use tokio::time::timeout;

use crate::support::{SECOND, open};

async fn lock_is_exclusive_and_times_out(database: FreshDatabase) {
    let (first, _) = open(database.url()).await;
    let (second, _) = open(database.url()).await;

    let work = first.with_migration_lock(SECOND, async |_| {
        let outcome = second.with_migration_lock(SECOND / 2, async |_| Ok(())).await;
        assert!(
            matches!(outcome, Err(MigrationLockError::Timeout(_))),
            "{outcome:?}"
        );
        Ok(())
    });
    timeout(10 * SECOND, work)
        .await
        .expect("a return in time")
        .expect("the lock");

    second
        .with_migration_lock(SECOND, async |_| Ok(()))
        .await
        .expect("the lock is free");
}

#[tokio::test]
async fn lock_on_postgres_is_exclusive_and_times_out() {
    lock_is_exclusive_and_times_out(FreshDatabase::postgres().await).await;
}

#[tokio::test]
async fn lock_on_sqlite_is_exclusive_and_times_out() {
    lock_is_exclusive_and_times_out(FreshDatabase::sqlite()).await;
}
