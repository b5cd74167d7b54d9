//! `cargo xtask resource` and `remove` on a copy of this workspace. Whether the result compiles and works is tested by
//! .ci/copy.

use xtask::{
    example::{FILE, is_example},
    program_name::ProgramName,
    record::Record,
    resource::Resource,
};

use crate::tree::Tree;

/// Every type of field, required and optional.
const FIELDS: [&str; 14] = [
    "title:text(1..200)",
    "author:text(..100)?",
    "pages:int(1..100000)",
    "rating:int(-5..5)?",
    "published:bool",
    "archived:bool?",
    "printed:date",
    "released:date?",
    "due:time",
    "reviewed:time?",
    "owner:uuid",
    "series:uuid?",
    "state:enum(draft|printed|gone)",
    "shelf:enum(front|back)?",
];

/// A name that no resource and no mechanism has.
const NAME: &str = "zebra";

fn resources(tree: &Tree) -> Vec<Resource> {
    let record = Record::read(&tree.read("Cargo.toml")).expect("a record");
    Resource::recorded(&record).expect("resources")
}

/// The resource that tests and documents use.
fn example(tree: &Tree) -> Resource {
    let file = tree.read(FILE);
    let mut all = resources(tree).into_iter();
    let found = all.find(|resource| is_example(&file, resource));
    found.expect("one of the resources is the example")
}

fn add(tree: &Tree, name: &str, arguments: &[&str]) {
    let arguments = [&["resource", name], arguments].concat();
    tree.xtask_without_build(&arguments).expect("a resource");
    tree.commit("A resource");
}

#[test]
fn removed_resource_leaves_no_trace() {
    let tree = Tree::of_this_workspace();

    for kind in [&[][..], &["--immutable"]] {
        add(&tree, NAME, &[kind, &FIELDS].concat());
        assert!(tree.has(NAME, "HEAD"), "{kind:?}");

        tree.xtask_without_build(&["remove", NAME]).expect("removed");
        tree.commit("Removed");
        assert_eq!(tree.git(&["diff", "HEAD~2"]), "", "{kind:?}");
    }
}

/// This workspace without the resources that are not the example.
fn with_the_example_alone() -> Tree {
    let tree = Tree::of_this_workspace();
    let example = example(&tree).name;

    for other in resources(&tree).into_iter().filter(|other| other.name != example) {
        tree.xtask_without_build(&["remove", &other.name])
            .expect("removed");
        tree.commit("Removed");
    }
    tree
}

#[test]
fn example_can_be_removed_once_there_is_another_resource() {
    for kind in [&[][..], &["--immutable"]] {
        let tree = with_the_example_alone();
        let example = example(&tree).name;
        let refused = tree
            .xtask_without_build(&["remove", &example])
            .expect_err("the only one");
        assert!(refused.contains("is the only resource"), "{refused}");

        add(&tree, NAME, &[kind, &FIELDS].concat());
        let report = tree.xtask_without_build(&["remove", &example]).expect("removed");

        assert!(!report.contains("still name it"), "{report}");
        let grep = [
            "grep",
            "--ignore-case",
            "-n",
            &example,
            "--",
            ":!CHANGELOG.md",
            ":!openapi/openapi.json",
            ":!xtask",
            ":!app/tests/rules/resources.rs",
        ];
        let found = xtask::git::Git::new(tree.path()).output(&grep).expect("git");
        let found = String::from_utf8_lossy(&found.stdout);
        // A release of Debian, beside a resource that is called `book`.
        let mut named = found
            .lines()
            .filter(|line| line.replace("bookworm", "").to_lowercase().contains(&example));
        assert_eq!(named.next(), None);
        assert_eq!(self::example(&tree).name, NAME);

        // Some lists have only lines of immutable resources.
        tree.commit("Another example");
        add(&tree, "yak", &["--immutable", "name:text(..9)"]);
    }
}

#[test]
fn example_is_not_removed_if_no_other_resource_has_a_text() {
    let tree = with_the_example_alone();
    add(&tree, NAME, &["count:int", "name:text(..9)?"]);

    let reason = tree
        .xtask_without_build(&["remove", &example(&tree).name])
        .expect_err("no text");

    assert!(
        reason.contains("no other resource has a required text"),
        "{reason}"
    );
    assert_eq!(tree.git(&["status", "--porcelain"]), "");
}

#[test]
fn unusable_resource_is_refused_with_a_reason_and_nothing_is_written() {
    let tree = Tree::of_this_workspace();
    let example = example(&tree).name;
    let program = ProgramName::of_package(&tree.read("app/Cargo.toml"))
        .expect("a name")
        .to_string();
    let word = program.split('-').next_back().expect("a word");

    for (arguments, reason) in [
        (&[word, "a:bool"][..], "a word of the program's name"),
        (&["Zebra", "a:bool"], "lower-case"),
        (&["blog_post", "a:bool"], "one word"),
        (&["type", "a:bool"], "keyword of Rust"),
        (&["order", "a:bool"], "keyword of SQL"),
        (&["livez", "a:bool"], "route of every service"),
        (&["health", "a:bool"], "is a part of the service"),
        (&["serde", "a:bool"], "name of a crate"),
        (&["request", "a:bool"], "for something else"),
        (&["sheep", "--plural", "sheep", "a:bool"], "plural must differ"),
        (&[&example, "a:bool"], "there is a resource"),
        (&["zebra", "a:bool", "a:date"], "there twice"),
        (&["zebra", "id:uuid"], "every resource uses"),
    ] {
        let arguments = [&["resource"], arguments].concat();
        let error = tree.xtask_without_build(&arguments).expect_err("refused");
        assert!(error.contains(reason), "{arguments:?}: {error}");
    }
    assert_eq!(tree.git(&["status", "--porcelain"]), "");
}

#[test]
fn missing_place_is_named_with_its_line_and_nothing_is_written() {
    let tree = Tree::of_this_workspace();
    let file = "app/tests/main.rs";
    let mut text = tree.read(file);
    for resource in resources(&tree) {
        text = text.replace(&format!("mod {};\n", resource.name), "");
    }
    tree.write(file, &text);
    tree.commit("Another list");

    let arguments = ["resource", NAME, "name:text(..9)"];
    let error = tree.xtask_without_build(&arguments).expect_err("no such place");

    assert!(error.contains(file) && error.contains("mod zebra;"), "{error}");
    assert_eq!(tree.git(&["status", "--porcelain"]), "");
}

/// Each set of fields needs other imports; what is not Rust is an error of rustfmt.
#[test]
fn resource_may_have_few_fields() {
    let tree = Tree::of_this_workspace();

    for arguments in [
        &["active:bool"][..],
        &["--immutable", "name:text(..9)?", "born:date"],
    ] {
        let arguments = [&["--dry-run", "resource", NAME], arguments].concat();
        tree.xtask_without_build(&arguments).expect("a plan");
    }
}
