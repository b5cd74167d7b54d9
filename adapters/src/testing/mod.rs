//! For tests (feature `testing`): databases that exist for one test each.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test without its database must fail, saying why"
)]

mod cluster;
mod proxy;
pub mod tweet;

pub use cluster::PostgresServer;
pub use proxy::Proxy;
pub use tweet::Gated;

use domain::{Clock, IdGenerator};
use sea_orm::{ConnectionTrait, DbErr};
use tempfile::TempDir;
use url::Url;

use crate::SystemClock;

/// An empty database that nobody else uses; it is removed when this is dropped.
#[derive(Debug)]
pub struct FreshDatabase {
    url: Url,
    _file: Option<TempDir>,
}

impl FreshDatabase {
    /// A SQLite file of its own.
    pub fn sqlite() -> Self {
        let folder = TempDir::with_prefix("templatesite-").expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Self {
            url: Url::parse(&url).expect("a URL"),
            _file: Some(folder),
        }
    }

    /// A database of its own on the server that `TEST_DATABASE_URL` names, or else on a throwaway cluster, which the
    /// first call in a process starts.
    pub async fn postgres() -> Self {
        let server = cluster::server();
        // Unique on a server that several machines may use at once.
        let name = format!(
            "templatesite_test_{}",
            IdGenerator::<FreshDatabase>::default().next(SystemClock.now())
        )
        .to_lowercase();
        let create = format!("create database {name} encoding 'UTF8' template template0");
        run(server, &create).await.unwrap_or_else(explain);
        let mut url = server.clone();
        url.set_path(&name);
        Self { url, _file: None }
    }

    /// Where it is: `sqlite://…` or `postgres://…`.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        if self.url.scheme() == "sqlite" {
            return;
        }
        let sql = format!(
            "drop database {} with (force)",
            self.url.path().trim_start_matches('/')
        );
        // Tests drop this inside their runtime, which must not be blocked on by itself; and a test that already
        // failed should say so, not that cleaning up failed too.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            let _ = runtime.block_on(run(cluster::server(), &sql));
        });
        let _ = dropping.join();
    }
}

async fn run(server: &Url, sql: &str) -> Result<(), DbErr> {
    let connection = sea_orm::Database::connect(server.as_str()).await?;
    connection.execute_unprepared(sql).await?;
    connection.close().await
}

fn explain(error: DbErr) {
    panic!("the test's PostgreSQL does not do what it is asked: {error}");
}
