//! perfguard as cargo's runner: writes down the directory and the environment that cargo gives an executable, and runs
//! nothing. What cargo does need not be imitated.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::roles::CAPTURES;
use crate::environment::vars;

/// What cargo gives an executable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Capture {
    /// The executable.
    pub(super) program: PathBuf,
    /// The working directory.
    pub(super) cwd: PathBuf,
    /// The environment.
    pub(super) env: Vec<(OsString, OsString)>,
}

/// Writes the capture.
pub(super) fn play(words: Vec<OsString>) -> io::Result<()> {
    let folder = vars::var_os(CAPTURES).ok_or(io::ErrorKind::InvalidInput)?;
    let program = PathBuf::from(words.into_iter().next().ok_or(io::ErrorKind::InvalidInput)?);
    let name = program.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    let cwd = vars::current_dir()?;
    let program = cwd.join(program);
    let capture = Capture { program, cwd, env: vars::all() };
    fs_err::write(Path::new(&folder).join(name), serde_json::to_vec(&capture)?)
}
