//! `cargo xtask remove`: takes a resource out of all layers.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail, ensure};
use clap::Args;

use crate::{
    add::{APPENDIX, format_edited, modules},
    example,
    git::Git,
    lists,
    plan::{Missing, Plan},
    record::Record,
    registration, released,
    render::Templates,
    resource::Resource,
    translate,
};

/// What `remove` is told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The name of the resource, such as `book`.
    name: String,
}

/// Plans the removal, and returns what to do next.
///
/// # Errors
///
/// If there is no such resource, or no other.
pub fn run(arguments: &Arguments, plan: &mut Plan) -> Result<String> {
    let manifest = plan.read("Cargo.toml")?;
    let mut record = Record::read(&manifest)?;
    let mut others = Resource::recorded(&record)?;
    let old = Resource::find(&others, &arguments.name)?.clone();
    others.retain(|other| *other != old);
    ensure!(
        !others.is_empty(),
        "{} is the only resource, and the tests need one as their example: add another one first, with cargo xtask resource",
        old.name
    );

    delete_folders(plan, &old)?;
    registration::remove(plan, &old)?;
    remove_migrations(plan, &old, &others)?;
    remove_appendices(plan, &old)?;
    plan.edit("README.md", |text| Ok(without_routes(text, &old)))?;
    plan.edit(released::FILE, |text| released::without_resource(text, &old))?;
    example::replace(plan, &old, &others)?;
    format_edited(plan)?;

    record.resources.remove(&old.name);
    let manifest = record.write(&manifest)?;
    plan.edit("Cargo.toml", |_| Ok(manifest))?;

    let left = mentions(plan, &old)?;
    Ok(old.named(NEXT) + &left)
}

const NEXT: &str = "
The resource widget is gone, with its migrations. A database that has its table keeps it: `migrate status` lists the
migrations as unknown there, and the table can be dropped by hand.
Next:
  ./test                  runs all tests
  git add -A && git commit -m 'No more widgets'";

/// Deletes what has the name of the resource, wherever its templates have a file.
fn delete_folders(plan: &mut Plan, old: &Resource) -> Result<()> {
    let templates = Templates::new(plan.root());
    let mut tops = BTreeSet::new();

    for path in templates.paths(old.template_set(), old)? {
        tops.extend(top(&path, &old.name));
    }
    for path in tops {
        if plan.root().join(&path).exists() {
            plan.delete(&path)?;
        }
    }
    Ok(())
}

/// The path up to the first component that is the resource; `None` if it has none.
fn top(path: &Path, name: &str) -> Option<PathBuf> {
    let is_resource = |part: &Path| part.file_stem().is_some_and(|stem| stem == name);
    let tops = path.ancestors().filter(|part| is_resource(part));
    tops.last().map(Path::to_owned)
}

/// Deletes the migrations that name the resource in code.
fn remove_migrations(plan: &mut Plan, old: &Resource, others: &[Resource]) -> Result<()> {
    let list = plan.read("migration/src/lib.rs")?;

    for line in modules(&list) {
        let name = line.trim_start_matches("mod ").trim_end_matches(';');
        let path = format!("migration/src/{name}.rs");
        let text = plan.read(&path)?;
        if !is_about(&text, &old.pascal()) {
            continue;
        }
        for other in others {
            if is_about(&text, &other.pascal()) {
                bail!(
                    "{path} is about {} and {}: split or delete it by hand first",
                    old.name,
                    other.name
                );
            }
        }

        plan.delete(&path)?;
        plan.edit("migration/src/lib.rs", |text| {
            let text = lists::remove_line(text, line)?;
            lists::remove_item(
                &text,
                &["fn migrations()", "vec!["],
                &format!("Box::new({name}::Migration)"),
            )
        })?;
    }
    Ok(())
}

/// Whether a migration declares or uses the table of this type's name.
fn is_about(migration: &str, pascal: &str) -> bool {
    let name = pascal.to_lowercase();
    migration.contains(&format!("enum {pascal} {{"))
        || migration.contains(&format!("TABLE: &str = \"{name}\""))
}

/// Removes the lines that the resource has at the end of files.
fn remove_appendices(plan: &mut Plan, old: &Resource) -> Result<()> {
    let templates = Templates::new(plan.root());

    for file in templates.render(old.template_set(), old)? {
        let path = file.path.to_string_lossy();
        let Some(target) = path.strip_prefix(APPENDIX) else {
            continue;
        };
        plan.edit(target, |text| {
            let Some((before, after)) = text.split_once(&file.text) else {
                return Err(Missing {
                    place: format!("the lines about {}", old.name),
                    lines: String::new(),
                });
            };
            Ok([before, after].concat())
        })?;
    }
    Ok(())
}

fn without_routes(text: &str, old: &Resource) -> String {
    lists::joined(text.lines().filter(|line| !old.is_route(line)))
}

/// The files that may name any resource: what happened, what is generated, and a rule with examples.
const MAY_NAME: [&str; 4] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "openapi/openapi.json",
    "app/tests/rules/resources.rs",
];

/// Where the name still stands, for the user to look at.
fn mentions(plan: &Plan, old: &Resource) -> Result<String> {
    let mut left = String::new();

    for path in Git::new(plan.root()).tracked_files()? {
        let may_name = MAY_NAME.contains(&&*path.to_string_lossy());
        if may_name || path.starts_with("xtask") || !plan.exists(&path) {
            continue;
        }
        let Ok(text) = plan.read(&path) else {
            continue;
        };
        for (n, line) in (1..).zip(text.lines()) {
            if translate::is_named(line, old) {
                left.push_str(&format!("\n  {}:{n}: {}", path.display(), line.trim()));
            }
        }
    }

    if left.is_empty() {
        return Ok(left);
    }
    Ok(format!("\nThese lines still name it:{left}"))
}
