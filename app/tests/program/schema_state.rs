//! Reading which migrations are applied.

use adapters::testing::PostgresServer;
use app::compose::Store;

use super::{database_roles::query, load_config};

/// PostgreSQL logs a connection that ends with an open transaction, and a command may exit right after it has read.
#[tokio::test]
async fn reading_the_schema_leaves_no_transaction_open() {
    let server = PostgresServer::start();
    let (config, _) = load_config(None, &[("DATABASE_URL", server.url())]).expect("a configuration");
    let store = Store::open(&config.database).await.expect("a store");
    let schema = store.schema.expect("a schema");
    let open = "select count(*) from pg_stat_activity where state like 'idle in transaction%'";

    for _ in 0..20 {
        schema.applied().await.expect("the state of the schema");
        assert_eq!(query("postgres", &server, open), Ok("0\n".to_owned()));
    }
}
