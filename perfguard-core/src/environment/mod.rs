//! The door to this process's surroundings: variables and directories, and what machine this is.

mod fingerprint;
pub mod vars;

pub use fingerprint::detect;
