//! Updates and removals.

use std::{slice, sync::Arc};

use super::{all_pages, content, widget, widgets};
use crate::{
    Expected, Version, WriteOutcome,
    testing::contract::Spawn,
    widget::{Widget, WidgetContent, WidgetId, WidgetRepository},
};

pub(super) fn version(number: i64) -> Version {
    Version::new(number).expect("a version")
}

pub(super) fn only(number: i64) -> Expected {
    Expected::OneOf(vec![version(number)])
}

/// The stored widget with this id.
pub(super) async fn stored(repository: &Arc<dyn WidgetRepository>, id: WidgetId) -> Option<Widget> {
    repository.find(&[id]).await.expect("find").pop()
}

/// Updates a widget that must be in an expected version.
pub(super) async fn update(
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
