//! Working trees of git in temporary folders.

use std::{fs, path::Path, process::Command};

use clap::Parser as _;
use tempfile::TempDir;
use xtask::{cli::Arguments, git::Git};

/// A working tree that is removed when this is dropped.
pub(crate) struct Tree {
    folder: TempDir,
}

impl Tree {
    /// An empty one, with a user of its own.
    pub(crate) fn empty() -> Self {
        let tree = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        tree.git(&["init", "--quiet", "--initial-branch", "main"]);
        for (key, value) in [
            ("user.name", "Test"),
            ("user.email", "test@example.com"),
            ("commit.gpgsign", "false"),
            ("core.hooksPath", "/dev/null"),
        ] {
            tree.git(&["config", key, value]);
        }
        tree
    }

    /// A commit of this workspace as it is in its folder now, whether or not that is a working tree of git.
    pub(crate) fn of_this_workspace() -> Self {
        let tree = Self::empty();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .expect("the workspace");
        let git_dir = tree.path().join(".git");
        let status = Command::new("git")
            .arg("--git-dir")
            .arg(git_dir)
            .arg("--work-tree")
            .arg(root)
            .args(["add", "--all"])
            .current_dir(root)
            .status();
        assert!(status.expect("git").success());

        tree.git(&["commit", "--quiet", "--message", "A copy"]);
        tree.git(&["reset", "--quiet", "--hard"]);
        tree
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The output of `git ARGUMENTS`, which must succeed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        Git::new(self.path()).run(arguments).expect("git succeeds")
    }

    /// Whether a commit contains a text outside of `Cargo.toml`.
    pub(crate) fn has(&self, text: &str, commit: &str) -> bool {
        let output = Git::new(self.path()).output(&["grep", "--quiet", text, commit, "--", ":!Cargo.toml"]);
        output.expect("git").status.success()
    }

    /// Commits everything.
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// The text of a file.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).expect(path)
    }

    /// Writes a file, in a new folder if necessary.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// Runs `cargo xtask ARGUMENTS` here: what it prints, or why it failed.
    pub(crate) fn xtask(&self, arguments: &[&str]) -> Result<String, String> {
        let arguments = ["xtask"].iter().chain(arguments);
        let arguments = Arguments::try_parse_from(arguments).expect("a command line");
        arguments
            .run_in(self.path())
            .map_err(|error| format!("{error:#}"))
    }

    /// The same for a command that builds, without the build: the OpenAPI document stays as it is.
    pub(crate) fn xtask_without_build(&self, arguments: &[&str]) -> Result<String, String> {
        let arguments = ["xtask"].iter().chain(arguments);
        let arguments = Arguments::try_parse_from(arguments).expect("a command line");
        arguments
            .write_files_in(self.path())
            .map_err(|error| format!("{error:#}"))
    }
}
