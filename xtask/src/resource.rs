//! A resource of this workspace: its names, its fields, and whether its items change.

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Parser};

use crate::{
    fields::{self, Field},
    names::{self, capitalized, plural},
    record::Record,
};

/// The longest name of a resource. With longer ones, some files would exceed the size that a rule allows.
const MAX_NAME: usize = 24;

/// A resource, as it is given on the command line and recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its name: one word in lower case.
    pub name: String,
    /// The plural of its name.
    pub plural: String,
    /// Whether its items never change, so that they are batched and cached.
    pub immutable: bool,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// What a resource is made from.
#[derive(Debug, Clone, Args)]
pub struct Description {
    /// The plural of the name, if it is not formed by the common rules.
    #[arg(long)]
    plural: Option<String>,

    /// Items never change: no PUT and DELETE, but batches and a cache.
    #[arg(long)]
    immutable: bool,

    /// The fields, such as `title:text(1..200)`: NAME:TYPE, with a `?` if items may be without it. Types are
    /// text(MIN..MAX), int(MIN..MAX), bool, time, date, uuid and enum(ONE|OTHER).
    #[arg(required = true)]
    fields: Vec<String>,
}

/// The record of a resource is parsed as its command line is.
#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Recorded {
    #[command(flatten)]
    description: Description,
}

impl Resource {
    /// The resource of this name.
    ///
    /// # Errors
    ///
    /// If the name or a field cannot be used.
    pub fn new(name: &str, description: &Description) -> Result<Self> {
        names::check_identifier(name)?;
        ensure!(
            !name.contains('_'),
            "the name of a resource is one word, because it stands in URLs, in prose and in the names of types"
        );
        ensure!(
            name.len() <= MAX_NAME,
            "{name} is longer than {MAX_NAME} characters, and lines of code would be hard to read"
        );
        let plural = description.plural.clone().unwrap_or_else(|| plural(name));
        names::check_identifier(&plural)?;
        ensure!(
            plural != name,
            "the plural must differ from the name: give another one with --plural"
        );

        Ok(Self {
            name: name.to_owned(),
            plural,
            immutable: description.immutable,
            fields: fields::parse_all(&description.fields)?,
        })
    }

    /// All resources of the record, in the order of their names.
    ///
    /// # Errors
    ///
    /// If the record of one cannot be read.
    pub fn recorded(record: &Record) -> Result<Vec<Self>> {
        let parse = |(name, arguments): (&String, &Vec<String>)| {
            let recorded = Recorded::try_parse_from(arguments)
                .with_context(|| format!("the record of {name} in Cargo.toml"))?;
            Self::new(name, &recorded.description)
        };
        record.resources.iter().map(parse).collect()
    }

    /// The resource of this name among others.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn find<'a>(all: &'a [Self], name: &str) -> Result<&'a Self> {
        let found = all.iter().find(|resource| resource.name == name);
        let Some(found) = found else {
            let names: Vec<_> = all.iter().map(|resource| resource.name.as_str()).collect();
            bail!(
                "there is no resource {name} in the record in Cargo.toml, only: {}",
                names.join(", ")
            );
        };
        Ok(found)
    }

    /// The name as a type.
    #[must_use]
    pub fn pascal(&self) -> String {
        capitalized(&self.name)
    }

    /// The plural as a part of a type's name.
    #[must_use]
    pub fn plural_pascal(&self) -> String {
        capitalized(&self.plural)
    }

    /// Replaces the placeholder of templates, `widget` in all its forms, by the names of the resource.
    #[must_use]
    pub fn named(&self, text: &str) -> String {
        let article = if self.name.starts_with(['a', 'e', 'i', 'o', 'u']) {
            "n"
        } else {
            ""
        };
        let mut text = text.to_owned();

        for (start, letter) in [("a ", 'a'), ("A ", 'A')] {
            for what in ["widget", "`Widget", "Widget", "`widget"] {
                // Only where the article is a word of its own.
                for before in [" ", "\n", "(", "\"", "/"] {
                    let (old, new) = (
                        format!("{before}{start}{what}"),
                        format!("{before}{letter}{article} {what}"),
                    );
                    text = text.replace(&old, &new);
                }
            }
        }
        for (old, new) in [
            ("widgets", self.plural.clone()),
            ("Widgets", self.plural_pascal()),
            ("WIDGETS", self.plural.to_uppercase()),
            ("widget", self.name.clone()),
            ("Widget", self.pascal()),
            ("WIDGET", self.name.to_uppercase()),
        ] {
            text = text.replace(old, &new);
        }
        text
    }

    /// The first text that every item has, by which tests tell items apart.
    #[must_use]
    pub fn example_text(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.is_required_text())
    }

    /// The set of templates that makes it.
    #[must_use]
    pub fn template_set(&self) -> &'static str {
        if self.immutable { "immutable" } else { "mutable" }
    }

    /// Its rows in the table of routes in the README.
    #[must_use]
    pub fn routes(&self) -> String {
        let mut routes = ROUTES.to_owned();
        routes.push_str(if self.immutable {
            IMMUTABLE_ROUTES
        } else {
            MUTABLE_ROUTES
        });
        self.named(&routes)
    }

    /// Whether this line of the README is one of its rows.
    #[must_use]
    pub fn is_route(&self, line: &str) -> bool {
        line.starts_with("| `") && line.contains(&format!(" /{}/", self.name))
    }

    /// The arguments that describe it, for the record.
    #[must_use]
    pub fn arguments(description: &Description) -> Vec<String> {
        let mut arguments = Vec::new();
        if description.immutable {
            arguments.push("--immutable".to_owned());
        }
        if let Some(plural) = &description.plural {
            arguments.push(format!("--plural={plural}"));
        }

        arguments.extend(description.fields.iter().cloned());
        arguments
    }
}

const ROUTES: &str = "\
| `POST /widget/` | stores a widget; 201 with `Location` and the widget; an `Idempotency-Key` makes retries safe |
| `GET /widget/?limit=&before=&after=` | widgets, the newest first; those `after` an id oldest first; `limit` is 1 to 200, by default 50; `Link` leads to the others |
";

const IMMUTABLE_ROUTES: &str = "\
| `GET /widget/{id}` | one widget, with an `ETag` and immutable caching; 304 if the client's copy is current, 412 if `If-Match` lists other tags |
";

const MUTABLE_ROUTES: &str = "\
| `GET /widget/{id}` | one widget, with an `ETag` that changes with it; 304 if the client's copy is current |
| `PUT /widget/{id}`, `DELETE /widget/{id}` | replaces or removes a widget; `If-Match` must list its `ETag`: 428 without it, 412 if it lists other tags |
";
