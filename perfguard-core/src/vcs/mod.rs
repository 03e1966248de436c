//! The door to git, through git2. Reads only: no ref, index, HEAD or file of the user's is ever written.
//!
//! A [`SourceTree`] is what a revision, the index or the working copy contains, as paths and blob ids; its contents are
//! read when they are needed.

mod error;
mod repository;
mod source_tree;
mod stand_in;
mod working_copy;

pub use error::VcsError;
pub use repository::{CommitInfo, Head, Repository};
pub use source_tree::{CommitId, Entry, Mode, Reader, Remark, SourceTree};
pub use working_copy::directory_tree;
