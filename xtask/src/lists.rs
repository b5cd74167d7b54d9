//! Lists in code: an item is added after those of other resources, and removed without a trace.
//!
//! A list is found by the code that opens it. What it then looks like is rustfmt's business.

use crate::plan::Missing;

/// Adds an item to the list that opens with the last of `opening`, which is searched for after the others. It stands
/// after the last of the items `known`.
///
/// # Errors
///
/// If there is no such list, or if none of `known` is in it.
pub fn add_item(text: &str, opening: &[&str], known: &[String], item: &str) -> Result<String, Missing> {
    let missing = || missing_list(opening, item);
    let list = find(text, opening).ok_or_else(missing)?;
    let mut items = split(list.content);

    let is_known = |item: &&str| known.iter().any(|known| same(item, known));
    let last = items.iter().rposition(is_known).ok_or_else(missing)?;
    items.insert(last + 1, item);
    Ok(list.with(&items))
}

/// Adds an item at the end of a list.
///
/// # Errors
///
/// If there is no such list.
pub fn append_item(text: &str, opening: &[&str], item: &str) -> Result<String, Missing> {
    let list = find(text, opening).ok_or_else(|| missing_list(opening, item))?;
    let mut items = split(list.content);

    items.push(item);
    Ok(list.with(&items))
}

/// Removes an item from a list.
///
/// # Errors
///
/// If there is no such list, or if the item is not in it.
pub fn remove_item(text: &str, opening: &[&str], item: &str) -> Result<String, Missing> {
    let missing = || Missing {
        place: format!("the item `{item}` after `{}`", opening.join(" … ")),
        lines: String::new(),
    };
    let list = find(text, opening).ok_or_else(missing)?;
    let mut items = split(list.content);

    let at = items
        .iter()
        .position(|other| same(other, item))
        .ok_or_else(missing)?;
    items.remove(at);
    Ok(list.with(&items))
}

/// The items of a list; `None` if there is no such list.
#[must_use]
pub fn items<'a>(text: &'a str, opening: &[&str]) -> Option<Vec<&'a str>> {
    find(text, opening).map(|list| split(list.content))
}

/// Adds a line after the last of the lines `known`, indented as that one is.
///
/// # Errors
///
/// If there is none of `known`.
pub fn add_line(text: &str, known: &[String], line: &str) -> Result<String, Missing> {
    let mut lines: Vec<_> = text.lines().collect();
    let is_known = |line: &&str| known.iter().any(|known| line.trim() == known);

    let Some(last) = lines.iter().rposition(is_known) else {
        return Err(Missing {
            place: format!("the line `{}`", known.join("` or `")),
            lines: line.to_owned(),
        });
    };
    let indent = &lines[last][..lines[last].len() - lines[last].trim_start().len()];
    let line = format!("{indent}{line}");
    lines.insert(last + 1, &line);

    Ok(joined(lines))
}

/// Adds a line above the line `next`, before the empty line between them.
///
/// # Errors
///
/// If there is no line `next`, or no empty one above it.
pub fn add_line_above(text: &str, next: &str, line: &str) -> Result<String, Missing> {
    let mut lines: Vec<_> = text.lines().collect();
    let Some(at) = lines.windows(2).position(|pair| pair == ["", next]) else {
        return Err(Missing {
            place: format!("the line `{next}`"),
            lines: line.to_owned(),
        });
    };

    lines.insert(at, line);
    Ok(joined(lines))
}

/// Removes a line.
///
/// # Errors
///
/// If there is no such line.
pub fn remove_line(text: &str, line: &str) -> Result<String, Missing> {
    let mut lines: Vec<_> = text.lines().collect();
    let Some(at) = lines.iter().position(|other| other.trim() == line) else {
        return Err(Missing {
            place: format!("the line `{line}`"),
            lines: String::new(),
        });
    };

    lines.remove(at);
    Ok(joined(lines))
}

/// The text of these lines.
pub(crate) fn joined<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    lines.into_iter().flat_map(|line| [line, "\n"]).collect()
}

fn missing_list(opening: &[&str], item: &str) -> Missing {
    Missing {
        place: format!("the list of resources after `{}`", opening.join(" … ")),
        lines: format!("{item},"),
    }
}

/// A list in a text.
struct List<'a> {
    before: &'a str,
    content: &'a str,
    after: &'a str,
}

impl List<'_> {
    /// The text with these items in the list.
    fn with(&self, items: &[&str]) -> String {
        let items: String = items.iter().flat_map(|item| ["    ", item, ",\n"]).collect();
        [self.before, "\n", &items, self.after].concat()
    }
}

