//! The service's database role may read and insert, and not change the schema.

use adapters::testing::FreshDatabase;
use migration::MigratorTrait;
use tempfile::TempDir;
use url::Url;

use crate::support::{Service, example, run};

/// A role of the server, which all tests share, so its name is that of the test's database.
struct Role<'a> {
    database: &'a FreshDatabase,
    name: String,
    url: String,
}

impl<'a> Role<'a> {
    async fn new(database: &'a FreshDatabase) -> Self {
        let mut url = Url::parse(database.url()).expect("a URL");
        let name = url.path().trim_start_matches('/').to_lowercase();
        url.set_username(&name).expect("a name");
        url.set_password(Some("password")).expect("a password");

        let role = Self {
            database,
            name,
            url: url.into(),
        };
        role.execute("create role NAME login password 'password'").await;
        role.execute("revoke create on schema public from public").await;
        role
    }

    /// Executes a statement as the owner of the database.
    async fn execute(&self, sql: &str) {
        self.database.execute(&sql.replace("NAME", &self.name)).await;
    }

    async fn drop(self) {
        self.execute("drop owned by NAME").await;
        self.execute("drop role NAME").await;
    }
}

#[tokio::test]
async fn role_without_rights_on_the_schema_starts_if_nothing_is_to_migrate() {
    let (fresh, folder) = (FreshDatabase::postgres().await, TempDir::new().expect("a folder"));
    let role = Role::new(&fresh).await;
    let (status, ..) = run(&["migrate"], &[("DATABASE_URL", fresh.url())], folder.path());
    assert_eq!(status, 0);
    role.execute("grant select, insert on all tables in schema public to NAME")
        .await;

    let service = Service::start(&[("DATABASE_URL", &role.url)], folder.path());
    let created = service.post(&example::body("hello"));
    assert!(created.starts_with("HTTP/1.1 201 "), "{created}");

    drop(service);
    role.drop().await;
}

#[tokio::test]
async fn role_without_rights_on_the_schema_is_told_which_migration_needs_them() {
    let (fresh, folder) = (FreshDatabase::postgres().await, TempDir::new().expect("a folder"));
    let role = Role::new(&fresh).await;
    let migrations = migration::Migrator::migrations();

    for command in [&["migrate"][..], &[]] {
        let (status, _, log) = run(command, &[("DATABASE_URL", &role.url)], folder.path());
        assert_eq!(status, 1, "{log}");
        for part in [
            migrations[0].name(),
            "permission denied for schema public",
            "MIGRATE_ON_START",
        ] {
            assert!(log.contains(part), "{part}: {log}");
        }
        let source = [".c:", "aclcheck", "routine"]
            .iter()
            .find(|part| log.contains(**part));
        assert_eq!(source, None, "of PostgreSQL's source code: {log}");
    }

    role.drop().await;
}

#[tokio::test]
async fn failure_of_load_fixtures_names_its_cause() {
    let (fresh, folder) = (FreshDatabase::postgres().await, TempDir::new().expect("a folder"));

    // One fails when it reads, the other when it stores.
    for options in [&["load-fixtures", "--if-empty"][..], &["load-fixtures"]] {
        let (status, _, log) = run(options, &[("DATABASE_URL", fresh.url())], folder.path());
        assert!(status == 1 && log.contains("does not exist"), "{log}");
    }
}

#[tokio::test]
async fn database_with_another_encoding_is_refused_by_name() {
    let (fresh, folder) = (FreshDatabase::postgres().await, TempDir::new().expect("a folder"));

    for encoding in ["LATIN1", "SQL_ASCII"] {
        let mut url = Url::parse(fresh.url()).expect("a URL");
        let name = format!("{}_{encoding}", url.path().trim_start_matches('/')).to_lowercase();
        url.set_path(&name);
        let create =
            format!("create database \"{name}\" encoding '{encoding}' locale 'C' template template0");
        fresh.execute(&create).await;

        let (status, _, log) = run(&[], &[("DATABASE_URL", url.as_str())], folder.path());
        fresh
            .execute(&format!("drop database \"{name}\" with (force)"))
            .await;
        assert!(
            status == 1 && log.contains(encoding) && log.contains("UTF8"),
            "{log}"
        );
    }
}
