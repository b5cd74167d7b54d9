//! A primary and its standby: which of them is used, and what happens when they change roles.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use adapters::{
    database::{self, Options},
    testing::PostgresServer,
};
use domain::RepositoryError;
use sea_orm::ConnectionTrait;
use socket2::{Domain, Socket, Type};

use crate::support::{
    SECOND,
    example::{Repository, RepositoryPort, item},
    is_timed_out, number, open_with,
};

fn options() -> Options {
    Options {
        max_connections: 5,
        acquire_timeout: SECOND,
        statement_timeout: 3 * SECOND,
        ..Options::default()
    }
}

/// A primary whose commits wait for its standby, and that standby.
fn synchronous_pair() -> (PostgresServer, PostgresServer) {
    let primary = PostgresServer::start_with("-c synchronous_standby_names=*");
    let standby = primary.standby();
    (primary, standby)
}

fn port_of(url: &str) -> i64 {
    let url = url::Url::parse(url).expect("a URL");
    url.port().expect("a port").into()
}

/// The URL with one more server in front.
fn before(listener: &TcpListener, url: &str) -> String {
    let address = listener.local_addr().expect("an address");
    url.replacen('@', &format!("@{address},"), 1)
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}

/// A port that refuses connections, and that nobody else can listen on until this is dropped.
fn closed_port() -> TcpListener {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(&address.into()).expect("a port");

    socket.into()
}

/// The message with which this URL is refused.
async fn refused(url: &str) -> String {
    let refused = database::connect(url, options()).await;
    refused.map(drop).expect_err(url).to_string()
}

const PORT: &str = "select inet_server_port()::bigint as number";

#[tokio::test]
async fn the_primary_is_used_and_others_are_named_with_what_they_are() {
    let primary = PostgresServer::start();
    let standby = primary.standby();
    let (silent, closed) = (listener(), closed_port());
    let both = PostgresServer::url_of(&[&standby, &primary]);

    // A host that accepts connections and never responds costs nothing beside a primary.
    let start = Instant::now();
    let (pool, store) = open_with(&before(&silent, &both), options()).await;
    assert!(start.elapsed() < 2 * SECOND, "it took {:?}", start.elapsed());
    assert_eq!(number(&pool, PORT).await, port_of(primary.url()));
    store.add(&[item(1)]).await.expect("added");

    // Without a primary, the error says what each server is.
    let only = PostgresServer::url_of(&[&standby]);
    let two = before(&silent, &before(&closed, &only));
    let (standby_port, silent, closed_address) = (
        port_of(standby.url()),
        silent.local_addr().expect("an address"),
        closed.local_addr().expect("an address"),
    );
    let message = refused(&two).await;
    for part in [
        format!("no server is a primary: {silent} does not respond"),
        format!("{closed_address} refuses the connection"),
        format!("127.0.0.1:{standby_port} is a standby"),
    ] {
        assert!(message.contains(&part), "{part:?} is not in {message}");
    }

    // The only server is used as it is, unless something else is asked for.
    for url in [only.clone(), format!("{only}?target_session_attrs=any")] {
        let pool = database::connect(&url, options()).await.expect("the standby");
        assert_eq!(number(&pool, PORT).await, standby_port);
    }
    for target in ["primary", "read-write"] {
        let message = refused(&format!("{only}?target_session_attrs={target}")).await;
        assert!(message.contains("is a standby"), "{message}");
    }

    // A primary whose sessions are read-only is a primary still: reads go on, and a write is not an error of the client.
    let read_only = "alter database postgres set default_transaction_read_only = on";
    let connection = pool.connection();
    connection.execute_unprepared(read_only).await.expect(read_only);
    let message = refused(&format!("{both}?target_session_attrs=read-write")).await;
    assert!(message.contains("is read-only"), "{message}");
    let pool = database::connect(&both, options()).await.expect("the primary");
    let store = Repository::new(pool);
    for _ in 0..3 {
        let error = store.add(&[item(2)]).await.expect_err("read-only");
        assert!(matches!(error, RepositoryError::Unavailable { .. }), "{error:?}");
        assert_eq!(store.find(&[item(1).id]).await.expect("found"), [item(1)]);
    }
}

