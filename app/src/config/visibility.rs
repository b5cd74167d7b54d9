//! What may be printed of the configuration and the command line. A secret may stand in the wrong place, so a text is
//! repeated only where its form or its use leaves little room for one.

use std::{fs, path::Path};

use adapters::database::is_plain_name;
use domain::TOKEN_PREFIX;

/// Whether the value of a variable may be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visibility {
    /// It has a narrow form, or clients see it anyway.
    Always,
    /// The name of a file, which is shown only if the file exists.
    IfFileExists,
    /// Hosts. Those that are folders of Unix sockets must exist.
    IfFoldersExist,
    /// A name, which is shown only if it is a [plain name](is_plain_name).
    IfPlainName,
    /// A secret, or a text of any form.
    Never,
}

impl Visibility {
    pub(super) fn allows(self, value: &str) -> bool {
        match self {
            Self::Always => true,
            Self::IfFileExists => exists(Path::new(value)),
            Self::IfFoldersExist => {
                let mut folders = value
                    .split(',')
                    .map(str::trim)
                    .filter(|host| host.starts_with('/'));
                folders.all(|folder| exists(Path::new(folder)))
            }
            Self::IfPlainName => is_plain_name(value),
            Self::Never => false,
        }
    }
}

/// Whether a text looks like a token or a URL with a password.
pub(super) fn looks_like_a_secret(text: &str) -> bool {
    text.contains(TOKEN_PREFIX) || text.contains("://") && text.contains('@')
}

/// The name of a file for a message. If there is no such file, only the folder: somebody may have given a secret instead
/// of a name.
pub fn shown_file(path: &Path) -> String {
    if exists(path) {
        return escaped(path);
    }

    let folder = path.ancestors().skip(1).find(|folder| exists(folder));
    let folder = folder.map_or_else(|| "the working folder".to_owned(), escaped);
    format!("a file below {folder} (its name is not shown: no such file was found, so it may be a secret)")
}

/// The name in one line.
fn escaped(path: &Path) -> String {
    path.display().to_string().escape_debug().to_string()
}

/// Whether a file or folder of this name is found. None is found in a folder that must not be searched.
fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
