//! git, called as a program.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use anyhow::{Context as _, Result, bail};

/// A working tree of git.
#[derive(Debug, Clone)]
pub struct Git {
    root: PathBuf,
}

impl Git {
    /// The working tree in the folder `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// The folder of the working tree.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Runs `git ARGUMENTS`, and returns its output without the last line break.
    ///
    /// # Errors
    ///
    /// What git printed, if it failed.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.output(arguments)?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            bail!("git {} failed: {}", arguments.join(" "), error.trim());
        }

        let text = String::from_utf8(output.stdout)
            .with_context(|| format!("git {} printed something that is not UTF-8", arguments.join(" ")))?;
        Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
    }

    /// Runs `git ARGUMENTS`, and returns its output even if it failed.
    ///
    /// # Errors
    ///
    /// If git cannot be started.
    pub fn output(&self, arguments: &[&str]) -> Result<Output> {
        let mut git = Command::new("git");
        // Set where a hook of git runs this program, and about another repository then.
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
            git.env_remove(variable);
        }
        git.arg("-C")
            .arg(&self.root)
            .args(arguments)
            .output()
            .context("cannot run git")
    }

    /// The paths of all tracked files, relative to the root.
    ///
    /// # Errors
    ///
    /// If git fails.
    pub fn tracked_files(&self) -> Result<Vec<PathBuf>> {
        let list = self.run(&["ls-files", "-z"])?;
        Ok(list.split_terminator('\0').map(PathBuf::from).collect())
    }

    /// Makes all files as they were in the last commit. The tree must have been clean before.
    ///
    /// # Errors
    ///
    /// If git fails.
    pub fn restore(&self) -> Result<()> {
        self.run(&["reset", "--quiet", "--hard"])?;
        self.run(&["clean", "--quiet", "--force", "-d"])?;
        Ok(())
    }

    /// Whether the commit `ancestor` is in the history of `descendant`.
    ///
    /// # Errors
    ///
    /// If one of them is no commit.
    pub fn is_ancestor(&self, ancestor: &str, descendant: &str) -> Result<bool> {
        let output = self.output(&["merge-base", "--is-ancestor", ancestor, descendant])?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => bail!(
                "git merge-base failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            ),
        }
    }

    /// Whether a merge has begun and is not committed.
    ///
    /// # Errors
    ///
    /// If git cannot be started.
    pub fn is_merging(&self) -> Result<bool> {
        let output = self.output(&["rev-parse", "--verify", "--quiet", "MERGE_HEAD"])?;
        Ok(output.status.success())
    }

    /// Makes sure that nothing differs from the last commit, so that git can undo what a command does.
    ///
    /// # Errors
    ///
    /// The files that differ or are untracked.
    pub fn require_clean_tree(&self) -> Result<()> {
        let changes = self.run(&["status", "--porcelain", "--untracked-files=all"])?;
        if !changes.is_empty() {
            bail!("commit, stash or remove these files first, so that git can undo this command:\n{changes}");
        }
        Ok(())
    }
}
