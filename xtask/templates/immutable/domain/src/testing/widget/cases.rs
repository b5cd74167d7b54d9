//! One caller.

use std::{slice, sync::Arc};

use super::{all_pages, all_pages_after, edge_widget, new_widget, newest_first, widget, widgets, with_content};
use crate::{
    RepositoryError,
    testing::{contract::Spawn, sample::EDGES},
    widget::{Widget, WidgetId, WidgetRepository},
};

/// Every added widget is found by its id, unchanged.
pub async fn added_widgets_are_found(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let added = widgets(0..5);
    repository.add(&added).await.expect("add");

    for widget in &added {
        let found = repository.find(&[widget.id]).await.expect("find");
        assert_eq!(found, slice::from_ref(widget));
    }

    let ids: Vec<_> = added.iter().map(|widget| widget.id).collect();
    let found = repository.find(&ids).await.expect("find");
    assert_eq!(newest_first(found), newest_first(added), "all at once");
}

/// Ids that are not stored make the result shorter; a repeated id is found once.
pub async fn absent_ids_are_left_out(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let stored = widget(1);
    let extremes = [WidgetId::from_u128(0), WidgetId::from_u128(u128::MAX)];
    let found = repository.find(&[stored.id]).await.expect("find");
    assert_eq!(found, [], "the store is empty");

    repository.add(slice::from_ref(&stored)).await.expect("add");

    let found = repository.find(&extremes).await.expect("find");
    assert_eq!(found, [], "ids at both ends of the range");
    let ids = [extremes[0], stored.id, widget(2).id, stored.id, extremes[1]];
    assert_eq!(repository.find(&ids).await.expect("find"), [stored]);
}

/// Empty batches, a limit of 0 and an empty store are not errors.
pub async fn empty_input_gives_an_empty_result(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    repository.add(&[]).await.expect("adding nothing");
    assert_eq!(repository.find(&[]).await.expect("finding nothing"), []);

    for before in [None, Some(widget(1).id)] {
        let page = repository.latest(before, 10).await.expect("latest of nothing");
        assert_eq!(page, []);
    }
    let page = repository.after(widget(1).id, 10).await.expect("after nothing");
    assert_eq!(page, []);

    repository.add(&widgets(0..2)).await.expect("add");
    assert_eq!(repository.latest(None, 0).await.expect("a page of nothing"), []);
    let page = repository.after(widget(0).id, 0).await.expect("a page of nothing");
    assert_eq!(page, []);
}

/// Ids decide the order; the order of arrival and the timestamps do not.
pub async fn latest_is_sorted_by_descending_id(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let mut shuffled: Vec<Widget> = [3, 0, 4, 1, 2].into_iter().map(widget).collect();
    // A clock that stepped back: the newest id has the oldest time.
    shuffled[2].timestamp = widget(0).timestamp - chrono::TimeDelta::days(1);

    for widget in &shuffled {
        repository.add(slice::from_ref(widget)).await.expect("add");
    }

    let page = repository.latest(None, 10).await.expect("latest");
    assert_eq!(page, newest_first(shuffled));
}

/// `limit` and `before` both bound the page; `before` itself is left out and need not be stored.
pub async fn latest_respects_limit_and_before(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let even: Vec<Widget> = (0..10).map(|n| widget(2 * n)).collect();
    repository.add(&even).await.expect("add");

    let largest = WidgetId::from_u128(u128::MAX);
    let expected: [(_, _, &[u64]); 6] = [
        (None, 3, &[18, 16, 14]),
        (Some(widget(14).id), 2, &[12, 10]),
        (Some(widget(13).id), 2, &[12, 10]),
        (Some(widget(2).id), 5, &[0]),
        (Some(widget(0).id), 5, &[]),
        (Some(largest), 1, &[18]),
    ];

    for (before, limit, numbers) in expected {
        let page = repository.latest(before, limit).await.expect("latest");
        let widgets: Vec<_> = numbers.iter().copied().map(widget).collect();
        assert_eq!(page, widgets, "{limit} before {before:?}");
    }
}

