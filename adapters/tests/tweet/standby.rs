//! The contract and the model over a real standby, whatever happens to it.

use std::{sync::Arc, time::Duration};

use adapters::{
    database::{self, Address, Database, Options, Replica, ReplicaOptions},
    testing::{FreshDatabase, Replication},
    tweet::{Replicated, SeaOrmTweetRepository},
};
use domain::{testing::FixedClock, tweet::TweetRepository};
use migration::{Migrator, MigratorTrait};
use tokio::{sync::Mutex, time::sleep};

/// When the contract's tweets are made, by their ids: the horizon is before all of them.
pub(crate) const TIME_OF_IDS: i64 = 1_700_000_000_000;

/// The horizon is after all of them, so that the standby serves all reads.
const LONG_AFTER: i64 = 32_000_000_000_000;

/// What happens to the standby once it serves reads, before each case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// Nothing. It may be a little behind.
    Nothing,
    /// Nothing, and commits wait for it, so that it is never behind.
    Synchronous,
    /// It receives, but does not replay.
    Pause,
    /// All its processes are stopped.
    Freeze,
    /// It becomes a primary of its own.
    Promote,
    /// It is killed.
    Kill,
}

struct Setup {
    event: Event,
    servers: Mutex<Servers>,
}

struct Servers {
    replication: Replication,
    /// Whether the standby is promoted or killed, which cannot be undone.
    is_lost: bool,
}

impl Setup {
    async fn new(event: Event) -> Self {
        let replication = Replication::start();
        if event == Event::Synchronous {
            replication.make_synchronous().await;
        }

        let servers = Servers {
            replication,
            is_lost: false,
        };
        Self {
            event,
            servers: Mutex::new(servers),
        }
    }
}

impl Servers {
    async fn prepare(&mut self, event: Event) {
        match event {
            Event::Pause => self.replication.resume_replay().await,
            Event::Freeze => self.replication.standby.thaw(),
            _ => {}
        }
    }

    async fn happen(&mut self, event: Event) {
        match event {
            Event::Nothing | Event::Synchronous => {}
            Event::Pause => self.replication.pause_replay().await,
            Event::Freeze => self.replication.standby.freeze(),
            Event::Promote => self.replication.standby.promote(),
            Event::Kill => self.replication.standby.kill(),
        }
        self.is_lost = matches!(event, Event::Promote | Event::Kill);
    }
}

/// An empty store, which is read from the standby as far as possible.
struct Fresh {
    repository: Arc<dyn TweetRepository>,
    _database: FreshDatabase,
}

impl Fresh {
    async fn on(setup: &Setup) -> Self {
        let mut servers = setup.servers.lock().await;
        servers.prepare(setup.event).await;
        let database = FreshDatabase::on(&servers.replication.primary).await;
        let primary = migrated(&database).await;
        if !servers.is_lost {
            servers.replication.wait_until_replayed().await;
        }

        let now = match setup.event {
            Event::Synchronous => LONG_AFTER,
            _ => TIME_OF_IDS,
        };
        let replica = watch(&primary, &database.url_on(&servers.replication.standby), now);
        if !servers.is_lost {
            wait_until_used(&replica).await;
            servers.happen(setup.event).await;
        }
        Self {
            repository: Arc::new(replicated(primary, &replica)),
            _database: database,
        }
    }

    fn repository(&self) -> Arc<dyn TweetRepository> {
        Arc::clone(&self.repository)
    }
}

async fn migrated(database: &FreshDatabase) -> Database {
    let primary = database::connect(database.url(), Options::default())
        .await
        .expect("connect");
    Migrator::up(&primary.connection(), None).await.expect("migrate");

    primary
}

/// Watches the standby at this URL, by a clock that stands still. A read may take 0.2 s there.
pub(crate) fn watch(primary: &Database, standby: &str, now: i64) -> Replica {
    let Ok(Address::Postgres(address)) = standby.parse() else {
        panic!("not the URL of a PostgreSQL database: {standby}");
    };
    let connect = Options {
        statement_timeout: Duration::from_millis(400),
        ..Options::default()
    };

    let options = ReplicaOptions {
        servers: address.servers.clone(),
        address,
        connect,
        request_timeout: Duration::from_secs(1),
        clock: Arc::new(FixedClock::at_millis(now)),
    };
    Replica::start(primary.clone(), options)
}

pub(crate) async fn wait_until_used(replica: &Replica) {
    for _ in 0..2_000 {
        if replica.reads().is_used() {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("the standby does not serve reads");
}

pub(crate) fn replicated(
    primary: Database,
    replica: &Replica,
) -> Replicated<SeaOrmTweetRepository, SeaOrmTweetRepository> {
    Replicated::new(
        SeaOrmTweetRepository::new(primary),
        SeaOrmTweetRepository::new(replica.database().clone()),
        replica.reads().clone(),
    )
}

mod healthy {
    use super::{Event, Fresh, Setup};
    domain::tweet_repository_contract!(in one test: Setup::new(Event::Nothing), Fresh::on);
}

mod synchronous {
    use super::{Event, Fresh, Setup};
    domain::tweet_repository_contract!(in one test: Setup::new(Event::Synchronous), Fresh::on);
}

mod paused {
    use super::{Event, Fresh, Setup};
    domain::tweet_repository_contract!(in one test: Setup::new(Event::Pause), Fresh::on);
}

mod frozen {
    use super::{Event, Fresh, Setup};
    domain::tweet_repository_contract!(in one test: Setup::new(Event::Freeze), Fresh::on);
}

mod promoted {
    use super::{Event, Fresh, Setup};
    domain::tweet_repository_contract!(in one test: Setup::new(Event::Promote), Fresh::on);
}

mod killed {
    use super::{Event, Fresh, Setup};
    domain::tweet_repository_contract!(in one test: Setup::new(Event::Kill), Fresh::on);
}
