//! SQL stores against the in-memory store as their model: the same operations give the same results.

use adapters::{
    database::{self, Database, Options},
    testing::{FreshDatabase, Replication},
    widget::{InMemoryWidgetRepository, SeaOrmWidgetRepository},
};
use domain::{
    DateTime, OwnedKey, RepositoryError,
    testing::{
        sample::EDGES,
        widget::{edge_widget, new_widget},
    },
    widget::{IdempotentWidget, NewWidget, Widget, WidgetId, WidgetRepository},
};
use migration::{Migrator, MigratorTrait};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use tokio::runtime::{Builder, Runtime};

use crate::standby::{replicated, wait_until_used, watch};

/// The middle of the ids of [`id`], in milliseconds, and the margin of the horizon.
const AMID_THE_IDS: i64 = (1 << 47) + 11_400;

#[derive(Debug, Clone)]
enum Operation {
    Add(Vec<Widget>),
    AddIdempotent(Vec<IdempotentWidget>),
    Find(Vec<WidgetId>),
    Latest(Option<WidgetId>, usize),
    After(WidgetId, usize),
}

/// Few distinct ids, at both ends of the range and in between, so that operations often concern the same widget.
fn id() -> impl Strategy<Value = WidgetId> {
    let near = |base: u128| (0..12_u128).prop_map(move |n| WidgetId::from_u128(base.wrapping_add(n)));
    prop_oneof![
        near(0),
        near(u128::MAX - 5),
        near(1 << 127),
        near(0x018b_cfe5_6800_0000_0000_0000_0000_0000)
    ]
}

fn any_content() -> impl Strategy<Value = NewWidget> {
    prop_oneof![
        any::<u64>().prop_map(new_widget),
        (0..EDGES).prop_map(edge_widget)
    ]
}

fn widget() -> impl Strategy<Value = Widget> {
    let timestamp = (-62_135_596_800_000_i64..253_402_300_800_000)
        .prop_filter_map("a time", DateTime::from_timestamp_millis);

    (id(), any_content(), timestamp).prop_map(|(id, content, timestamp)| Widget::new(id, content, timestamp))
}

/// Few distinct keys and owners, so that operations often concern the same key.
fn idempotent() -> impl Strategy<Value = IdempotentWidget> {
    let owner =
        proptest::option::of("alice|bob").prop_map(|name| name.map(|name| name.parse().expect("a name")));
    let key = "k|K|alice".prop_map(|key| key.parse().expect("a key"));

    (widget(), owner, key).prop_map(|(item, owner, key)| IdempotentWidget {
        item,
        key: OwnedKey { owner, key },
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => vec(widget(), 0..6).prop_map(Operation::Add),
        2 => vec(idempotent(), 0..6).prop_map(Operation::AddIdempotent),
        1 => vec(id(), 0..10).prop_map(Operation::Find),
        2 => (proptest::option::of(id()), 0_usize..60).prop_map(|(before, limit)| Operation::Latest(before, limit)),
        2 => (id(), 0_usize..60).prop_map(|(after, limit)| Operation::After(after, limit)),
    ]
}

/// The result of an operation, in a form that can be compared: `find` has no order, and errors no equality.
async fn result_of(store: &dyn WidgetRepository, operation: &Operation) -> Result<Vec<Widget>, String> {
    let outcome = match operation {
        Operation::Add(widgets) => store.add(widgets).await.map(|()| Vec::new()),
        Operation::AddIdempotent(widgets) => store.add_idempotent(widgets).await,
        Operation::Find(ids) => store.find(ids).await.map(|mut found| {
            found.sort_by_key(|widget| widget.id);
            found
        }),
        Operation::Latest(before, limit) => store.latest(*before, *limit).await,
        Operation::After(after, limit) => store.after(*after, *limit).await,
    };

    outcome.map_err(|error| match error {
        RepositoryError::Conflict => "conflict".to_owned(),
        other => format!("{other:?}"),
    })
}

/// A store behaves like memory through any operations. Each case starts with an empty database; to migrate it down and
/// up again is the cheapest way.
fn behaves_like_memory(runtime: &Runtime, pool: &Database, store: &dyn WidgetRepository) {
    let config = ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    };

    let outcome = TestRunner::new(config).run(&vec(operation(), 1..25), |operations| {
        runtime.block_on(async {
            Migrator::refresh(&pool.connection())
                .await
                .expect("an empty schema");
            let model = InMemoryWidgetRepository::default();

            for operation in &operations {
                let expected = result_of(&model, operation).await;
                let got = result_of(store, operation).await;
                prop_assert_eq!(expected, got, "after {:?}", operation);
            }
            Ok(())
        })
    });

    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// One connection: in SQLite, a second one may not have noticed that a column was dropped, and then rejects to add it.
async fn connect(database: &FreshDatabase) -> Database {
    let options = Options {
        max_connections: 1,
        ..Options::default()
    };
    database::connect(database.url(), options).await.expect("connect")
}

fn database_behaves_like_memory(runtime: &Runtime, database: &FreshDatabase) {
    let pool = runtime.block_on(connect(database));
    let store = SeaOrmWidgetRepository::new(pool.clone());

    behaves_like_memory(runtime, &pool, &store);
}

#[test]
fn sqlite_behaves_like_memory() {
    database_behaves_like_memory(&runtime(), &FreshDatabase::sqlite());
}

#[test]
fn postgres_behaves_like_memory() {
    let runtime = runtime();
    let database = runtime.block_on(FreshDatabase::postgres());

    database_behaves_like_memory(&runtime, &database);
}

/// The horizon is amid the ids: some misses and pages of the standby are final, others are not.
#[test]
fn postgres_with_a_standby_behaves_like_memory() {
    let runtime = runtime();
    let replication = Replication::start();
    let (database, pool, replica) = runtime.block_on(async {
        replication.make_synchronous().await;
        let database = FreshDatabase::on(&replication.primary).await;
        let pool = connect(&database).await;
        let replica = watch(&pool, &database.url_on(&replication.standby), AMID_THE_IDS);
        wait_until_used(&replica).await;
        (database, pool, replica)
    });

    behaves_like_memory(&runtime, &pool, &replicated(pool.clone(), &replica));
    drop(database);
}
