//! How a variable is declared. Each concern lists its own, beside its fields.

use super::visibility::Visibility;

/// A variable of the environment, which is also a key of the configuration file.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    /// The name, such as `LISTEN_ADDR`.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// The value if none is set; `None` if there is no such value.
    pub default: Option<&'static str>,
    /// Which values are valid, as a noun phrase.
    pub expected: &'static str,
    /// Whether the value is a secret, which can also be in a file that `NAME_FILE` names.
    pub is_secret: bool,
    /// Whether the value may be printed.
    pub(super) visibility: Visibility,
}

/// The variables of one concern, under a heading.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// The heading.
    pub title: &'static str,
    /// The variables, in the order in which people meet them.
    pub variables: &'static [Variable],
}

impl Variable {
    /// A variable that takes any text and has no default.
    pub(super) const fn new(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            default: None,
            expected: "any text",
            is_secret: false,
            visibility: Visibility::Always,
        }
    }

    pub(super) const fn default(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }

    pub(super) const fn expected(self, expected: &'static str) -> Self {
        Self { expected, ..self }
    }

    pub(super) const fn secret(self) -> Self {
        Self {
            is_secret: true,
            visibility: Visibility::Never,
            ..self
        }
    }

    /// A variable that takes the name of a file.
    pub(super) const fn file(self) -> Self {
        Self {
            visibility: Visibility::IfFileExists,
            ..self
        }
    }

    /// A variable that takes a name. It is shown if it is a [plain name](adapters::database::is_plain_name).
    pub(super) const fn name(self) -> Self {
        Self {
            visibility: Visibility::IfPlainName,
            ..self
        }
    }

    /// A variable that takes hosts, among them the folders of Unix sockets.
    pub(super) const fn hosts(self) -> Self {
        Self {
            visibility: Visibility::IfFoldersExist,
            ..self
        }
    }

    /// A variable that is no secret, but takes any text, and so may be one by mistake.
    pub(super) const fn not_shown(self) -> Self {
        Self {
            visibility: Visibility::Never,
            ..self
        }
    }
}

pub(super) const BOOL: &str = "true or false";
pub(super) const COUNT: &str = "a whole number from 1 to 1000000";
pub(super) const PORT: &str = "a port, 1 to 65535";
pub(super) const SECONDS: &str = "a whole number of seconds from 1 to 3600";