fn find<'a>(text: &'a str, opening: &[&str]) -> Option<List<'a>> {
    let mut start = 0;
    for code in opening {
        start += text[start..].find(code)? + code.len();
    }

    let length = length_to_closing(&text[start..])?;
    Some(List {
        before: &text[..start],
        content: &text[start..start + length],
        after: &text[start + length..],
    })
}

/// How long the text is before the bracket that closes what is open at its beginning.
fn length_to_closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in code(text) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth == 0 => return Some(at),
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Splits the content of a list at its own commas.
fn split(content: &str) -> Vec<&str> {
    let (mut items, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, byte) in code(content) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                items.push(content[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }

    let last = content[start..].trim();
    if !last.is_empty() {
        items.push(last);
    }
    items
}

/// The bytes of a text in Rust and where they are, without those of comments and literals of strings.
fn code(text: &str) -> impl Iterator<Item = (usize, u8)> {
    let bytes = text.as_bytes();
    let (mut at, mut in_string) = (0, false);

    std::iter::from_fn(move || {
        while let Some(byte) = bytes.get(at).copied() {
            let here = at;
            at += 1;
            match byte {
                b'\\' if in_string => at += 1,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'/' if bytes.get(at) == Some(&b'/') => {
                    let length = bytes[at..].iter().position(|byte| *byte == b'\n');
                    at = length.map_or(bytes.len(), |length| at + length);
                }
                _ => return Some((here, byte)),
            }
        }
        None
    })
}

/// Whether two items differ only in what rustfmt adds when it breaks a line: white space, and a comma before a closing
/// bracket.
fn same(one: &str, other: &str) -> bool {
    let significant = |text: &str| {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        text.replace(",)", ")").replace(",]", "]").replace(",}", "}")
    };
    significant(one) == significant(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
fn first() -> Self {
    Self { books: book::new("a, b") }
}

fn second() -> Self {
    Self {
        books: book::other(1, [2, 3]), // with a comma, in a comment
        health,
    }
}
"#;

    fn known(item: &str) -> Vec<String> {
        vec![item.to_owned()]
    }

    #[test]
    fn item_is_added_after_those_of_other_resources() {
        let text = add_item(
            TEXT,
            &["fn second(", "-> Self {", "Self {"],
            &known("books: book::other(1, [2, 3])"),
            "pens: pen()",
        );
        let text = text.unwrap_or_else(|missing| panic!("{missing:?}"));

        let items = items(&text, &["fn second(", "-> Self {", "Self {"]).expect("a list");
        assert_eq!(items[..2], ["books: book::other(1, [2, 3])", "pens: pen()"]);
        assert!(items[2].ends_with("health"), "{items:?}");
    }

    #[test]
    fn removed_item_leaves_the_others() {
        let opening = ["fn first(", "-> Self {", "Self {"];
        let added = append_item(TEXT, &opening, "pens: pen()").expect("added");
        assert_eq!(
            items(&added, &opening),
            Some(vec![r#"books: book::new("a, b")"#, "pens: pen()"])
        );

        let removed = remove_item(&added, &opening, "pens:pen()").expect("removed");
        assert_eq!(items(&removed, &opening), items(TEXT, &opening));
    }

    #[test]
    fn item_that_was_broken_into_lines_is_removed() {
        let text = "let a = [\n    one,\n    two: Arc::new(\n        a::B(c.clone()),\n    ),\n];\n";

        let removed = remove_item(text, &["let a = ["], "two: Arc::new(a::B(c.clone()))").expect("removed");

        assert_eq!(items(&removed, &["let a = ["]), Some(vec!["one"]));
    }

    #[test]
    fn missing_place_is_named_with_the_line_to_add() {
        for opening in [&["fn third("][..], &["fn first(", "-> Self {", "Self {"]] {
            let missing = add_item(TEXT, opening, &known("pens: pen()"), "inks: ink()").expect_err("missing");
            assert!(missing.place.contains(opening[0]));
            assert_eq!(missing.lines, "inks: ink(),");
        }
    }

    #[test]
    fn line_is_added_with_the_indentation_of_its_neighbour() {
        let text = add_line("a\n    mod x;\nb\n", &known("mod x;"), "mod y;").expect("added");
        assert_eq!(text, "a\n    mod x;\n    mod y;\nb\n");
        assert_eq!(
            remove_line(&text, "mod y;").expect("removed"),
            "a\n    mod x;\nb\n"
        );
    }
    #[test]
    fn first_line_of_a_list_is_added_above_what_follows_it() {
        let text = add_line_above("a\n\nfn main() {}\n", "fn main() {}", "mod y;").expect("added");
        assert_eq!(text, "a\nmod y;\n\nfn main() {}\n");

        assert!(add_line_above("a\nfn main() {}\n", "fn main() {}", "mod y;").is_err());
    }
}
