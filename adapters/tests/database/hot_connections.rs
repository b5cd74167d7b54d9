//! The cache of connections outside the pool.

use adapters::{database::Options, testing::FreshDatabase};
use tokio::task::JoinSet;

use crate::support::{
    SECOND,
    example::{RepositoryPort, TABLE, item},
    number, open_with,
};

/// The pool may have ten connections, and would hand them out FIFO.
#[tokio::test]
async fn sequential_statements_use_the_same_connection() {
    let database = FreshDatabase::postgres().await;
    let (pool, store) = open_with(database.url(), Options::default()).await;

    for n in 1..50 {
        store.add(&[item(n)]).await.expect("added");
        assert_eq!(store.find(&[item(n).id]).await.expect("found"), [item(n)]);
        assert_eq!(store.latest(None, 1).await.expect("a page"), [item(n)]);
    }

    let used = format!(
        r#"select count(*) as number from pg_stat_activity where datname = current_database()
         and lower(query) similar to '(insert into "{TABLE}" |select "{TABLE}"."id",% from "{TABLE}" )%'"#
    );
    let connections = number(&pool, &used).await;
    assert_eq!(connections, 1, "connections executed the statements");
}

/// Callers of the pool, including the health check, do not wait for connections in the cache.
#[tokio::test]
async fn hot_connections_never_block_the_pool() {
    let database = FreshDatabase::postgres().await;

    for max_connections in 1..4 {
        let options = Options {
            max_connections,
            acquire_timeout: SECOND,
            ..Options::default()
        };
        let (pool, store) = open_with(database.url(), options).await;

        for _ in 0..5 {
            let mut callers = JoinSet::new();
            for _ in 0..40 {
                let store = store.clone();
                callers.spawn(async move { store.latest(None, 1).await });
            }
            while let Some(page) = callers.join_next().await {
                page.expect("no panic").expect("a page in time");
            }

            pool.ping(SECOND).await.expect("a response");
        }
    }
}

/// A repository may outlive its runtime, as one does that a test or `main` holds.
#[test]
fn repository_can_be_dropped_after_its_runtime() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = runtime.block_on(async {
        let database = FreshDatabase::postgres().await;
        let (_, store) = open_with(database.url(), Options::default()).await;
        store.add(&[item(1)]).await.expect("added");
        store
    });

    drop(runtime);
    drop(store);
}
