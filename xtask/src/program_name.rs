//! The name of the program: that of the package in `app`.

use std::fmt;

use anyhow::{Context as _, Result, ensure};

use crate::{
    names::{RUST_KEYWORDS, capitalized, plural},
    record::Record,
    tokens,
};

/// The longest name, so that the names that begin with it are no longer than PostgreSQL, DNS and syslog allow.
const MAX_CHARS: usize = 40;

/// What cargo or this workspace already calls something else.
const TAKEN: [&str; 9] = [
    "app",
    "build",
    "core",
    "deps",
    "examples",
    "incremental",
    "postgres",
    "std",
    "test",
];

/// The name of a program, such as `my-service`: a DNS label (RFC 1035), which can name a package, a host, an image and a
/// database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramName(String);

impl ProgramName {
    /// The name in the text of `app/Cargo.toml`.
    ///
    /// # Errors
    ///
    /// If it is not found.
    pub fn of_package(manifest: &str) -> Result<Self> {
        let (_, rest) = manifest
            .split_once(PACKAGE_NAME)
            .context("app/Cargo.toml has no name")?;
        let (name, _) = rest.split_once('"').context("app/Cargo.toml has no name")?;
        Ok(Self(name.to_owned()))
    }

    /// A new name.
    ///
    /// # Errors
    ///
    /// Why the program cannot have this name.
    pub fn new(name: &str, lock: &str, record: &Record) -> Result<Self> {
        check_spelling(name)?;
        ensure!(!RUST_KEYWORDS.contains(&name), "{name} is a keyword of Rust");
        ensure!(
            !TAKEN.contains(&name),
            "cargo, PostgreSQL or this workspace uses the name {name} for something else"
        );

        let new = Self(name.to_owned());
        let is_crate = |line: &str| {
            let package = line
                .strip_prefix("name = \"")
                .and_then(|line| line.strip_suffix('"'));
            package.is_some_and(|package| package.replace('-', "_") == new.snake())
        };
        ensure!(
            !lock.lines().any(is_crate),
            "{name} is the name of a crate that this workspace uses"
        );

        for resource in record.resources.keys() {
            let words = [resource.replace('_', "-"), plural(resource).replace('_', "-")];
            let part = words
                .iter()
                .find(|word| tokens::positions(name, word).next().is_some());
            ensure!(
                part.is_none(),
                "{name} contains the name of the resource {resource}: mechanism has the name of the program and must not \
                 name a resource"
            );
        }
        Ok(new)
    }

    /// The name with underscores.
    #[must_use]
    pub fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// `my-service` as it stands in constants and in titles: `MY_SERVICE`, `My Service`. Not in ordinary text.
    fn other_forms(&self) -> [String; 2] {
        let words: Vec<_> = self.0.split('-').map(capitalized).collect();
        [self.snake().to_uppercase(), words.join(" ")]
    }

    /// How often a text contains the name as a whole word, in any of its forms.
    #[must_use]
    pub fn occurrences(&self, text: &str) -> usize {
        let mut forms = vec![self.0.clone(), self.snake()];
        forms.extend(self.other_forms());
        forms.sort();
        forms.dedup();

        forms
            .iter()
            .map(|form| tokens::positions(text, form).count())
            .sum()
    }

    /// The text with `new` wherever this name is a whole word. Beside an underscore stands the form with underscores.
    #[must_use]
    pub fn replace(&self, text: &str, new: &Self) -> String {
        let mut text = text.to_owned();
        for (old, new) in self.other_forms().iter().zip(new.other_forms()) {
            text = tokens::replace(&text, old, &new);
        }
        if self.0.contains('-') {
            let text = tokens::replace(&text, &self.0, &new.0);
            return tokens::replace(&text, &self.snake(), &new.snake());
        }

        let length = self.0.len();
        tokens::replace_at(&text, tokens::positions(&text, &self.0), length, |start| {
            let is_identifier = text[..start].ends_with('_') || text[start + length..].starts_with('_');
            if is_identifier { new.snake() } else { new.0.clone() }
        })
    }
}

impl fmt::Display for ProgramName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What stands before the name in `app/Cargo.toml`.
pub(crate) const PACKAGE_NAME: &str = "[package]\nname = \"";

fn check_spelling(name: &str) -> Result<()> {
    let is_label_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    ensure!(
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(is_label_byte)
            && !name.ends_with('-')
            && !name.contains("--"),
        "{name:?} is no DNS label: it must consist of lower-case letters, digits and single hyphens, begin with a letter \
         and not end with a hyphen"
    );
    ensure!(
        name.len() <= MAX_CHARS,
        "{name} is longer than {MAX_CHARS} characters"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ProgramName {
        ProgramName(text.to_owned())
    }

    #[test]
    fn bad_names_are_refused_with_the_reason() {
        let mut record = Record::default();
        record.resources.insert("book".to_owned(), Vec::new());
        let lock = "[[package]]\nname = \"serde_json\"\nversion = \"1.0.0\"\n";

        for (bad, reason) in [
            ("", "no DNS label"),
            ("My-service", "no DNS label"),
            ("my_service", "no DNS label"),
            ("1st", "no DNS label"),
            ("shop-", "no DNS label"),
            ("my--shop", "no DNS label"),
            (&*"a".repeat(41), "longer than 40"),
            ("match", "keyword of Rust"),
            ("serde-json", "crate"),
            ("postgres", "something else"),
            ("book", "resource book"),
            ("book-shop", "resource book"),
            ("my-books", "resource book"),
        ] {
            let error = ProgramName::new(bad, lock, &record).expect_err(bad).to_string();
            assert!(error.contains(reason), "{bad}: {error}");
        }
        for good in ["library", "my-service", "bookshop", "a1", &"a".repeat(40)] {
            ProgramName::new(good, lock, &record).expect(good);
        }
    }

    #[test]
    fn every_form_is_replaced_by_its_own_and_no_part_of_another_word() {
        let text = "shop shop_token SHOP Shop workshop shops shop-db";
        let renamed = "my-shop my_shop_token MY_SHOP My Shop workshop shops my-shop-db";

        assert_eq!(name("shop").replace(text, &name("my-shop")), renamed);
        assert_eq!(name("my-shop").replace(renamed, &name("shop")), text);
        assert_eq!(name("shop").occurrences(text), 5);
        assert_eq!(name("my-shop").occurrences(renamed), 5);
    }
}
