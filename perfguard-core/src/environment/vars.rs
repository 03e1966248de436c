//! Environment variables, the current directory, the executable's own path.
#![expect(clippy::disallowed_methods, reason = "this is the door")]

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

/// A variable's value, whatever its bytes.
pub fn var_os(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// All variables, sorted by name.
pub fn all() -> Vec<(OsString, OsString)> {
    let mut variables: Vec<_> = std::env::vars_os().collect();
    variables.sort();
    variables
}

/// The folder that the command was called from.
///
/// # Errors
/// When it is gone.
pub fn current_dir() -> io::Result<PathBuf> {
    std::env::current_dir()
}

/// This executable.
///
/// # Errors
/// When the system does not tell.
pub fn current_exe() -> io::Result<PathBuf> {
    std::env::current_exe()
}

/// The path that this executable was called by, which names its role.
///
/// # Errors
/// When it was called without a name.
pub fn current_role() -> io::Result<PathBuf> {
    let name = std::env::args_os().next().ok_or(io::ErrorKind::InvalidInput)?;
    std::path::absolute(name)
}
