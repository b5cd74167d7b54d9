//! Documents are equal to what the code generates, or to files that are tested.

use std::{fs, path::Path};

use app::config::{self, Config};

use super::{read, root};

#[test]
fn openapi_document_is_up_to_date() {
    assert!(
        read("openapi/openapi.json") == openapi::spec(app::version::NAME),
        "refresh it: cargo run -- openapi > openapi/openapi.json"
    );
}

#[test]
fn page_on_configuration_is_up_to_date() {
    assert!(
        read("docs/configuration.md") == config::markdown(),
        "refresh it: cargo run -- config --format markdown > docs/configuration.md"
    );
}

#[test]
fn environment_file_is_up_to_date_and_valid() {
    let file = read("environment.env");

    let refreshed = with_values_of(&file, config::environment_file());
    if refreshed != file {
        let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("environment.env");
        fs::write(&copy, refreshed).expect("a file");
        panic!(
            "refresh it; this copy keeps its values: cp {} environment.env",
            copy.display()
        );
    }

    let values = values(&file).map(|(name, value)| (name.into(), value.into()));
    let (_, warnings) = Config::load(None, values).expect("valid values");
    assert_eq!(warnings, [""; 0]);
}

/// The generated file with the values that are set in `file`, which are those for development.
fn with_values_of(file: &str, generated: String) -> String {
    values(file).fold(generated, |generated, (name, value)| {
        let lines = generated.lines().map(|line| {
            if line.starts_with(&format!("#{name}=")) {
                format!("{name}={value}\n")
            } else {
                format!("{line}\n")
            }
        });
        lines.collect()
    })
}

fn values(file: &str) -> impl Iterator<Item = (&str, &str)> {
    file.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
}

#[test]
fn every_variable_fits_into_the_documents() {
    for variable in config::variables() {
        let name = variable.name;

        for text in [variable.description, variable.expected] {
            assert!(
                !text.contains(['|', '\n']),
                "{name} would break its table: {text}"
            );
        }
        assert!(
            variable.description.ends_with('.'),
            "{name}: {}",
            variable.description
        );
        assert!(!variable.expected.ends_with('.'), "{name}: {}", variable.expected);
    }
}

#[test]
fn proxies_in_the_documents_are_those_that_are_tested() {
    let page = read("docs/operations.md");

    for (language, file) in [("nginx", "nginx.conf"), ("haproxy", "haproxy.cfg")] {
        let block = format!("\n```{language}\n{}```\n", read(format!("docs/proxies/{file}")));
        assert!(
            page.contains(&block),
            "docs/operations.md must show docs/proxies/{file}, which tests run, and differs:{block}"
        );
        let blocks = page.matches(&format!("\n```{language}\n")).count();
        assert_eq!(
            blocks, 1,
            "docs/operations.md shows a configuration that is not tested"
        );
    }
}

#[test]
fn every_step_of_a_list_begins_a_line() {
    let pages = fs::read_dir(root().join("docs")).expect("a folder");
    let pages = pages.map(|entry| entry.expect("an entry").path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let at_the_root = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"];

    for page in pages.chain(at_the_root.map(Into::into)) {
        for line in read(&page).lines() {
            // A number between two sentences, or after the code that a step ends with.
            let joined = (2..=9)
                .any(|step| line.contains(&format!(". {step}. ")) || line.contains(&format!("` {step}. ")));
            assert!(!joined, "{}: a step within a line: {line}", page.display());
        }
    }
}
