//! A database that exists for one test.

use std::thread;

use domain::{Clock, IdGenerator};
use sea_orm::{ConnectionTrait, DbErr};
use tempfile::TempDir;
use url::Url;

use super::cluster::{self, PostgresServer};
use crate::SystemClock;

/// An empty database for one test. It is removed when this is dropped.
#[derive(Debug)]
pub struct FreshDatabase {
    url: Url,
    /// The PostgreSQL server that has it.
    server: Option<Url>,
    /// The folder of a SQLite file.
    _folder: Option<TempDir>,
}

impl FreshDatabase {
    /// A SQLite file.
    pub fn sqlite() -> Self {
        let folder = TempDir::with_prefix("test-").expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("test.db").display());

        Self {
            url: Url::parse(&url).expect("a URL"),
            server: None,
            _folder: Some(folder),
        }
    }

    /// A database on the server at `TEST_DATABASE_URL`. If the variable is not set, the first call in a process starts a
    /// throwaway server.
    pub async fn postgres() -> Self {
        Self::create(cluster::shared_server()).await
    }

    /// A database on this server.
    pub async fn on(server: &PostgresServer) -> Self {
        let server = Url::parse(server.url()).expect("a URL");
        Self::create(&server).await
    }

    async fn create(server: &Url) -> Self {
        // Unique on a server that several machines use at the same time.
        let id = IdGenerator::<Self>::default().next(SystemClock.now());
        let mut url = server.clone();
        url.set_path(&format!("test_{id}"));

        let database = Self {
            url,
            server: Some(server.clone()),
            _folder: None,
        };
        let create = format!(
            "create database {} encoding 'UTF8' template template0",
            database.quoted_name()
        );
        execute(server, &create)
            .await
            .unwrap_or_else(|error| panic!("cannot create a database for the test: {error}"));
        database
    }

    /// Its URL: `sqlite://…` or `postgres://…`.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Executes a statement in it, as the owner of the database.
    pub async fn execute(&self, sql: &str) {
        execute(&self.url, sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The URL of the copy of it on a standby.
    pub fn url_on(&self, standby: &PostgresServer) -> String {
        let mut url = Url::parse(standby.url()).expect("a URL");
        url.set_path(self.url.path());
        url.into()
    }

    /// The name as an SQL identifier, which keeps its upper case.
    fn quoted_name(&self) -> String {
        format!("\"{}\"", self.url.path().trim_start_matches('/'))
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        let Some(server) = self.server.take() else {
            return;
        };

        let sql = format!("drop database {} with (force)", self.quoted_name());
        // In a thread, because tests drop this inside their runtime, which must not block. An error is ignored: a test
        // that failed should report its own failure.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            let _ = runtime.block_on(execute(&server, &sql));
        });
        let _ = dropping.join();
    }
}

async fn execute(server: &Url, sql: &str) -> Result<(), DbErr> {
    let connection = sea_orm::Database::connect(server.as_str()).await?;
    connection.execute_unprepared(sql).await?;
    connection.close().await
}
