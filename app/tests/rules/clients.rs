//! The clients that `docs/clients.md` shows are those that tests run, with the versions that tests use.

use super::read;

/// A section, and what it shows: the language of a block and the file that is tested.
const SECTIONS: [(&str, &[(&str, &str)]); 4] = [
    (
        "Generated clients",
        &[
            ("sh", "system-test/sdk/document.sh"),
            ("text", "system-test/sdk/scenario.txt"),
        ],
    ),
    (
        "Python",
        &[
            ("sh", "system-test/sdk/python/client.sh"),
            ("python", "system-test/sdk/python/example.py"),
        ],
    ),
    (
        "TypeScript",
        &[
            ("sh", "system-test/sdk/typescript/client.sh"),
            ("ts", "system-test/sdk/typescript/example.mts"),
        ],
    ),
    (
        "Rust",
        &[
            ("toml", "system-test/sdk/rust/dependencies.toml"),
            ("rust", "system-test/build.rs"),
            ("rust", "system-test/sdk/rust/example.rs"),
        ],
    ),
];

/// What differs between a tested file and a client of its own, and what that client has instead.
const ONLY_HERE: [(&str, &str); 4] = [
    ("../openapi/openapi.json", "openapi.json"),
    (
        "use system_test as client;\n",
        "\nmod client {\n    include!(concat!(env!(\"OUT_DIR\"), \"/client.rs\"));\n}\n",
    ),
    // Lints of this project.
    (
        "#[expect(\n    clippy::disallowed_methods,\n    reason = \"cargo passes its folder to a build script\"\n)]\n",
        "",
    ),
    (
        "#![expect(clippy::print_stdout, reason = \"this program prints what it read\")]\n\n",
        "",
    ),
];

#[test]
fn clients_in_the_documents_are_those_that_are_tested() {
    let page = read("docs/clients.md");

    for (title, files) in SECTIONS {
        let section =
            section(&page, title).unwrap_or_else(|| panic!("docs/clients.md must have a section {title:?}"));

        for (language, file) in files {
            let text = ONLY_HERE
                .iter()
                .fold(read(file), |text, (here, there)| text.replace(here, there));
            let block = format!("\n```{language}\n{text}```\n");
            assert!(
                section.contains(&block),
                "the section {title:?} of docs/clients.md must show {file}, and differs:{block}"
            );
        }
        assert_eq!(
            section.matches("\n```").count(),
            2 * files.len(),
            "the section {title:?} of docs/clients.md shows code that is not tested"
        );
    }
}

/// The text under a heading of the second or third level.
fn section<'a>(page: &'a str, title: &str) -> Option<&'a str> {
    page.split("\n## ")
        .flat_map(|part| part.split("\n### "))
        .find_map(|part| part.strip_prefix(title)?.strip_prefix('\n').map(|_| part))
}

/// A test installs what these files list, so that also dependencies of dependencies are those that were tested.
#[test]
fn documented_packages_are_those_that_tests_install() {
    let constraints = read("system-test/sdk/python/constraints.txt");
    for package in packages(&read("system-test/sdk/python/client.sh"), "pip install ", "==") {
        let (name, version) = package;
        let line = format!("{name}=={version}");
        assert!(constraints.lines().any(|pinned| pinned == line), "{line}");
    }

    let manifest = read("system-test/sdk/typescript/package.json");
    for (name, version) in packages(&read("system-test/sdk/typescript/client.sh"), "npm install ", "@") {
        let line = format!("\"{name}\": \"{version}\"");
        assert!(manifest.contains(&line), "{line}");
    }
}

/// The packages that a script installs, each with its version.
fn packages(script: &str, command: &str, separator: &str) -> Vec<(String, String)> {
    let line = script.lines().find_map(|line| line.strip_prefix(command));
    let packages: Vec<_> = line
        .unwrap_or_else(|| panic!("a line with {command:?}"))
        .split(' ')
        .filter_map(|word| word.rsplit_once(separator))
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .collect();

    assert!(!packages.is_empty(), "{script}");
    packages
}

#[test]
fn documented_crates_have_the_versions_of_the_workspace() {
    let workspace = read("Cargo.toml");

    for line in read("system-test/sdk/rust/dependencies.toml").lines() {
        let Some((name, value)) = line.split_once(" = ") else {
            continue;
        };
        let version = value.split('"').nth(1).unwrap_or_default();
        let forms = [
            format!("\n{name} = \"{version}\"\n"),
            format!("\n{name} = {{ version = \"{version}\","),
        ];
        assert!(
            forms.iter().any(|form| workspace.contains(form)),
            "the workspace has another version than {line}"
        );
    }
}

#[test]
fn table_of_generators_has_what_the_script_runs() {
    let page = read("docs/clients.md");
    let table = section(&page, "Other generators").expect("a section \"Other generators\"");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let documented: Vec<_> = rows
        .filter_map(|row| Some(row.split_once('`')?.0.to_owned()))
        .collect();

    let script = read("system-test/sdk/all");
    let listed = script.lines().skip_while(|line| *line != "generators=(").skip(1);
    let listed: Vec<_> = listed
        .take_while(|line| *line != ")")
        .map(|line| line.trim().to_owned())
        .collect();

    assert!(!listed.is_empty(), "system-test/sdk/all lists generators");
    assert_eq!(documented, listed);
}
