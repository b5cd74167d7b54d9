//! Names that stand in code, in SQL and in URLs.

use anyhow::{Result, ensure};

/// The keywords of Rust, strict and reserved (The Rust Reference, "Keywords").
pub const RUST_KEYWORDS: [&str; 53] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "raw", "ref", "return", "self",
    "static", "struct", "super", "trait", "true", "try", "type", "typeof", "union", "unsafe", "unsized",
    "use", "virtual", "where", "while", "yield",
];

/// The words that PostgreSQL reserves (PostgreSQL, appendix C), and those that SQLite does not accept as a name.
pub const SQL_KEYWORDS: [&str; 123] = [
    "add",
    "all",
    "alter",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "autoincrement",
    "begin",
    "between",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "cmin",
    "collate",
    "collation",
    "column",
    "commit",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "ctid",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "delete",
    "desc",
    "distinct",
    "do",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "exists",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "index",
    "initially",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "nothing",
    "notnull",
    "null",
    "offset",
    "oid",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "rowid",
    "select",
    "session_user",
    "set",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "transaction",
    "true",
    "union",
    "unique",
    "update",
    "user",
    "using",
    "values",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmin",
];

/// Makes sure that a name is spelt as names in Rust, SQL and JSON are.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_spelling(name: &str) -> Result<()> {
    let starts_with_letter = name.starts_with(|first: char| first.is_ascii_lowercase());
    let is_word_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';

    ensure!(
        starts_with_letter && name.bytes().all(is_word_byte) && !name.ends_with('_') && !name.contains("__"),
        "{name:?} must consist of lower-case letters, digits and single underscores, and begin with a letter"
    );
    ensure!(name.len() <= 40, "{name} is longer than 40 characters");
    Ok(())
}

/// Makes sure that a name can stand in Rust and in SQL without quotes.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_identifier(name: &str) -> Result<()> {
    check_spelling(name)?;
    ensure!(!RUST_KEYWORDS.contains(&name), "{name} is a keyword of Rust");
    ensure!(!SQL_KEYWORDS.contains(&name), "{name} is a keyword of SQL");
    Ok(())
}

/// `in_print` as `InPrint`.
#[must_use]
pub fn pascal(name: &str) -> String {
    name.split('_').map(capitalized).collect()
}

/// With a capital letter at the beginning.
#[must_use]
pub fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// The plural of an English noun, by the rules of most.
#[must_use]
pub fn plural(noun: &str) -> String {
    let before_last = noun.chars().rev().nth(1).unwrap_or_default();

    if ["s", "x", "z", "ch", "sh"].iter().any(|end| noun.ends_with(end)) {
        format!("{noun}es")
    } else if noun.ends_with('y') && !"aeiou".contains(before_last) {
        format!("{}ies", &noun[..noun.len() - 1])
    } else {
        format!("{noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plural_follows_the_common_rules() {
        for (noun, expected) in [
            ("book", "books"),
            ("story", "stories"),
            ("day", "days"),
            ("box", "boxes"),
            ("branch", "branches"),
        ] {
            assert_eq!(plural(noun), expected);
        }
    }
}
