//! `[workspace.metadata.template]` in `Cargo.toml`: what this copy was made from, and its resources.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use toml_edit::{DocumentMut, Item, Table, value};

const NAME_IS_COMMON: &str = "name-is-common";

/// The record. It is the only place where names of upstream stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The name of the program in upstream.
    pub name: String,
    /// The git URL or the path of upstream's repository; empty if unknown.
    pub upstream: String,
    /// The tag or the commit of upstream that this copy has; empty if unknown.
    pub version: String,
    /// Whether the program's name is also an ordinary word of this tree. Then `rename` replaces it only where it knows that
    /// it is the name.
    pub name_is_common: bool,
    /// The fields of each resource by its name, as they are given to `cargo xtask resource`.
    pub resources: BTreeMap<String, Vec<String>>,
}

impl Record {
    /// Reads the record from the text of `Cargo.toml`.
    ///
    /// # Errors
    ///
    /// If the text is not TOML, or if the record is missing or incomplete.
    pub fn read(manifest: &str) -> Result<Self> {
        let document: DocumentMut = manifest.parse().context("Cargo.toml")?;
        let table = &document["workspace"]["metadata"]["template"];
        let text = |key: &str| {
            let text = table.get(key).and_then(Item::as_str);
            text.map(ToOwned::to_owned)
                .with_context(|| format!("Cargo.toml has no {key} in [workspace.metadata.template]"))
        };

        let mut resources = BTreeMap::new();
        let tables = table.get("resources").and_then(Item::as_table_like);
        for (name, fields) in tables.iter().flat_map(|tables| tables.iter()) {
            let fields = fields
                .as_array()
                .with_context(|| format!("the record of {name} is no list"))?;
            let fields = fields
                .iter()
                .filter_map(|field| field.as_str())
                .map(ToOwned::to_owned);
            resources.insert(name.to_owned(), fields.collect());
        }

        Ok(Self {
            name: text("name")?,
            upstream: text("upstream")?,
            version: text("version")?,
            name_is_common: table
                .get(NAME_IS_COMMON)
                .and_then(Item::as_bool)
                .unwrap_or_default(),
            resources,
        })
    }

    /// Writes the record into the text of `Cargo.toml`, whose other lines stay as they are.
    ///
    /// # Errors
    ///
    /// If the text is not TOML.
    pub fn write(&self, manifest: &str) -> Result<String> {
        let mut document: DocumentMut = manifest.parse().context("Cargo.toml")?;
        let table = document["workspace"]["metadata"]["template"].or_insert(Item::Table(Table::new()));
        for (key, text) in [
            ("name", &self.name),
            ("upstream", &self.upstream),
            ("version", &self.version),
        ] {
            table[key] = value(text);
        }
        if let Some(table) = table.as_table_like_mut() {
            table.remove(NAME_IS_COMMON);
        }
        if self.name_is_common {
            table[NAME_IS_COMMON] = value(true);
        }

        let resources = table["resources"].or_insert(Item::Table(Table::new()));
        if let Some(resources) = resources.as_table_mut() {
            resources.retain(|name, _| self.resources.contains_key(name));
            for (name, fields) in &self.resources {
                resources[name] = value(fields.iter().collect::<toml_edit::Array>());
            }
            resources.sort_values();
        }

        Ok(document.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "\
# A comment.
[workspace.metadata.template]
name = \"example\"
upstream = \"\"
version = \"\"

# Their fields.
[workspace.metadata.template.resources]
book = [\"title:text(1..200)\", \"pages:int(1..)?\"]

[profile.release]
lto = \"thin\" # another
";

    #[test]
    fn an_unchanged_record_is_written_as_it_was_read() {
        let record = Record::read(MANIFEST).expect("a record");
        assert_eq!(
            record.resources["book"],
            ["title:text(1..200)", "pages:int(1..)?"]
        );
        assert_eq!(record.write(MANIFEST).expect("TOML"), MANIFEST);
    }

    #[test]
    fn resources_can_be_added_and_removed() {
        let mut record = Record::read(MANIFEST).expect("a record");
        record
            .resources
            .insert("loan".to_owned(), vec!["due:date".to_owned()]);
        let added = record.write(MANIFEST).expect("TOML");
        assert!(added.contains("loan = [\"due:date\"]\n"), "{added}");

        record.resources.remove("loan");
        assert_eq!(record.write(&added).expect("TOML"), MANIFEST);
    }
}
