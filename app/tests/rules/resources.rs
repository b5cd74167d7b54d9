//! A resource is a folder; mechanism never names one.

use super::rust_files;

/// The word that only the resource's folders may contain, in any case. Replace it with the resource's name.
const RESOURCE: &str = "tweet";

/// Files that list the resources, one line each, and therefore name them.
const LISTS: &[&str] = &[
    // Modules and re-exports.
    "domain/src/lib.rs",
    "domain/src/testing/mod.rs",
    "adapters/src/lib.rs",
    "adapters/src/testing/mod.rs",
    "app/src/lib.rs",
    "app/tests/main.rs",
    // The APIs, the adapters and the fixtures.
    "openapi/src/lib.rs",
    "app/src/compose.rs",
    "app/src/commands/fixtures/resources.rs",
    // What tests of mechanism use as their example, and this rule.
    "app/tests/support/example.rs",
    "app/tests/rules/resources.rs",
];

/// PENDING: files that still break the rule. Nothing may be added; the list is to become empty.
const PENDING: &[&str] = &[
    "adapters/benches/decorators.rs",
    "adapters/src/database/error.rs",
    "adapters/src/database/hot_connections.rs",
    "adapters/tests/database.rs",
    "adapters/tests/syslog/rsyslog.rs",
    "app/src/telemetry/sinks.rs",
    "app/tests/faults/killed.rs",
    "app/tests/faults/load.rs",
    "app/tests/faults/many.rs",
    "app/tests/faults/postgres.rs",
    "app/tests/faults/retries.rs",
    "app/tests/faults/stalled.rs",
    "app/tests/middleware/allowed_hosts.rs",
    "app/tests/middleware/authentication.rs",
    "app/tests/middleware/cors.rs",
    "app/tests/middleware/edges.rs",
    "app/tests/middleware/forwarded.rs",
    "app/tests/middleware/hostile.rs",
    "app/tests/middleware/injection.rs",
    "app/tests/middleware/metric_labels.rs",
    "app/tests/middleware/metrics.rs",
    "app/tests/middleware/problems.rs",
    "app/tests/middleware/rate_limit.rs",
    "app/tests/middleware/security_headers.rs",
    "app/tests/rules/size.rs",
    "app/tests/server/deadlines.rs",
    "app/tests/server/draining.rs",
    "app/tests/server/overload.rs",
    "app/tests/server/refusals.rs",
    "app/tests/server/rolling.rs",
    "app/tests/support/client.rs",
    "app/tests/support/mod.rs",
    "domain/src/ports.rs",
    "domain/src/text.rs",
    "openapi/src/docs.rs",
    "openapi/src/http/base_url.rs",
    "openapi/src/http/json.rs",
    "openapi/src/http/params.rs",
    "openapi/src/http/problem.rs",
    "openapi/src/metrics.rs",
    "openapi/src/middleware/authentication.rs",
    "openapi/src/middleware/normalize_path.rs",
    "system-test/tests/system/docs.rs",
    "system-test/tests/system/errors.rs",
    "system-test/tests/system/main.rs",
    "system-test/tests/system/metrics.rs",
    "system-test/tests/system/pages.rs",
    "system-test/tests/system/panels/mod.rs",
    "system-test/tests/system/python.rs",
    "system-test/tests/system/request_ids.rs",
    "system-test/tests/system/service.rs",
    "system-test/tests/system/tweets.rs",
];

#[test]
fn mechanism_does_not_name_the_resource() {
    let mut offenders: Vec<_> = rust_files()
        .into_iter()
        .filter(|(path, text)| !may_name_resource(path) && text.to_lowercase().contains(RESOURCE))
        .map(|(path, _)| path)
        .collect();
    offenders.sort();

    assert!(
        offenders.is_empty(),
        "only {RESOURCE}/ folders, migrations and the lists of resources may contain the word {RESOURCE}; found in:\n{}",
        offenders.join("\n")
    );
}

fn may_name_resource(path: &str) -> bool {
    let is_in_folder = path.split('/').any(|folder| folder == RESOURCE);
    let is_migration = path.starts_with("migration/");

    is_in_folder || is_migration || LISTS.contains(&path) || PENDING.contains(&path)
}
