//! What is kept outside the user's tree.

use std::fmt;

/// What a kept thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeptKind {
    /// The folder in which everything is built: sources, target and build directory.
    BuildTree,
    /// The folder of a commit, for its benches to run among.
    Commit,
    /// An executable with the inputs of its last link.
    Executable,
}

impl fmt::Display for KeptKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuildTree => "build tree",
            Self::Commit => "commit",
            Self::Executable => "executable",
        })
    }
}
