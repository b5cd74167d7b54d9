//! The rules of the code base, which `ARCHITECTURE.md` states.

mod clients;
mod commands;
mod contracts;
mod dependencies;
mod documents;
mod removals;
mod resources;
mod size;
mod workflows;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The members of the workspace.
const MEMBERS: [&str; 7] = [
    "domain",
    "adapters",
    "openapi",
    "migration",
    "app",
    "system-test",
    "xtask",
];

/// The workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of a file, by its path from the workspace's folder.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The path and the text of every Rust file of the workspace.
pub(crate) fn rust_files() -> Vec<(String, String)> {
    let paths = MEMBERS
        .iter()
        .flat_map(|member| rust_files_in(&root().join(member)));

    let files = paths.map(|path| {
        let relative = path.strip_prefix(root()).expect("a path below the root");
        (relative.display().to_string(), read(&path))
    });
    files.collect()
}

fn rust_files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path());

    let files = entries.map(|path| match path.extension() {
        Some(extension) if extension == "rs" => vec![path],
        _ if path.is_dir() => rust_files_in(&path),
        _ => Vec::new(),
    });
    files.flatten().collect()
}
