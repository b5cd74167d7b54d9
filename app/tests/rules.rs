//! The rules of the house: what a reader of the README may rely on.

use std::{
    fs,
    path::{Path, PathBuf},
};

use app::config::{Config, VARIABLES, Variable};

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a crate may depend on, `[dev-dependencies]` aside.
const ARROWS: [(&str, &[&str]); 6] = [
    ("domain", &["async-trait", "chrono", "thiserror", "ulid"]),
    (
        "adapters",
        &[
            "domain",
            "async-trait",
            "getrandom",
            "log",
            "opentelemetry",
            "quick_cache",
            "sea-orm",
            "sea-query-sqlx",
            "sha2",
            "socket2",
            "subtle",
            "syslog",
            "tempfile",
            "thiserror",
            "tokio",
            "tracing",
            "url",
        ],
    ),
    (
        "openapi",
        &[
            "domain",
            "base64",
            "bytes",
            "futures-util",
            "governor",
            "http-body-util",
            "ipnet",
            "opentelemetry",
            "poem",
            "poem-openapi",
            "serde",
            "serde_json",
            "serde_path_to_error",
            "sha2",
            "sonic-rs",
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
];

#[test]
fn the_arrows_of_the_hexagon_point_inwards() {
    for (member, allowed) in ARROWS {
        let manifest = read(format!("{member}/Cargo.toml"));
        let sections = manifest
            .split("\n[")
            .filter(|section| section.starts_with("dependencies]"));
        let lines = sections.flat_map(str::lines).skip(1);
        let names = lines
            .filter_map(|line| line.split(['.', '=', ' ']).next())
            .filter(|name| !name.is_empty());
        for name in names {
            assert!(
                allowed == ["*"] || allowed.contains(&name),
                "{member} must not depend on {name}"
            );
        }
        let other_tables = manifest
            .lines()
            .filter(|line| line.starts_with("[target") || line.starts_with("[dependencies."));
        assert_eq!(
            other_tables.count(),
            0,
            "{member} hides dependencies in other tables"
        );
    }
    let members: Vec<_> = ARROWS.iter().map(|(member, _)| format!("\"{member}\"")).collect();
    let listed = format!("members = [{}]", members.join(", "));
    assert!(
        read("Cargo.toml").contains(&listed),
        "every member of the workspace has its arrows here: {listed}"
    );
}

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    assert!(
        read("openapi/openapi.json") == openapi::spec(),
        "openapi/openapi.json is out of date; refresh it: cargo run -- openapi > openapi/openapi.json"
    );
}

#[test]
fn environment_env_lists_every_variable() {
    let file = read("environment.env");
    for variable in VARIABLES {
        let comment = format!("# {} Allowed: {}.\n", variable.about, variable.allowed);
        let rest = file.split_once(&comment).map(|(_, rest)| rest);
        let line = rest.and_then(|rest| rest.lines().next()).unwrap_or_default();
        let set = line.starts_with(&format!("{}=", variable.name));
        let default = line == format!("#{}={}", variable.name, variable.default);
        assert!(
            set || default,
            "environment.env lacks:\n{comment}#{}={}",
            variable.name,
            variable.default
        );
    }
    let lines = file
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once('=').expect("NAME=value"));
    let pairs: Vec<_> = pairs.map(|(name, value)| (name.into(), value.into())).collect();
    let (_, warnings) = Config::load(None, pairs).expect("environment.env is valid");
    assert_eq!(warnings, [""; 0]);
}

#[test]
fn the_readme_lists_every_variable() {
    let readme = read("README.md");
    for Variable {
        name, default, about, ..
    } in VARIABLES
    {
        let default = if default.is_empty() {
            String::new()
        } else {
            format!("`{default}`")
        };
        let row = format!("| `{name}` | {default} | {about} |\n");
        assert!(readme.contains(&row), "the README's table lacks:\n{row}");
    }
}

#[test]
fn the_readme_shows_the_clients_that_are_tested() {
    let readme = read("README.md");
    let python = readme
        .split("\n### ")
        .find(|section| section.starts_with("Python\n"))
        .expect("a section");
    for (language, file) in [
        ("sh", "system-test/sdk/python.sh"),
        ("python", "system-test/sdk/tweet.py"),
    ] {
        let block = format!("\n```{language}\n{}```\n", read(file));
        assert!(
            python.contains(&block),
            "the README's section on Python is not {file}:{block}"
        );
    }
    assert_eq!(python.matches("\n```").count(), 4, "all that it shows is tested");
}

#[test]
fn files_are_rooms_that_one_can_know_at_a_glance() {
    let mut lengths = Vec::new();
    for (member, _) in ARROWS {
        for file in rust_files(&root().join(member)) {
            let text = read(&file);
            let lines = text.lines().count();
            assert!(lines <= 250, "{} has {lines} lines", file.display());
            lengths.push(lines);
        }
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= 110, "the median file has {median} lines");
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());
    let nested = entries.map(|path| match path.extension() {
        Some(extension) if extension == "rs" => vec![path],
        _ if path.is_dir() => rust_files(&path),
        _ => Vec::new(),
    });
    nested.flatten().collect()
}
