//! Two instances with different clocks over one store, and clients that poll for new items.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
};

use adapters::testing::FreshDatabase;
use app::compose::Store;
use domain::{Clock, Cursor, DateTime, PageLimit, Utc};
use opentelemetry::metrics::{MeterProvider, noop::NoopMeterProvider};
use tokio::task::JoinSet;

use crate::support::{
    config,
    example::{self, ItemId, ItemService},
};

/// How far the clock of one instance is behind that of the other.
const SKEW_MILLIS: i64 = 5_000;

/// By how much the clocks go on between two rounds of concurrent creations: the longest time that a creation takes.
const ROUND_MILLIS: i64 = 100;

const ROUNDS: usize = 60;
const WRITERS_PER_INSTANCE: usize = 4;
const CREATED_PER_ROUND: usize = 2 * WRITERS_PER_INSTANCE;
const CREATED: usize = 2 * ROUNDS * CREATED_PER_ROUND;

/// A clock of a test's own time, in milliseconds since 1970.
struct SkewedClock {
    now: Arc<AtomicI64>,
    behind: i64,
}

impl Clock for SkewedClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.now.load(Relaxed) - self.behind).expect("a time")
    }
}

/// Items of a page; few, so that a poll of several pages takes several rounds.
const PAGE: usize = 10;

/// How far a client goes back from the newest id that it has found.
#[derive(Debug, Clone, Copy)]
struct Window {
    millis: i64,
    /// Whether the time that the last poll took is added.
    adds_last_poll: bool,
}

/// A client that follows docs/clients.md, with this window.
struct Poller {
    window: Window,
    after: ItemId,
    found: BTreeSet<ItemId>,
}

impl Poller {
    fn new(window: Window) -> Self {
        Self {
            window,
            after: ItemId::from_u128(0),
            found: BTreeSet::new(),
        }
    }

    /// Follows the pages to the end, and returns how many there were.
    async fn poll(&mut self, service: &ItemService, now: &AtomicI64) -> usize {
        let (began, limit) = (now.load(Relaxed), PageLimit::new(PAGE).expect("a limit"));
        let (mut next, mut pages) = (Some(self.after), 0);

        while let Some(after) = next {
            let page = service.page(Cursor::After(after), limit).await.expect("a page");
            self.found.extend(page.items.iter().map(|item| item.id));
            next = page.next;
            pages += 1;
        }

        let last_poll = if self.window.adds_last_poll {
            now.load(Relaxed) - began
        } else {
            0
        };
        if let Some(newest) = self.found.last() {
            self.after = boundary(*newest, self.window.millis + last_poll);
        }
        pages
    }
}

/// The smallest id of the millisecond that is this much older than an id: its first 48 bits are milliseconds.
fn boundary(id: ItemId, older_by: i64) -> ItemId {
    let millis = (id.as_u128() >> 80) - u128::try_from(older_by).expect("a window");
    ItemId::from_u128(millis << 80)
}

async fn instance(database: &FreshDatabase, now: &Arc<AtomicI64>, behind: i64) -> Arc<ItemService> {
    let config = config(&[("DATABASE_URL", database.url())]);
    let store = Store::open(&config.database).await.expect("a store");
    let schema = store.schema.as_ref().expect("a schema");
    schema.up().await.expect("the migrations");

    let meter = NoopMeterProvider::new().meter("clock skew");
    let context = store.context(&config.database, &meter);
    let clock = SkewedClock {
        now: Arc::clone(now),
        behind,
    };
    Arc::new(example::service(&store, &context, Arc::new(clock)))
}

/// Rounds of concurrent creations through both instances. Returns the ids.
async fn create(instances: [Arc<ItemService>; 2], now: Arc<AtomicI64>) -> BTreeSet<ItemId> {
    let mut ids = BTreeSet::new();

    for _ in 0..ROUNDS {
        let mut writers = JoinSet::new();
        for service in instances
            .iter()
            .flat_map(|service| [service; WRITERS_PER_INSTANCE])
        {
            let service = Arc::clone(service);
            writers.spawn(async move { service.create(example::new_item()).await.expect("an item").id });
        }

        ids.extend(writers.join_all().await);
        now.fetch_add(ROUND_MILLIS, Relaxed);
    }
    ids
}

/// How many items clients with these windows do not find, of those that are created while they poll; and how many pages
/// the first of them reads when nothing new was created since its last poll.
async fn missed<const N: usize>(database: FreshDatabase, windows: [Window; N]) -> ([usize; N], usize) {
    let now = Arc::new(AtomicI64::new(1_800_000_000_000));
    let instances = [
        instance(&database, &now, 0).await,
        instance(&database, &now, SKEW_MILLIS).await,
    ];
    let (mut pollers, mut created) = (windows.map(Poller::new), BTreeSet::new());

    // Twice, so that all clients have polled when the second half begins, however fast it is.
    for _ in 0..2 {
        let creating = tokio::spawn(create(instances.clone(), Arc::clone(&now)));
        let mut is_last = false;
        while !is_last {
            is_last = creating.is_finished();
            for service in &instances {
                for poller in &mut pollers {
                    poller.poll(service, &now).await;
                }
            }
        }
        created.extend(creating.await.expect("the ids"));
    }

    assert_eq!(created.len(), CREATED);
    let missed = pollers
        .each_ref()
        .map(|poller| created.difference(&poller.found).count());
    (missed, pollers[0].poll(&instances[0], &now).await)
}

/// The window is the skew, the longest time of a creation and the time that the last poll took. A smaller one misses
/// items, and so does a client that polls after the newest item that it knows.
async fn clients_that_go_back_by_the_window_miss_nothing(database: FreshDatabase) {
    let window = |millis, adds_last_poll| Window {
        millis,
        adds_last_poll,
    };
    let by_the_rule = window(SKEW_MILLIS + ROUND_MILLIS, true);
    let windows = [by_the_rule, window(SKEW_MILLIS / 2, true), window(0, false)];

    let ([by_the_rule, too_small, none], pages) = missed(database, windows).await;

    assert_eq!(by_the_rule, 0);
    assert!(too_small > 0 && none > 0, "{too_small} {none}");

    // The items of the window, of one round more, and a last page that is not full.
    let rounds = usize::try_from(SKEW_MILLIS / ROUND_MILLIS).expect("positive") + 2;
    let bound = rounds * CREATED_PER_ROUND / PAGE + 1;
    assert!(pages <= bound && bound < CREATED / PAGE, "{pages} {bound}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_go_back_by_the_window_miss_nothing_on_postgres() {
    clients_that_go_back_by_the_window_miss_nothing(FreshDatabase::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_go_back_by_the_window_miss_nothing_on_sqlite() {
    clients_that_go_back_by_the_window_miss_nothing(FreshDatabase::sqlite()).await;
}
