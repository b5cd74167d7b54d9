//! `cargo xtask rename`: gives the program another name.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use crate::{
    cargo,
    git::Git,
    lock_file, name_places,
    plan::{Missing, Plan},
    program_name::ProgramName,
    record::Record,
};

/// The file with the enterprise number, and what stands around the number there.
const ENTERPRISE_NUMBER: (&str, &str, &str) = ("adapters/src/syslog/message.rs", "\"request@", "\"");

/// What `rename` is told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The new name, such as `my-service`.
    pub name: String,
    /// The URL or the path of the template's repository, for `update`. By default the one in Cargo.toml, or else that of
    /// the remote `origin`.
    #[arg(long, value_name = "URL")]
    pub upstream: Option<String>,
    /// The tag or the commit of the template that this copy has. By default the one in Cargo.toml, or else the tag of
    /// HEAD, or its commit.
    #[arg(long, value_name = "TAG")]
    pub version: Option<String>,
    /// The enterprise number of your organisation (iana.org), for the structured data of syslog.
    #[arg(long, value_name = "NUMBER")]
    pub enterprise_number: Option<u32>,
}

/// Plans the new name, and returns what to do next.
///
/// # Errors
///
/// If the program cannot have this name.
pub fn run(arguments: &Arguments, plan: &mut Plan) -> Result<String> {
    let git = Git::new(plan.root());
    let mut record = Record::read(&plan.read("Cargo.toml")?)?;
    let old = ProgramName::of_package(&plan.read("app/Cargo.toml")?)?;
    ensure!(old.to_string() != arguments.name, "{old} is the name already");
    let new = ProgramName::new(&arguments.name, &plan.read("Cargo.lock")?, &record)?;

    let texts = texts(plan, &git)?;
    let new_is_common = texts.iter().any(|(_, text)| new.occurrences(text) > 0);
    let renamed = rename_all(&texts, &old, &new, record.name_is_common);
    let back = rename_all(&renamed, &new, &old, new_is_common);
    check_way_back(&texts, &back, &new)?;

    for ((from, before), (to, after)) in texts.iter().zip(&renamed) {
        if from != to {
            plan.rename(from, to)?;
        }
        if before != after {
            plan.edit(to, |_| Ok(after.clone()))?;
        }
    }
    plan.edit("Cargo.lock", |text| Ok(lock_file::rename(text, &old, &new)))?;

    record.name_is_common = new_is_common;
    complete(&mut record, arguments, &git)?;
    let manifest = record.write(&plan.read("Cargo.toml")?)?;
    plan.edit("Cargo.toml", |_| Ok(manifest))?;
    let number = enterprise_number(arguments, plan)?;

    let upstream = match &*record.upstream {
        "" => {
            "unknown: set upstream in [workspace.metadata.template] of Cargo.toml, for `cargo xtask update`"
        }
        upstream => upstream,
    };
    Ok(format!(
        "The program is {new} now. Upstream is {upstream}.\n{number}The holder of the licence is in LICENSE.\n\
         Next:\n  ./test                  runs all tests\n  git add -A && git commit -m 'Rename to {new}'"
    ))
}

/// Formats the code. The compiler sorts and breaks lines by their names.
///
/// # Errors
///
/// What `cargo fmt` printed.
pub fn format_code(git: &Git) -> Result<()> {
    cargo::run(git.root(), ["fmt", "--all"]).context("cargo fmt failed")?;
    Ok(())
}

/// Every tracked text but those of this member, which names no program, and those that have rules of their own: the lock
/// file, and the manifest with the record.
fn texts(plan: &Plan, git: &Git) -> Result<Vec<(PathBuf, String)>> {
    let paths = git.tracked_files()?.into_iter();
    let texts = paths
        .filter(|path| !["Cargo.lock", "Cargo.toml"].contains(&&*path.to_string_lossy()))
        .filter(|path| !path.starts_with("xtask"))
        // What is not UTF-8 is an image or the like.
        .filter_map(|path| plan.read(&path).ok().map(|text| (path, text)));
    Ok(texts.collect())
}

/// The paths and texts with the new name. If the old one is a common word, only in the places of the template.
fn rename_all(
    texts: &[(PathBuf, String)],
    old: &ProgramName,
    new: &ProgramName,
    old_is_common: bool,
) -> Vec<(PathBuf, String)> {
    let renamed = texts.iter().map(|(path, text)| {
        let path = path.to_string_lossy();
        if old_is_common {
            (PathBuf::from(&*path), name_places::replace(&path, text, old, new))
        } else {
            (PathBuf::from(old.replace(&path, new)), old.replace(text, new))
        }
    });
    renamed.collect()
}

/// Makes sure that renaming back gives the same files.
fn check_way_back(texts: &[(PathBuf, String)], back: &[(PathBuf, String)], new: &ProgramName) -> Result<()> {
    let mut pairs = texts.iter().zip(back);
    let Some(((path, before), (_, after))) = pairs.find(|(before, after)| before != after) else {
        return Ok(());
    };

    let mut lines = before.lines().zip(after.lines()).enumerate();
    let line = lines
        .find(|(_, (before, after))| before != after)
        .map_or(1, |(line, _)| line + 1);
    bail!(
        "renaming {new} back would not restore {}:{line}, where the two names could be confused; choose another name",
        path.display()
    )
}

/// Fills in what the record does not know yet.
fn complete(record: &mut Record, arguments: &Arguments, git: &Git) -> Result<()> {
    if let Some(upstream) = &arguments.upstream {
        record.upstream.clone_from(upstream);
    } else if record.upstream.is_empty() {
        let origin = git.run(&["remote", "get-url", "origin"]);
        record.upstream = origin.unwrap_or_default();
    }

    if let Some(version) = &arguments.version {
        record.version.clone_from(version);
    } else if record.version.is_empty() {
        let tag = git.run(&["describe", "--tags", "--exact-match", "HEAD"]);
        record.version = tag.or_else(|_| git.run(&["rev-parse", "HEAD"]))?;
    }
    Ok(())
}

/// Plans the enterprise number, and returns what to say about it.
fn enterprise_number(arguments: &Arguments, plan: &mut Plan) -> Result<String> {
    let (path, before, after) = ENTERPRISE_NUMBER;
    if let Some(number) = arguments.enterprise_number {
        let replaced = |text: &str| {
            let (head, rest) = text.split_once(before)?;
            let (_, tail) = rest.split_once(after)?;
            Some(format!("{head}{before}{number}{after}{tail}"))
        };
        plan.edit(path, |text| {
            replaced(text).ok_or_else(|| Missing {
                place: "the enterprise number".to_owned(),
                lines: String::new(),
            })
        })?;
        return Ok(String::new());
    }

    let has_example = plan
        .read(path)
        .is_ok_and(|text| text.contains(&format!("{before}32473{after}")));
    if has_example {
        return Ok(format!(
            "The enterprise number 32473 in {path} is an example: replace it with yours.\n"
        ));
    }
    Ok(String::new())
}
