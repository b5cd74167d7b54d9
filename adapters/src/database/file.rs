//! The files of an open SQLite database.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use sea_orm::DatabaseConnection;
use thiserror::Error;

use super::pool_kind::sqlite;

/// What SQLite keeps beside the database: the newest writes, and the index of them. It creates both with the first
/// connection and removes them with the last.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// What somebody did to the files while they were open. SQLite notices none of it, and goes on writing to files that are
/// gone when the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FileDamage {
    /// The database itself.
    #[error(
        "the database file was removed, replaced or emptied; put it back, or restart the service to use what is there now"
    )]
    Database,
    /// A file beside it.
    #[error(
        "the file {0} of the database was removed; stop the service with SIGTERM, which saves what was stored, and start \
         it again. Killed instead, it loses its newest writes"
    )]
    Companion(&'static str),
}

/// The files that were at their paths when a database was opened.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    id: FileId,
    companions: [Companion; COMPANIONS.len()],
}

#[derive(Debug)]
struct Companion {
    suffix: &'static str,
    path: PathBuf,
    /// The file that was there last; `None` if there was none.
    id: Mutex<Option<FileId>>,
}

/// Device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId(u64, u64);

impl DatabaseFile {
    /// The files of this pool, if it is SQLite's and not in memory. Further connections of the pool will not create
    /// another file if this one is missing.
    pub(super) fn of(connection: &DatabaseConnection) -> Option<Self> {
        let pool = sqlite(connection)?;
        let options = pool.connect_options();
        let path = fs::canonicalize(options.get_filename()).ok()?;
        let id = FileId::of(&fs::metadata(&path).ok()?);

        pool.set_connect_options((*options).clone().create_if_missing(false));
        Some(Self {
            companions: COMPANIONS.map(|suffix| Companion::of(&path, suffix)),
            path,
            id,
        })
    }

    /// Whether all of them are still there. Costs three `stat`.
    pub(super) fn check(&self) -> Result<(), FileDamage> {
        let in_place =
            fs::metadata(&self.path).is_ok_and(|found| FileId::of(&found) == self.id && found.len() > 0);
        if !in_place {
            return Err(FileDamage::Database);
        }

        self.companions.iter().try_for_each(Companion::check)
    }
}

impl Companion {
    fn of(database: &Path, suffix: &'static str) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push(suffix);
        let path = PathBuf::from(path);

        Self {
            suffix,
            id: Mutex::new(FileId::at(&path)),
            path,
        }
    }

    fn check(&self) -> Result<(), FileDamage> {
        let found = FileId::at(&self.path);
        let mut known = self.id.lock().unwrap_or_else(PoisonError::into_inner);
        if found == *known {
            return Ok(());
        }

        // SQLite may have created or removed it.
        if is_open_and_deleted(&self.path) {
            return Err(FileDamage::Companion(self.suffix));
        }
        *known = found;
        Ok(())
    }
}

impl FileId {
    fn of(metadata: &Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }

    fn at(path: &Path) -> Option<Self> {
        Some(Self::of(&fs::metadata(path).ok()?))
    }
}

/// Whether this process has a file open that was at this path and is not any more. Without `/proc`, as on macOS, it counts
/// as not.
fn is_open_and_deleted(path: &Path) -> bool {
    let mut deleted = path.as_os_str().to_owned();
    deleted.push(" (deleted)");

    let Ok(descriptors) = fs::read_dir("/proc/self/fd") else {
        return false;
    };
    descriptors
        .flatten()
        .filter_map(|descriptor| fs::read_link(descriptor.path()).ok())
        .any(|target| target.as_os_str() == deleted)
}
