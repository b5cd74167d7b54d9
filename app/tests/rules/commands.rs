//! Every command that a document shows in a block of `sh` is run by a script or a test. Blocks of `console` are run by
//! `program/documented_sessions.rs`.

use std::fs;

use super::{read, root};

/// A page, and the file that runs its commands: each is a line of that file, in `docker/documented` after a `$`.
const RUN: [(&str, &str); 7] = [
    ("README.md", ".ci/run"),
    ("docs/make-it-yours.md", ".ci/run"),
    ("CONTRIBUTING.md", ".ci/run"),
    ("docs/clients.md", "system-test/sdk/document.sh"),
    ("docs/clients.md", "system-test/sdk/python/client.sh"),
    ("docs/clients.md", "system-test/sdk/typescript/client.sh"),
    ("docs/operations.md", "docker/documented"),
];

/// A command that is run in another form, and the text and the file that do so.
const RUN_OTHERWISE: [(&str, &str, &str); 12] = [
    (
        "cargo run",
        "Service::start(",
        "app/tests/program/documented_sessions.rs",
    ),
    (
        "cargo run -- openapi > openapi/openapi.json",
        "openapi::spec(",
        "app/tests/rules/documents.rs",
    ),
    (
        "cargo run -- config --format markdown > docs/configuration.md",
        "config::markdown()",
        "app/tests/rules/documents.rs",
    ),
    ("cargo fmt --all", "cargo fmt --all --check", ".ci/run"),
    (
        "cargo clippy --workspace --all-targets -- -D warnings",
        "cargo clippy --workspace --all-targets -- -D warnings || ",
        ".ci/run",
    ),
    (
        "cargo bench -p adapters",
        "cargo test --workspace --bench decorators",
        ".ci/run",
    ),
    ("./test", "./test || passed=false", ".ci/run"),
    ("./test idempotency", "./test", ".ci/run"),
    ("./test breaks_no_client", "./test", ".ci/run"),
    (
        "cp openapi/openapi.json openapi/released.json",
        "breaking_changes(document, document)",
        "openapi/tests/compatibility/mutations/mod.rs",
    ),
    (
        "echo '{}' > openapi/acknowledged.json",
        "acknowledged::check(&[], \"{}\")",
        "openapi/tests/compatibility/sentences.rs",
    ),
    (".ci/run", "Runs every check", ".ci/run"),
];

/// The beginnings of commands that a script runs with other arguments, on a copy.
const RUN_ON_A_COPY: [&str; 3] = [
    "cargo xtask rename ",
    "cargo xtask resource ",
    "cargo xtask remove ",
];

#[test]
fn every_command_of_a_document_is_run_somewhere() {
    let mut missing = Vec::new();

    for page in pages() {
        for command in shell_commands(&read(&page)) {
            if !is_run(&page, &command) {
                missing.push(format!("{page}: {command}"));
            }
        }
    }

    assert!(
        missing.is_empty(),
        "nothing runs these commands; add them to what app/tests/rules/commands.rs names:\n{}",
        missing.join("\n")
    );
}

fn is_run(page: &str, command: &str) -> bool {
    let verbatim = RUN.iter().filter(|(of, _)| *of == page).any(|(_, file)| {
        let file = read(file);
        let mut lines = file.lines().map(|line| line.strip_prefix("$ ").unwrap_or(line));
        lines.any(|line| line == command)
    });
    let mut otherwise = RUN_OTHERWISE
        .iter()
        .filter(|(documented, ..)| *documented == command);

    let copies = read(".ci/copy");
    let mut on_a_copy = RUN_ON_A_COPY
        .iter()
        .filter(|beginning| copies.contains(**beginning));

    let on_a_copy = on_a_copy.any(|beginning| command.starts_with(beginning));
    verbatim || on_a_copy || otherwise.any(|(_, text, file)| read(file).contains(text))
}

/// The documents in the project's folder and in `docs`.
fn pages() -> Vec<String> {
    let folders = ["", "docs/"].into_iter();

    let pages = folders.flat_map(|folder| {
        let entries = fs::read_dir(root().join(folder)).expect("a folder");
        entries.map(move |entry| {
            let name = entry.expect("an entry").file_name();
            format!("{folder}{}", name.to_string_lossy())
        })
    });
    pages.filter(|page| page.ends_with(".md")).collect()
}

/// The commands in the blocks of a page that are in the language `sh`, without comments. A command that is continued on
/// the next line is one.
fn shell_commands(page: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut in_block = false;
    let mut continued = false;

    for line in page.lines().map(str::trim) {
        if let Some(language) = line.strip_prefix("```") {
            in_block = ["sh", "bash", "shell"].contains(&language);
            continue;
        }
        if !in_block || line.is_empty() || line.starts_with('#') {
            continue;
        }

        let command = line.split("  #").next().unwrap_or(line).trim_end();
        let part = command.strip_suffix('\\').unwrap_or(command);
        match commands.last_mut() {
            Some(last) if continued => last.push_str(part),
            _ => commands.push(part.to_owned()),
        }
        continued = command.ends_with('\\');
    }
    commands
}
