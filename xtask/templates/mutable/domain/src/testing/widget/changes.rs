//! Updates and removals.

use std::{
    slice,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{all_pages, content, widget, widgets};
use crate::{
    Expected, Version, WriteOutcome,
    testing::contract::{Spawn, run_concurrently},
    widget::{Widget, WidgetContent, WidgetId, WidgetRepository},
};

fn version(number: i64) -> Version {
    Version::new(number).expect("a version")
}

fn only(number: i64) -> Expected {
    Expected::OneOf(vec![version(number)])
}

/// The stored widget with this id.
async fn stored(repository: &Arc<dyn WidgetRepository>, id: WidgetId) -> Option<Widget> {
    repository.find(&[id]).await.expect("find").pop()
}

/// Updates a widget that must be in an expected version.
async fn update(
    repository: &Arc<dyn WidgetRepository>,
    id: WidgetId,
    content: &WidgetContent,
    expected: &Expected,
) -> Widget {
    match repository.update(id, content, expected).await.expect("update") {
        WriteOutcome::Done(updated) => updated,
        other => panic!("{id} is not updated: {other:?}"),
    }
}

/// An update changes the content of one widget, and nothing else.
pub async fn update_replaces_the_content_and_raises_the_version_by_one(
    repository: Arc<dyn WidgetRepository>,
    _: Spawn,
) {
    let added = widgets(0..3);
    repository.add(&added).await.expect("add");
    let id = added[1].id;

    for (n, expected) in [(10, only(1)), (11, only(2)), (11, only(3)), (12, Expected::Any)] {
        let before = stored(&repository, id).await.expect("a widget");
        let updated = update(&repository, id, &content(n), &expected).await;

        let after = Widget {
            content: content(n),
            version: before.version.next(),
            ..before
        };
        assert_eq!(updated, after);
        assert_eq!(stored(&repository, id).await, Some(after.clone()), "durably");
        let page = repository.latest(None, 9).await.expect("latest");
        assert_eq!(page, [added[2].clone(), after, added[0].clone()], "in its place");
    }
}

/// A writer that has read another version than the stored one changes nothing.
pub async fn write_in_another_version_changes_nothing(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let id = widget(1).id;
    repository.add(&[widget(1)]).await.expect("add");
    let current = update(&repository, id, &content(2), &only(1)).await;

    let others = [version(1), version(3), version(i64::MAX)];
    for expected in [only(1), only(3), Expected::OneOf(Vec::new()), Expected::OneOf(others.into())] {
        let updated = repository.update(id, &content(3), &expected).await.expect("update");
        assert_eq!(updated, WriteOutcome::OtherVersion, "{expected:?}");
        let removed = repository.remove(id, &expected).await.expect("remove");
        assert_eq!(removed, WriteOutcome::OtherVersion, "{expected:?}");

        assert_eq!(stored(&repository, id).await.as_ref(), Some(&current));
    }
}

/// A client may name several versions; one of them is enough.
pub async fn write_in_one_of_several_versions_succeeds(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let id = widget(1).id;
    repository.add(&[widget(1)]).await.expect("add");
    let expected = Expected::OneOf([7, 1, 2, 1].map(version).into());

    let updated = update(&repository, id, &content(2), &expected).await;
    assert_eq!(updated.version, version(2));
    let removed = repository.remove(id, &expected).await.expect("remove");
    assert_eq!(removed, WriteOutcome::Done(()));
}

/// What is not stored is absent, whatever the version.
pub async fn absent_widget_is_neither_updated_nor_removed(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    repository.add(&[widget(1)]).await.expect("add");

    for id in [widget(2).id, WidgetId::from_u128(0), WidgetId::from_u128(u128::MAX)] {
        for expected in [Expected::Any, only(1), Expected::OneOf(Vec::new())] {
            let updated = repository.update(id, &content(3), &expected).await.expect("update");
            assert_eq!(updated, WriteOutcome::Absent);
            let removed = repository.remove(id, &expected).await.expect("remove");
            assert_eq!(removed, WriteOutcome::Absent);
        }
    }

    let page = repository.latest(None, 9).await.expect("latest");
    assert_eq!(page, [widget(1)], "nothing was written");
}

/// A removed widget is neither found nor listed, cannot be written, and leaves its neighbours and pages intact.
pub async fn removed_widget_is_absent_everywhere(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let added = widgets(0..7);
    repository.add(&added).await.expect("add");

    for (n, expected) in [(3, only(1)), (6, Expected::Any)] {
        let removed = repository.remove(added[n].id, &expected).await.expect("remove");
        assert_eq!(removed, WriteOutcome::Done(()));

        let id = added[n].id;
        assert_eq!(stored(&repository, id).await, None);
        let again = repository.remove(id, &Expected::Any).await.expect("remove");
        assert_eq!(again, WriteOutcome::Absent);
        let updated = repository.update(id, &content(1), &Expected::Any).await.expect("update");
        assert_eq!(updated, WriteOutcome::Absent);
    }

    let left: Vec<_> = [5, 4, 2, 1, 0].map(widget).into();
    assert_eq!(all_pages(&repository, 2).await, left);
    let page = repository.latest(Some(widget(3).id), 2).await.expect("latest");
    assert_eq!(page, left[2..4], "before one that is removed");

    repository.add(slice::from_ref(&added[3])).await.expect("the id is free again");
}

/// In each round, many read one version and write. One of them changes the widget; the others learn that it has changed.
pub async fn of_concurrent_writers_of_one_version_one_wins(
    repository: Arc<dyn WidgetRepository>,
    spawn: Spawn,
) {
    const ROUNDS: i64 = 12;
    const WRITERS: u64 = 8;
    let id = widget(1).id;
    repository.add(&[widget(1)]).await.expect("add");

    for round in 1..=ROUNDS {
        let wins = Arc::new(AtomicU64::new(0));
        let is_last = round == ROUNDS;

        run_concurrently(spawn, WRITERS, |writer| {
            let (repository, wins) = (Arc::clone(&repository), Arc::clone(&wins));
            async move {
                let outcome = if is_last && writer % 2 == 0 {
                    let removed = repository.remove(id, &only(round)).await.expect("remove");
                    removed == WriteOutcome::Done(())
                } else {
                    let updated = repository.update(id, &content(writer), &only(round)).await;
                    matches!(updated.expect("update"), WriteOutcome::Done(_))
                };
                wins.fetch_add(u64::from(outcome), Ordering::Relaxed);
            }
        })
        .await;

        assert_eq!(wins.load(Ordering::Relaxed), 1, "round {round}");
        let stored = stored(&repository, id).await;
        let expected = (!is_last || stored.is_some()).then(|| version(round + 1));
        assert_eq!(stored.map(|widget| widget.version), expected);
    }
}

/// Writers that accept any version all succeed, and each has a version of its own.
pub async fn concurrent_updates_of_any_version_are_all_counted(
    repository: Arc<dyn WidgetRepository>,
    spawn: Spawn,
) {
    const WRITERS: u64 = 12;
    let id = widget(1).id;
    repository.add(&[widget(1)]).await.expect("add");
    let sum = Arc::new(AtomicU64::new(0));

    run_concurrently(spawn, WRITERS, |writer| {
        let (repository, sum) = (Arc::clone(&repository), Arc::clone(&sum));
        async move {
            let updated = update(&repository, id, &content(writer), &Expected::Any).await;
            assert_eq!(updated.content, content(writer), "each sees what it wrote");
            sum.fetch_add(updated.version.get().cast_unsigned(), Ordering::Relaxed);
        }
    })
    .await;

    let versions = 2..=WRITERS + 1;
    assert_eq!(sum.load(Ordering::Relaxed), versions.sum::<u64>());
    let last = stored(&repository, id).await.expect("a widget");
    assert_eq!(last.version.get().cast_unsigned(), WRITERS + 1);
}
