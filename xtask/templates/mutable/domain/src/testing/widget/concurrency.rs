//! Many callers at once.

use std::{
    slice,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{all_pages, all_pages_after, newest_first, widget, widgets};
use crate::{
    Expected,
    testing::contract::{Spawn, run_concurrently, start_and_drop},
    widget::{Widget, WidgetId, WidgetRepository},
};

/// Adds from many tasks, single and in batches, are all stored.
pub async fn concurrent_adds_are_all_stored(repository: Arc<dyn WidgetRepository>, spawn: Spawn) {
    const TASKS: u64 = 16;
    const EACH: u64 = 12;

    run_concurrently(spawn, TASKS, |task| {
        let repository = Arc::clone(&repository);
        async move {
            let own = widgets(task * EACH..(task + 1) * EACH);
            let (single, batch) = own.split_at(6);
            for widget in single {
                repository.add(slice::from_ref(widget)).await.expect("add one");
            }
            repository.add(batch).await.expect("add the rest");
        }
    })
    .await;

    let stored = all_pages(&repository, 50).await;
    assert_eq!(stored, newest_first(widgets(0..TASKS * EACH)));
}

/// A reader that walks through the pages during writes, in either direction, sees every widget that was stored before,
/// once, in order.
pub async fn pages_neither_skip_nor_repeat_while_widgets_are_added(
    repository: Arc<dyn WidgetRepository>,
    spawn: Spawn,
) {
    // Every third number is stored first; the writer fills the gaps and adds newer ones.
    let stored: Vec<Widget> = (0..60).map(|n| widget(3 * n)).collect();
    repository.add(&stored).await.expect("add");

    let done = Arc::new(AtomicBool::new(false));
    let writer = spawn({
        let (repository, done) = (Arc::clone(&repository), Arc::clone(&done));
        Box::pin(async move {
            for n in (0..60).map(|n| 3 * n + 1).chain(180..240) {
                repository.add(&[widget(n)]).await.expect("add");
            }
            done.store(true, Ordering::Relaxed);
        })
    });

    loop {
        let is_last_walk = done.load(Ordering::Relaxed);
        let newest_first = all_pages(&repository, 7).await;
        let mut oldest_first = all_pages_after(&repository, WidgetId::from_u128(0), 7).await;
        oldest_first.reverse();

        for walked in [newest_first, oldest_first] {
            assert!(walked.is_sorted_by(|a, b| a.id > b.id), "sorted, none twice");
            for widget in &stored {
                assert!(walked.contains(widget), "{} was skipped", widget.id);
            }
        }
        if is_last_walk {
            break;
        }
    }

    writer.await;
}

/// Reads that any task starts after an `add` returned see its widgets.
pub async fn read_after_write_sees_the_write(repository: Arc<dyn WidgetRepository>, spawn: Spawn) {
    for n in 0..30 {
        let new = widget(n);
        repository.add(slice::from_ref(&new)).await.expect("add");

        run_concurrently(spawn, 4, |_| {
            let (repository, new) = (Arc::clone(&repository), new.clone());
            async move {
                let found = repository.find(&[new.id]).await.expect("find");
                assert_eq!(found, slice::from_ref(&new));
                let newest = repository.latest(None, 1).await.expect("latest");
                assert_eq!(newest, slice::from_ref(&new));
                let previous = WidgetId::from_u128(new.id.as_u128() - 1);
                assert_eq!(repository.after(previous, 2).await.expect("after"), [new]);
            }
        })
        .await;
    }
}

/// Callers that drop calls in flight leave concurrent and later calls unharmed.
pub async fn dropped_call_does_not_affect_other_calls(repository: Arc<dyn WidgetRepository>, spawn: Spawn) {
    const ROUNDS: u64 = 40;
    const OTHERS: u64 = 3;
    let dropped = widgets(1000..1000 + ROUNDS);

    for (round, batch) in (0..).zip(dropped.chunks(1)) {
        run_concurrently(spawn, OTHERS + 1, |task| {
            let (repository, batch) = (Arc::clone(&repository), batch.to_vec());
            async move {
                if task == OTHERS {
                    return start_and_drop(vec![
                        Box::pin(async { drop(repository.add(&batch).await) }),
                        Box::pin(async { drop(repository.find(&[widget(0).id]).await) }),
                        Box::pin(async { drop(repository.latest(None, 5).await) }),
                        Box::pin(async { drop(repository.after(widget(0).id, 5).await) }),
                        Box::pin(async { drop(repository.remove(batch[0].id, &Expected::Any).await) }),
                    ])
                    .await;
                }

                let new = widget(OTHERS * round + task);
                repository.add(&[new]).await.expect("add beside a dropped call");
                repository
                    .latest(None, 5)
                    .await
                    .expect("latest beside a dropped call");
                repository
                    .after(widget(0).id, 5)
                    .await
                    .expect("after beside a dropped call");
            }
        })
        .await;
    }

    let stored = all_pages(&repository, 100).await;
    for n in 0..ROUNDS * OTHERS {
        assert!(
            stored.contains(&widget(n)),
            "widget {n} is lost; its call was not dropped"
        );
    }
    for stray in stored.iter().filter(|stored| stored.id >= widget(1000).id) {
        assert!(
            dropped.contains(stray),
            "a dropped call stores its widget whole or not at all"
        );
    }
}
