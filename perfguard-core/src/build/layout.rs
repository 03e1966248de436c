//! Where everything of one repository's workbench lies. Knows names only.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::CheckoutError;
use super::checkout_error::Doing;

/// The paths of one repository's folder in the cache.
///
/// ```text
/// here/           the folder whose path ends up in executables; the builder's, or while a bench runs a kept one
///     wb/         sources, updated in place
///     out/        cargo's target directory
///     build/      cargo's build directory
///     git/        the stand-in git directory that wb/.git names
/// kept-<key>/     a folder of the same shape, as one build left it
/// kits/ capture/ bin/ artifacts/
/// state.json      what wb holds
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Makes the folder and what has to be in it, if it is not there yet; all paths are real ones.
    ///
    /// # Errors
    /// A folder cannot be made.
    pub(super) fn create(root: &Path) -> Result<Self, CheckoutError> {
        const DOING: &str = "make the workbench's folder";
        fs_err::create_dir_all(root).doing(DOING)?;
        let layout = Self { root: fs_err::canonicalize(root).doing(DOING)? };
        // Sources that may be private, and the user's environment, in which there may be secrets.
        fs_err::set_permissions(&layout.root, Permissions::from_mode(0o700)).doing(DOING)?;
        for folder in [layout.kits(), layout.bin(), layout.capture(), layout.artifacts()] {
            fs_err::create_dir_all(folder).doing(DOING)?;
        }
        Ok(layout)
    }

    /// The repository's folder in the cache.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that is seated: the builder's, or a kept one.
    pub(super) fn here(&self) -> PathBuf {
        self.root.join("here")
    }

    /// The sources.
    pub(super) fn wb(&self) -> PathBuf {
        self.root.join("here/wb")
    }

    /// Cargo's target directory.
    pub(super) fn out(&self) -> PathBuf {
        self.root.join("here/out")
    }

    /// Cargo's build directory.
    pub(super) fn build(&self) -> PathBuf {
        self.root.join("here/build")
    }

    /// The folder kept under a key (while it is seated, the builder's folder has this name).
    pub(super) fn kept(&self, key: &str) -> PathBuf {
        self.root.join(format!("{KEPT}{key}"))
    }

    /// Link kits of the last build.
    pub(super) fn kits(&self) -> PathBuf {
        self.root.join("kits")
    }

    /// The names under which cargo and rustc call perfguard.
    pub(super) fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Captured run environments.
    pub(super) fn capture(&self) -> PathBuf {
        self.root.join("capture")
    }

    /// Kept executables by hash.
    pub(super) fn artifacts(&self) -> PathBuf {
        self.root.join("artifacts")
    }

    /// What `wb` holds.
    pub(super) fn state_file(&self) -> PathBuf {
        self.root.join("state.json")
    }
}

/// How the names of kept folders begin.
pub(super) const KEPT: &str = "kept-";
/// How the names of kept folders begin that are being made.
pub(super) const MAKING: &str = "making-";
/// How the names of folders begin that are being removed.
pub(super) const GONE: &str = "gone-";
/// How the name of a file begins that marks a kept folder as half removed, where it cannot be renamed first.
pub(super) const REMOVING: &str = "removing-";
/// How the name of a folder begins on its way from one place to another, where folders cannot be exchanged.
pub(super) const MOVING: &str = "moving-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_repository_is_for_its_owners_eyes_only() {
        let cache = tempfile::tempdir().unwrap();
        let layout = Layout::create(&cache.path().join("repository")).unwrap();
        let mode = fs_err::metadata(layout.root()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
