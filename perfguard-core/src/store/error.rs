//! What can go wrong with the store.

use std::path::{Path, PathBuf};

/// The store said no.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A kind of store that this version does not have.
    #[error("`{location}` is no store that this version can open")]
    Unsupported {
        /// As the user wrote it.
        location: String,
    },
    /// Its folder or file cannot be opened or made.
    #[error("could not open the store `{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another program holds it for longer than perfguard waits.
    #[error("the store `{}` is locked by another program", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A newer perfguard wrote it.
    #[error("the store `{}` has schema {found}, and this version knows {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// It is no store of perfguard's.
    #[error("`{}` is no perfguard store", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Something in it cannot be read.
    #[error("the store `{}` is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What cannot be read.
        what: String,
    },
    /// It cannot be read or written.
    #[error("could not use the store `{}`", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The beginning of a run's id that several runs have.
    #[error("`{prefix}` is the beginning of {count} run ids")]
    Ambiguous {
        /// As the user wrote it.
        prefix: String,
        /// How many.
        count: usize,
    },
}

impl StoreError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unsupported { .. } => Some("name a file: `--store PATH`".to_owned()),
            Self::Open { .. } => {
                Some("`--store PATH` or `PERFGUARD_STORE` names a file that can be written".to_owned())
            }
            Self::Locked { .. } => Some("wait for the other program to end, then run this again".to_owned()),
            Self::Newer { .. } => {
                Some("install the newer perfguard that wrote it; nothing in it was changed".to_owned())
            }
            Self::Foreign { .. } => Some("move the file away; the next run makes a new one".to_owned()),
            Self::Damaged { .. } => {
                Some("`cargo perfguard store verify` says what, `store repair` keeps what is whole".to_owned())
            }
            Self::Database { .. } => Some("is the disk full, or the file read-only?".to_owned()),
            Self::Ambiguous { .. } => Some("give more digits; `cargo perfguard runs` shows them".to_owned()),
        }
    }

    /// Sorts what SQLite says into kinds.
    pub(super) fn of(path: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Locked { path },
            Some(Code::NotADatabase) => Self::Foreign { path },
            Some(Code::DatabaseCorrupt) => Self::Damaged { path, what: source.to_string() },
            Some(Code::CannotOpen) => Self::Open { path, source: Box::new(source) },
            _ => Self::Database { path, source },
        }
    }
}
