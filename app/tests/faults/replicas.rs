//! Reads from a standby, through two instances, while the standby falls behind, freezes and dies. It serves only items
//! that never change, so if the example's do, the primary serves everything.

use std::time::{Duration, Instant};

use adapters::testing::Replication;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{MAX_REQUEST_TIME, TIMEOUTS, get};
use crate::support::{
    Service,
    client::{Client, request},
    example, report, samples, sum, wait_until,
};

/// The report of a service whose standby does not serve all reads that it could.
const WITHOUT_REPLICA: &str = r#"{"status":"ok","db":{"status":"ok"},"replica":{"status":"nok"}}"#;
const WITH_REPLICA: &str = r#"{"status":"ok","db":{"status":"ok"},"replica":{"status":"ok"}}"#;

/// Instances of the service on one primary and its standby, without a cache.
struct Instances {
    writer: Service,
    reader: Service,
    _folder: TempDir,
}

impl Instances {
    fn start(servers: &Replication) -> Self {
        let folder = TempDir::new().expect("a folder");
        let (primary, standby) = addresses_of(servers);
        let variables = variables_of(&primary, &standby);
        let start = || Service::start(&variables, folder.path());

        Self {
            writer: start(),
            reader: start(),
            _folder: folder,
        }
    }

    fn wait_for_health(&self, report: &str) {
        wait_until(&format!("both report {report}"), || {
            let is_reported = |service| {
                let health = get(service, "/healthcheck/");
                health.status == 200 && health.body == report
            };
            is_reported(&self.writer) && is_reported(&self.reader)
        });
    }

    /// Creates items through one instance, and reads each through the other as soon as the response is there: by its id,
    /// in the newest page, and in the page after the one before it. Returns the duration of the longest request.
    fn reads_see_writes(&self, rounds: usize) -> Duration {
        let (mut writer, mut reader) = (Client::of(&self.writer), Client::of(&self.reader));
        let mut longest = Duration::ZERO;
        let mut previous = None;
        let mut timed = |request: &mut dyn FnMut() -> crate::support::client::Response| {
            let began = Instant::now();
            let response = request();
            longest = longest.max(began.elapsed());
            response
        };

        for round in 0..rounds {
            let created = timed(&mut || writer.post(&format!("round {round}")).expect("a response"));
            assert_eq!(created.status, 201, "{created:?}");
            let item: Value = serde_json::from_str(&created.body).expect("an item");
            let id = item["id"].as_str().expect("an id").to_owned();

            let found = timed(&mut || reader.get(&example::path_of(&item)).expect("a response"));
            assert_eq!(found.status, 200, "{id} was acknowledged: {found:?}");
            let newer = previous.map(|previous| format!("after={previous}"));
            for query in ["limit=1".to_owned()].into_iter().chain(newer) {
                let path = format!("{}?{query}", example::COLLECTION);
                let page = timed(&mut || reader.get(&path).expect("a response"));
                assert!(page.body.contains(&id), "{id} was acknowledged: {page:?}");
            }
            let unknown = timed(&mut || reader.get(&unknown_item(round)).expect("a response"));
            assert_eq!(unknown.status, 404, "{unknown:?}");
            previous = Some(id);
        }
        longest
    }

    /// The number of calls to the standby, and of those that failed.
    fn replica_calls(&self) -> (f64, f64) {
        let samples = samples(&get(&self.reader, "/metrics").body);
        let calls = [
            "db_client_operation_duration_seconds_count",
            "db_server_role=\"replica\"",
        ];

        let failed = [&calls[..], &["error_type="]].concat();
        (sum(&samples, &calls), sum(&samples, &failed))
    }
}

/// The URL of the primary, and the host and port of its standby.
pub(super) fn addresses_of(servers: &Replication) -> (String, String) {
    let standby = url::Url::parse(servers.standby.url()).expect("a URL");
    let standby = format!("127.0.0.1:{}", standby.port().expect("a port"));

    (servers.primary.url().to_owned(), standby)
}

/// Every read that the standby may serve goes to it.
pub(super) fn variables_of<'a>(primary: &'a str, standby: &'a str) -> Vec<(&'a str, &'a str)> {
    let replica = [
        ("DATABASE_URL", primary),
        ("DATABASE_REPLICA_HOSTS", standby),
        ("CACHE_BYTES", "0"),
    ];

    [&TIMEOUTS[..], &replica].concat()
}

