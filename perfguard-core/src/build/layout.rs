//! Where one repository's workbench keeps what, in the user's cache directory.

use std::path::{Path, PathBuf};

/// The folders of one repository's workbench. The root is real (no symbolic links), so that compiled-in and canonical
/// paths are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that every path in an executable begins with: the builder's, or while a bench runs its commit's.
    pub(super) fn here(&self) -> PathBuf {
        self.root.join("here")
    }

    /// The sources.
    pub(super) fn tree(&self) -> PathBuf {
        self.root.join("here/wb")
    }

    /// Cargo's target directory: programs that benches name by path.
    pub(super) fn out(&self) -> PathBuf {
        self.root.join("here/out")
    }

    /// Cargo's build directory.
    pub(super) fn build(&self) -> PathBuf {
        self.root.join("here/build")
    }

    /// What one commit left: a folder of the same shape as `here`.
    pub(super) fn kept(&self, key: &str) -> PathBuf {
        self.root.join(format!("kept-{key}"))
    }

    /// Links to perfguard's executable, by the names of its roles. The number changes whenever what a role does to a
    /// build changes: cargo does not notice a changed wrapper.
    pub(super) fn roles(&self) -> PathBuf {
        self.root.join("bin/1")
    }

    /// Link kits of executables that are not yet kept by their hash.
    pub(super) fn kits(&self) -> PathBuf {
        self.root.join("kits")
    }

    /// Directories and environments that cargo gave executables.
    pub(super) fn captures(&self) -> PathBuf {
        self.root.join("captures")
    }

    /// Executables by hash.
    pub(super) fn artifacts(&self) -> PathBuf {
        self.root.join("artifacts")
    }

    pub(super) fn state(&self) -> PathBuf {
        self.root.join("state.json")
    }

    /// A file whose modification time is the file system's own clock.
    pub(super) fn clock(&self) -> PathBuf {
        self.root.join("clock")
    }
}
