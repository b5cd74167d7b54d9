//! Which standby serves reads, and what it is known to have.

use std::{sync::Arc, time::Duration};

use adapters::{
    database::{
        self, Address, Database, MAX_CLOCK_SKEW, Options, Replica, ReplicaHealthCheck, ReplicaOptions,
    },
    testing::{PostgresServer, Replication},
};
use domain::{DateTime, HealthCheck, Id, testing::FixedClock};
use sea_orm::ConnectionTrait;
use tokio::time::sleep;
use url::Url;

use crate::support::{SECOND, example::Item};

const REQUEST_TIMEOUT: Duration = SECOND;

/// What the clock shows at first, in milliseconds since 1970.
const NOW: i64 = 1_700_000_000_000;

struct Fixture {
    primary: Database,
    clock: Arc<FixedClock>,
    replica: Replica,
}

impl Fixture {
    /// The database on `primary`, of which any of `servers` may be a standby.
    async fn new(primary: &PostgresServer, servers: &[&PostgresServer]) -> Self {
        let url = PostgresServer::url_of(servers);
        Self::with(primary.url(), &url).await
    }

    /// As [`new`](Self::new), by the URL of the primary and one with the hosts and the user of the standbys.
    async fn with(primary: &str, standbys: &str) -> Self {
        let options = Options {
            statement_timeout: SECOND,
            ..Options::default()
        };
        let primary = database::connect(primary, options).await.expect("connect");
        let clock = Arc::new(FixedClock::at_millis(NOW));
        let Ok(Address::Postgres(address)) = standbys.parse() else {
            panic!("not the URL of a PostgreSQL database: {standbys}");
        };

        let options = ReplicaOptions {
            servers: address.servers.clone(),
            address,
            connect: options,
            request_timeout: REQUEST_TIMEOUT,
            clock: Arc::<FixedClock>::clone(&clock),
        };
        Self {
            replica: Replica::start(primary.clone(), options),
            primary,
            clock,
        }
    }

    async fn wait_until_healthy(&self) {
        self.wait_for_complaint("").await;
    }

    /// Waits until the health check complains with a reason that contains this, or does not complain.
    async fn wait_for_complaint(&self, part: &str) {
        let check = ReplicaHealthCheck::new(self.replica.reads().clone());
        let mut last = String::new();

        for _ in 0..2_000 {
            last = check.check().await.err().map_or_else(String::new, |it| it.reason);
            if last.is_empty() == part.is_empty() && last.contains(part) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("waited in vain for {part:?}; the last complaint: {last:?}");
    }

    /// Whether the replica is known to have everything that was made more than the margin before this time.
    fn is_complete_at(&self, millis: i64) -> bool {
        let margin = REQUEST_TIMEOUT + SECOND + MAX_CLOCK_SKEW;
        let horizon = millis - i64::try_from(margin.as_millis()).expect("small");
        let last = Id::<Item>::from_u128((u128::try_from(horizon).expect("positive") << 80) - 1);

        self.replica.reads().view().is_some_and(|view| view.covers(last))
    }

    /// Sets the clock, and waits until the horizon has followed it.
    async fn wait_for_horizon(&self, millis: i64) {
        self.clock
            .set(DateTime::from_timestamp_millis(millis).expect("a time"));

        for _ in 0..2_000 {
            if self.is_complete_at(millis) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("the horizon stands still");
    }
}

#[tokio::test]
async fn standby_is_found_among_the_servers_and_again_after_a_crash() {
    let mut servers = Replication::start();
    let other = PostgresServer::start();
    let candidates = [&servers.primary, &other, &servers.standby];
    let fixture = Fixture::new(&servers.primary, &candidates).await;
    fixture.wait_until_healthy().await;

    servers.standby.kill();
    fixture.wait_for_complaint("reads use the primary").await;
    servers.standby.restart();
    fixture.wait_until_healthy().await;
}

#[tokio::test]
async fn standby_of_another_cluster_is_refused() {
    let (servers, other) = (Replication::start(), PostgresServer::start());

    let fixture = Fixture::new(&other, &[&servers.standby]).await;

    fixture.wait_for_complaint("belongs to another cluster").await;
}

#[tokio::test]
async fn horizon_follows_the_clock_while_the_standby_replays() {
    let servers = Replication::start();
    let fixture = Fixture::new(&servers.primary, &[&servers.standby]).await;
    fixture.wait_for_horizon(NOW).await;

    // The next record begins behind the header of a page. Nothing writes one, so the standby stays before it.
    let connection = fixture.primary.connection();
    connection
        .execute_unprepared("create table t (); select pg_switch_wal()")
        .await
        .expect("a new file of the log");
    fixture.wait_for_horizon(NOW + 60_000).await;

    servers.pause_replay().await;
    connection
        .execute_unprepared("drop table t")
        .await
        .expect("a commit");
    fixture
        .clock
        .set(DateTime::from_timestamp_millis(NOW + 120_000).expect("a time"));
    fixture.wait_for_complaint("behind the primary").await;
    assert!(
        !fixture.is_complete_at(NOW + 60_000),
        "an old horizon is not used"
    );

    servers.resume_replay().await;
    fixture.wait_for_horizon(NOW + 120_000).await;
    fixture.wait_until_healthy().await;
}

#[tokio::test]
async fn promoted_standby_is_not_used_nor_one_that_does_not_follow_it() {
    let mut servers = Replication::start();
    let left_behind = servers.primary.standby();
    let fixture = Fixture::new(&servers.primary, &[&servers.standby]).await;
    fixture.wait_until_healthy().await;

    servers.standby.promote();
    fixture.wait_for_complaint("is not in recovery").await;

    let after_failover = Fixture::new(&servers.standby, &[&left_behind]).await;
    after_failover.wait_for_complaint("on another timeline").await;
}

#[tokio::test]
async fn standby_with_another_history_on_a_timeline_of_the_same_number_is_refused() {
    let mut servers = Replication::start();
    let (former, promoted) = (&mut servers.primary, &mut servers.standby);
    promoted.promote();
    former.demote();
    former.promote();
    let database = database::connect(former.url(), Options::default())
        .await
        .expect("connect");
    database
        .connection()
        .execute_unprepared("create table more as select repeat('x', 500) from generate_series(1, 20000)")
        .await
        .expect("a table");
    former.demote();

    let fixture = Fixture::new(promoted, &[former]).await;

    fixture.wait_for_complaint("is ahead of the primary").await;
}

#[tokio::test]
async fn role_without_rights_on_the_server_is_enough() {
    let servers = Replication::start();
    let owner = database::connect(servers.primary.url(), Options::default())
        .await
        .expect("connect");
    owner
        .connection()
        .execute_unprepared("create role reader login; revoke all on schema public from public")
        .await
        .expect("a role");
    servers.wait_until_replayed().await;
    let as_reader = |server: &PostgresServer| {
        let mut url = Url::parse(server.url()).expect("a URL");
        url.set_username("reader").expect("a user");
        url.to_string()
    };

    let (primary, standby) = (as_reader(&servers.primary), as_reader(&servers.standby));
    let fixture = Fixture::with(&primary, &standby).await;

    fixture.wait_until_healthy().await;
}
