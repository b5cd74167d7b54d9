//! Merges upstream's changes into the current branch.

use std::fmt::Write as _;

use anyhow::{Result, bail};

use super::conflicts;
use crate::git::Git;

/// A removed resource resembles one that was added, which must not get upstream's changes of it. git 2.47 ignores
/// `-X no-renames`.
const ONLY_EXACT_RENAMES: [&str; 2] = ["-X", "find-renames=100%"];
const NO_MOVED_FOLDERS: [&str; 2] = ["-c", "merge.directoryRenames=false"];

/// Lists what upstream changed from `base` to `new`, and which files would have conflicts.
pub(super) fn preview(git: &Git, base: &str, new: &str) -> Result<String> {
    let changes = git.run(&["diff", "--name-status", "--no-renames", base, new])?;
    let base_option = format!("--merge-base={base}");
    let merge = [
        &NO_MOVED_FOLDERS[..],
        &["merge-tree", "--write-tree", "--name-only", "--no-messages"],
        &ONLY_EXACT_RENAMES,
        &[&base_option, "HEAD", new],
    ]
    .concat();
    let merged = git.output(&merge)?;

    let mut report = format!("{changes}\n");
    // An old git cannot tell, and then prints another status.
    if merged.status.code() == Some(1) {
        // The first line is the tree.
        let output = String::from_utf8_lossy(&merged.stdout);
        let files: Vec<_> = output.lines().skip(1).collect();
        writeln!(report, "Both sides changed:\n{}", files.join("\n"))?;
    }
    report.push_str("Nothing was changed: this was a dry run.");
    Ok(report)
}

/// Merges `new`, whose ancestor `base` this copy was made from.
pub(super) fn run(git: &Git, base: &str, new: &str, label: &str) -> Result<String> {
    if !git.is_ancestor(base, "HEAD")? {
        let message = "Record the version of the template that this copy was made from";
        // A merge that changes no file. It tells git the common ancestor.
        git.run(&[
            "merge",
            "--quiet",
            "--strategy=ours",
            "--allow-unrelated-histories",
            "-m",
            message,
            base,
        ])?;
    }

    let message = format!("Update to the template's {label}");
    let merge = [
        &NO_MOVED_FOLDERS[..],
        // Shows the common ancestor.
        &["-c", "merge.conflictStyle=diff3"],
        &["merge", "--quiet", "--no-ff", "--no-commit"],
        &ONLY_EXACT_RENAMES,
        &["-m", &message, new],
    ]
    .concat();
    let merged = git.output(&merge)?;
    if !merged.status.success() && !git.is_merging()? {
        bail!(
            "git merge failed: {}",
            String::from_utf8_lossy(&merged.stderr).trim()
        );
    }

    let settled = conflicts::settle(git, base, new)?;
    let mut report = settled.report();
    if !settled.remaining.is_empty() {
        bail!(
            "{report}Both you and upstream changed these files, and git could not merge them:\n{}\nResolve the marked \
             conflicts, then: git add -A && git commit. Or undo the update: git merge --abort",
            settled.remaining.join("\n")
        );
    }

    git.run(&["commit", "--quiet", "--no-edit"])?;
    write!(
        report,
        "{}\nUpdated to the template's {label}.\nNext: refresh the generated documents, run the tests, and commit:\n  \
         cargo run -- openapi > openapi/openapi.json\n  \
         cargo run -- config --format markdown > docs/configuration.md\n  ./test",
        git.run(&["diff", "--shortstat", "HEAD^1", "HEAD"])?
    )?;
    Ok(report)
}
