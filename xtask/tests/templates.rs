//! The templates against the code that they are made from.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot continue must fail with the reason"
)]

use std::{fs, path::Path};

use xtask::{example, program_name::ProgramName, record::Record, render::Templates, resource::Resource};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
}

/// The resources that templates make as they are. A copy, which has another name, has none: it may change its resources
/// as it likes.
fn untouched() -> Vec<Resource> {
    let read = |path| fs::read_to_string(root().join(path)).expect(path);
    let record = Record::read(&read("Cargo.toml")).expect("a record");
    let program = ProgramName::of_package(&read("app/Cargo.toml")).expect("a name");
    if program.to_string() != record.name {
        return Vec::new();
    }

    Resource::recorded(&record).expect("resources")
}

fn example() -> Option<Resource> {
    let file = fs::read_to_string(root().join(example::FILE)).expect("the example");
    let mut all = untouched().into_iter();
    all.find(|resource| example::is_example(&file, resource))
}

/// The example of the tests and of the documents is what its templates make, so another resource can take its place.
#[test]
fn example_is_what_its_templates_make() {
    let Some(example) = example() else {
        assert!(untouched().is_empty(), "one of the resources is the example");
        return;
    };

    for file in Templates::new(root()).render("example", &example).expect("files") {
        match file.path.strip_prefix("fragments") {
            Ok(part) => {
                let page = part.parent().expect("a page");
                let text = fs::read_to_string(root().join(page)).expect("the page");
                assert!(
                    text.contains(&file.text),
                    "{} lacks:\n{}",
                    page.display(),
                    file.text
                );
            }
            Err(_) => {
                let text = fs::read_to_string(root().join(&file.path)).expect("the file");
                is_same(&file.path, &text, &file.text);
            }
        }
    }
}

/// A resource that nobody has changed since its templates made it. Its data is its own: the fixtures and the migrations.
#[test]
fn immutable_resources_are_what_their_templates_make() {
    let immutable = untouched().into_iter().filter(|resource| resource.immutable);

    for resource in immutable {
        for file in Templates::new(root())
            .render(resource.template_set(), &resource)
            .expect("files")
        {
            if file.path.starts_with("migration") || file.path.ends_with("fixtures.json") {
                continue;
            }
            if let Ok(path) = file.path.strip_prefix("append") {
                let text = fs::read_to_string(root().join(path)).expect("the file");
                assert!(
                    text.contains(&file.text),
                    "{} lacks:\n{}",
                    path.display(),
                    file.text
                );
                continue;
            }
            let text = fs::read_to_string(root().join(&file.path)).expect("the file");
            is_same(&file.path, &text, &file.text);
        }
    }
}

fn is_same(path: &Path, committed: &str, made: &str) {
    let differs = committed
        .lines()
        .zip(made.lines())
        .position(|(one, other)| one != other);
    let line = differs.unwrap_or_else(|| committed.lines().count().min(made.lines().count()));

    if committed != made {
        let at = |text: &str| text.lines().skip(line).take(5).collect::<Vec<_>>().join("\n");
        panic!(
            "{}:{}: committed:\n{}\nmade from the template:\n{}",
            path.display(),
            line + 1,
            at(committed),
            at(made)
        );
    }
}
