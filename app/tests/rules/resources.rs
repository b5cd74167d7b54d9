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
    "system-test/tests/system/main.rs",
    "system-test/tests/system/errors.rs",
    // The APIs, the adapters and the fixtures.
    "openapi/src/lib.rs",
    "app/src/compose.rs",
    "app/src/commands/fixtures/resources.rs",
    // What tests of mechanism use as their example, and this rule.
    "app/tests/support/example.rs",
    "adapters/tests/database/support/example.rs",
    "system-test/tests/system/support/example.rs",
    "app/tests/rules/resources.rs",
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

    is_in_folder || is_migration || LISTS.contains(&path)
}
