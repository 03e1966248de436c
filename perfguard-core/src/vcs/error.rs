//! What git cannot do here, and what to do about it.

use std::path::PathBuf;

/// A repository could not be read, or a revision is unknown.
#[derive(Debug, thiserror::Error)]
pub enum VcsError {
    /// The revision names nothing.
    #[error("unknown revision `{revision}`")]
    UnknownRevision {
        /// As the user wrote it.
        revision: String,
        /// Whether the repository has only a part of its history.
        shallow: bool,
        /// Why.
        #[source]
        source: git2::Error,
    },
    /// The repository has no work tree.
    #[error("`{}` is a bare repository", .0.display())]
    Bare(PathBuf),
    /// The repository belongs to somebody else.
    #[error("the repository `{}` belongs to another user", path.display())]
    ForeignOwner {
        /// Where it was looked for.
        path: PathBuf,
        /// Why.
        #[source]
        source: git2::Error,
    },
    /// The repository has a format that libgit2 does not read.
    #[error("the repository `{}` has a format that perfguard cannot read", path.display())]
    Format {
        /// Where it was looked for.
        path: PathBuf,
        /// Why.
        #[source]
        source: git2::Error,
    },
    /// An object is not there: a partial clone.
    #[error("an object of the repository is missing")]
    MissingObject(#[source] git2::Error),
    /// Any other trouble of git's.
    #[error("git could not {action}")]
    Git {
        /// What was tried.
        action: &'static str,
        /// Why.
        #[source]
        source: git2::Error,
    },
    /// A file could not be read.
    #[error("could not read the working copy")]
    Read(#[source] std::io::Error),
    /// A stand-in git directory could not be written.
    #[error("could not write the stand-in git directory")]
    Write(#[source] std::io::Error),
}

impl VcsError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownRevision { shallow: true, .. } => {
                Some("this is a shallow clone: `git fetch --unshallow` brings the rest of the history".to_owned())
            }
            Self::UnknownRevision { .. } => {
                Some("`git log --oneline` shows commits; any revision git understands will do".to_owned())
            }
            Self::Bare(_) => Some("run this in a work tree: `git worktree add FOLDER`".to_owned()),
            Self::ForeignOwner { path, .. } => {
                Some(format!("if you trust it: `git config --global --add safe.directory {}`", path.display()))
            }
            Self::Format { .. } => Some(
                "reftable and SHA-256 repositories are not read yet; a clone with the default format is".to_owned(),
            ),
            Self::MissingObject(_) => {
                Some("in a partial clone, `git fetch --refetch` brings the missing objects".to_owned())
            }
            Self::Git { .. } | Self::Read(_) | Self::Write(_) => None,
        }
    }

    /// Wraps trouble that has no kind of its own.
    pub(super) fn git(action: &'static str) -> impl FnOnce(git2::Error) -> Self {
        move |source| {
            let missing = source.code() == git2::ErrorCode::NotFound && source.class() == git2::ErrorClass::Odb;
            if missing { Self::MissingObject(source) } else { Self::Git { action, source } }
        }
    }
}
