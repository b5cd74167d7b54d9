//! The file of an open SQLite database.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use sea_orm::DatabaseConnection;

use super::pool_kind::sqlite;

/// The file that was at a path when a database was opened.
///
/// A file that is removed or replaced while it is open still takes reads and writes, from those who have it open only. A
/// write that is acknowledged then is gone after a restart.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    id: (u64, u64),
}

impl DatabaseFile {
    /// The file of this pool, if it is SQLite's and not in memory. Further connections of the pool will not create
    /// another file if this one is missing.
    pub(super) fn of(connection: &DatabaseConnection) -> Option<Self> {
        let pool = sqlite(connection)?;
        let options = pool.connect_options();
        let path = options.get_filename().to_owned();
        let id = file_id(&path)?;

        pool.set_connect_options((*options).clone().create_if_missing(false));
        Some(Self { path, id })
    }

    /// Whether the file is still at its path.
    pub(super) fn is_in_place(&self) -> bool {
        file_id(&self.path) == Some(self.id)
    }
}

/// Device and inode.
fn file_id(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}