/// The path of an item that was never stored, by an id of 2025.
fn unknown_item(n: usize) -> String {
    format!("{}01KAN2FGVX{n:016}", example::COLLECTION)
}

#[test]
fn reads_see_every_acknowledged_write_whatever_happens_to_the_standby() {
    let runtime = Runtime::new().expect("a runtime");
    let mut servers = Replication::start();
    let instances = Instances::start(&servers);
    instances.wait_for_health(WITH_REPLICA);
    let mut longest = Vec::new();
    let mut round_trip = |what: &str, servers_rounds: usize| {
        let took = instances.reads_see_writes(servers_rounds);
        longest.push(format!("{what} {took:?}"));
        took
    };

    round_trip("healthy", 50);
    let (calls, failed) = instances.replica_calls();
    let is_used = calls >= 50.0 && failed == 0.0;
    assert_eq!(is_used, example::IS_IMMUTABLE, "{calls} calls, {failed} failed");

    runtime.block_on(servers.pause_replay());
    round_trip("paused", 50);
    instances.wait_for_health(WITHOUT_REPLICA);
    round_trip("behind", 20);
    runtime.block_on(servers.resume_replay());
    instances.wait_for_health(WITH_REPLICA);

    servers.standby.freeze();
    let took = round_trip("frozen", 50);
    assert!(took < MAX_REQUEST_TIME, "a request took {took:?}");
    instances.wait_for_health(WITHOUT_REPLICA);
    let (_, failed_before) = instances.replica_calls();
    round_trip("left out", 50);
    let (_, failed) = instances.replica_calls();
    assert!(
        failed == failed_before,
        "no request waits for a replica that is left out"
    );
    servers.standby.thaw();
    instances.wait_for_health(WITH_REPLICA);

    servers.standby.kill();
    round_trip("killed", 50);
    instances.wait_for_health(WITHOUT_REPLICA);
    servers.standby.restart();
    instances.wait_for_health(WITH_REPLICA);

    let (before, _) = instances.replica_calls();
    round_trip("back", 20);
    let (after, _) = instances.replica_calls();
    let is_used = after >= before + 20.0;
    assert_eq!(is_used, example::IS_IMMUTABLE, "the replica is used again");

    servers.standby.promote();
    round_trip("promoted", 20);
    instances.wait_for_health(WITHOUT_REPLICA);
    report(&format!("longest requests: {}", longest.join(", ")));
}

#[test]
fn a_replica_serves_what_it_has_while_the_primary_is_away() {
    if !example::IS_IMMUTABLE {
        return;
    }

    let mut servers = Replication::start();
    let instances = Instances::start(&servers);
    instances.wait_for_health(WITH_REPLICA);
    let created = request(
        instances.writer.address,
        "POST",
        example::COLLECTION,
        &example::body("kept"),
    );
    let item: Value = serde_json::from_str(&created.expect("a response").body).expect("an item");
    Runtime::new()
        .expect("a runtime")
        .block_on(servers.wait_until_replayed());

    servers.primary.kill();

    assert_eq!(get(&instances.reader, &example::path_of(&item)).status, 200);
}

/// Counted by the primary itself.
#[test]
fn thousand_unknown_old_ids_are_no_statement_on_the_primary() {
    if !example::IS_IMMUTABLE {
        return;
    }

    let servers = Replication::start_with("-c shared_preload_libraries=pg_stat_statements");
    let runtime = Runtime::new().expect("a runtime");
    let instances = Instances::start(&servers);
    let on_primary = |sql: &str| runtime.block_on(servers.query_primary(sql));
    on_primary("create extension pg_stat_statements");
    let statements = || {
        let table = example::TABLE;
        let sum = "select coalesce(sum(calls), 0)::text as text from pg_stat_statements";
        on_primary(&format!("{sum} where query like '%from \"{table}\"%'"))
    };
    instances.wait_for_health(WITH_REPLICA);
    let mut client = Client::of(&instances.reader);
    client.get(example::COLLECTION).expect("a page");
    let before = statements();
    assert_ne!(before, Some("0".to_owned()), "statements are counted");

    for n in 0..1_000 {
        let response = client.get(&unknown_item(n)).expect("a response");
        assert_eq!(response.status, 404, "{response:?}");
    }

    assert_eq!(statements(), before);
}
