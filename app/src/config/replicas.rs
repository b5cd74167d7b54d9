//! The replicas of the database.

use adapters::database::{Address, Servers};

use super::{reader::Reader, store_url::StoreUrl, variable::Variable};

const NAME: &str = "DATABASE_REPLICA_HOSTS";

pub(super) const VARIABLE: Variable = Variable::new(
    NAME,
    "Standbys of the PostgreSQL server, from which immutable items are read as far as that is exact. The service uses one \
     of them, with the user, the password, the database and the TLS settings of the primary. Members of the cluster that \
     are no standby now are passed over.",
)
.expected("a host or several, separated by commas, each with its port if that is not 5432, such as `db2,db3:5433`")
.hosts();

/// `Some(None)` if there are none.
pub(super) fn read(reader: &mut Reader, store: Option<&StoreUrl>) -> Option<Option<Servers>> {
    if !reader.is_set(NAME) {
        return Some(None);
    }

    let servers = reader.parse_or_explain(NAME, str::parse::<Servers>);
    match store? {
        StoreUrl::Sql(Address::Postgres(_)) => servers.map(Some),
        StoreUrl::Sql(Address::Sqlite(_)) | StoreUrl::Memory => {
            reader.problem(format!("{NAME} is set, but the data is not stored in PostgreSQL"));
            None
        }
    }
}
