//! The roles that perfguard's own executable plays for cargo, rustc and itself, by the name it is called under.

use std::ffi::OsStr;
use std::path::Path;
use std::process::ExitCode;

use super::{common_layout, role_linker, role_runner, role_wrapper};

/// Set for the roles: the folder that paths of this build begin with.
pub(super) const HERE: &str = "__PERFGUARD_HERE";
/// Set for the linker: where link kits go.
pub(super) const KITS: &str = "__PERFGUARD_KITS";
/// Set for the runner: where captures go.
pub(super) const CAPTURES: &str = "__PERFGUARD_CAPTURES";
/// Set for the compiler wrapper: the user's own wrapper.
pub(super) const WRAPPER: &str = "__PERFGUARD_WRAPPER";
/// Set by the compiler wrapper for the linker: the linker that cargo and the user had chosen.
pub(super) const LINKER: &str = "__PERFGUARD_LINKER";
/// What perfguard's own variables begin with.
pub(super) const OWN_PREFIX: &str = "__PERFGUARD_";

/// The folder of the roles' names: changes whenever what a role does to a build changes, since cargo does not notice a
/// changed wrapper.
pub(super) const VERSION: &str = "1";

/// rustc takes the linker's kind from its file name: this one is called like a C compiler.
pub(super) const LINKER_NAME: &str = "perfguard-cc";
pub(super) const WRAPPER_NAME: &str = "perfguard-wrap";
pub(super) const RUNNER_NAME: &str = "perfguard-run";
pub(super) const READER_NAME: &str = "perfguard-functions";

/// Plays the role that the executable's name asks for; `None` where it is called by its own name.
pub fn multicall() -> Option<ExitCode> {
    let mut words = std::env::args_os();
    let name = words.next()?;
    let name = Path::new(&name).file_stem().map(OsStr::to_owned)?;
    let words: Vec<_> = words.collect();
    let played = match name.to_str()? {
        WRAPPER_NAME => role_wrapper::play(words),
        LINKER_NAME => role_linker::play(words),
        RUNNER_NAME => role_runner::play(words),
        READER_NAME => common_layout::read_functions(&words),
        _ => return None,
    };
    // What cargo and rustc show of a failed tool.
    played.is_err().then(|| ExitCode::from(127)).or(Some(ExitCode::SUCCESS))
}
