//! Updates and removals at the same time.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{
    changes::{only, stored, update, version},
    content, widget,
};
use crate::{
    Expected, WriteOutcome,
    testing::contract::{Spawn, run_concurrently},
    widget::WidgetRepository,
};

/// In each round, many read one version and write. One of them changes the widget; the others learn that it has
/// changed.
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
