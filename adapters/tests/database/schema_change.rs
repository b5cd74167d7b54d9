//! The schema changes while statements are prepared on it, and other transactions get in the way.

use adapters::testing::FreshDatabase;
use domain::RepositoryError;
use sea_orm::ConnectionTrait;

use crate::support::{
    example::{RepositoryPort, TABLE, TEXT_COLUMN, item},
    open, open_with,
};

/// Every connection of the pool has the statement prepared, so each would fail once.
#[tokio::test]
async fn statement_that_was_prepared_before_a_schema_change_is_executed_on_a_new_connection() {
    let fresh = FreshDatabase::postgres().await;
    let (database, store) = open_with(fresh.url(), Default::default()).await;
    store.add(&[item(1)]).await.expect("added");

    for size in [280, 281, 282] {
        let read = || store.latest(None, 9);
        let pages = tokio::join!(read(), read(), read(), read());
        assert!(pages.0.is_ok() && pages.1.is_ok() && pages.2.is_ok() && pages.3.is_ok());

        let change = format!("alter table {TABLE} alter column {TEXT_COLUMN} type varchar({size})");
        database
            .connection()
            .execute_unprepared(&change)
            .await
            .expect("a schema change");

        for _ in 0..20 {
            assert_eq!(store.latest(None, 9).await.expect("a page"), [item(1)]);
        }
    }
}

#[tokio::test]
async fn statement_that_was_rolled_back_for_a_deadlock_is_executed_again() {
    let fresh = FreshDatabase::postgres().await;
    let (database, store) = open(fresh.url()).await;

    // The first insertion fails as the victim of a deadlock would. A sequence keeps its value in a rollback.
    let statements = format!(
        "create sequence attempts; \
         create function fail_once() returns trigger language plpgsql as $$ begin \
         if nextval('attempts') = 1 then raise 'deadlock' using errcode = '40P01'; end if; return new; end $$; \
         create trigger fail_once before insert on {TABLE} for each row execute function fail_once()"
    );
    database
        .connection()
        .execute_unprepared(&statements)
        .await
        .expect("a trigger");

    store.add(&[item(1)]).await.expect("added");
    assert_eq!(store.latest(None, 9).await.expect("a page"), [item(1)]);
}

/// SQLite takes a quoted name that is not a column for a text, so a read could return the name of the column.
#[tokio::test]
async fn read_of_a_column_that_does_not_exist_is_an_error_on_sqlite() {
    let fresh = FreshDatabase::sqlite();
    let (database, store) = open(fresh.url()).await;
    store.add(&[item(1)]).await.expect("added");
    let rename = async |from: &str, to: &str| {
        let change = format!("alter table {TABLE} rename column {from} to {to}");
        let done = database.connection().execute_unprepared(&change).await;
        done.expect("a schema change");
    };

    rename(TEXT_COLUMN, "other").await;
    let missing = store.find(&[item(1).id]).await;
    assert!(
        matches!(missing, Err(RepositoryError::Internal { .. })),
        "{missing:?}"
    );

    rename("other", TEXT_COLUMN).await;
    assert_eq!(store.find(&[item(1).id]).await.expect("found"), [item(1)]);
}
