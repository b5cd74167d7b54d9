//! Whether a name is free for a resource.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::{git::Git, lists, plan::Plan, program_name::ProgramName, resource::Resource};

/// The rule that mechanism names no resource.
const RULES: &str = "app/tests/rules/resources.rs";

/// Makes sure that nothing else has the name of a new resource.
///
/// # Errors
///
/// What has it.
pub fn check(plan: &Plan, new: &Resource, others: &[Resource]) -> Result<()> {
    let name = &new.name;
    for other in others {
        for taken in [&other.name, &other.plural] {
            ensure!(
                ![name, &new.plural].contains(&taken),
                "there is a resource {} already",
                other.name
            );
        }
    }

    for folder in [
        "domain/src",
        "adapters/src",
        "adapters/tests",
        "openapi/src",
        "app/src",
        "app/tests",
        "system-test/tests/system",
    ] {
        for path in [format!("{folder}/{name}"), format!("{folder}/{name}.rs")] {
            let exists = plan.root().join(&path).exists();
            ensure!(
                !exists,
                "{path} is a part of the service: a resource needs another name"
            );
        }
    }
    for route in ["docs", "healthcheck", "livez", "metrics", "openapi", "readyz"] {
        ensure!(name != route, "/{name} is a route of every service");
    }
    let program = ProgramName::of_package(&plan.read("app/Cargo.toml")?)?.to_string();
    for word in program.split('-') {
        ensure!(
            ![name.as_str(), new.plural.as_str()].contains(&word),
            "{word} is a word of the program's name, {program}: a later renaming would confuse the two"
        );
    }

    let lock = plan.read("Cargo.lock")?;
    let is_crate = lock.lines().any(|line| line == format!("name = \"{name}\""));
    ensure!(
        !is_crate,
        "{name} is the name of a crate that this workspace uses"
    );

    mechanism_does_not_use(plan, new, others)
}

/// A rule of the code says that mechanism names no resource, so the name must not be a word that mechanism uses.
fn mechanism_does_not_use(plan: &Plan, new: &Resource, others: &[Resource]) -> Result<()> {
    let rules = plan.read(RULES)?;
    let ambiguous = lists::items(&rules, &["const AMBIGUOUS", "= &["]).unwrap_or_default();
    if ambiguous.contains(&&*format!("\"{}\"", new.name)) {
        return Ok(());
    }

    for path in Git::new(plan.root()).tracked_files()? {
        if !is_mechanism(&path, others) {
            continue;
        }
        let text = plan.read(&path)?;
        let uses = [&new.name, &new.plural]
            .into_iter()
            .find(|word| has_word(&text, word));
        if let Some(word) = uses {
            ensure!(
                false,
                "{} uses the word {word} for something else. Choose another name; or, if the two meanings cannot be \
                 confused, add \"{}\" to AMBIGUOUS in {RULES}",
                path.display(),
                new.name
            );
        }
    }
    Ok(())
}

/// Whether the rule applies to a file: it is code, but not that of a resource, a migration, xtask or the rule itself.
fn is_mechanism(path: &Path, others: &[Resource]) -> bool {
    let mut parts = path.iter().filter_map(|part| part.to_str());
    let is_code = path.extension().is_some_and(|extension| extension == "rs");
    let is_exempt = ["migration", "xtask", RULES]
        .iter()
        .any(|exempt| path.starts_with(exempt));

    is_code
        && !is_exempt
        && !parts.any(|part| {
            others
                .iter()
                .any(|other| part.trim_end_matches(".rs") == other.name)
        })
}

/// Whether a word stands alone in a text, or is one of the words of an identifier.
fn has_word(text: &str, word: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        let starts = match before.chars().next_back() {
            Some(last) if last.is_ascii_lowercase() => {
                text[at..].starts_with(|first: char| first.is_ascii_uppercase())
            }
            Some(last) => {
                !last.is_ascii_uppercase()
                    || text[at + 1..].starts_with(|next: char| next.is_ascii_lowercase())
            }
            None => true,
        };
        let ends = after.chars().next().is_none_or(|next| !next.is_ascii_lowercase());
        starts && ends
    })
}

#[cfg(test)]
mod tests {
    use super::has_word;

    #[test]
    fn word_is_found_in_identifiers_and_alone() {
        for text in [
            "book",
            "a book.",
            "BookId",
            "new_book",
            "newBook",
            "MAX_BOOK",
            "books of a Book",
        ] {
            assert!(has_word(text, "book"), "{text}");
        }
        for text in ["bookkeeper", "notebook", "books", "BOOKING"] {
            assert!(!has_word(text, "book") || text == "BOOKING", "{text}");
        }
    }
}
