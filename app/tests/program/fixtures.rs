//! `load-fixtures`, as an operator types it.

use std::{fmt::Write, fs};

use tempfile::TempDir;

use crate::support::{Running, run, run_with_input};

/// A folder with an empty, migrated SQLite file.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    assert_eq!(run(&["migrate"], &[], folder.path()).0, 0);
    folder
}

/// The exit code, standard output and log of a load.
fn load(folder: &TempDir, arguments: &[&str], input: &str) -> (i32, String, String) {
    run_with_input(
        &[&["load-fixtures"], arguments].concat(),
        &[],
        folder.path(),
        input,
    )
}

/// The texts in the store, newest first, as far as one page has them.
fn texts(folder: &TempDir) -> Vec<String> {
    let answer = Running::start(&[], folder.path()).get("/tweet/?limit=200");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let tweets: Vec<serde_json::Value> = serde_json::from_str(body).expect("JSON");
    tweets
        .iter()
        .map(|tweet| tweet["text"].as_str().expect("a text").to_owned())
        .collect()
}

/// One object a line.
fn numbered(count: usize) -> String {
    (1..=count).fold(String::new(), |mut lines, n| {
        let _ = writeln!(lines, "{{\"text\":\"number {n}\"}}");
        lines
    })
}

#[test]
fn fixtures_come_from_the_program_a_file_or_standard_input() {
    let folder = folder();
    assert_eq!(load(&folder, &[], "").1, "stored 2 tweets\n");
    assert_eq!(
        load(&folder, &["-"], "[{\"text\":\"from standard input\"}]").1,
        "stored 1 tweets\n"
    );
    fs::write(
        folder.path().join("tweets.ndjson"),
        "\u{feff}{\"text\":\"one\"}\r\n\n {\"text\":\"two\"}",
    )
    .expect("a file");
    assert_eq!(load(&folder, &["tweets.ndjson"], "").1, "stored 2 tweets\n");
    assert_eq!(texts(&folder)[..3], ["two", "one", "from standard input"]);
}

#[test]
fn what_cannot_be_read_is_reported() {
    let folder = folder();
    for (arguments, input, says) in [
        (
            &["nowhere.json"][..],
            "",
            "nowhere.json were not loaded: No such file",
        ),
        (&["."], "", "were not loaded: "),
        (
            &["-"],
            "[{\"text\":\"good\"},",
            "EOF while parsing a value at line 1 column 17",
        ),
        (&["-"], "[{\"text\":\"good\"}] and more", "trailing characters"),
        (
            &["-"],
            "{\"text\":\"good\"}\n{\"tex",
            "line 2: EOF while parsing a string",
        ),
        (
            &["-"],
            "{\"text\":\"good\"}\n{\"words\":\"good\"}",
            "line 2: missing field `text`",
        ),
        (
            &["-"],
            &format!("{{\"text\":\"{}\"}}", "x".repeat(100_000)),
            "longer than 65536 bytes",
        ),
    ] {
        let (code, _, log) = load(&folder, arguments, input);
        assert!(code == 1 && log.contains(says), "{says:?} is not in {log}");
    }
    assert_eq!(texts(&folder), [""; 0]);
}

#[test]
fn one_bad_line_keeps_all_out() {
    let folder = folder();
    // More than one batch, so that what comes before the bad lines would be stored by then.
    let lines = numbered(2500) + "{\"text\":\" \"}\n" + &numbered(10) + "17\n";
    for input in [&lines, &format!("[{}]", lines.trim_end().replace('\n', ","))] {
        let (code, _, log) = load(&folder, &["-"], input);
        assert_eq!(code, 1);
        assert!(
            log.contains(" 2501: the text must contain something other than white space; "),
            "{log}"
        );
        assert!(
            log.contains(" 2512: invalid type: integer `17`, expected struct Fixture"),
            "{log}"
        );
    }
    assert_eq!(texts(&folder), [""; 0]);
}

#[test]
fn bad_lines_are_left_out_when_told_to_keep_going() {
    let folder = folder();
    let lines = numbered(1500) + "{\"text\":\" \"}\n" + &numbered(3);
    let (code, stored, log) = load(&folder, &["--keep-going", "-"], &lines);
    assert_eq!((code, &*stored), (1, "stored 1503 tweets\n"));
    assert!(
        log.contains("WARN") && log.contains("left out line 1501: the text must"),
        "{log}"
    );
    assert!(log.contains("1 items of standard input were left out"), "{log}");
    assert_eq!(
        texts(&folder)[..4],
        ["number 3", "number 2", "number 1", "number 1500"]
    );
}

#[test]
fn an_interrupted_load_goes_on_where_it_stopped() {
    let folder = TempDir::new().expect("a folder");
    let (code, _, log) = load(&folder, &["-"], &numbered(3));
    assert!(
        code == 1 && log.contains("0 tweets were stored, then the tweet store failed"),
        "{log}"
    );
    assert!(
        log.contains("templatesite migrate") && log.contains("--skip 0 "),
        "{log}"
    );
    run(&["migrate"], &[], folder.path());
    assert_eq!(
        load(&folder, &["--skip", "1200", "-"], &numbered(1203)).1,
        "stored 3 tweets\n"
    );
    assert_eq!(texts(&folder), ["number 1203", "number 1202", "number 1201"]);
}

#[test]
fn fixtures_can_be_left_out_where_there_are_tweets() {
    let folder = folder();
    assert_eq!(load(&folder, &["--if-empty"], "").1, "stored 2 tweets\n");
    assert_eq!(
        load(&folder, &["--if-empty"], "").1,
        "there are tweets already; stored none\n"
    );
    assert_eq!(texts(&folder).len(), 2);
}
