//! A built bench executable and what it needs to run as cargo would run it.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::TargetId;

/// The BLAKE3 hash of an executable's bytes, 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct ArtifactHash(pub String);

impl fmt::Display for ArtifactHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the executables of one build have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BuildContext {
    /// `rustc --version`, such as `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub toolchain: String,
    /// The target triple that was built for.
    pub triple: String,
    /// The cargo profile, `bench` unless the user named another.
    pub profile: String,
    /// Cargo's feature flags as given: `--features a,b`, `--all-features`, `--no-default-features`; and what else a variant
    /// does otherwise, as it is written.
    pub features: Vec<String>,
    /// BLAKE3 hash of the `Cargo.lock` that was used.
    pub lock_hash: Option<String>,
}

/// How cargo would start an executable: captured from cargo itself, not imitated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEnvironment {
    /// The user's own `runner` of the cargo configuration with its arguments; empty where there is none.
    pub runner: Vec<OsString>,
    /// The working directory: the package's root.
    pub cwd: PathBuf,
    /// The whole environment, sorted by name.
    pub env: Vec<(OsString, OsString)>,
}

/// A bench executable kept by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The target it was built from.
    pub target: TargetId,
    /// The key.
    pub hash: ArtifactHash,
    /// Where the kept copy lies.
    pub program: PathBuf,
    /// How to start it.
    pub run: RunEnvironment,
    /// Whether the inputs of its last link are kept beside it.
    pub has_link_kit: bool,
}

impl Artifact {
    /// The folder that belongs to this executable alone.
    pub fn folder(&self) -> &Path {
        self.program.parent().and_then(Path::parent).unwrap_or(Path::new(""))
    }
}
