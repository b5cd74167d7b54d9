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
        Command::new("git")
            .arg("-C")
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
