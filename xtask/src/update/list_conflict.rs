//! Conflicts in lists of modules and of migrations: both sides add lines at the same place, and all of them are wanted.

use std::iter;

/// The text without its conflicts, which are in git's style `diff3`; `None` if one of them is about something else than
/// lines of a list. Of each conflict remain the lines of this copy, without those that upstream removed and with those that
/// it added, sorted.
pub(super) fn merge(text: &str) -> Option<String> {
    let mut merged = String::with_capacity(text.len());
    let mut lines = text.lines();

    while let Some(line) = lines.next() {
        if line.starts_with("<<<<<<< ") {
            let ours = lines.by_ref().take_while(|line| !line.starts_with("|||||||"));
            let ours = Side::read(ours.collect());
            let base = Side::read(lines.by_ref().take_while(|line| *line != "=======").collect());
            let theirs = lines.by_ref().take_while(|line| !line.starts_with(">>>>>>> "));
            let theirs = Side::read(theirs.collect());
            merged.push_str(&ours.merge(&base, &theirs)?.text());
        } else {
            merged.push_str(line);
            merged.push('\n');
        }
    }
    Some(merged)
}

/// One side of a conflict.
#[derive(Debug, PartialEq, Eq)]
struct Side {
    /// The lines before the items.
    opening: Option<String>,
    items: Vec<String>,
    /// The lines after them.
    closing: Option<String>,
}

impl Side {
    fn read(mut lines: Vec<&str>) -> Self {
        // What rustfmt makes of a list with one item.
        if let [line] = lines[..]
            && let Some((indent, list)) = line.split_once("vec![")
            && let Some(item) = list.strip_suffix(']')
        {
            return Self {
                opening: Some(format!("{indent}vec![")),
                items: vec![format!("{indent}    {item},")],
                closing: Some(format!("{indent}]")),
            };
        }

        let opening = lines
            .first()
            .filter(|line| line.ends_with("vec!["))
            .map(|line| (*line).to_owned());
        if opening.is_some() {
            lines.remove(0);
        }
        let closing = lines.pop_if(|line| line.trim() == "]").map(ToOwned::to_owned);
        Self {
            opening,
            items: lines.into_iter().map(ToOwned::to_owned).collect(),
            closing,
        }
    }

    /// `None` if this is no list, or not the same one.
    fn merge(mut self, base: &Self, theirs: &Self) -> Option<Self> {
        let sides = [&self, base, theirs];
        let is_list = sides
            .iter()
            .all(|side| side.items.iter().all(|item| is_list_line(item)));
        let is_same = sides
            .iter()
            .all(|side| side.opening == self.opening && side.closing == self.closing);
        if !is_list || !is_same {
            return None;
        }

        let added = theirs
            .items
            .iter()
            .filter(|item| !base.items.contains(item) && !self.items.contains(item));
        let added: Vec<_> = added.cloned().collect();
        self.items
            .retain(|item| !base.items.contains(item) || theirs.items.contains(item));
        self.items.extend(added);
        self.items.sort_unstable();
        Some(self)
    }

    fn text(self) -> String {
        let lines = iter::once(self.opening)
            .flatten()
            .chain(self.items)
            .chain(self.closing);
        lines.map(|line| line + "\n").collect()
    }
}

/// A module or a migration, whose names begin with their dates.
fn is_list_line(line: &str) -> bool {
    let line = line.trim();
    let module = line.strip_prefix("pub ").unwrap_or(line).strip_prefix("mod ");
    let item = match module {
        Some(module) => module.strip_suffix(';'),
        None => line
            .strip_prefix("Box::new(")
            .and_then(|line| line.strip_suffix("::Migration),")),
    };
    item.is_some_and(|name| name.chars().all(|c| c == '_' || c.is_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conflict(ours: &str, base: &str, theirs: &str) -> String {
        format!("before\n<<<<<<< HEAD\n{ours}||||||| base\n{base}=======\n{theirs}>>>>>>> new\nafter\n")
    }

    #[test]
    fn both_sides_of_a_list_remain_in_order() {
        let text = conflict("mod m3_book;\n", "mod m1;\nmod m2;\n", "mod m2;\nmod m4;\n");
        assert_eq!(
            merge(&text).as_deref(),
            Some("before\nmod m3_book;\nmod m4;\nafter\n")
        );

        let text = conflict(
            "    Box::new(m2::Migration),\n",
            "",
            "    Box::new(m1::Migration),\n",
        );
        let expected = "before\n    Box::new(m1::Migration),\n    Box::new(m2::Migration),\nafter\n";
        assert_eq!(merge(&text).as_deref(), Some(expected));
    }

    #[test]
    fn list_in_one_line_is_merged_with_one_in_several() {
        let list = |names: &[&str]| {
            let items: String = names
                .iter()
                .map(|name| format!("        Box::new({name}::Migration),\n"))
                .collect();
            format!("    vec![\n{items}    ]\n")
        };
        let text = conflict(
            "    vec![Box::new(m3::Migration)]\n",
            &list(&["m1", "m2"]),
            &list(&["m1", "m2", "m4"]),
        );

        assert_eq!(
            merge(&text),
            Some(format!("before\n{}after\n", list(&["m3", "m4"])))
        );
    }

    #[test]
    fn other_conflicts_remain() {
        let list = conflict("mod a;\n", "", "mod b;\n");
        for (ours, theirs) in [
            ("mod a;\n", "use b;\n"),
            ("let a = 1;\n", "let b = 1;\n"),
            ("mod a {\n", "mod b;\n"),
            ("vec![\nmod a;\n]\n", "mod b;\n"),
        ] {
            assert_eq!(merge(&(list.clone() + &conflict(ours, "", theirs))), None);
        }
    }
}
