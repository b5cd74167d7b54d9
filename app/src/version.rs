//! Which build of the program this is. `--version`, the first log line and the metric `templatesite_build_info` show
//! both values, the OpenAPI document shows the version.

use std::sync::LazyLock;

pub use openapi::VERSION;

/// The revision of the source that `BUILD_REVISION` had when the program was compiled, such as the hash of a commit.
/// `docker/server/build` sets it.
pub const REVISION: &str = match option_env!("BUILD_REVISION") {
    Some(revision) if !revision.is_empty() => revision,
    _ => "unknown",
};

/// What `--version` prints after the name of the program.
pub fn version_text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{VERSION} (revision {REVISION})"));
    &TEXT
}
