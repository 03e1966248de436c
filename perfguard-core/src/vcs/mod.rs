//! The door to git (through libgit2) and to source trees without git. Reads only: nothing below the user's repository
//! is ever written here.

mod collect;
mod error;
mod history;
mod repository;
mod snapshot;
mod source_tree;

#[cfg(test)]
pub(crate) mod test_repository;
#[cfg(test)]
mod tests;

pub use error::VcsError;
pub use history::ChangedFile;
pub use repository::{CommitId, CommitInfo, Head, Repository};
pub use snapshot::{directory_tree, include};
pub use source_tree::{Blob, BlobId, Entry, Mode, Remark, SourceTree};
