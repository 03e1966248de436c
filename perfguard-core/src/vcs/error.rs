//! What can go wrong with git, and the next step for each.

use std::path::{Path, PathBuf};

/// A repository or a source tree could not be read.
#[derive(Debug, thiserror::Error)]
pub enum VcsError {
    /// The revision names nothing, or more than one thing.
    #[error("unknown revision `{revision}`")]
    UnknownRevision {
        /// As the user wrote it.
        revision: String,
        /// Names of branches and tags that look like it.
        near: Vec<String>,
        /// The repository's history is cut off, so that the revision may lie beyond.
        shallow: bool,
        /// What libgit2 said.
        #[source]
        source: git2::Error,
    },
    /// The repository has no work tree.
    #[error("`{path}` is a bare repository, there is no work tree to measure")]
    Bare {
        /// The repository.
        path: PathBuf,
    },
    /// The repository belongs to another user, and git was not told to trust it.
    #[error("the repository at `{path}` belongs to another user")]
    ForeignOwner {
        /// The repository.
        path: PathBuf,
    },
    /// The repository keeps its objects or references in a format that libgit2 does not read.
    #[error("the repository at `{path}` uses {format}, which perfguard cannot read")]
    UnsupportedFormat {
        /// The repository.
        path: PathBuf,
        /// In words, such as `the reftable format`.
        format: &'static str,
        /// What libgit2 said.
        #[source]
        source: git2::Error,
    },
    /// Objects were never fetched: the repository is a partial clone.
    #[error("`{path}` of {commit} was never fetched into this partial clone")]
    PartialClone {
        /// A file whose content is missing.
        path: PathBuf,
        /// The commit it belongs to, or `the index`.
        commit: String,
    },
    /// A tree holds a name that must not be written to a disk.
    #[error("{commit} holds a file with the dangerous name `{path}`")]
    DangerousName {
        /// The name.
        path: PathBuf,
        /// The commit it belongs to, or `the index`.
        commit: String,
    },
    /// The index holds unmerged files.
    #[error("the index holds unmerged files, such as `{path}`")]
    Unmerged {
        /// One of them.
        path: PathBuf,
    },
    /// A file of the working copy went away while it was read.
    #[error("`{path}` went away while the working tree was read")]
    Vanished {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file or directory could not be read.
    #[error("could not read the source tree")]
    Io(#[from] std::io::Error),
    /// Anything else that libgit2 refused.
    #[error("could not {action} at `{path}`")]
    Git {
        /// What was tried.
        action: &'static str,
        /// The repository.
        path: PathBuf,
        /// What libgit2 said.
        #[source]
        source: git2::Error,
    },
}

impl VcsError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownRevision { shallow: true, .. } => {
                Some("the history of this clone is cut off: `git fetch --unshallow`".to_owned())
            }
            Self::UnknownRevision { near, .. } if !near.is_empty() => {
                Some(format!("there is {}", near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")))
            }
            Self::ForeignOwner { path } => {
                let path = path.to_string_lossy();
                let quoted = shlex::try_quote(&path).unwrap_or_else(|_| "PATH".into());
                Some(format!("if you trust it: `git config --global --add safe.directory {quoted}`"))
            }
            Self::PartialClone { .. } => {
                // A plain `--refetch` applies the clone's filter again and fetches nothing.
                Some("fetch all of it: `git fetch --refetch --no-filter`".to_owned())
            }
            Self::UnsupportedFormat { .. } => {
                Some("clone it with `git clone --ref-format=files`, in the default object format".to_owned())
            }
            Self::Bare { .. } => Some("make a work tree: `git worktree add PATH`".to_owned()),
            Self::Unmerged { .. } => Some("finish the merge first: `git status` lists them".to_owned()),
            Self::Vanished { .. } => Some("run it again when nothing writes to the tree".to_owned()),
            Self::Git { source, .. }
                if source.class() == git2::ErrorClass::Odb && source.code() == git2::ErrorCode::NotFound =>
            {
                Some(
                    "the repository lacks an object: `git fsck` names all, `git fetch --refetch` brings them again"
                        .to_owned(),
                )
            }
            Self::UnknownRevision { .. } | Self::DangerousName { .. } | Self::Io(_) | Self::Git { .. } => None,
        }
    }

    /// The error of having failed to open the repository found at or above `path`.
    pub(super) fn opening(path: &Path, source: git2::Error) -> Self {
        let path = path.to_owned();
        if source.code() == git2::ErrorCode::Owner {
            // libgit2 names the folder that it wants to be trusted: it may lie above the one we asked for.
            let named = source.message().split('\'').nth(1).map(|named| PathBuf::from(named.trim_end_matches('/')));
            return Self::ForeignOwner { path: named.unwrap_or(path) };
        }
        let message = source.message().to_lowercase();
        let format = [
            ("refstorage", "the reftable format"),
            ("object format", "the SHA-256 object format"),
            ("objectformat", "the SHA-256 object format"),
            ("partialclone", "the old partial clone format"),
            ("unsupported extension", "a git extension"),
        ];
        match format.iter().find(|(word, _)| message.contains(word)) {
            Some((_, format)) => Self::UnsupportedFormat { path, format, source },
            None => Self::Git { action: "open the repository", path, source },
        }
    }
}
