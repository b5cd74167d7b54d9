//! The command line.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand};

use crate::{add, git::Git, openapi, plan::Plan, remove, rename, update};

/// Makes a copy of this template your own.
///
/// Every command needs a clean working tree, plans all changes before it writes the first, and writes all of them or
/// none.
#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
pub struct Arguments {
    /// Print what would change, and change nothing.
    #[arg(long, global = true)]
    dry_run: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Give the program another name.
    Rename(rename::Arguments),
    /// Add a resource in all layers, with its tests.
    Resource(add::Arguments),
    /// Take a resource out of all layers.
    Remove(remove::Arguments),
    /// Merge upstream's changes into this copy.
    Update(update::Arguments),
}

impl Arguments {
    /// Runs the command, and returns what it prints.
    ///
    /// # Errors
    ///
    /// What prevents the command. No file has changed then.
    pub fn run(self) -> Result<String> {
        self.run_in(&env::current_dir().context("cannot read the current folder")?)
    }

    /// Runs the command for the workspace that contains `folder`.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_in(self, folder: &Path) -> Result<String> {
        let root = workspace_root(folder)?;
        let git = Git::new(&root);
        git.require_clean_tree()?;

        if let Command::Update(arguments) = &self.command {
            return update::run(arguments, &git, self.dry_run);
        }

        let changes_api = matches!(self.command, Command::Resource(_) | Command::Remove(_));
        let builds = changes_api && !self.dry_run;
        let report = self.write_files_in(&root)?;
        if builds {
            openapi::refresh(&root).or_else(|error| {
                git.restore()?;
                Err(error.context("nothing was changed"))
            })?;
            return Ok(format!(
                "edit   openapi/openapi.json, which the new program has written\n{report}"
            ));
        }
        Ok(report)
    }

    /// Runs a command that changes files in the workspace `root`, without what needs a build: the OpenAPI document stays as
    /// it is.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn write_files_in(self, root: &Path) -> Result<String> {
        let mut plan = Plan::new(root);
        let next = match &self.command {
            Command::Rename(arguments) => rename::run(arguments, &mut plan)?,
            Command::Resource(arguments) => add::run(arguments, &mut plan)?,
            Command::Remove(arguments) => remove::run(arguments, &mut plan)?,
            Command::Update(_) => bail!("update merges commits"),
        };

        let report = finish(plan, self.dry_run, &next)?;
        if matches!(self.command, Command::Rename(_)) && !self.dry_run {
            rename::format_code(&Git::new(root))?;
        }
        Ok(report)
    }
}

/// Applies the plan, or with `dry_run` only prints it. `next` says what the user does next.
fn finish(plan: Plan, dry_run: bool, next: &str) -> Result<String> {
    let summary = plan.summary();
    if dry_run {
        plan.check()?;
        return Ok(format!("{summary}Nothing was changed: this was a dry run."));
    }

    plan.apply()?;
    Ok(format!("{summary}{next}"))
}

/// The folder of the workspace that contains `folder`.
fn workspace_root(folder: &Path) -> Result<PathBuf> {
    let is_root = |folder: &&Path| folder.join("xtask/Cargo.toml").is_file();
    match folder.ancestors().find(is_root) {
        Some(root) => Ok(root.to_owned()),
        None => bail!(
            "run this inside the workspace: no folder above {} has xtask",
            folder.display()
        ),
    }
}
