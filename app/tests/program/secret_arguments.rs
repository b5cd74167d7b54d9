//! Secrets that somebody pasted into the command line.

use super::{
    folder,
    secrets::{fill, leaked},
};
use crate::support::run;

const SECRET: &str = "QXZJKVWWVKJZXQQZ";

#[test]
fn wrong_command_line_is_reported_without_its_values() {
    for arguments in [
        &["postgres://u:{s}@db/x"][..],
        &["--database-url=postgres://u:{s}@db/x"],
        &["--{s}"],
        &["-{s}"],
        &["migrate", "{s}"],
        &["migrate", "up", "{s}"],
        &["config", "--format", "{s}"],
        &["config", "--format={s}"],
        &["load-fixtures", "--skip", "{s}"],
        &["migrate", "--config=x", "--{s}"],
    ] {
        let filled: Vec<_> = arguments.iter().map(|argument| fill(argument, SECRET)).collect();
        let filled: Vec<_> = filled.iter().map(String::as_str).collect();
        let (code, output, log) = run(&filled, &[], folder().path());

        assert_eq!(code, 2, "{arguments:?}: {log}");
        assert_eq!(leaked(&(output + &log), SECRET), None, "{arguments:?}: {log}");
    }
}

#[test]
fn secret_in_place_of_a_file_is_not_repeated() {
    for pasted in [
        "postgres://u:{s}@db/x",
        "{token}",
        "{s}",
        "host=db password={s}",
        "{h}/{t}",
        "/{h}/{t}",
    ] {
        let pasted = fill(pasted, SECRET);
        for arguments in [["--config", &pasted], ["load-fixtures", &pasted]] {
            let (code, output, log) = run(&arguments, &[], folder().path());

            assert_ne!(code, 0, "{arguments:?}: {log}");
            assert_eq!(leaked(&(output + &log), SECRET), None, "{arguments:?}: {log}");
        }
    }
}
