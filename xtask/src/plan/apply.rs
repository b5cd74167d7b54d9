//! Writes a plan: all of it or nothing.

use std::{
    fs::{self, Permissions},
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use tempfile::TempPath;

use super::Plan;

/// A file before the plan: what is needed to restore it.
struct Original {
    path: PathBuf,
    /// `None` if there was no such file.
    content: Option<(Vec<u8>, Permissions)>,
}

impl Plan {
    /// Writes all changes. If one of them fails, those before it are undone.
    ///
    /// # Errors
    ///
    /// What prevented the changes; see also [`Plan::check`].
    pub fn apply(self) -> Result<()> {
        self.check()?;

        let mut new_folders = Vec::new();
        let mut originals = Vec::new();
        let written = self.write(&mut new_folders, &mut originals);

        if written.is_err() {
            for original in originals.into_iter().rev() {
                restore(original).context("a change failed, and so did its undoing: use git restore")?;
            }
            for folder in new_folders.iter().rev() {
                // A folder that is not empty stays.
                let _ = fs::remove_dir(folder);
            }
        }
        written.context("nothing was changed")
    }

    /// Pushes what it did, so that the caller can undo it.
    fn write(&self, new_folders: &mut Vec<PathBuf>, originals: &mut Vec<Original>) -> Result<()> {
        // First everything that can fail for want of space or permission: the new contents, in files beside the old.
        let mut staged = Vec::new();
        for (path, content) in &self.files {
            let target = self.root.join(path);
            let content = match content {
                Some(content) => Some(self.stage(path, content, new_folders)?),
                None if target.exists() => None,
                None => continue,
            };
            staged.push((target, content));
        }

        for (path, content) in staged {
            originals.push(read_original(&path)?);
            match content {
                Some(file) => file.persist(&path).map_err(anyhow::Error::from),
                None => fs::remove_file(&path).map_err(anyhow::Error::from),
            }
            .with_context(|| format!("cannot write {}", path.display()))?;
        }

        for path in self
            .files
            .iter()
            .filter(|(_, content)| content.is_none())
            .map(|(path, _)| path)
        {
            self.remove_empty_folders(path);
        }
        Ok(())
    }

    /// Writes the content into a temporary file in the folder of the target, which becomes a new one if necessary.
    fn stage(&self, path: &Path, content: &[u8], new_folders: &mut Vec<PathBuf>) -> Result<TempPath> {
        let target = self.root.join(path);
        let folder = target.parent().context("a file without a folder")?;
        let missing = folder.ancestors().take_while(|folder| !folder.exists());
        let mut missing: Vec<_> = missing.map(Path::to_owned).collect();
        missing.reverse();
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        new_folders.append(&mut missing);

        let mut file = tempfile::Builder::new()
            .prefix(".xtask-")
            .tempfile_in(folder)
            .and_then(|mut file| file.write_all(content).map(|()| file))
            .with_context(|| format!("cannot write into {}", folder.display()))?;
        file.flush()?;

        let origin = self.moved_from.get(path).map_or(path, PathBuf::as_path);
        let file = file.into_temp_path();
        match fs::metadata(self.root.join(origin)) {
            Ok(metadata) => fs::set_permissions(&file, metadata.permissions())?,
            Err(_) => set_default_permissions(&file)?,
        }
        Ok(file)
    }

    /// git does not know empty folders; neither should the working tree.
    fn remove_empty_folders(&self, removed: &Path) {
        for folder in removed
            .ancestors()
            .skip(1)
            .filter(|folder| *folder != Path::new(""))
        {
            if fs::remove_dir(self.root.join(folder)).is_err() {
                return;
            }
        }
    }
}

fn read_original(path: &Path) -> Result<Original> {
    let content = if path.exists() {
        Some((fs::read(path)?, fs::metadata(path)?.permissions()))
    } else {
        None
    };
    Ok(Original {
        path: path.to_owned(),
        content,
    })
}

fn restore(original: Original) -> Result<()> {
    match original.content {
        Some((content, permissions)) => {
            fs::write(&original.path, content)?;
            fs::set_permissions(&original.path, permissions)?;
        }
        None if original.path.exists() => fs::remove_file(&original.path)?,
        None => {}
    }
    Ok(())
}

/// A temporary file can be read by its owner only; a file of a source tree, by everyone.
#[cfg(unix)]
fn set_default_permissions(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(file, Permissions::from_mode(0o644))?;
    Ok(())
}

#[cfg(not(unix))]
fn set_default_permissions(_file: &Path) -> Result<()> {
    Ok(())
}
