//! `cargo xtask update`: merges upstream's changes into a renamed copy.
//!
//! A branch `template` holds upstream's tree with this copy's name, one commit for each update. It needs no common history
//! with upstream: the first commit is the version in the record, and becomes an ancestor of this copy. What git then merges
//! is what upstream changed since, without the name.

mod conflicts;
mod list_conflict;
mod merge;
mod renamed_tree;
mod upstream;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::{git::Git, program_name::ProgramName, record::Record};
use upstream::{Upstream, Version};

/// What `update` is told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The tag, branch or commit of upstream to update to. By default its newest tag, or, without tags, its HEAD.
    version: Option<String>,
}

/// The branch that holds upstream's tree with this copy's name.
const BRANCH: &str = "template";

/// Merges upstream's changes, or with `dry_run` only lists them. Returns what was done and what to do next.
///
/// # Errors
///
/// What prevents the update, and then nothing was changed; or the files with conflicts, which the user resolves and commits.
pub fn run(arguments: &Arguments, git: &Git, dry_run: bool) -> Result<String> {
    let manifest = git.run(&["show", "HEAD:Cargo.toml"])?;
    let record = Record::read(&manifest)?;
    let name = ProgramName::of_package(&git.run(&["show", "HEAD:app/Cargo.toml"])?)?;
    ensure!(
        !record.upstream.is_empty() && !record.version.is_empty(),
        "set upstream (a URL or a path) and version (the tag or commit that this copy was made from) in \
         [workspace.metadata.template] of Cargo.toml, and commit that"
    );

    let upstream = Upstream::fetch(git, &record.upstream)?;
    let target = upstream.version(arguments.version.as_deref())?;
    let copy = Copy {
        git,
        name,
        upstream: record.upstream,
    };

    let current = upstream.recorded(&record.version)?;
    if git.is_ancestor(&target.commit, &current.commit)? {
        return Ok(format!(
            "Nothing to do: {} is not newer than {}.",
            target.label, current.label
        ));
    }

    let tip = copy.tip()?;
    let base = match &tip {
        Some(tip) => copy.base(tip, &current)?,
        None => copy.commit(&current, None)?,
    };
    let new = match &tip {
        // An earlier update was not merged to its end.
        Some(tip) if tip.version == target.label => tip.commit.clone(),
        Some(tip) => copy.commit(&target, Some(&tip.commit))?,
        None => copy.commit(&target, Some(&base))?,
    };
    if dry_run {
        return merge::preview(git, &base, &new);
    }
    git.run(&["update-ref", &format!("refs/heads/{BRANCH}"), &new])?;
    merge::run(git, &base, &new, &target.label)
}

/// The newest commit of the branch, and the version of upstream that it has.
struct Tip {
    version: String,
    commit: String,
}

/// This copy of the template.
struct Copy<'a> {
    git: &'a Git,
    name: ProgramName,
    upstream: String,
}

impl Copy<'_> {
    /// The newest commit of the branch; `None` if there is no branch yet.
    fn tip(&self) -> Result<Option<Tip>> {
        let reference = format!("refs/heads/{BRANCH}");
        let Ok(commit) = self.git.run(&["rev-parse", "--verify", "--quiet", &reference]) else {
            return Ok(None);
        };
        let current = self.git.run(&["symbolic-ref", "--quiet", "HEAD"]);
        ensure!(
            current.unwrap_or_default() != reference,
            "switch to another branch: {BRANCH} is for upstream's versions only"
        );

        let record = self.record(&commit).with_context(|| {
            format!("the branch {BRANCH} is not one that this command made: give it another name")
        })?;
        Ok(Some(Tip {
            version: record.version,
            commit,
        }))
    }

    /// The commit of the branch that the current branch has: the one that was merged last, or that of its version.
    fn base(&self, tip: &Tip, current: &Version) -> Result<String> {
        if let Ok(base) = self.git.run(&["merge-base", "HEAD", &tip.commit]) {
            return Ok(base);
        }

        let history = self.git.run(&["rev-list", &tip.commit])?;
        let is_current = |commit: &&str| {
            self.record(commit)
                .is_ok_and(|record| record.version == current.label)
        };
        let base = history.lines().find(is_current);
        let base =
            base.with_context(|| format!("the branch {BRANCH} has no version {}: delete it", current.label))?;
        Ok(base.to_owned())
    }

    fn record(&self, commit: &str) -> Result<Record> {
        Record::read(&self.git.run(&["show", &format!("{commit}:Cargo.toml")])?)
    }

    /// A commit of a version of upstream with this copy's name. No branch refers to it yet.
    fn commit(&self, version: &Version, parent: Option<&str>) -> Result<String> {
        let tree = renamed_tree::write(self.git, version, &self.name, &self.upstream)
            .with_context(|| format!("cannot give upstream's {} the name {}", version.label, self.name))?;
        let message = format!("Template {}, named {}", version.label, self.name);

        let mut arguments = vec!["commit-tree", &tree, "-m", &message];
        if let Some(parent) = parent {
            arguments.extend(["-p", parent]);
        }
        self.git.run(&arguments)
    }
}
