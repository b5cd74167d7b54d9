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
use domain::{Clock, DateTime, PageLimit, Utc};
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

/// A client that follows docs/clients.md, with this window.
struct Poller {
    window_millis: i64,
    newest: Option<ItemId>,
    found: BTreeSet<ItemId>,
}

impl Poller {
    fn new(window_millis: i64) -> Self {
        Self {
            window_millis,
            newest: None,
            found: BTreeSet::new(),
        }
    }

    /// Reads down to the ids that are older than the newest of the last poll by more than the window.
    async fn poll(&mut self, service: &ItemService) {
        let oldest = self.newest.map(|newest| boundary(newest, self.window_millis));
        let mut before = None;

        loop {
            let page = service.page(before, PageLimit::default()).await.expect("a page");
            let ids = page.items.iter().map(|item| item.id);
            if before.is_none() {
                self.newest = ids.clone().next().or(self.newest);
            }

            let recent = ids.take_while(|id| oldest.is_none_or(|oldest| *id >= oldest));
            let recent: Vec<_> = recent.collect();
            self.found.extend(&recent);

            before = page.next;
            if before.is_none() || recent.len() < page.items.len() {
                return;
            }
        }
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

/// How many items clients with these windows do not find, of those that are created while they poll.
async fn missed<const N: usize>(database: FreshDatabase, windows: [i64; N]) -> [usize; N] {
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
                    poller.poll(service).await;
                }
            }
        }
        created.extend(creating.await.expect("the ids"));
    }

    assert_eq!(created.len(), 2 * ROUNDS * 2 * WRITERS_PER_INSTANCE);
    pollers.map(|poller| created.difference(&poller.found).count())
}

/// The window is the skew and the longest time of a creation. A smaller one misses items, and so does a client that reads
/// down to the newest item that it knows.
async fn clients_that_read_down_by_the_window_miss_nothing(database: FreshDatabase) {
    let windows = [SKEW_MILLIS + ROUND_MILLIS, SKEW_MILLIS / 2, 0];

    let [by_the_rule, too_small, none] = missed(database, windows).await;

    assert_eq!(by_the_rule, 0);
    assert!(too_small > 0 && none > 0, "{too_small} {none}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_read_down_by_the_window_miss_nothing_on_postgres() {
    clients_that_read_down_by_the_window_miss_nothing(FreshDatabase::postgres().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_read_down_by_the_window_miss_nothing_on_sqlite() {
    clients_that_read_down_by_the_window_miss_nothing(FreshDatabase::sqlite()).await;
}
