//! Every case of a port's contract runs.

use std::{collections::BTreeSet, fs};

use super::{read, root, rust_files};

/// A case that is missing in the macro would be compiled and never run.
#[test]
fn every_case_is_listed_in_its_contract() {
    for folder in contract_folders() {
        let contract = read(format!("{folder}/mod.rs"));
        let (_, list) = contract
            .split_once("$crate::contract_tests!(")
            .and_then(|(_, rest)| rest.split_once("; ["))
            .unwrap_or_else(|| panic!("{folder}/mod.rs must list its cases in contract_tests!"));
        let (list, _) = list.split_once(");").expect("the end of the list");
        let listed: BTreeSet<_> = list
            .split([',', ';'])
            .skip(1)
            .map(str::trim)
            .filter(|case| !case.is_empty())
            .map(str::to_owned)
            .collect();

        assert_eq!(
            cases(&folder),
            listed,
            "left: `pub async fn` in {folder}; right: listed in the macro in its mod.rs"
        );
    }
}

/// The folder of each resource, which holds the contract of its repository.
fn contract_folders() -> Vec<String> {
    let parent = "domain/src/testing";
    let entries = fs::read_dir(root().join(parent)).expect("a folder");

    let folders = entries
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| format!("{parent}/{}", entry.file_name().display()));
    folders.collect()
}

/// The public async functions of a folder, each of which is a case.
fn cases(folder: &str) -> BTreeSet<String> {
    let mut cases = BTreeSet::new();

    for (path, text) in rust_files() {
        if path.starts_with(&format!("{folder}/")) {
            let names = text.lines().filter_map(|line| {
                let declaration = line.strip_prefix("pub async fn ")?;
                declaration.split(['(', '<']).next()
            });
            cases.extend(names.map(str::to_owned));
        }
    }

    assert!(!cases.is_empty(), "{folder} has no cases");
    cases
}
