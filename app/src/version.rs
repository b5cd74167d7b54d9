//! The name of the program, and which build this is. `--version`, the first log line and the metric `service_build_info`
//! show version and revision, the OpenAPI document shows name and version.

use std::sync::LazyLock;

pub use openapi::VERSION;

/// The name of the program: that of this package.
pub const NAME: &str = env!("CARGO_PKG_NAME");

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