/// `limit` and `after` both bound the page, whose order is that of the ids; `after` itself is left out and need not be
/// stored. The order of arrival does not matter.
pub async fn after_is_sorted_by_ascending_id_and_respects_limit_and_after(
    repository: Arc<dyn WidgetRepository>,
    _: Spawn,
) {
    for n in [6, 0, 18, 8, 2, 16, 10, 4, 14, 12] {
        repository.add(&[widget(n)]).await.expect("add");
    }

    let [smallest, largest] = [0, u128::MAX].map(WidgetId::from_u128);
    let expected: [(_, _, &[u64]); 6] = [
        (smallest, 3, &[0, 2, 4]),
        (widget(4).id, 2, &[6, 8]),
        (widget(5).id, 2, &[6, 8]),
        (widget(16).id, 5, &[18]),
        (widget(18).id, 5, &[]),
        (largest, 1, &[]),
    ];

    for (after, limit, numbers) in expected {
        let page = repository.after(after, limit).await.expect("after");
        let widgets: Vec<_> = numbers.iter().copied().map(widget).collect();
        assert_eq!(page, widgets, "{limit} after {after:?}");
    }
}

/// Successive pages of any size contain every widget once, in both directions.
pub async fn pages_contain_every_widget_exactly_once(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let added = widgets(0..23);
    repository.add(&added).await.expect("add");

    let expected = newest_first(added);
    for limit in [1, 2, 5, 22, 23, 24, 1000] {
        let walked = all_pages(&repository, limit).await;
        assert_eq!(walked, expected, "in pages of {limit}");

        let mut walked = all_pages_after(&repository, WidgetId::from_u128(0), limit).await;
        walked.reverse();
        assert_eq!(walked, expected, "in pages of {limit}, oldest first");
    }
}

/// A batch of 1,000 is stored as a whole and can be found as a whole.
pub async fn batch_of_a_thousand_is_stored_and_found(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let added = widgets(0..1000);
    repository.add(&added).await.expect("add");

    let ids: Vec<_> = added.iter().map(|widget| widget.id).collect();
    let found = repository.find(&ids).await.expect("find");

    let expected = newest_first(added);
    assert_eq!(newest_first(found), expected);
    assert_eq!(all_pages(&repository, 201).await, expected);
}

/// Values at the limits of every field come back unchanged.
pub async fn values_at_their_limits_round_trip(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let added: Vec<Widget> = (0..EDGES).map(|n| with_content(n, edge_widget(n))).collect();
    repository.add(&added).await.expect("add");

    let listed = repository.latest(None, added.len()).await.expect("latest");
    assert_eq!(listed, newest_first(added.clone()));
    for widget in added {
        let found = repository.find(&[widget.id]).await.expect("find");
        assert_eq!(found, [widget]);
    }
}

/// A stored id fails its whole batch and changes nothing.
pub async fn adding_a_stored_id_is_a_conflict_and_adds_nothing(
    repository: Arc<dyn WidgetRepository>,
    _: Spawn,
) {
    repository.add(&[widget(1)]).await.expect("add");
    let same_id = with_content(1, new_widget(4));

    let outcome = repository.add(&[widget(0), same_id, widget(2)]).await;
    assert!(matches!(outcome, Err(RepositoryError::Conflict)), "{outcome:?}");
    let stored = repository.latest(None, 10).await.expect("latest");
    assert_eq!(stored, [widget(1)], "unchanged");

    repository
        .add(&[widget(0), widget(2)])
        .await
        .expect("the other widgets can be added");
}

/// A batch with an id twice is rejected as a whole.
pub async fn duplicate_id_in_a_batch_is_a_conflict(repository: Arc<dyn WidgetRepository>, _: Spawn) {
    let outcome = repository.add(&[widget(0), widget(1), widget(1)]).await;

    assert!(matches!(outcome, Err(RepositoryError::Conflict)), "{outcome:?}");
    assert_eq!(repository.latest(None, 10).await.expect("latest"), []);
}
