//! The workflows run nothing but scripts, which work elsewhere too, use actions that cannot change, and have the rights
//! that are listed here. What npm installs is kept current. `.ci/lint/run` checks the rest.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use yaml_rust2::{Yaml, YamlLoader};

use super::{read, root};

const FOLDER: &str = ".github/workflows";

/// The rights to write: a workflow, a job, and what it may write.
const WRITES: [(&str, &str, &str); 7] = [
    ("release.yml", "images", "packages"),
    ("release.yml", "tags", "packages"),
    ("release.yml", "tags", "id-token"),
    ("release.yml", "tags", "attestations"),
    ("release.yml", "publish", "contents"),
    ("release.yml", "publish", "id-token"),
    ("release.yml", "publish", "attestations"),
];

/// A file in the folder of workflows.
struct Workflow {
    name: String,
    text: String,
    content: Yaml,
}

impl Workflow {
    fn all() -> Vec<Self> {
        let entries = fs::read_dir(root().join(FOLDER)).expect("a folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name());

        let workflows = names.map(|name| Self::of(name.into_string().expect("UTF-8")));
        workflows.collect()
    }

    fn of(name: String) -> Self {
        let text = read(format!("{FOLDER}/{name}"));
        let content = YamlLoader::load_from_str(&text).expect("YAML").remove(0);
        Self { name, text, content }
    }

    /// Its jobs, each with its name.
    fn jobs(&self) -> impl Iterator<Item = (&str, &Yaml)> {
        let jobs = self.content["jobs"].as_hash().expect("jobs");
        jobs.iter()
            .map(|(name, job)| (name.as_str().expect("a name"), job))
    }

    /// What the steps of all jobs have under a key.
    fn of_steps(&self, key: &str) -> Vec<&str> {
        let steps = self
            .jobs()
            .flat_map(|(_, job)| job["steps"].as_vec().expect("steps"));

        steps.filter_map(|step| step[key].as_str()).collect()
    }
}

#[test]
fn workflows_run_only_scripts_of_this_repository() {
    for workflow in Workflow::all() {
        for command in workflow.of_steps("run") {
            let name = &workflow.name;
            let script = command.split(' ').next().unwrap_or(command);

            let file = fs::metadata(root().join(script));
            let is_program = file.is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
            assert!(is_program, "{name}: {script} is no script of this repository");

            // The shell would execute what somebody put into the name of a branch, for example.
            let is_fixed = !command.contains("${{") && !command.contains(['\n', ';', '|', '&']);
            assert!(
                is_fixed,
                "{name}: call one script, with variables of the environment: {command}"
            );
        }
    }
}

#[test]
fn changes_are_checked_by_the_script_that_developers_run() {
    let workflow = Workflow::of("ci.yml".to_owned());

    assert_eq!(workflow.of_steps("run"), [".ci/run"]);
}

#[test]
fn actions_are_named_by_commit_and_version() {
    for workflow in Workflow::all() {
        let lines = workflow
            .text
            .lines()
            .map(|line| line.trim_start().trim_start_matches("- "))
            .filter_map(|line| line.strip_prefix("uses: "));
        let mut actions = Vec::new();

        for line in lines {
            let (action, version) = line.split_once(" # ").unwrap_or((line, ""));
            let (_, commit) = action.split_once('@').unwrap_or((action, ""));

            let is_commit = commit.len() == 40 && commit.chars().all(|digit| digit.is_ascii_hexdigit());
            assert!(is_commit, "{}: {action} names no commit", workflow.name);
            assert!(is_version(version), "{}: {line} names no version", workflow.name);
            actions.push(action);
        }
        assert_eq!(
            actions,
            workflow.of_steps("uses"),
            "{}: an action is not on a line of its own",
            workflow.name
        );
        assert!(workflow.jobs().all(|(_, job)| job["uses"].is_badvalue()));
    }
}

/// Whether a text is a version with all of its three numbers, such as `v1.2.3`.
fn is_version(text: &str) -> bool {
    let Some(numbers) = text.strip_prefix('v') else {
        return false;
    };
    let numbers: Vec<_> = numbers.split('.').map(str::parse::<u32>).collect();
    matches!(numbers[..], [Ok(_), Ok(_), Ok(_)])
}

#[test]
fn jobs_have_only_the_rights_that_are_listed() {
    let mut writes = Vec::new();
    let workflows = Workflow::all();

    for workflow in &workflows {
        let name = &workflow.name;
        let general = workflow.content["permissions"].as_hash();
        assert!(
            general.is_some_and(|rights| rights.is_empty()),
            "{name} must have permissions: {{}}"
        );

        for (job, content) in workflow.jobs() {
            let rights = content["permissions"].as_hash();
            let rights = rights.unwrap_or_else(|| panic!("{name}: {job} must list its permissions"));
            let to_write = rights
                .iter()
                .filter(|(_, right)| !matches!(right.as_str(), Some("read" | "none")));
            writes.extend(
                to_write.map(|(object, _)| (name.as_str(), job, object.as_str().expect("a permission"))),
            );
        }
    }
    writes.sort_unstable();

    let mut listed = WRITES;
    listed.sort_unstable();
    assert_eq!(writes, listed, "WRITES in app/tests/rules/workflows.rs differs");
}

#[test]
fn packages_of_npm_are_updated() {
    let updates = read(".github/dependabot.yml");
    let updates = YamlLoader::load_from_str(&updates).expect("YAML").remove(0);
    let npm = updates["updates"].as_vec().expect("updates");
    let npm = npm
        .iter()
        .find(|update| update["package-ecosystem"].as_str() == Some("npm"));
    let listed = npm.and_then(|npm| npm["directories"].as_vec()).expect("folders");

    for folder in folders_with_packages(&root(), "") {
        let is_listed = listed.iter().any(|listed| listed.as_str() == Some(&folder));
        assert!(is_listed, "{folder} is missing in .github/dependabot.yml");
    }
}

/// The folders with a lock file of npm, from the workspace's.
fn folders_with_packages(folder: &Path, name: &str) -> Vec<String> {
    const GENERATED: [&str; 5] = [".git", "dist", "node_modules", "target", "vendor"];
    let mut found = Vec::new();

    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let file = entry.file_name().into_string().expect("UTF-8");
        if file == "package-lock.json" {
            found.push(name.to_owned());
        } else if entry.file_type().expect("a type").is_dir() && !GENERATED.contains(&&*file) {
            found.extend(folders_with_packages(&entry.path(), &format!("{name}/{file}")));
        }
    }
    found
}
