//! What git calls a conflict, and what has one right result.

use std::{collections::BTreeMap, fs};

use anyhow::{Context as _, Result};

use super::list_conflict;
use crate::{git::Git, released};

/// Written by the program itself, so that neither side of a conflict is right.
const GENERATED: [&str; 2] = ["openapi/openapi.json", "docs/configuration.md"];

/// What became of the conflicts of a merge.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Files that upstream changed or added, and that this copy has no place for.
    deleted: Vec<String>,
    /// Generated files, which are those of this copy for now.
    generated: Vec<String>,
    /// Files whose conflicts the user resolves.
    pub(super) remaining: Vec<String>,
}

impl Settled {
    /// What the user should know about the first two.
    pub(super) fn report(&self) -> String {
        let mut report = String::new();
        for (title, files) in [
            (
                "You deleted these files, and upstream changed them; they stay deleted:",
                &self.deleted,
            ),
            (
                "These files are generated, and have to be refreshed:",
                &self.generated,
            ),
        ] {
            if !files.is_empty() {
                report.push_str(&format!("{title}\n{}\n", files.join("\n")));
            }
        }
        report
    }
}

/// The versions of a file in a conflict: in the common ancestor, in this copy, in upstream.
type Stages = [bool; 3];

/// Settles what it can in the index and in the working tree.
pub(super) fn settle(git: &Git, base: &str, new: &str) -> Result<Settled> {
    let mut settled = Settled::default();
    keep_own_release(git, base)?;

    for (path, stages) in unmerged(git)? {
        if let [true, false, true] = stages {
            delete(git, &path)?;
            settled.deleted.push(path);
        } else if GENERATED.contains(&&*path) && stages[1] {
            git.run(&["checkout", "--quiet", "--ours", "--", &path])?;
            git.run(&["add", "--", &path])?;
            settled.generated.push(path);
        } else if stages[1] && stages[2] && merge_lists(git, &path)? {
            git.run(&["add", "--", &path])?;
        } else {
            settled.remaining.push(path);
        }
    }

    for path in added_to_deleted_folders(git, base, new)? {
        delete(git, &path)?;
        settled.deleted.push(path);
    }
    Ok(settled)
}

/// What this copy has released is not what upstream has: a copy that has released anything keeps its document, without
/// a conflict or with one.
fn keep_own_release(git: &Git, base: &str) -> Result<()> {
    let is_there = git
        .run(&["cat-file", "-e", &format!("HEAD:{}", released::FILE)])
        .is_ok();
    let changed = git.output(&["diff", "--quiet", base, "HEAD", "--", released::FILE])?;

    if is_there && !changed.status.success() {
        git.run(&["checkout", "--quiet", "HEAD", "--", released::FILE])?;
    }
    Ok(())
}

fn unmerged(git: &Git) -> Result<BTreeMap<String, Stages>> {
    let mut files = BTreeMap::<String, Stages>::new();
    // Mode, object and stage, then after a tab the path.
    let entries = git.run(&["ls-files", "--unmerged", "-z"])?;
    for entry in entries.split_terminator('\0') {
        let (head, path) = entry.split_once('\t').context("an entry of git ls-files")?;
        let stage = match head.rsplit(' ').next() {
            Some("1") => 0,
            Some("2") => 1,
            _ => 2,
        };
        files.entry(path.to_owned()).or_default()[stage] = true;
    }
    Ok(files)
}

/// New files of upstream in a folder that upstream had before, and that this copy has deleted.
fn added_to_deleted_folders(git: &Git, base: &str, new: &str) -> Result<Vec<String>> {
    let added = git.run(&[
        "diff",
        "--name-only",
        "--diff-filter=A",
        "--no-renames",
        "-z",
        base,
        new,
    ])?;
    let is_in_deleted_folder = |path: &&str| {
        let folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        let exists = |commit: &str, folder: &str| {
            git.run(&["rev-parse", "--verify", "--quiet", &format!("{commit}:{folder}")])
                .is_ok()
        };
        folders
            .into_iter()
            .any(|folder| exists(base, folder) && !exists("HEAD", folder))
    };

    let deleted = added.split_terminator('\0').filter(is_in_deleted_folder);
    Ok(deleted.map(ToOwned::to_owned).collect())
}

fn delete(git: &Git, path: &str) -> Result<()> {
    git.run(&["rm", "--quiet", "--force", "--ignore-unmatch", "--", path])?;
    Ok(())
}

/// Whether all conflicts of the file were lines of lists, which are merged now.
fn merge_lists(git: &Git, path: &str) -> Result<bool> {
    let file = git.root().join(path);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {path}"))?;
    let Some(merged) = list_conflict::merge(&text) else {
        return Ok(false);
    };

    fs::write(&file, merged).with_context(|| format!("cannot write {path}"))?;
    Ok(true)
}
