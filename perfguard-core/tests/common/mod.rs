//! What the integration tests of this crate share.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and starts processes itself"
)]

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The stand-in for perfguard's own executable. Cargo builds examples beside the tests only where all of them are asked
/// for, and a stale one speaks another wire format: it is built here, once a test executable.
pub(crate) fn multicall() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let tests = std::env::current_exe().unwrap();
        let profile = tests.parent().unwrap().parent().unwrap();
        let mut command = Command::new(env!("CARGO"));
        command.args(["build", "--quiet", "--package", "perfguard-core", "--example", "multicall"]);
        command.arg("--target-dir").arg(profile.parent().unwrap()).current_dir(env!("CARGO_MANIFEST_DIR"));
        if profile.ends_with("release") {
            command.arg("--release");
        }
        assert!(command.status().unwrap().success(), "the stand-in executable does not build");
        profile.join("examples/multicall")
    };
    BUILT.get_or_init(build).clone()
}
