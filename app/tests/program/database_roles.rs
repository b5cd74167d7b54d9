//! `docker/db/roles.sh`, which creates the roles of the database for docker-compose.yaml.

use std::{path::Path, process::Command};

use adapters::testing::PostgresServer;
use migration::{SchemaManager, grants::allow_changes};

use super::folder;
use crate::support::{Service, example, run};

/// The table in which the migrations are recorded.
const MIGRATIONS: &str = "seaql_migrations";

/// A table whose items change. It has that name in addition to those of the migrations, which may all be of the other
/// kind.
const CHANGING: &str = "changing";

#[test]
fn service_role_can_read_and_insert_and_change_items_with_versions_and_nothing_else() {
    let server = PostgresServer::start();
    create_roles(&server);
    let (code, _, errors) = migrate_as("migration", &server);
    assert_eq!(code, 0, "{errors}");
    create_a_changing_table_by_a_migration(&server);

    serves_as_the_service_role(&server);
    changes_are_refused(&server);
}

/// The data folder is older than the roles: its tables belong to the superuser.
#[test]
fn roles_can_be_created_in_a_database_that_holds_data_and_again() {
    let server = PostgresServer::start();
    let (code, _, errors) = migrate_as("postgres", &server);
    assert_eq!(code, 0, "{errors}");
    create_a_changing_table_by_a_migration(&server);

    create_roles(&server);
    create_roles(&server);

    let (code, _, errors) = migrate_as("migration", &server);
    assert_eq!(code, 0, "{errors}");
    serves_as_the_service_role(&server);
    changes_are_refused(&server);
    assert_eq!(
        query(
            "postgres",
            &server,
            "select count(*) from pg_tables where schemaname = 'public' and tableowner <> 'migration'"
        ),
        Ok("0\n".to_owned())
    );
}

fn serves_as_the_service_role(server: &PostgresServer) {
    let folder = folder();
    let url = url_as("service", server);
    let variables = [("DATABASE_URL", url.as_str()), ("MIGRATE_ON_START", "false")];
    let service = Service::start(&variables, folder.path());

    let health = service.get("/healthcheck/");
    assert!(health.starts_with("HTTP/1.1 200 "), "{health}");
    for key in ["", "Idempotency-Key: a-key\r\n", "Idempotency-Key: a-key\r\n"] {
        let created = service.post_with(key, &example::body("by the service role"));
        assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
    }
    assert!(service.get(example::COLLECTION).contains("by the service role"));
}

fn changes_are_refused(server: &PostgresServer) {
    let listed = query(
        "postgres",
        server,
        "select tablename from pg_tables where schemaname = 'public'",
    )
    .expect("the tables");
    let tables: Vec<_> = listed.lines().collect();
    assert!(tables.contains(&MIGRATIONS) && tables.len() > 1, "{tables:?}");

    for table in tables {
        let has = |right: &str| {
            let query_for = format!("select has_table_privilege('service', '{table}', '{right}')");
            query("postgres", server, &query_for).expect("a right") == "t\n"
        };
        let changes = has_versions(server, table);
        for (right, expected) in [
            ("select", true),
            ("insert", table != MIGRATIONS),
            ("update", changes),
            ("delete", changes),
            ("truncate, references, trigger", false),
        ] {
            assert_eq!(has(right), expected, "{right} on {table}");
        }

        if !changes {
            is_refused(server, &format!("delete from {table}"));
        }
        is_refused(server, &format!("alter table {table} add column more int"));
    }
    assert!(has_versions(server, CHANGING), "a table of each kind");
    for statement in [
        "insert into seaql_migrations values ('forged', 1)",
        "create table another (id int)",
        "create temporary table another (id int)",
        "create schema another",
        "create role another",
        "alter role service superuser",
        "copy seaql_migrations to program 'true'",
        "select pg_read_file('PG_VERSION')",
    ] {
        is_refused(server, statement);
    }
}

/// Whether the items of a table have versions, so that they may change.
fn has_versions(server: &PostgresServer, table: &str) -> bool {
    let columns = format!(
        "select data_type from information_schema.columns where table_name = '{table}' and column_name = 'version'"
    );
    query("postgres", server, &columns).expect("the columns") == "bigint\n"
}

/// Creates it as a migration of a resource whose items change does.
fn create_a_changing_table_by_a_migration(server: &PostgresServer) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let owner = query(
        "postgres",
        server,
        "select tableowner from pg_tables where tablename = 'seaql_migrations'",
    );
    let owner = owner.expect("an owner");
    let create = format!("create table {CHANGING} (id uuid primary key, version bigint not null)");
    query(owner.trim(), server, &create).expect("a table");

    let url = url_as(owner.trim(), server);
    runtime.block_on(async {
        let database = adapters::database::connect(&url, adapters::database::Options::default());
        let connection = database.await.expect("a database").connection();
        let manager = SchemaManager::new(&connection);
        allow_changes(&manager, CHANGING).await.expect("the rights");
    });
}

fn is_refused(server: &PostgresServer, statement: &str) {
    let error = query("service", server, statement).expect_err(statement);

    assert!(
        ["permission denied", "must be owner", "must be superuser"]
            .iter()
            .any(|reason| error.contains(reason)),
        "{statement}: {error}"
    );
}

fn create_roles(server: &PostgresServer) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docker/db/roles.sh");
    let output = Command::new("sh")
        .arg(script)
        .envs(connection(server))
        .env("POSTGRES_USER", "postgres")
        .env("POSTGRES_DB", "postgres")
        // Characters that a careless script would read as SQL.
        .env("MIGRATION_PASSWORD", "it's $migration \"x\" \\ :a")
        .env("SERVICE_PASSWORD", "'; drop role migration; --")
        .output()
        .expect("sh");

    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn migrate_as(role: &str, server: &PostgresServer) -> (i32, String, String) {
    let url = url_as(role, server);
    run(&["migrate"], &[("DATABASE_URL", &url)], folder().path())
}

/// What psql prints for a statement, or its error.
pub(super) fn query(role: &str, server: &PostgresServer, statement: &str) -> Result<String, String> {
    let output = Command::new("psql")
        .args([
            "--no-psqlrc",
            "-tA",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            role,
            "-d",
            "postgres",
        ])
        .args(["-c", statement])
        .envs(connection(server))
        .output()
        .expect("psql, which comes with PostgreSQL's server programs");

    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

fn url_as(role: &str, server: &PostgresServer) -> String {
    server.url().replace("//postgres@", &format!("//{role}@"))
}

/// Where psql finds the server.
fn connection(server: &PostgresServer) -> [(&'static str, String); 2] {
    let (_, port) = server.url().rsplit_once(':').expect("a port");
    let (port, _) = port.split_once('/').expect("a database");

    [("PGHOST", "127.0.0.1".to_owned()), ("PGPORT", port.to_owned())]
}
