//! What can go wrong with the checkouts of the workbench.

use std::io;
use std::path::PathBuf;

use crate::vcs::VcsError;

/// A checkout, a kept folder or the seat could not be brought into order.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// A file or directory of the workbench could not be read or written; the source names it.
    #[error("could not {doing}")]
    Io {
        /// What was tried, such as `update the build tree`.
        doing: &'static str,
        /// Why, with the path.
        #[source]
        source: io::Error,
    },
    /// The source tree could not be read.
    #[error("could not read the sources")]
    Source(#[from] VcsError),
    /// The stand-in git directory could not be made.
    #[error("could not make the stand-in git directory `{path}`")]
    StandIn {
        /// Which.
        path: PathBuf,
        /// What libgit2 said.
        #[source]
        source: git2::Error,
    },
    /// Two entries of the tree need the same name, one as a directory.
    #[error("the tree needs `{path}` both as a directory and as something else")]
    Obstructed {
        /// The directory's path in the build tree.
        path: PathBuf,
    },
    /// Nothing is kept under this key.
    #[error("nothing is kept under `{key}`")]
    NotKept {
        /// The key.
        key: String,
    },
    /// A key that cannot be part of a folder's name.
    #[error("`{key}` cannot name a kept folder")]
    InvalidKey {
        /// The key.
        key: String,
    },
    /// The file system lets two folders change places in no way.
    #[error("the file system of `{path}` does not let folders change places")]
    ExchangeRefused {
        /// The workbench's folder.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// A path dependency outside the repository has no place beside the build tree.
    #[error("the path dependency `{path}` outside the repository cannot be linked beside the build tree")]
    CannotLinkOutside {
        /// Relative to the repository's root.
        path: PathBuf,
    },
}

impl CheckoutError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } => {
                let kind = source.kind();
                if matches!(kind, io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) {
                    Some("name a folder that can be written: `PERFGUARD_CACHE=DIR`".to_owned())
                } else if matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
                    Some("make room, or name a folder on another disk: `PERFGUARD_CACHE=DIR`".to_owned())
                } else {
                    None
                }
            }
            Self::Source(error) => error.hint(),
            Self::ExchangeRefused { .. } => {
                Some("name a folder on another file system: `PERFGUARD_CACHE=DIR`".to_owned())
            }
            Self::CannotLinkOutside { .. } => {
                Some("only what lies directly beside the repository can be linked".to_owned())
            }
            Self::StandIn { .. } | Self::Obstructed { .. } | Self::NotKept { .. } | Self::InvalidKey { .. } => None,
        }
    }
}

/// Says what was tried when an I/O error came.
pub(super) trait Doing<T> {
    /// `doing` completes the sentence "could not …".
    fn doing(self, doing: &'static str) -> Result<T, CheckoutError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, CheckoutError> {
        self.map_err(|source| CheckoutError::Io { doing, source })
    }
}
