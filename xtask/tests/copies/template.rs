//! A small template, and copies of it.

use xtask::record::Record;

use crate::tree::Tree;

const MANIFEST: &str = "\
[workspace]
resolver = \"3\"
members = [\"app\", \"xtask\"]

[workspace.metadata.template]
name = \"sample\"
upstream = \"\"
version = \"\"

[workspace.metadata.template.resources]
item = [\"text:text(1..140)\"]
";
const MIGRATIONS: &str = "mod m1_create_item;\n\nfn migrations() {\n    vec![\n        Box::new(m1_create_item::Migration),\n    ];\n}\n";

/// A template with the tag `v1`.
pub(crate) fn template() -> Tree {
    let tree = Tree::empty();
    for (path, text) in [
        ("Cargo.toml", MANIFEST),
        (
            "Cargo.lock",
            "version = 4\n\n[[package]]\nname = \"sample\"\nversion = \"0.0.0\"\n\n[[package]]\nname = \"xtask\"\nversion = \"0.0.0\"\n",
        ),
        (".gitignore", "/target\n"),
        (
            "app/Cargo.toml",
            "[package]\nname = \"sample\"\nedition = \"2024\"\n",
        ),
        ("app/src/main.rs", "fn main() {\n    println!(\"sample\");\n}\n"),
        (
            "xtask/Cargo.toml",
            "[package]\nname = \"xtask\"\nedition = \"2024\"\n",
        ),
        ("xtask/src/main.rs", "fn main() {}\n"),
        (
            "README.md",
            "# sample\n\nWhat it is.\n\nHow to run sample.\n\nThe end.\n",
        ),
        ("old", "upstream deletes this\n"),
        ("openapi/released.json", "the first release\n"),
        ("migration/src/lib.rs", MIGRATIONS),
        ("domain/src/item/mod.rs", &module("item")),
    ] {
        tree.write(path, text);
    }
    tree.commit("A template");
    tree.git(&["tag", "v1"]);
    tree
}

/// A copy without the history of the template, as GitHub's "Use this template" makes it.
pub(crate) fn copy(template: &Tree) -> Tree {
    let copy = Tree::empty();
    copy.git(&["pull", "--quiet", path(template), "v1"]);
    // The same tree under another commit.
    let tree = copy.git(&["write-tree"]);
    let root = copy.git(&["commit-tree", &tree, "-m", "Initial commit"]);
    copy.git(&["reset", "--quiet", "--hard", &root]);
    copy
}

/// A copy with the history of the template.
pub(crate) fn clone(template: &Tree) -> Tree {
    let copy = Tree::empty();
    copy.git(&["pull", "--quiet", path(template), "v1"]);
    copy
}

pub(crate) fn path(tree: &Tree) -> &str {
    tree.path().to_str().expect("UTF-8")
}

/// Gives the copy a name, a resource of its own in place of the template's, and another README.
pub(crate) fn make_it_mine(copy: &Tree, template: &Tree) {
    copy.xtask(&["rename", "my-shop", "--upstream", path(template)])
        .expect("a good name");
    copy.commit("Rename");

    copy.git(&["rm", "--quiet", "-r", "domain/src/item"]);
    copy.write("domain/src/book/mod.rs", &module("book"));
    copy.write(
        "migration/src/lib.rs",
        &migrations(&["m1_create_item", "m3_create_book"]),
    );
    copy.write(
        "README.md",
        "# my-shop\n\nSells books.\n\nHow to run my-shop.\n\nThe end.\n",
    );
    let mut record = Record::read(&copy.read("Cargo.toml")).expect("a record");
    record.resources = [("book".to_owned(), vec!["title:text(1..200)".to_owned()])].into();
    copy.write(
        "Cargo.toml",
        &record.write(&copy.read("Cargo.toml")).expect("TOML"),
    );
    copy.commit("Books");
}

pub(crate) fn migrations(names: &[&str]) -> String {
    let modules: String = names.iter().map(|name| format!("mod {name};\n")).collect();
    let items: String = names
        .iter()
        .map(|name| format!("        Box::new({name}::Migration),\n"))
        .collect();
    format!("{modules}\nfn migrations() {{\n    vec![\n{items}    ];\n}}\n")
}

/// The second version of the template.
pub(crate) fn improve(template: &Tree) {
    template.write(
        "README.md",
        "# sample\n\nWhat it is.\n\nHow to run sample quickly.\n\nThe end.\n",
    );
    template.write(
        "migration/src/lib.rs",
        &migrations(&["m1_create_item", "m2_add_key"]),
    );
    template.write("migration/src/m2_add_key.rs", "//! For sample.\n");
    template.write(
        "domain/src/item/mod.rs",
        &format!("{}// Better.\n", module("item")),
    );
    template.write("domain/src/item/key.rs", "//! Its key.\n");
    template.git(&["rm", "--quiet", "old"]);
    template.write("openapi/released.json", "the second release\n");
    template.commit("Improvements");
    template.git(&["tag", "v2"]);
}

/// The code of a resource, which is much like that of another one.
pub(crate) fn module(name: &str) -> String {
    let lines: String = (0..20)
        .map(|line| format!("// The same line {line} in every resource.\n"))
        .collect();
    format!("//! {name}\n{lines}")
}
