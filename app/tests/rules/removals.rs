//! The lists of what to delete in `docs/make-it-yours.md` name what there is.

use std::{fs, path::Path};

use super::{read, root};

/// What stands for a resource in the templates, which have every file that a resource can have.
const TEMPLATES: [&str; 2] = ["xtask/templates/immutable/", "xtask/templates/mutable/"];

/// An item of a list names files and folders and, after a colon, what to look for in each of them.
#[test]
fn what_to_delete_is_where_the_lists_say() {
    let page = read("docs/make-it-yours.md");
    let (_, section) = page
        .split_once("\n## If you need less\n")
        .expect("the section with the lists");
    let mut wrong = Vec::new();

    for item in items(section) {
        let (places, words) = item.split_once(": ").unwrap_or((&item, ""));
        for place in in_code(places).filter(|place| exists_in_this_project(place)) {
            let texts = texts_at(place);
            if texts.is_empty() {
                wrong.push(format!("{place} does not exist"));
                continue;
            }
            let missing = in_code(words).filter(|word| !texts.iter().any(|text| text.contains(word)));
            wrong.extend(missing.map(|word| format!("{place} has no {word}")));
        }
    }

    assert!(
        wrong.is_empty(),
        "docs/make-it-yours.md, \"If you need less\":\n{}",
        wrong.join("\n")
    );
}

/// The items of the lists of a section, each in one line.
fn items(section: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut in_item = false;

    for line in section.lines().take_while(|line| !line.starts_with("## ")) {
        if let Some(text) = line.strip_prefix("- ") {
            items.push(text.to_owned());
            in_item = true;
        } else if let Some(item) = items.last_mut().filter(|_| in_item && line.starts_with("  ")) {
            *item += &format!(" {}", line.trim());
        } else {
            in_item = false;
        }
    }

    assert!(!items.is_empty(), "the section has lists");
    items
}

/// What stands between backquotes.
fn in_code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// A project may have deleted the templates.
fn exists_in_this_project(place: &str) -> bool {
    !place.contains("<resource>") || root().join(TEMPLATES[0]).exists()
}

/// The text of a file, or of each file in a folder; none if it does not exist. Of a resource, those of the templates.
fn texts_at(place: &str) -> Vec<String> {
    if !place.contains("<resource>") {
        return texts_of(&root().join(place));
    }

    let place = place.replace("<resource>", "widget");
    let templates = TEMPLATES.iter().map(|templates| root().join(templates));
    let texts = templates.flat_map(|templates| {
        let template = texts_of(&templates.join(&place));
        [template, texts_of(&templates.join(format!("{place}.j2")))].concat()
    });
    texts.collect()
}

fn texts_of(path: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(path) else {
        return fs::read_to_string(path).into_iter().collect();
    };

    let texts = entries.flat_map(|entry| texts_of(&entry.expect("an entry").path()));
    texts.collect()
}
