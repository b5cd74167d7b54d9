//! Dependencies point inwards, and the lints that guard the rest hold for every crate.

use super::{MEMBERS, read, rust_files};

/// What a crate may depend on, apart from `[dev-dependencies]`.
const ALLOWED: [(&str, &[&str]); 7] = [
    (
        "domain",
        &["async-trait", "chrono", "sha2", "thiserror", "ulid", "uuid"],
    ),
    (
        "adapters",
        &[
            "domain",
            "async-trait",
            "const-hex",
            "getrandom",
            "log",
            "opentelemetry",
            "opentelemetry-proto",
            "opentelemetry_sdk",
            "percent-encoding",
            "prost",
            "quick_cache",
            "rustix",
            "sea-orm",
            "sea-query-sqlx",
            "sha2",
            "socket2",
            "strsim",
            "subtle",
            "syslog",
            "tempfile",
            "thiserror",
            "tokio",
            "tracing",
            "ureq",
            "url",
        ],
    ),
    (
        "openapi",
        &[
            "domain",
            "base64",
            "bytes",
            "flate2",
            "foldhash",
            "futures-util",
            "governor",
            "http-body",
            "http-body-util",
            "ipnet",
            "opentelemetry",
            "poem",
            "poem-openapi",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "serde_yaml",
            "sha2",
            "sonic-rs",
            "strsim",
            "thiserror",
            "tokio",
            "tracing",
            "ulid",
            "url",
        ],
    ),
    ("migration", &["async-trait", "sea-orm-migration"]),
    ("app", &["*"]),
    ("system-test", &["*"]),
    ("xtask", &["*"]),
];

#[test]
fn crates_depend_only_on_what_they_may() {
    for (member, allowed) in ALLOWED {
        let manifest = read(format!("{member}/Cargo.toml"));

        for name in dependencies(&manifest) {
            let is_allowed = allowed == ["*"] || allowed.contains(&name);
            assert!(is_allowed, "{member} must not depend on {name}");
        }
        let has_other_tables = manifest
            .lines()
            .any(|line| line.starts_with("[target") || line.starts_with("[dependencies."));
        assert!(
            !has_other_tables,
            "{member} has dependencies outside of [dependencies], where this test does not see them"
        );
    }
}

/// The names in `[dependencies]`.
fn dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    manifest
        .split("\n[")
        .filter(|section| section.starts_with("dependencies]"))
        .flat_map(|section| section.lines().skip(1))
        .filter_map(|line| line.split(['.', '=', ' ']).next())
        .filter(|name| !name.is_empty())
}

#[test]
fn every_member_of_the_workspace_has_rules() {
    let members: Vec<_> = MEMBERS.iter().map(|member| format!("\"{member}\"")).collect();
    let line = format!("members = [{}]", members.join(", "));
    assert!(
        read("Cargo.toml").contains(&line),
        "Cargo.toml and MEMBERS in app/tests/rules differ: {line}"
    );

    assert_eq!(ALLOWED.map(|(member, _)| member), MEMBERS);
}

#[test]
fn every_crate_uses_the_lints_of_the_workspace() {
    for member in MEMBERS {
        let manifest = read(format!("{member}/Cargo.toml"));
        assert!(manifest.contains("\n[lints]\nworkspace = true\n"), "{member}");
    }

    let workspace = read("Cargo.toml");
    for lint in ["missing_docs", "unsafe_code", "disallowed_methods", "unwrap_used"] {
        let line = format!("\n{lint} = \"deny\"\n");
        assert!(workspace.contains(&line), "Cargo.toml must deny {lint}");
    }
}

#[test]
fn clock_and_environment_are_read_in_one_place_each() {
    let is_production = |path: &str| {
        path.contains("/src/")
            && !path.contains("/testing/")
            && !path.starts_with("system-test/")
            && !path.starts_with("xtask/")
    };

    let mut exempt: Vec<_> = rust_files()
        .into_iter()
        .filter(|(path, text)| is_production(path) && text.contains("clippy::disallowed_methods"))
        .map(|(path, _)| path)
        .collect();
    exempt.sort();

    assert_eq!(exempt, ["adapters/src/clock.rs", "app/src/main.rs"]);
}
