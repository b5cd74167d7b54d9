//! The resource that tests of mechanism and documents use as their example.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::{
    git::Git,
    plan::{Missing, Plan},
    render::{Rendered, Templates},
    resource::Resource,
    translate,
};

/// If `old` is the example, plans to use one of `others` instead, in tests and in documents.
///
/// # Errors
///
/// If none of the others can be the example.
pub fn replace(plan: &mut Plan, old: &Resource, others: &[Resource]) -> Result<()> {
    if !is_example(&plan.read(FILE)?, old) {
        return Ok(());
    }

    let has_text = |other: &&Resource| other.example_text().is_some();
    let new = others.iter().find(has_text).with_context(|| {
        format!(
            "{} is the example of the tests, which create items by a text; no other resource has a required text. Add \
             one that has",
            old.name
        )
    })?;

    let templates = Templates::new(plan.root());
    let (old_files, new_files) = (templates.render(SET, old)?, templates.render(SET, new)?);
    for file in new_files.iter().filter(|file| !is_fragment(file)) {
        plan.edit(&file.path, |_| Ok(file.text.clone()))?;
    }
    replace_fragments(plan, &old_files, &new_files)?;
    translate_documents(plan, old, new)
}

/// The file that names the example for most tests.
pub const FILE: &str = "app/tests/support/example.rs";

/// Whether a resource is the example, by the text of [`FILE`].
#[must_use]
pub fn is_example(file: &str, resource: &Resource) -> bool {
    file.contains(&resource.named("\"/widget/\""))
}

/// The set of templates for the example.
pub const SET: &str = "example";

/// Parts of documents that are made from templates: a program of a client, for instance.
fn replace_fragments(plan: &mut Plan, old_files: &[Rendered], new_files: &[Rendered]) -> Result<()> {
    for old in old_files.iter().filter(|file| is_fragment(file)) {
        let new = new_files
            .iter()
            .find(|new| new.path.file_name() == old.path.file_name());
        let new = new.with_context(|| format!("there is no template for {}", old.path.display()))?;
        // fragments/docs/clients.md/1.py is a part of docs/clients.md.
        let document = old.path.strip_prefix("fragments").ok().and_then(Path::parent);
        let document = document.context("a fragment belongs to a document")?;

        plan.edit(document, |text| {
            if !text.contains(&old.text) {
                return Err(Missing {
                    place: format!("the program of {}", old.path.display()),
                    lines: new.text.clone(),
                });
            }
            Ok(text.replace(&old.text, &new.text))
        })?;
    }
    Ok(())
}

fn is_fragment(file: &Rendered) -> bool {
    file.path.starts_with("fragments")
}

/// Translates what is left of the old resource: sessions and commands in documents and scripts.
fn translate_documents(plan: &mut Plan, old: &Resource, new: &Resource) -> Result<()> {
    for path in Git::new(plan.root()).tracked_files()? {
        if !plan.exists(&path) || !is_document(&path) {
            continue;
        }
        let Ok(text) = plan.read(&path) else {
            continue;
        };

        let translated = translate::text(&text, old, new)?;
        if translated != text {
            plan.edit(&path, |_| Ok(translated))?;
        }
    }
    Ok(())
}

/// Code names resources in lists alone; the changelog is history.
fn is_document(path: &Path) -> bool {
    let is_code = path
        .extension()
        .is_some_and(|extension| extension == "rs" || extension == "toml" || extension == "lock");
    !is_code
        && !path.starts_with("xtask")
        && path != Path::new("CHANGELOG.md")
        && !path.starts_with("openapi")
}
