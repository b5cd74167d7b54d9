//! Conflicts in lists of modules and of migrations: both sides add lines at the same place, and all of them are wanted.

/// The text without its conflicts, which are in git's style `diff3`; `None` if one of them is about something else than
/// lines of a list. Of each conflict remain the lines of this copy, without those that upstream removed and with those that
/// it added, sorted.
pub(super) fn merge(text: &str) -> Option<String> {
    let mut merged = String::with_capacity(text.len());
    let mut lines = text.split_inclusive('\n');

    while let Some(line) = lines.next() {
        if !line.starts_with("<<<<<<< ") {
            merged.push_str(line);
            continue;
        }
        let ours: Vec<_> = lines
            .by_ref()
            .take_while(|line| !line.starts_with("|||||||"))
            .collect();
        let base: Vec<_> = lines.by_ref().take_while(|line| *line != "=======\n").collect();
        let theirs: Vec<_> = lines
            .by_ref()
            .take_while(|line| !line.starts_with(">>>>>>> "))
            .collect();
        if ![&ours, &base, &theirs]
            .into_iter()
            .flatten()
            .all(|line| is_list_line(line))
        {
            return None;
        }

        let removed = |line: &&str| base.contains(line) && !theirs.contains(line);
        let added = theirs
            .iter()
            .filter(|line| !base.contains(line) && !ours.contains(line));
        let mut list: Vec<_> = ours
            .iter()
            .copied()
            .filter(|line| !removed(line))
            .chain(added.copied())
            .collect();
        list.sort_unstable();
        merged.extend(list);
    }
    Some(merged)
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
    fn other_conflicts_remain() {
        let list = conflict("mod a;\n", "", "mod b;\n");
        for (ours, theirs) in [
            ("mod a;\n", "use b;\n"),
            ("let a = 1;\n", "let b = 1;\n"),
            ("mod a {\n", "mod b;\n"),
        ] {
            assert_eq!(merge(&(list.clone() + &conflict(ours, "", theirs))), None);
        }
    }
}
