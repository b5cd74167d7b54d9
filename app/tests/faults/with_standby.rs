//! The faults of a single server and of the service, where the server has a standby.

use adapters::testing::Replication;

use super::{
    killed::acknowledged_items_survive_kills,
    postgres::acknowledged_items_survive_crashes,
    replicas::{addresses_of, variables_of},
    stalled::a_frozen_database_blocks_no_request,
};

#[test]
fn acknowledged_items_survive_crashes_of_a_primary_with_a_standby() {
    let mut servers = Replication::start();
    let (primary, standby) = addresses_of(&servers);
    acknowledged_items_survive_crashes(&mut servers.primary, &variables_of(&primary, &standby));
}

#[test]
fn a_frozen_primary_with_a_standby_blocks_no_request_and_recovers_when_thawed() {
    let mut servers = Replication::start();
    let (primary, standby) = addresses_of(&servers);
    a_frozen_database_blocks_no_request(&mut servers.primary, &variables_of(&primary, &standby));
}

#[test]
fn acknowledged_items_survive_kills_of_a_service_with_a_standby() {
    let servers = Replication::start();
    let (primary, standby) = addresses_of(&servers);
    acknowledged_items_survive_kills(&variables_of(&primary, &standby));
}
