//! Changes of files, planned in memory and then written all or not at all.

mod apply;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

/// A place that an edit did not find in a file.
#[derive(Debug)]
pub struct Missing {
    /// What was looked for, such as "the list `RESOURCES`".
    pub place: String,
    /// The lines that the user adds by hand instead; empty if something was to be removed.
    pub lines: String,
}

/// Planned changes of the files below one folder. Every step sees the result of the steps before it. Nothing is written
/// before [`Plan::apply`].
#[derive(Debug)]
pub struct Plan {
    root: PathBuf,
    /// The planned content of each changed file; `None` if there will be no such file.
    files: BTreeMap<PathBuf, Option<Vec<u8>>>,
    /// From which file a file is moved, for its permissions and for the summary. Keyed by the new path.
    moved_from: BTreeMap<PathBuf, PathBuf>,
    missing: Vec<(PathBuf, Missing)>,
}

impl Plan {
    /// A plan without changes. Paths of all its methods are relative to the folder `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            files: BTreeMap::new(),
            moved_from: BTreeMap::new(),
            missing: Vec::new(),
        }
    }

    /// Whether there will be such a file.
    #[must_use]
    pub fn exists(&self, path: impl AsRef<Path>) -> bool {
        match self.files.get(path.as_ref()) {
            Some(content) => content.is_some(),
            None => self.root.join(path).is_file(),
        }
    }

    /// The planned text of a file.
    ///
    /// # Errors
    ///
    /// If there is no such file, or if it is not UTF-8.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<String> {
        let path = path.as_ref();
        String::from_utf8(self.bytes(path)?).with_context(|| format!("{} is not UTF-8", path.display()))
    }

    /// Plans a new file.
    ///
    /// # Errors
    ///
    /// If there is such a file already.
    pub fn create(&mut self, path: impl AsRef<Path>, text: impl Into<String>) -> Result<()> {
        let path = path.as_ref();
        if self.exists(path) {
            bail!("{} exists already", path.display());
        }
        self.files.insert(path.to_owned(), Some(text.into().into_bytes()));
        Ok(())
    }

    /// Plans an edit: `edit` makes the new text from the planned one. If it does not find its place, [`Plan::check`]
    /// fails with all such places.
    ///
    /// # Errors
    ///
    /// If there is no such file, or if it is not UTF-8.
    pub fn edit(
        &mut self,
        path: impl AsRef<Path>,
        edit: impl FnOnce(&str) -> Result<String, Missing>,
    ) -> Result<()> {
        let path = path.as_ref();
        let text = self.read(path)?;

        match edit(&text) {
            Ok(new) if new == text => {}
            Ok(new) => {
                self.files.insert(path.to_owned(), Some(new.into_bytes()));
            }
            Err(missing) => self.missing.push((path.to_owned(), missing)),
        }
        Ok(())
    }

    /// Plans the removal of a file, or of a folder with all its files.
    ///
    /// # Errors
    ///
    /// If there is no such file or folder.
    pub fn delete(&mut self, path: impl AsRef<Path>) -> Result<()> {
        for file in self.files_at(path.as_ref())? {
            self.moved_from.remove(&file);
            self.files.insert(file, None);
        }
        Ok(())
    }

    /// Plans the move of a file, or of a folder with all its files.
    ///
    /// # Errors
    ///
    /// If there is no such file or folder, or if the new place is taken.
    pub fn rename(&mut self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
        let (from, to) = (from.as_ref(), to.as_ref());

        for file in self.files_at(from)? {
            // Joining an empty path would add a slash to the name of a file.
            let target = match file.strip_prefix(from) {
                Ok(rest) if rest != Path::new("") => to.join(rest),
                _ => to.to_owned(),
            };
            if self.exists(&target) {
                bail!(
                    "cannot rename {} to {}, which exists already",
                    file.display(),
                    target.display()
                );
            }

            let content = self.bytes(&file)?;
            let origin = self.moved_from.remove(&file).unwrap_or_else(|| file.clone());
            self.files.insert(file, None);
            self.files.insert(target.clone(), Some(content));
            self.moved_from.insert(target, origin);
        }
        Ok(())
    }

    /// Makes sure that every edit found its place.
    ///
    /// # Errors
    ///
    /// The places that were not found, with the lines to add by hand.
    pub fn check(&self) -> Result<()> {
        if self.missing.is_empty() {
            return Ok(());
        }

        let mut message = "nothing was changed, because these places were not found:".to_owned();
        for (path, Missing { place, lines }) in &self.missing {
            write!(message, "\n{}: {place}", path.display())?;
            if !lines.is_empty() {
                write!(message, ". Add by hand:\n{}", lines.trim_end())?;
            }
        }
        bail!(message)
    }

    /// One line for each changed file: "create", "edit", "delete" or "rename", and its path.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut lines = String::new();
        for (path, content) in &self.files {
            let line = match (content, self.moved_from.get(path)) {
                (Some(_), Some(from)) if from != path => {
                    format!("rename {} to {}\n", from.display(), path.display())
                }
                (Some(_), _) if self.root.join(path).exists() => format!("edit   {}\n", path.display()),
                (Some(_), _) => format!("create {}\n", path.display()),
                (None, _) if self.moved_from.values().any(|from| from == path) => continue,
                (None, _) if self.root.join(path).exists() => format!("delete {}\n", path.display()),
                // Planned and deleted again.
                (None, _) => continue,
            };
            lines.push_str(&line);
        }
        lines
    }

    /// The folder whose files change.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The paths that will exist after the plan and differ now: what a formatter has to look at.
    pub fn written(&self) -> impl Iterator<Item = &Path> {
        let written = self.files.iter().filter(|(_, content)| content.is_some());
        written.map(|(path, _)| path.as_path())
    }

    fn bytes(&self, path: &Path) -> Result<Vec<u8>> {
        match self.files.get(path) {
            Some(Some(content)) => Ok(content.clone()),
            Some(None) => bail!("there is no file {}", path.display()),
            None => fs::read(self.root.join(path)).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// The planned files at `path`: itself, or all below it.
    fn files_at(&self, path: &Path) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        if self.root.join(path).is_dir() {
            list_files(&self.root, path, &mut files)?;
        } else if self.root.join(path).is_file() {
            files.push(path.to_owned());
        }
        files.extend(self.files.keys().filter(|file| file.starts_with(path)).cloned());
        files.sort();
        files.dedup();
        files.retain(|file| self.exists(file));

        if files.is_empty() {
            bail!("there is no file or folder {}", path.display());
        }
        Ok(files)
    }
}

fn list_files(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(root.join(folder)).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            list_files(root, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
