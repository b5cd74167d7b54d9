//! `cargo xtask update`, with a small template and copies of it.

use xtask::record::Record;

use crate::{
    template::{clone, copy, improve, make_it_mine, migrations, module, template},
    tree::Tree,
};

fn assert_improved(copy: &Tree) {
    assert_eq!(
        copy.read("README.md"),
        "# my-shop\n\nSells books.\n\nHow to run my-shop quickly.\n\nThe end.\n"
    );
    assert_eq!(
        copy.read("migration/src/lib.rs"),
        migrations(&["m1_create_item", "m2_add_key", "m3_create_book"])
    );
    assert_eq!(copy.read("migration/src/m2_add_key.rs"), "//! For my-shop.\n");
    assert!(
        !copy.path().join("old").exists(),
        "what upstream deleted is still there"
    );
    assert!(
        !copy.path().join("domain/src/item").exists(),
        "a deleted folder came back"
    );
    assert_eq!(
        copy.read("domain/src/book/mod.rs"),
        module("book"),
        "a change of another resource"
    );

    let record = Record::read(&copy.read("Cargo.toml")).expect("a record");
    assert_eq!((&*record.version, record.resources.len()), ("v2", 1));
    assert!(record.resources.contains_key("book"), "{record:?}");
    assert_eq!(copy.git(&["status", "--porcelain"]), "");
}

fn update_merges_what_upstream_changed(copy: impl Fn(&Tree) -> Tree) {
    let template = template();
    let copy = copy(&template);
    make_it_mine(&copy, &template);
    improve(&template);
    let before = copy.git(&["rev-parse", "HEAD"]);

    let printed = copy.xtask(&["update", "--dry-run"]).expect("a new version");
    assert!(
        printed.contains("migration/src/m2_add_key.rs") && printed.contains("dry run"),
        "{printed}"
    );
    assert_eq!(copy.git(&["rev-parse", "HEAD"]), before);
    assert_eq!(copy.git(&["for-each-ref", "refs/heads/template"]), "");

    let printed = copy.xtask(&["update"]).expect("no conflict");
    assert!(
        printed.contains("they stay deleted:\ndomain/src/item/mod.rs"),
        "{printed}"
    );
    assert_improved(&copy);
    assert!(
        !copy.has("sample", "template"),
        "{}",
        copy.git(&["grep", "sample", "template"])
    );

    let printed = copy.xtask(&["update"]).expect("nothing to do");
    assert!(printed.starts_with("Nothing to do: v2"), "{printed}");
    assert_eq!(copy.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn update_of_a_copy_without_common_history_merges_what_upstream_changed() {
    update_merges_what_upstream_changed(copy);
}

#[test]
fn update_of_a_clone_merges_what_upstream_changed() {
    update_merges_what_upstream_changed(clone);
}

#[test]
fn document_that_a_copy_has_released_is_not_that_of_upstream() {
    let template = template();
    let file = "openapi/released.json";
    let (unreleased, released) = (copy(&template), copy(&template));
    for copy in [&unreleased, &released] {
        make_it_mine(copy, &template);
    }
    released.write(file, "my first release\n");
    released.commit("Release");
    improve(&template);

    for copy in [&unreleased, &released] {
        copy.xtask(&["update"]).expect("no conflict");
    }

    assert_eq!(unreleased.read(file), "the second release\n");
    assert_eq!(released.read(file), "my first release\n");
}

#[test]
fn conflict_leaves_markers_and_can_be_undone_or_resolved() {
    let template = template();
    let copy = copy(&template);
    make_it_mine(&copy, &template);
    template.write(
        "README.md",
        "# sample\n\nA service.\n\nHow to run sample.\n\nThe end.\n",
    );
    template.commit("What it is");
    template.git(&["tag", "v2"]);

    let error = copy.xtask(&["update"]).expect_err("a conflict");
    assert!(
        error.contains("README.md") && error.contains("git merge --abort"),
        "{error}"
    );
    let readme = copy.read("README.md");
    for part in ["<<<<<<< ", "Sells books.", "A service.", ">>>>>>> "] {
        assert!(readme.contains(part), "{readme}");
    }

    copy.git(&["merge", "--abort"]);
    copy.xtask(&["update"]).expect_err("the same conflict");
    assert_eq!(
        copy.git(&["rev-list", "--count", "template"]),
        "2",
        "one commit for each version"
    );
    copy.write(
        "README.md",
        "# my-shop\n\nA service that sells books.\n\nHow to run my-shop.\n\nThe end.\n",
    );
    copy.commit("Update");
    let printed = copy.xtask(&["update"]).expect("nothing to do");
    assert!(printed.starts_with("Nothing to do: v2"), "{printed}");

    template.write("new", "sample\n");
    template.commit("Something new");
    template.git(&["tag", "v3"]);
    copy.xtask(&["update", "v3"]).expect("no conflict");
    assert_eq!(copy.read("new"), "my-shop\n");
    assert!(copy.read("README.md").contains("A service that sells books."));
}

#[test]
fn version_with_another_rename_is_renamed_by_its_own() {
    let template = template();
    let copy = copy(&template);
    make_it_mine(&copy, &template);
    improve(&template);
    // Its arguments are those of this program's `rename`.
    template.write(
        "xtask/src/main.rs",
        r#"use std::{env::args, fs};

fn main() {
    let arguments: Vec<_> = args().collect();
    assert_eq!((&*arguments[1], &*arguments[3], &*arguments[5]), ("rename", "--upstream", "--version"));
    for path in ["README.md", "Cargo.lock", "app/Cargo.toml", "app/src/main.rs", "migration/src/m2_add_key.rs"] {
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, text.replace("sample", &arguments[2])).unwrap();
    }
    let manifest = fs::read_to_string("Cargo.toml").unwrap();
    let manifest = manifest.replace("upstream = \"\"", &format!("upstream = \"{}\"", arguments[4]));
    fs::write("Cargo.toml", manifest.replace("version = \"\"", &format!("version = \"{}\"", arguments[6]))).unwrap();
    fs::write("renamed-by", "its own command\n").unwrap();
}
"#,
    );
    template.commit("Another rename");
    template.git(&["tag", "--force", "v2"]);

    copy.xtask(&["update", "v2"]).expect("no conflict");

    assert_improved(&copy);
    assert_eq!(copy.read("renamed-by"), "its own command\n");
}

#[test]
fn unknown_upstream_and_versions_are_reported() {
    let template = template();
    let copy = copy(&template);
    let error = copy.xtask(&["update"]).expect_err("no upstream");
    assert!(error.contains("set upstream"), "{error}");

    make_it_mine(&copy, &template);
    let error = copy.xtask(&["update", "v9"]).expect_err("no such version");
    assert!(
        error.contains("upstream has no tag, branch or commit v9"),
        "{error}"
    );
    assert_eq!(copy.git(&["status", "--porcelain"]), "");
}
