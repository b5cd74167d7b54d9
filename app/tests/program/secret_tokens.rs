//! Tokens that somebody pasted into the command line, and what else is in the file of tokens.

use std::fs;

use super::{
    folder,
    secrets::{TRACE, fill, leaked},
};
use crate::support::run;

const SECRET: &str = "QXZJKVWWVKJZXQQZ";

#[test]
fn wrong_command_line_about_tokens_is_reported_without_its_values() {
    for arguments in [&["token", "new", "{token}{s}{s}{s}"][..], &["token", "{s}"]] {
        let filled: Vec<_> = arguments.iter().map(|argument| fill(argument, SECRET)).collect();
        let filled: Vec<_> = filled.iter().map(String::as_str).collect();
        let (code, output, log) = run(&filled, &[], folder().path());

        assert_eq!(code, 2, "{arguments:?}: {log}");
        assert_eq!(leaked(&(output + &log), SECRET), None, "{arguments:?}: {log}");
    }
}

#[test]
fn malformed_token_file_is_reported_without_its_content() {
    for content in ["alice:{s}\n", "{s}", "{s}:x\n", "\u{feff}{token}\n"] {
        let folder = folder();
        fs::write(folder.path().join("tokens"), fill(content, SECRET)).expect("a file");

        let (code, _, log) = run(&[], &[("API_TOKENS_FILE", "tokens"), TRACE], folder.path());

        assert_eq!(code, 1, "{content}: {log}");
        assert_eq!(leaked(&log, SECRET), None, "{content}: {log}");
    }
}
