//! The sessions in the documents, blocks in the language `console`, are run as they are written, one service for each
//! page. Every line that a page shows must be in the output. Ids, times and tokens differ from run to run.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::folder;
use crate::support::{PROGRAM, Service};

const PAGES: [&str; 4] = [
    "README.md",
    "docs/clients.md",
    "docs/operations.md",
    "docs/reliability.md",
];

const DOCUMENTED_ADDRESS: &str = "127.0.0.1:8000";

#[test]
fn documented_sessions_show_what_the_service_responds() {
    for page in PAGES {
        let text = fs::read_to_string(Path::new("..").join(page)).expect("a page");
        let folder = folder();
        let service = Service::start(&[], folder.path());

        let mut session = Session {
            folder: folder.path(),
            address: service.address.to_string(),
            ids: HashMap::new(),
        };
        let commands = commands(&text);
        assert!(!commands.is_empty(), "{page} shows no session");
        for (command, expected) in commands {
            session.run(page, command, &expected);
        }
    }
}

#[test]
fn no_other_page_shows_a_session_that_would_not_be_run() {
    let folders = ["..", "../docs"].map(|folder| fs::read_dir(folder).expect("a folder"));
    let pages: Vec<PathBuf> = folders
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();

    for path in pages {
        let listed = PAGES.iter().any(|page| path == Path::new("..").join(page));
        let text = fs::read_to_string(&path).expect("a page");
        // These change the whole tree, so they are run on copies of it, elsewhere.
        let mut commands = commands(&text).into_iter();
        let only_changes_the_tree = commands.all(|(command, _)| command.starts_with("cargo xtask "));
        assert!(
            listed || only_changes_the_tree,
            "{} is not in PAGES",
            path.display()
        );
    }
}

/// The commands of all sessions of a page, each with the lines that it is said to print.
fn commands(page: &str) -> Vec<(&str, Vec<&str>)> {
    let blocks = page.split("\n```console\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("\n```").next().unwrap_or_default().lines());

    let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines.filter(|line| !line.is_empty()) {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command, Vec::new())),
            (None, Some((_, expected))) => expected.push(line),
            (None, None) => panic!("a session begins with a command, not with {line:?}"),
        }
    }
    commands
}

struct Session<'a> {
    folder: &'a Path,
    address: String,
    /// The ids of this run, by those that the page shows.
    ids: HashMap<String, String>,
}

impl Session<'_> {
    fn run(&mut self, page: &str, command: &str, expected: &[&str]) {
        let mut actual_command = command.replace(DOCUMENTED_ADDRESS, &self.address);
        for (documented, actual) in &self.ids {
            actual_command = actual_command.replace(documented, actual);
        }
        let output = self.execute(&actual_command);
        let printed =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());

        for line in expected {
            let line = line.replace(DOCUMENTED_ADDRESS, &self.address);
            let found = printed
                .iter()
                .flat_map(|text| text.lines())
                .find(|actual| matches(&line, actual));
            let Some(found) = found else {
                panic!(
                    "{page}: `{command}` does not print\n{line}\nbut\n{}",
                    printed.join("\n")
                );
            };

            self.ids.extend(ids(&line).zip(ids(found)));
        }
    }

    /// Runs a command in a shell, with the program that is built already, and no setting of this test's own.
    fn execute(&self, command: &str) -> Output {
        let command = command.replace("cargo run -q --", PROGRAM);

        Command::new("sh")
            .args(["-c", &command])
            .current_dir(self.folder)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .output()
            .expect("a shell")
    }
}

/// Whether the program printed what the page shows, up to what differs in each run. A page may begin a line with
/// `…`, end it so, or both.
fn matches(documented: &str, actual: &str) -> bool {
    let (documented, actual) = (mask(documented), mask(actual));

    let without_digits = |text: &str| {
        text.trim_end_matches(|char: char| char.is_ascii_hexdigit())
            .to_owned()
    };
    match (documented.strip_prefix('…'), documented.strip_suffix('…')) {
        (Some(end), None) => actual.ends_with(end),
        (None, Some(beginning)) => actual.starts_with(&without_digits(beginning)),
        (Some(part), Some(_)) => actual.contains(&without_digits(part.trim_end_matches('…'))),
        (None, None) => documented == actual,
    }
}

/// What differs in each run. A `0` stands for a digit, an `A` for a letter, an `X` for either, everything else for
/// itself.
const PATTERNS: [&str; 5] = [
    "00XXXXXXXXXXXXXXXXXXXXXXXX",
    "0000-00-00A00:00:00.000A",
    "AAA, 00 AAA 0000 00:00:00 GMT",
    "duration_ms=0.000",
    "content-length: 000",
];

fn mask(line: &str) -> String {
    let mut masked = String::new();
    let mut rest = line;

    while let Some(first) = rest.chars().next() {
        if let Some(pattern) = PATTERNS.iter().find(|pattern| begins_like(rest, pattern)) {
            masked.push_str(pattern);
            rest = &rest[pattern.len()..];
        } else {
            masked.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    masked
}

fn begins_like(text: &str, pattern: &str) -> bool {
    let like = |(char, sign): (u8, u8)| match sign {
        b'0' => char.is_ascii_digit(),
        b'A' => char.is_ascii_alphabetic(),
        b'X' => char.is_ascii_uppercase() || char.is_ascii_digit(),
        _ => char == sign,
    };

    text.len() >= pattern.len() && text.bytes().zip(pattern.bytes()).all(like)
}

/// The ids in a line, in order.
fn ids(line: &str) -> impl Iterator<Item = String> {
    line.split(|char: char| !char.is_ascii_alphanumeric())
        .filter(|word| word.len() == PATTERNS[0].len() && begins_like(word, PATTERNS[0]))
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}