/// A server that closes every connection at once, and counts them.
fn counting_server() -> (TcpListener, Arc<AtomicUsize>) {
    let (listener, count) = (listener(), Arc::<AtomicUsize>::default());
    let (accepting, counting) = (listener.try_clone().expect("a socket"), Arc::clone(&count));

    thread::spawn(move || {
        for connection in accepting.incoming() {
            drop(connection);
            counting.fetch_add(1, Ordering::SeqCst);
        }
    });
    (listener, count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_fail_in_time_without_a_primary_and_succeed_after_a_promotion() {
    let (mut primary, mut standby) = synchronous_pair();
    let (counter, connections) = counting_server();
    let url = before(&counter, &PostgresServer::url_of(&[&standby, &primary]));
    let (pool, store) = open_with(&url, options()).await;
    store.add(&[item(1)]).await.expect("added");

    primary.kill();
    let away = Instant::now();
    let asked_before = connections.load(Ordering::SeqCst);
    let calls = (0..200).map(|_| {
        let store = Repository::new(pool.clone());
        tokio::spawn(async move { store.find(&[item(1).id]).await })
    });
    for call in calls.collect::<Vec<_>>() {
        let error = call.await.expect("a call").expect_err("there is no primary");
        assert!(matches!(error, RepositoryError::Unavailable { .. }), "{error:?}");
    }
    let (elapsed, asked) = (away.elapsed(), connections.load(Ordering::SeqCst) - asked_before);
    assert!(elapsed < 2 * SECOND, "it took {elapsed:?}");
    assert!(
        asked <= 1 + elapsed.as_millis() as usize / 200,
        "a server was asked {asked} times in {elapsed:?}"
    );
    let ping = pool.ping(SECOND / 2).await;
    let message = ping.expect_err("the health check fails").to_string();
    for part in ["no server is a primary", "is a standby", "refuses the connection"] {
        assert!(message.contains(part), "{part:?} is not in {message}");
    }

    standby.promote();
    let promoted = Instant::now();
    store.add(&[item(2)]).await.expect("added to the new primary");
    assert!(promoted.elapsed() < SECOND, "it took {:?}", promoted.elapsed());
    let stored = store.latest(None, 9).await.expect("a page");
    assert_eq!(stored, [item(2), item(1)]);
}

/// Whichever call meets the new state first, no other may read from the former primary, which lacks what was written
/// since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demoted_primary_serves_no_call() {
    let (mut former, mut new) = synchronous_pair();
    let url = PostgresServer::url_of(&[&former, &new]);
    let (pool, store) = open_with(&url, options()).await;
    store.add(&[item(1)]).await.expect("added");

    former.demote();
    new.promote();
    let (_, other) = open_with(new.url(), options()).await;
    other.add(&[item(2)]).await.expect("added");

    let calls = (0..20).map(|_| {
        let store = Repository::new(pool.clone());
        tokio::spawn(async move { store.find(&[item(2).id]).await })
    });
    for call in calls.collect::<Vec<_>>() {
        let found = call.await.expect("a call").expect("a result");
        assert_eq!(found, [item(2)]);
    }
}

/// A call that waits for a server that went silent is made again as soon as another call has found the new primary.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_in_flight_move_from_a_frozen_primary_to_the_new_one() {
    let (mut frozen, mut new) = synchronous_pair();
    let url = PostgresServer::url_of(&[&frozen, &new]);
    let (pool, store) = open_with(&url, options()).await;
    store.add(&[item(1)]).await.expect("added");

    // Without its synchronous standby, a write is not acknowledged, however long it waits.
    let impatient = Options {
        statement_timeout: SECOND,
        ..options()
    };
    let (_, other) = open_with(&url, impatient).await;
    new.freeze();
    let error = other.add(&[item(3)]).await.expect_err("no standby has it");
    assert!(is_timed_out(&error), "{error:?}");
    new.thaw();

    frozen.freeze();
    new.promote();
    let start = Instant::now();
    let items = [item(2)];
    let (pinged, added) = tokio::join!(pool.ping(Duration::from_millis(300)), store.add(&items));
    let elapsed = start.elapsed();

    assert!(pinged.is_err(), "the ping met the frozen server");
    added.expect("added to the new primary");
    assert!(elapsed < 2 * SECOND, "it took {elapsed:?}");
    assert_eq!(number(&pool, PORT).await, port_of(new.url()));
}
