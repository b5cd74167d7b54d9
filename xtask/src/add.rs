//! `cargo xtask resource`: adds a resource in all layers.

use std::time::SystemTime;

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Utc};
use clap::Args;

use crate::{
    free_name, lists,
    plan::Plan,
    record::Record,
    registration,
    render::{Templates, rustfmt},
    resource::{Description, Resource},
};

/// What `resource` is told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The name: one word in the singular, such as `book`.
    name: String,

    #[command(flatten)]
    description: Description,
}

/// The migration among the templates. Its file is named after the day as well.
const MIGRATION: &str = "migration/src/create_widget.rs";

/// Files that get further lines at their end.
pub(crate) const APPENDIX: &str = "append/";

/// Plans the resource, and returns what to do next.
///
/// # Errors
///
/// If the name or a field cannot be used.
pub fn run(arguments: &Arguments, plan: &mut Plan) -> Result<String> {
    let new = Resource::new(&arguments.name, &arguments.description)?;
    let manifest = plan.read("Cargo.toml")?;
    let mut record = Record::read(&manifest)?;
    let others = Resource::recorded(&record)?;
    free_name::check(plan, &new, &others)?;

    create_files(plan, &new)?;
    registration::add(plan, &new, &others)?;
    add_routes(plan, &new, &others)?;
    format_edited(plan)?;

    let recorded = Resource::arguments(&arguments.description);
    record.resources.insert(new.name.clone(), recorded);
    let manifest = record.write(&manifest)?;
    plan.edit("Cargo.toml", |_| Ok(manifest))?;

    Ok(new.named(NEXT))
}

const NEXT: &str = "
The resource widget is in place: /widget/ in the API, a folder named widget in each crate, and a migration.
Next:
  ./test                  runs all tests, those of widgets too
  cargo run               serves it; Swagger UI is at http://127.0.0.1:8000/docs
  git add -A && git commit -m 'Widgets'
All of it is yours to change. `cargo xtask remove widget` takes it out again.";

fn create_files(plan: &mut Plan, new: &Resource) -> Result<()> {
    let templates = Templates::new(plan.root());
    let migration = next_migration(plan, new)?;

    for file in templates.render(new.template_set(), new)? {
        let path = file.path.to_string_lossy();
        if let Some(target) = path.strip_prefix(APPENDIX) {
            plan.edit(target, |text| Ok(format!("{text}{}", file.text)))?;
        } else if path == new.named(MIGRATION) {
            plan.create(format!("migration/src/{migration}.rs"), file.text)?;
        } else {
            plan.create(&*path, file.text)?;
        }
    }

    plan.edit("migration/src/lib.rs", |text| {
        let known: Vec<_> = modules(text).map(str::to_owned).collect();
        let text = lists::add_line(text, &known, &format!("mod {migration};"))?;
        let item = format!("Box::new({migration}::Migration)");
        lists::append_item(&text, &["fn migrations()", "vec!["], &item)
    })
}

/// The lines of `migration/src/lib.rs` that declare migrations.
pub(crate) fn modules(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| line.starts_with("mod m") && line.as_bytes().get(5).is_some_and(u8::is_ascii_digit))
}

/// The name of the new migration, which sorts after all others: `m20261231_000001_create_book`.
fn next_migration(plan: &Plan, new: &Resource) -> Result<String> {
    let list = plan.read("migration/src/lib.rs")?;
    let last = modules(&list)
        .last()
        .context("migration/src/lib.rs declares no migration")?;
    let (last_day, rest) = last["mod m".len()..]
        .split_once('_')
        .context("a migration is mDATE_NUMBER_NAME")?;
    let last_number: u32 = rest
        .split('_')
        .next()
        .unwrap_or_default()
        .parse()
        .context("a migration is mDATE_NUMBER_NAME")?;

    let today = today();
    let (day, number) = if today.as_str() > last_day {
        (today, 1)
    } else {
        (last_day.to_owned(), last_number + 1)
    };
    ensure!(number < 1_000_000, "there are too many migrations of {day}");
    Ok(format!("m{day}_{number:06}_create_{}", new.name))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program for developers, which has no Clock"
)]
fn today() -> String {
    DateTime::<Utc>::from(SystemTime::now())
        .format("%Y%m%d")
        .to_string()
}

/// Adds the routes to the table in the README, after those of another resource.
fn add_routes(plan: &mut Plan, new: &Resource, others: &[Resource]) -> Result<()> {
    let routes = new.routes();

    plan.edit("README.md", |text| {
        let mut lines: Vec<_> = text.lines().collect();
        let is_route = |line: &&str| others.iter().any(|other| other.is_route(line));
        let last = lines
            .iter()
            .rposition(is_route)
            .ok_or_else(|| crate::plan::Missing {
                place: "the table of routes".to_owned(),
                lines: routes.clone(),
            })?;

        for (n, route) in routes.lines().enumerate() {
            lines.insert(last + 1 + n, route);
        }
        Ok(lists::joined(lines))
    })
}

/// Formats the Rust files that the plan edits. New ones are formatted already.
pub(crate) fn format_edited(plan: &mut Plan) -> Result<()> {
    let root = plan.root().to_owned();
    let is_rust = |path: &&std::path::Path| path.extension().is_some_and(|extension| extension == "rs");
    let exists = |path: &&std::path::Path| root.join(path).exists();
    let edited = plan.written().filter(is_rust).filter(exists);
    let paths: Vec<_> = edited.map(ToOwned::to_owned).collect();

    for path in paths {
        let formatted = rustfmt(&root, &plan.read(&path)?).with_context(|| path.display().to_string())?;
        plan.edit(&path, |_| Ok(formatted))?;
    }
    Ok(())
}
