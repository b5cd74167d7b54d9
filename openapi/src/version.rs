//! The version of this build.

/// The version that `BUILD_VERSION` had when the program was compiled: a release sets it (`docker/server/build`).
/// Otherwise the version of the workspace.
pub const VERSION: &str = match option_env!("BUILD_VERSION") {
    Some(version) if !version.is_empty() => version,
    _ => env!("CARGO_PKG_VERSION"),
};
