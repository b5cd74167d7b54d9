//! A resource is a folder; mechanism never names one.

use std::fs;

use super::{root, rust_files};

/// Names that mechanism uses with another meaning, such as HTTP's `POST`. A resource of such a name is recognised only
/// in the names of types, such as `PostId`.
const AMBIGUOUS: &[&str] = &[
    "comment", "document", "event", "group", "image", "job", "message", "order", "post", "task", "user",
    "workflow",
];

/// Types of libraries whose names contain an ambiguous one.
const FOREIGN_TYPES: &[&str] = &["FormatEvent"];

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
    "app/src/resources.rs",
    "app/src/commands/fixtures/registry.rs",
    // What tests of mechanism use, and what is measured.
    "app/tests/support/example.rs",
    "app/tests/support/resources.rs",
    "adapters/tests/database/support/example.rs",
    "system-test/tests/system/support/example.rs",
    "system-test/sdk/rust/example.rs",
    "system-test/sdk/rust/scenario.rs",
    "adapters/benches/decorators/main.rs",
];

/// The resources: the folders of the domain, but for what tests use.
fn resources() -> Vec<String> {
    let entries = fs::read_dir(root().join("domain/src")).expect("a folder");
    let entries = entries.map(|entry| entry.expect("an entry"));
    let folders = entries.filter(|entry| entry.path().is_dir());

    let names = folders.map(|entry| entry.file_name().into_string().expect("UTF-8"));
    names.filter(|name| name != "testing").collect()
}

#[test]
fn mechanism_names_no_resource() {
    let resources = resources();
    assert!(!resources.is_empty(), "domain/src has a folder for each resource");
    let mut offenders = Vec::new();

    for (path, text) in rust_files() {
        if may_name_resources(&path, &resources) {
            continue;
        }
        let named = resources.iter().filter(|resource| names(&text, resource));
        offenders.extend(named.map(|resource| format!("{path} names {resource}")));
    }
    offenders.sort();

    assert!(
        offenders.is_empty(),
        "only the folders of resources, migrations and the lists of resources may name one:\n{}",
        offenders.join("\n")
    );
}

/// `cargo xtask resource` accepts them.
#[test]
fn mechanism_has_no_type_that_an_ambiguous_name_would_make_a_resource_s() {
    let resources = resources();
    let mut offenders = Vec::new();

    for (path, text) in rust_files() {
        if !may_name_resources(&path, &resources) {
            let named = AMBIGUOUS.iter().filter(|name| names(&text, name));
            offenders.extend(named.map(|name| format!("{path} names {name}")));
        }
    }

    assert!(offenders.is_empty(), "{}", offenders.join("\n"));
}

fn may_name_resources(path: &str, resources: &[String]) -> bool {
    let parts = path.split('/').map(|part| part.trim_end_matches(".rs"));
    let is_in_folder = parts
        .into_iter()
        .any(|part| resources.iter().any(|resource| resource == part));
    let is_migration = path.starts_with("migration/");
    // The examples there are any names.
    let has_examples = path.starts_with("xtask/") || path == "app/tests/rules/resources.rs";

    is_in_folder || is_migration || has_examples || LISTS.contains(&path)
}

/// Whether a text contains the resource's name, or its plural, as a word of its own or in an identifier.
fn names(text: &str, resource: &str) -> bool {
    let is_candidate = |identifier: &str| !AMBIGUOUS.contains(&resource) || is_type_name(identifier);
    let forms = [format!("_{resource}_"), format!("_{resource}s_")];

    identifiers(text)
        .filter(|identifier| is_candidate(identifier) && !FOREIGN_TYPES.contains(identifier))
        .map(|identifier| format!("_{}_", words(identifier).join("_").to_lowercase()))
        .any(|words| forms.iter().any(|form| words.contains(form)))
}

fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
}

/// Whether an identifier is of several words in `UpperCamelCase`.
fn is_type_name(identifier: &str) -> bool {
    identifier.starts_with(|first: char| first.is_ascii_uppercase())
        && !identifier.contains('_')
        && words(identifier).len() > 1
}

/// The words of an identifier: `JSONBody`, `json_body2` and `JSON_BODY` are of two words each.
fn words(identifier: &str) -> Vec<&str> {
    let parts = identifier.split(|character: char| !character.is_ascii_alphabetic());

    let words = parts.flat_map(|part| {
        let letters = part.as_bytes();
        let starts_word = |at: &usize| {
            let after_lower = letters[at - 1].is_ascii_lowercase();
            let before_lower = letters.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            letters[*at].is_ascii_uppercase() && (after_lower || before_lower)
        };

        let mut starts = vec![0];
        starts.extend((1..part.len()).filter(starts_word));
        let ends = starts.iter().copied().skip(1).chain([part.len()]);
        let words = starts.iter().zip(ends).map(|(start, end)| &part[*start..end]);
        words.collect::<Vec<_>>()
    });
    words.filter(|word| !word.is_empty()).collect()
}

#[test]
fn identifiers_are_split_into_words() {
    let expected: [(&str, &[&str]); 6] = [
        ("BookId", &["Book", "Id"]),
        ("JSONBody", &["JSON", "Body"]),
        ("new_book2", &["new", "book"]),
        ("MAX_BOOKS", &["MAX", "BOOKS"]),
        ("bookkeeper", &["bookkeeper"]),
        ("_", &[]),
    ];

    for (identifier, expected) in expected {
        assert_eq!(words(identifier), expected, "{identifier}");
    }
}

#[test]
fn resource_is_recognised_as_a_whole_word_and_in_the_plural() {
    for text in [
        "/books/{id}",
        "let book = 1;",
        "NewBook",
        "BOOK_COLUMNS",
        "// Some books.",
    ] {
        assert!(names(text, "book"), "{text}");
    }
    for text in ["bookkeeper", "notebook", "ebooks"] {
        assert!(!names(text, "book"), "{text}");
    }

    assert!(names("NewBlogPost", "blog_post") && !names("blog, post", "blog_post"));
    assert!(names("struct NewPost;", "post"));
    assert!(!names("Method::POST, client.post(path), Post", "post"));
}
