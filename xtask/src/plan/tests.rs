use std::{fs, path::Path};

use tempfile::TempDir;

use super::{Missing, Plan};

/// A folder with the files `a/one` and `two`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("a")).expect("a folder");
    fs::write(folder.path().join("a/one"), "1").expect("a file");
    fs::write(folder.path().join("two"), "2").expect("a file");
    folder
}

/// The paths and texts of all files, sorted.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    super::list_files(folder, Path::new(""), &mut paths).expect("a folder");
    paths.sort();
    let texts = paths.iter().map(|path| {
        let text = fs::read_to_string(folder.join(path)).expect("a text");
        (path.display().to_string(), text)
    });
    texts.collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect()
}

#[test]
fn nothing_is_written_before_apply_and_everything_after_it() {
    let folder = folder();
    let mut plan = Plan::new(folder.path());
    plan.create("b/c/three", "3").expect("a free place");
    plan.edit("two", |text| Ok(format!("{text}2"))).expect("a file");
    plan.edit("two", |text| Ok(format!("{text}2"))).expect("a file");
    plan.rename("a", "d").expect("a folder");
    plan.edit("d/one", |text| Ok(format!("{text}1"))).expect("a file");

    assert_eq!(files(folder.path()), pairs(&[("a/one", "1"), ("two", "2")]));
    assert_eq!(
        plan.summary(),
        "create b/c/three\nrename a/one to d/one\nedit   two\n"
    );

    plan.apply().expect("success");
    let expected = [("b/c/three", "3"), ("d/one", "11"), ("two", "222")];
    assert_eq!(files(folder.path()), pairs(&expected));
    assert!(!folder.path().join("a").exists(), "an empty folder stays");
}

#[test]
fn a_deleted_folder_takes_its_planned_files_with_it() {
    let folder = folder();
    let mut plan = Plan::new(folder.path());
    plan.create("a/new", "").expect("a free place");
    plan.delete("a").expect("a folder");

    assert!(plan.delete("a").is_err(), "there is nothing left to delete");
    assert_eq!(plan.summary(), "delete a/one\n");
    plan.apply().expect("success");
    assert_eq!(files(folder.path()), pairs(&[("two", "2")]));
}

#[test]
fn missing_places_are_reported_together_and_nothing_is_written() {
    let folder = folder();
    let mut plan = Plan::new(folder.path());
    plan.create("new", "").expect("a free place");
    for path in ["a/one", "two"] {
        let missing = Missing {
            place: "the list `X`".to_owned(),
            lines: "    line,\n".to_owned(),
        };
        plan.edit(path, |_| Err(missing)).expect("a file");
    }

    let error = plan.apply().expect_err("missing places").to_string();
    assert!(
        error.ends_with(
            "a/one: the list `X`. Add by hand:\n    line,\ntwo: the list `X`. Add by hand:\n    line,"
        ),
        "{error}"
    );
    assert_eq!(files(folder.path()), pairs(&[("a/one", "1"), ("two", "2")]));
}

#[test]
fn a_failure_restores_what_was_written_before_it() {
    let folder = folder();
    let mut plan = Plan::new(folder.path());
    plan.edit("a/one", |_| Ok("changed".to_owned())).expect("a file");
    plan.create("b/new", "").expect("a free place");
    plan.create("z", "").expect("a free place");
    // Taken after the plan was made, by something that no file can replace.
    fs::create_dir_all(folder.path().join("z/folder")).expect("a folder");

    plan.apply().expect_err("a folder is in the way");
    fs::remove_dir_all(folder.path().join("z")).expect("a folder");
    assert_eq!(files(folder.path()), pairs(&[("a/one", "1"), ("two", "2")]));
    assert!(
        !folder.path().join("b").exists(),
        "a folder that it created stays"
    );
}

#[test]
fn taken_places_are_refused() {
    let folder = folder();
    let mut plan = Plan::new(folder.path());

    assert!(plan.create("two", "").is_err());
    assert!(plan.rename("two", "a/one").is_err());
    assert!(plan.edit("nowhere", |text| Ok(text.to_owned())).is_err());
}

#[cfg(unix)]
#[test]
fn executable_files_stay_executable() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = folder();
    let mode = |path: &str| {
        let metadata = fs::metadata(folder.path().join(path)).expect("a file");
        metadata.permissions().mode() & 0o777
    };
    fs::set_permissions(folder.path().join("two"), fs::Permissions::from_mode(0o755)).expect("success");

    let mut plan = Plan::new(folder.path());
    plan.rename("two", "three").expect("a file");
    plan.create("four", "").expect("a free place");
    plan.apply().expect("success");

    assert_eq!((mode("three"), mode("four")), (0o755, 0o644));
}
