//! What may be printed of the configuration and the command line. A secret may stand in the wrong place, so a text is
//! repeated only where its form or its use leaves little room for one.

use std::{fs, path::Path};

use adapters::database::is_plain_name;
use domain::TOKEN_PREFIX;

/// Whether the value of a variable may be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// It has a narrow form, or clients see it anyway.
    Always,
    /// It is the name of a file, if there is one.
    IfFileExists,
    /// It is a name: letters, digits and `_`, `-` or `.`.
    IfPlainName,
    /// It is a secret, or any text.
    Never,
}

impl Shown {
    pub(super) fn allows(self, value: &str) -> bool {
        match self {
            Self::Always => true,
            Self::IfFileExists => exists(Path::new(value)),
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
        return path.display().to_string();
    }

    let folder = path.ancestors().skip(1).find(|folder| exists(folder));
    let folder = folder.map_or_else(
        || "the working folder".to_owned(),
        |folder| folder.display().to_string(),
    );
    format!("a file below {folder} (its name is not shown: there is no such file, so it may be a secret)")
}

/// Whether this is the name of a file or folder, also if it cannot be read.
fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
