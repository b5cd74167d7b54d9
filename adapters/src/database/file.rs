//! The files of an open SQLite database.

use std::{
    fs::{self, File, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

#[cfg(target_os = "linux")]
use rustix::fs::{Mode, OFlags, open};
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
        "the file {0} of the database was removed, moved or replaced; stop the service with SIGTERM, which saves what was \
         stored, and start it again. Killed instead, it loses its newest writes"
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
    known: Mutex<Option<KnownFile>>,
}

#[derive(Debug)]
struct KnownFile {
    id: FileId,
    /// Keeps the system from giving the inode to another file. It has the flag `O_PATH`: to close a descriptor without it
    /// would release the locks that SQLite holds on the file.
    _handle: Option<File>,
}

/// Device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId(u64, u64);

impl DatabaseFile {
    /// The files of this pool, if it is SQLite's and not in memory. Further connections of the pool will open the same
    /// file, and not create another one if it is missing.
    pub(super) fn of(connection: &DatabaseConnection) -> Option<Self> {
        let pool = sqlite(connection)?;
        let options = pool.connect_options();
        let path = fs::canonicalize(options.get_filename()).ok()?;
        let id = FileId::of(&fs::metadata(&path).ok()?);

        // A link in the name may lead elsewhere later.
        let reopen = (*options).clone().filename(&path).create_if_missing(false);
        pool.set_connect_options(reopen);
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
            known: Mutex::new(KnownFile::at(&path)),
            path,
        }
    }

    fn check(&self) -> Result<(), FileDamage> {
        let found = FileId::at(&self.path);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let id = known.as_ref().map(|known| known.id);
        if found == id {
            return Ok(());
        }

        // When SQLite removes the file, or creates another, it no longer has this one open.
        if id.is_some_and(FileId::is_open) {
            return Err(FileDamage::Companion(self.suffix));
        }
        *known = KnownFile::at(&self.path);
        Ok(())
    }
}

impl KnownFile {
    fn at(path: &Path) -> Option<Self> {
        Some(match handle(path) {
            Some(handle) => Self {
                id: FileId::of(&handle.metadata().ok()?),
                _handle: Some(handle),
            },
            None => Self {
                id: FileId::at(path)?,
                _handle: None,
            },
        })
    }
}

impl FileId {
    fn of(metadata: &Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }

    fn at(path: &Path) -> Option<Self> {
        Some(Self::of(&fs::metadata(path).ok()?))
    }

    /// Whether this process has the file open, wherever it is now, besides our own handles. Without `/proc`, as on macOS,
    /// it counts as not.
    fn is_open(self) -> bool {
        let descriptors = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();

        descriptors
            .filter(|descriptor| Self::at(&descriptor.path()) == Some(self))
            .any(|descriptor| !is_handle(&descriptor.file_name().to_string_lossy()))
    }
}

#[cfg(target_os = "linux")]
fn handle(path: &Path) -> Option<File> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    Some(open(path, flags, Mode::empty()).ok()?.into())
}

#[cfg(not(target_os = "linux"))]
fn handle(_: &Path) -> Option<File> {
    None
}

/// Whether this descriptor has the flag `O_PATH`, or was closed meanwhile.
#[cfg(target_os = "linux")]
fn is_handle(descriptor: &str) -> bool {
    let Ok(info) = fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}")) else {
        return true;
    };
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());

    flags.is_some_and(|flags| OFlags::from_bits_retain(flags).contains(OFlags::PATH))
}

#[cfg(not(target_os = "linux"))]
fn is_handle(_: &str) -> bool {
    false
}
