//! Upstream's repository and its versions.

use anyhow::{Context as _, Result, bail};

use crate::git::Git;

/// Where the fetched references are, apart from the user's own.
const REFERENCES: &str = "refs/template";

/// A version of upstream.
#[derive(Debug)]
pub(super) struct Version {
    /// The tag, or the commit.
    pub(super) label: String,
    pub(super) commit: String,
}

/// Upstream, as it was fetched.
pub(super) struct Upstream<'a> {
    git: &'a Git,
}

impl<'a> Upstream<'a> {
    /// Fetches all branches and tags of a URL or a path.
    pub(super) fn fetch(git: &'a Git, url: &str) -> Result<Self> {
        let references = [
            format!("+HEAD:{REFERENCES}/HEAD"),
            format!("+refs/heads/*:{REFERENCES}/heads/*"),
            format!("+refs/tags/*:{REFERENCES}/tags/*"),
        ];
        let mut arguments = vec![
            "fetch",
            "--quiet",
            "--no-tags",
            "--prune",
            "--no-write-fetch-head",
            "--",
            url,
        ];
        arguments.extend(references.iter().map(String::as_str));
        git.run(&arguments)?;

        Ok(Self { git })
    }

    /// The named version. By default the newest tag without a suffix such as `-rc.1`, or without tags upstream's HEAD.
    pub(super) fn version(&self, name: Option<&str>) -> Result<Version> {
        let newest = match name {
            Some(_) => None,
            None => self.newest_tag()?,
        };
        let name = name.or(newest.as_deref()).unwrap_or("HEAD");

        let tag = self.commit(&format!("{REFERENCES}/tags/{name}"));
        if let Some(commit) = tag {
            return Ok(Version {
                label: name.to_owned(),
                commit,
            });
        }
        // The name of a branch says nothing about the version: it moves.
        let others = [
            format!("{REFERENCES}/heads/{name}"),
            format!("{REFERENCES}/{name}"),
            name.to_owned(),
        ];
        let commit = others.iter().find_map(|other| self.commit(other));
        let commit = commit.filter(|commit| self.has(commit));
        let commit = commit.with_context(|| format!("upstream has no tag, branch or commit {name}"))?;
        Ok(Version {
            label: commit.clone(),
            commit,
        })
    }

    /// The version that a copy was made from. A copy without upstream's history has another commit of the same tree.
    pub(super) fn recorded(&self, name: &str) -> Result<Version> {
        let label = name.to_owned();
        if let Ok(Version { commit, .. }) = self.version(Some(name)) {
            return Ok(Version { label, commit });
        }

        let tree = self
            .git
            .run(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{tree}}")]);
        if let Ok(tree) = tree {
            let glob = format!("--glob={REFERENCES}/*");
            let history = self.git.run(&["log", "--format=%H %T", &glob])?;
            let same = history
                .lines()
                .find_map(|line| line.strip_suffix(&*format!(" {tree}")));
            if let Some(commit) = same {
                return Ok(Version {
                    label,
                    commit: commit.to_owned(),
                });
            }
        }
        bail!(
            "upstream has no version {name}: set version in [workspace.metadata.template] of Cargo.toml to the tag or \
             commit of upstream that this copy was made from, and commit that"
        )
    }

    fn newest_tag(&self) -> Result<Option<String>> {
        let pattern = format!("{REFERENCES}/tags");
        let tags = self.git.run(&[
            "for-each-ref",
            "--sort=-version:refname",
            "--format=%(refname:lstrip=3)",
            &pattern,
        ])?;
        Ok(tags.lines().find(|tag| !tag.contains('-')).map(ToOwned::to_owned))
    }

    fn commit(&self, name: &str) -> Option<String> {
        let commit = format!("{name}^{{commit}}");
        self.git.run(&["rev-parse", "--verify", "--quiet", &commit]).ok()
    }

    /// Whether upstream's history contains the commit, and not only that of this copy.
    fn has(&self, commit: &str) -> bool {
        let containing = self
            .git
            .run(&["for-each-ref", "--count=1", "--contains", commit, REFERENCES]);
        containing.is_ok_and(|references| !references.is_empty())
    }
}
