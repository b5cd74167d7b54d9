//! A version of upstream with the name of this copy.

use std::{env, path::Path};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::upstream::Version;
use crate::{cargo, git::Git, plan::Plan, program_name::ProgramName, record::Record, rename};

/// Writes the tree into the repository of `git`, and returns its id. It is renamed by the version's own command: only that
/// knows where its name stands. If that command is this program, it is called directly, which saves its compilation.
pub(super) fn write(git: &Git, version: &Version, name: &ProgramName, upstream: &str) -> Result<String> {
    let worktree = Worktree::add(git, &version.commit)?;
    let tree = &worktree.tree;

    let manifest = tree.run(&["show", "HEAD:Cargo.toml"])?;
    let package = tree.run(&["show", "HEAD:app/Cargo.toml"])?;
    if ProgramName::of_package(&package)? == *name {
        record_version(tree.root(), &manifest, version, upstream)?;
    } else if same_command(git, version)? {
        rename_here(tree, version, name, upstream)?;
    } else {
        rename_there(git, tree, version, name, upstream)?;
    }

    tree.run(&["add", "--all"])?;
    tree.run(&["write-tree"])
}

/// Whether the version has the code of this program.
fn same_command(git: &Git, version: &Version) -> Result<bool> {
    let of = |commit: &str| git.run(&["rev-parse", "--verify", "--quiet", &format!("{commit}:xtask")]);
    let theirs = of(&version.commit).context("this version has no cargo xtask")?;
    Ok(of("HEAD").is_ok_and(|ours| ours == theirs))
}

fn record_version(root: &Path, manifest: &str, version: &Version, upstream: &str) -> Result<()> {
    let mut record = Record::read(manifest)?;
    upstream.clone_into(&mut record.upstream);
    record.version.clone_from(&version.label);

    let mut plan = Plan::new(root);
    let manifest = record.write(&plan.read("Cargo.toml")?)?;
    plan.edit("Cargo.toml", |_| Ok(manifest))?;
    plan.apply()
}

fn rename_here(tree: &Git, version: &Version, name: &ProgramName, upstream: &str) -> Result<()> {
    let arguments = rename::Arguments {
        name: name.to_string(),
        upstream: Some(upstream.to_owned()),
        version: Some(version.label.clone()),
        enterprise_number: None,
    };
    let mut plan = Plan::new(tree.root());
    rename::run(&arguments, &mut plan)?;
    plan.apply()?;
    rename::format_code(tree)
}

fn rename_there(git: &Git, tree: &Git, version: &Version, name: &ProgramName, upstream: &str) -> Result<()> {
    let name = name.to_string();
    // That of the repository, where the dependencies are compiled already.
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo's variable, which is no setting of the program"
    )]
    let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let target = git.root().join(target);
    let target = target.to_str().context("the target folder is not UTF-8")?;

    let program = [
        "run",
        "--quiet",
        "--package",
        "xtask",
        "--target-dir",
        target,
        "--",
    ];
    let command = [
        "rename",
        &name,
        "--upstream",
        upstream,
        "--version",
        &version.label,
    ];
    cargo::run(tree.root(), program.into_iter().chain(command)).context("its cargo xtask rename failed")?;
    Ok(())
}

/// A working tree of the repository, in a temporary folder. It is removed when this is dropped.
struct Worktree<'a> {
    git: &'a Git,
    tree: Git,
    _folder: TempDir,
}

impl<'a> Worktree<'a> {
    fn add(git: &'a Git, commit: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot create a folder")?;
        let path = folder.path().join("tree");
        let path_text = path
            .to_str()
            .context("the folder for temporary files is not UTF-8")?;
        // The user's hooks are for the user's own commands.
        git.run(&[
            "-c",
            "core.hooksPath=/dev/null",
            "worktree",
            "add",
            "--quiet",
            "--detach",
            path_text,
            commit,
        ])?;

        Ok(Self {
            git,
            tree: Git::new(&path),
            _folder: folder,
        })
    }
}

impl Drop for Worktree<'_> {
    fn drop(&mut self) {
        let path = self.tree.root().to_string_lossy().into_owned();
        // What remains of it, git prunes by itself.
        let _ = self.git.run(&["worktree", "remove", "--force", &path]);
    }
}
