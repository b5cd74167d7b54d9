//! `cargo xtask rename` on a copy of this workspace.

use xtask::{name_places, program_name::ProgramName, record::Record};

use crate::tree::Tree;

/// The lines that a renaming may change in tracked files, besides the record and the lock file.
const MAX_LINES: usize = 20;

fn name(tree: &Tree) -> ProgramName {
    ProgramName::of_package(&tree.read("app/Cargo.toml")).expect("a name")
}

/// Whether this is the template itself: copies may name themselves wherever they like.
fn is_template(tree: &Tree) -> bool {
    let record = Record::read(&tree.read("Cargo.toml")).expect("a record");
    record.name == name(tree).to_string()
}

/// The number of changed lines since HEAD, without the record and the lock file.
fn changed_lines(tree: &Tree) -> usize {
    let numbers = tree.git(&["diff", "--numstat", "HEAD", "--", ":!Cargo.toml", ":!Cargo.lock"]);
    let lines = numbers
        .lines()
        .filter_map(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    lines.sum()
}

#[test]
fn every_place_of_the_name_is_there_exactly_once() {
    let tree = Tree::of_this_workspace();

    let missing: Vec<_> = name_places::missing(&name(&tree), |path| tree.read(path)).collect();
    assert!(
        missing.is_empty(),
        "{missing:?} differ from xtask/src/name_places.rs"
    );
}

/// Renames a copy and back. `name` is hyphenated, or a word that the documents use, or neither.
fn renamed_copy_has_the_old_name_only_in_the_record_and_can_be_renamed_back(name: &str) {
    let tree = Tree::of_this_workspace();
    let old = self::name(&tree).to_string();
    let manifest = tree.read("Cargo.toml");

    tree.xtask(&["rename", name, "--upstream", "../upstream", "--version", "v1"])
        .expect("a good name");
    let lines = changed_lines(&tree);
    assert!(lines > 0, "nothing was changed");
    if Record::read(&manifest).expect("a record").name == old {
        assert!(
            lines <= MAX_LINES,
            "{lines} lines:\n{}",
            tree.git(&["diff", "HEAD"])
        );
        assert_eq!(
            lines,
            name_places::count(),
            "xtask/src/name_places.rs lists other places"
        );
        let found = tree.git(&["grep", "--ignore-case", "-n", &old]);
        let found: Vec<_> = found.lines().collect();
        assert!(
            matches!(found[..], [line] if line.starts_with("Cargo.toml:") && line.contains("name = ")),
            "{found:?}"
        );
    }
    assert_eq!(self::name(&tree).to_string(), name);
    let record = Record::read(&tree.read("Cargo.toml")).expect("a record");
    assert_eq!((&*record.upstream, &*record.version), ("../upstream", "v1"));
    assert_ne!(
        tree.read("Cargo.lock"),
        tree.git(&["show", "HEAD:Cargo.lock"]) + "\n"
    );

    tree.commit("Rename");
    tree.xtask(&["rename", &old]).expect("the old name");
    tree.commit("Rename back");
    assert_eq!(tree.git(&["diff", "HEAD~2", "--", ":!Cargo.toml"]), "");

    let before = Record::read(&manifest).expect("a record");
    let restored = before.write(&tree.read("Cargo.toml")).expect("TOML");
    assert!(
        restored == manifest,
        "the manifest differs in more than the record"
    );
}

#[test]
fn copy_with_a_hyphenated_name_can_be_renamed_back() {
    renamed_copy_has_the_old_name_only_in_the_record_and_can_be_renamed_back("zebra-crossing");
}

#[test]
fn copy_whose_name_is_a_word_of_the_documents_can_be_renamed_back() {
    renamed_copy_has_the_old_name_only_in_the_record_and_can_be_renamed_back("library");
}

#[test]
fn refused_names_and_dirty_trees_and_dry_runs_change_nothing() {
    let tree = Tree::of_this_workspace();

    for (arguments, reason) in [
        (&["rename", "Shop"][..], "no DNS label"),
        (&["rename", "tokio"], "crate"),
        (&["rename", &name(&tree).to_string()], "already"),
    ] {
        let error = tree.xtask(arguments).expect_err("a bad name");
        assert!(error.contains(reason), "{error}");
    }
    let printed = tree.xtask(&["rename", "shop", "--dry-run"]).expect("a good name");
    assert!(
        printed.contains("edit   app/Cargo.toml") && printed.contains("dry run"),
        "{printed}"
    );
    assert_eq!(tree.git(&["status", "--porcelain"]), "");

    tree.write("new", "");
    let error = tree.xtask(&["rename", "shop"]).expect_err("a dirty tree");
    assert!(
        error.contains("commit, stash or remove") && error.contains("new"),
        "{error}"
    );
    assert_eq!(tree.git(&["status", "--porcelain"]), "?? new");
}

#[test]
fn enterprise_number_is_replaced_or_named_as_work_to_do() {
    let tree = Tree::of_this_workspace();
    let file = "adapters/src/syslog/message.rs";

    let printed = tree.xtask(&["rename", "shop", "--dry-run"]).expect("a good name");
    tree.xtask(&["rename", "shop", "--enterprise-number", "4711"])
        .expect("a good name");

    assert!(tree.read(file).contains("\"request@4711\""));
    if is_template(&tree) {
        assert!(printed.contains("32473"), "{printed}");
    }
}
