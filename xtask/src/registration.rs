//! THE places outside of its folders in which a resource is named: one item or line in each list.

use anyhow::Result;

use crate::{lists, plan::Plan, resource::Resource};

/// A place in a file. `widget` in its text is the resource.
struct Place {
    file: &'static str,
    kind: Kind,
    /// The item or the line.
    text: &'static str,
    /// Whether mutable resources have it too.
    mutable: bool,
}

enum Kind {
    /// An item of the list that this code opens.
    Item(&'static [&'static str]),
    /// A line of its own.
    Line,
    /// A line of its own. It stands above this line, with an empty one between them, if no other resource has one.
    LineAbove(&'static str),
}

const fn line(file: &'static str, text: &'static str) -> Place {
    Place {
        file,
        kind: Kind::Line,
        text,
        mutable: true,
    }
}

const fn item(file: &'static str, opening: &'static [&'static str], text: &'static str) -> Place {
    Place {
        file,
        kind: Kind::Item(opening),
        text,
        mutable: true,
    }
}

const PLACES: &[Place] = &[
    line("domain/src/lib.rs", "pub mod widget;"),
    line("domain/src/testing/mod.rs", "pub mod widget;"),
    line("adapters/src/lib.rs", "pub mod widget;"),
    line("adapters/src/testing/mod.rs", "pub mod widget;"),
    Place {
        file: "adapters/benches/decorators/main.rs",
        kind: Kind::LineAbove("fn main() {"),
        text: "mod widget;",
        mutable: false,
    },
    line("openapi/src/lib.rs", "mod widget;"),
    item(
        "openapi/src/lib.rs",
        &["pub struct Services {"],
        "pub widgets: Arc<domain::widget::WidgetService>",
    ),
    item("openapi/src/lib.rs", &["\napis!["], "widget::WidgetsApi"),
    line("app/src/lib.rs", "pub mod widget;"),
    item(
        "app/src/resources.rs",
        &["pub struct Repositories {"],
        "pub widgets: Arc<dyn domain::widget::WidgetRepository>",
    ),
    item(
        "app/src/resources.rs",
        &["pub fn sql(", "-> Self {", "Self {"],
        "widgets: crate::widget::sql(database)",
    ),
    item(
        "app/src/resources.rs",
        &["pub fn in_memory(", "-> Self {", "Self {"],
        "widgets: crate::widget::in_memory()",
    ),
    item(
        "app/src/resources.rs",
        &["fn services(", "-> Services {", "Services {"],
        "widgets: crate::widget::service(&self.widgets, context)",
    ),
    item(
        "app/src/commands/fixtures/registry.rs",
        &["pub const RESOURCES", "= &["],
        "Resource::new::<crate::widget::fixtures::WidgetFixtures>()",
    ),
    line("app/tests/main.rs", "mod widget;"),
    item(
        "app/tests/support/resources.rs",
        &["pub(crate) fn failing(", "-> Repositories {", "Repositories {"],
        "widgets: Arc::new(domain::testing::widget::FailingWidgetRepository(error.clone()))",
    ),
    item(
        "app/tests/support/resources.rs",
        &["pub(crate) const OTHER_BODIES", "= &["],
        "crate::widget::OTHER_BODY",
    ),
    line("system-test/tests/system/main.rs", "mod widget;"),
    line(
        "system-test/tests/system/errors.rs",
        "cases.extend(crate::widget::error_cases(&service).await);",
    ),
];

/// Plans the lines of a new resource in all lists, after those of the others.
///
/// # Errors
///
/// If a file is missing.
pub fn add(plan: &mut Plan, new: &Resource, others: &[Resource]) -> Result<()> {
    for place in places(new) {
        let known: Vec<_> = others.iter().map(|other| other.named(place.text)).collect();
        let text = new.named(place.text);

        plan.edit(place.file, |file| match place.kind {
            Kind::Item(opening) => lists::add_item(file, opening, &known, &text),
            Kind::Line => lists::add_line(file, &known, &text),
            Kind::LineAbove(next) => {
                lists::add_line(file, &known, &text).or_else(|_| lists::add_line_above(file, next, &text))
            }
        })?;
    }
    Ok(())
}

/// Plans to remove the lines of a resource from all lists.
///
/// # Errors
///
/// If a file is missing.
pub fn remove(plan: &mut Plan, old: &Resource) -> Result<()> {
    for place in places(old) {
        let text = old.named(place.text);

        plan.edit(place.file, |file| match place.kind {
            Kind::Item(opening) => lists::remove_item(file, opening, &text),
            Kind::Line | Kind::LineAbove(_) => lists::remove_line(file, &text),
        })?;
    }
    Ok(())
}

fn places(resource: &Resource) -> impl Iterator<Item = &'static Place> {
    let immutable = resource.immutable;
    PLACES.iter().filter(move |place| place.mutable || immutable)
}
