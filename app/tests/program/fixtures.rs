//! `load-fixtures`, as an operator types it.

use std::{fmt::Write, fs};

use tempfile::TempDir;

use super::folder;
use crate::support::{
    Service,
    example::{self, TEXT},
    run, run_with_input,
};

/// A folder with an empty, migrated SQLite file.
fn migrated_folder() -> TempDir {
    let folder = folder();
    assert_eq!(run(&["migrate"], &[], folder.path()).0, 0);
    folder
}

/// The exit code, standard output and log of a load.
fn load(folder: &TempDir, arguments: &[&str], input: &str) -> (i32, String, String) {
    let arguments = [&["load-fixtures"], arguments].concat();
    run_with_input(&arguments, &[], folder.path(), input)
}

/// The texts in the store, newest first, up to 200.
fn stored_texts(folder: &TempDir) -> Vec<String> {
    let service = Service::start(&[], folder.path());
    let response = service.get(&format!("{}?limit=200", example::COLLECTION));

    let (_, body) = response.split_once("\r\n\r\n").expect("a body");
    let items: Vec<serde_json::Value> = serde_json::from_str(body).expect("JSON");
    items.iter().map(example::text_of).collect()
}

/// The items "number 1" to "number `count`", one per line.
fn numbered_lines(count: usize) -> String {
    (1..=count).fold(String::new(), |mut lines, n| {
        let _ = writeln!(lines, "{}", example::body(&format!("number {n}")));
        lines
    })
}

#[test]
fn items_come_from_the_program_a_file_or_standard_input() {
    let folder = migrated_folder();
    let item = example::body;

    assert_eq!(load(&folder, &[], "").1, "stored 2 items\n");

    let array = format!("[{}]", item("from standard input"));
    assert_eq!(load(&folder, &["-"], &array).1, "stored 1 items\n");

    let lines = format!("\u{feff}{}\r\n\n {}", item("one"), item("two"));
    fs::write(folder.path().join("items.ndjson"), lines).expect("a file");
    assert_eq!(load(&folder, &["items.ndjson"], "").1, "stored 2 items\n");

    assert_eq!(stored_texts(&folder)[..3], ["two", "one", "from standard input"]);
}

#[test]
fn unknown_resource_is_reported_with_the_known_ones() {
    let (code, _, usage) = load(&folder(), &["--resource", "nonsense"], "");

    assert_eq!(code, 2);
    assert!(usage.contains("[possible values: "), "{usage}");
}

#[test]
fn malformed_files_are_reported() {
    let folder = migrated_folder();
    let good = example::body("good");

    for (arguments, input, message) in [
        (
            &["nowhere.json"][..],
            String::new(),
            "fixtures in a file below the working folder (its name is not shown: no such file was found, so it may be a secret): \
             No such file",
        ),
        (&["."], String::new(), "cannot load the fixtures in .: "),
        (
            &["-"],
            format!("[{good},"),
            "EOF while parsing a value at line 1 column ",
        ),
        (&["-"], format!("[{good}] and more"), "trailing characters"),
        (
            &["-"],
            format!("{good}\n{{\"unfinished"),
            "line 2: EOF while parsing a string",
        ),
        (
            &["-"],
            format!("{good}\n{{\"words\":\"good\"}}"),
            "line 2: missing field",
        ),
        (
            &["-"],
            example::body(&"x".repeat(100_000)),
            "longer than 65536 bytes",
        ),
    ] {
        let (code, _, log) = load(&folder, arguments, &input);

        assert_eq!(code, 1, "{log}");
        assert!(log.contains(message), "{message:?} is not in {log}");
    }
    assert_eq!(stored_texts(&folder), [""; 0]);
}

#[test]
fn nothing_is_stored_of_a_file_with_an_invalid_item() {
    let folder = migrated_folder();
    // More than one batch, which would be stored by the time that the invalid items are read.
    let lines = numbered_lines(2500) + &example::body(" ") + "\n" + &numbered_lines(10) + "17\n";
    let array = format!("[{}]", lines.trim_end().replace('\n', ","));

    for (file, place) in [(lines, "line"), (array, "element")] {
        let (code, _, log) = load(&folder, &["-"], &file);

        assert_eq!(code, 1);
        let problem = format!("{place} 2501: the {TEXT} must contain something other than white space; ");
        assert!(log.contains(&problem), "{log}");
        let problem = format!("{place} 2512: must be a JSON object");
        assert!(log.contains(&problem), "{log}");
    }
    assert_eq!(stored_texts(&folder), [""; 0]);
}

#[test]
fn invalid_items_are_left_out_with_keep_going() {
    let folder = migrated_folder();
    let lines = numbered_lines(1500) + &example::body(" ") + "\n" + &numbered_lines(3);

    let (code, stored, log) = load(&folder, &["--keep-going", "-"], &lines);

    assert_eq!((code, &*stored), (1, "stored 1503 items\n"));
    let warning = format!("left out line 1501: the {TEXT} must");
    assert!(log.contains("WARN") && log.contains(&warning), "{log}");
    assert!(
        log.contains("1 invalid items of standard input were left out"),
        "{log}"
    );
    let expected = ["number 3", "number 2", "number 1", "number 1500"];
    assert_eq!(stored_texts(&folder)[..4], expected);
}

#[test]
fn interrupted_load_is_continued_with_skip() {
    let folder = folder();
    let (code, _, log) = load(&folder, &["-"], &numbered_lines(3));
    assert_eq!(code, 1);
    assert!(
        log.contains("0 items were stored, then the store failed"),
        "{log}"
    );
    assert!(
        log.contains("run `migrate up`") && log.contains("--skip 0"),
        "{log}"
    );

    run(&["migrate"], &[], folder.path());
    let (_, stored, _) = load(&folder, &["--skip", "1200", "-"], &numbered_lines(1203));

    assert_eq!(stored, "stored 3 items\n");
    assert_eq!(
        stored_texts(&folder),
        ["number 1203", "number 1202", "number 1201"]
    );
}

#[test]
fn nothing_is_stored_with_if_empty_if_the_store_is_not_empty() {
    let folder = migrated_folder();

    assert_eq!(load(&folder, &["--if-empty"], "").1, "stored 2 items\n");
    let (code, printed, _) = load(&folder, &["--if-empty"], "");

    assert_eq!((code, &*printed), (0, "the store is not empty; stored nothing\n"));
    assert_eq!(stored_texts(&folder).len(), 2);
}

#[test]
fn unusable_temporary_folder_is_reported_with_its_variable() {
    let folder = migrated_folder();
    let missing = folder.path().join("missing");
    let variables = [("TMPDIR", missing.to_str().expect("UTF-8"))];

    let arguments = ["load-fixtures", "-"];
    let (status, _, log) = run_with_input(&arguments, &variables, folder.path(), &numbered_lines(1));
    assert_eq!(status, 1, "{log}");
    for part in ["temporary folder", "No such file", "TMPDIR"] {
        assert!(log.contains(part), "{log}");
    }
    assert!(!log.contains(variables[0].1), "it may be a secret: {log}");

    // Without a stream, nothing is copied.
    fs::write(folder.path().join("items"), numbered_lines(1)).expect("a file");
    let (status, _, log) = run(&["load-fixtures", "items"], &variables, folder.path());
    assert_eq!(status, 0, "{log}");
}
