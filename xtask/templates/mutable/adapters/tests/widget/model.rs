//! SQL stores against the in-memory store as their model: the same operations give the same results.

use adapters::{
    database,
    testing::FreshDatabase,
    widget::{InMemoryWidgetRepository, SeaOrmWidgetRepository},
};
use domain::{
    DateTime, Expected, OwnedKey, RepositoryError, Version, WriteOutcome,
    testing::{
        sample::EDGES,
        widget::{content, edge_content},
    },
    widget::{IdempotentWidget, Widget, WidgetContent, WidgetId, WidgetRepository},
};
use migration::{Migrator, MigratorTrait};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};

#[derive(Debug, Clone)]
enum Operation {
    Add(Vec<Widget>),
    AddIdempotent(Vec<IdempotentWidget>),
    Find(Vec<WidgetId>),
    Latest(Option<WidgetId>, usize),
    After(WidgetId, usize),
    Update(WidgetId, WidgetContent, Expected),
    Remove(WidgetId, Expected),
}

/// Few distinct ids, at both ends of the range and in between, so that operations often concern the same widget.
fn id() -> impl Strategy<Value = WidgetId> {
    let near = |base: u128| (0..6_u128).prop_map(move |n| WidgetId::from_u128(base.wrapping_add(n)));
    prop_oneof![
        near(0),
        near(u128::MAX - 3),
        near(0x018b_cfe5_6800_0000_0000_0000_0000_0000)
    ]
}

fn any_content() -> impl Strategy<Value = WidgetContent> {
    prop_oneof![
        any::<u64>().prop_map(content),
        (0..EDGES).prop_map(edge_content)
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

fn expected() -> impl Strategy<Value = Expected> {
    let version = (1..4_i64).prop_map(|number| Version::new(number).expect("a version"));
    prop_oneof![
        Just(Expected::Any),
        vec(version, 0..3).prop_map(Expected::OneOf)
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        3 => vec(widget(), 0..6).prop_map(Operation::Add),
        2 => vec(idempotent(), 0..6).prop_map(Operation::AddIdempotent),
        1 => vec(id(), 0..10).prop_map(Operation::Find),
        2 => (proptest::option::of(id()), 0_usize..60).prop_map(|(before, limit)| Operation::Latest(before, limit)),
        2 => (id(), 0_usize..60).prop_map(|(after, limit)| Operation::After(after, limit)),
        4 => (id(), any_content(), expected()).prop_map(|(id, content, expected)| Operation::Update(id, content, expected)),
        2 => (id(), expected()).prop_map(|(id, expected)| Operation::Remove(id, expected)),
    ]
}

/// The result of an operation, in a form that can be compared: `find` has no order, and errors no equality.
async fn result_of(
    store: &dyn WidgetRepository,
    operation: &Operation,
) -> Result<WriteOutcome<Vec<Widget>>, String> {
    let outcome = match operation {
        Operation::Add(widgets) => store.add(widgets).await.map(|()| WriteOutcome::Done(Vec::new())),
        Operation::AddIdempotent(widgets) => store.add_idempotent(widgets).await.map(WriteOutcome::Done),
        Operation::Find(ids) => store.find(ids).await.map(|mut found| {
            found.sort_by_key(|widget| widget.id);
            WriteOutcome::Done(found)
        }),
        Operation::Latest(before, limit) => store.latest(*before, *limit).await.map(WriteOutcome::Done),
        Operation::After(after, limit) => store.after(*after, *limit).await.map(WriteOutcome::Done),
        Operation::Update(id, content, expected) => {
            let updated = store.update(*id, content, expected).await;
            updated.map(|outcome| outcome.map(|widget| vec![widget]))
        }
        Operation::Remove(id, expected) => {
            let removed = store.remove(*id, expected).await;
            removed.map(|outcome| outcome.map(|()| Vec::new()))
        }
    };

    outcome.map_err(|error| match error {
        RepositoryError::Conflict => "conflict".to_owned(),
        other => format!("{other:?}"),
    })
}

/// Each case starts with an empty database; to migrate it down and up again is the cheapest way.
fn behaves_like_memory(database: &FreshDatabase) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");

    // One connection: in SQLite, a second one may not have noticed that a column was dropped, and then rejects to add
    // it.
    let options = database::Options {
        max_connections: 1,
        ..database::Options::default()
    };
    let pool = runtime
        .block_on(database::connect(database.url(), options))
        .expect("connect");
    let store = SeaOrmWidgetRepository::new(pool.clone());

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
                let got = result_of(&store, operation).await;
                prop_assert_eq!(expected, got, "after {:?}", operation);
            }
            Ok(())
        })
    });

    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn sqlite_behaves_like_memory() {
    behaves_like_memory(&FreshDatabase::sqlite());
}

#[test]
fn postgres_behaves_like_memory() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    behaves_like_memory(&runtime.block_on(FreshDatabase::postgres()));
}
