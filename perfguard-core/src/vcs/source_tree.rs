//! A source tree: which files, with which content, and how to read them. Where it came from (commit, index, working
//! copy, plain directory) no longer matters to whoever reads it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use super::{CommitId, VcsError};

/// The git object id of a file's raw content, whether or not that object exists anywhere: equal content, equal id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(pub(super) git2::Oid);

impl BlobId {
    /// The id of this content.
    #[expect(clippy::missing_panics_doc, reason = "hashing bytes in memory cannot fail")]
    pub fn of(content: &[u8]) -> Self {
        let id = git2::Oid::hash_object(git2::ObjectType::Blob, content);
        Self(id.expect("hashing bytes in memory cannot fail"))
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for BlobId {
    type Err = git2::Error;

    fn from_str(hex: &str) -> Result<Self, Self::Err> {
        hex.parse().map(Self)
    }
}

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A plain file.
    File,
    /// A file that may be executed.
    Executable,
    /// A symbolic link; its content is where it points to.
    Symlink,
}

/// One file of a tree.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What kind of file.
    pub mode: Mode,
    /// Its content.
    pub blob: BlobId,
    pub(super) origin: Origin,
}

/// Where an entry's content is.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// In a git object store.
    Object(Objects),
    /// In this file of the working copy.
    WorkingCopy(PathBuf),
    /// Made up.
    Memory(Arc<[u8]>),
}

/// A git object store, opened once and shared by the entries that lie in it.
#[derive(Clone)]
pub(super) struct Objects(pub(super) Arc<Mutex<git2::Repository>>);

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Objects")
    }
}

/// A file's content as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The id of these bytes. It differs from the entry's if the working copy changed since the snapshot.
    pub id: BlobId,
    /// The content; of a symbolic link, where it points to.
    pub bytes: Vec<u8>,
}

/// Something about a tree that the user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// A lower-case fragment without final period.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A tree of files.
#[derive(Debug, Clone)]
pub struct SourceTree {
    /// The commit that this tree is, or stands on; `None` outside git and before the first commit.
    pub commit: Option<CommitId>,
    /// Whether the tree differs from that commit (always `false` without one that it could differ from, outside git).
    pub dirty: bool,
    /// The files by their path from the tree's root.
    pub entries: BTreeMap<PathBuf, Entry>,
    /// What the user should know about it.
    pub remarks: Vec<Remark>,
}

impl SourceTree {
    /// The content of one file; `None` if the tree has no such file.
    ///
    /// # Errors
    /// The object or the file cannot be read any more.
    pub fn read(&self, path: &Path) -> Result<Option<Blob>, VcsError> {
        self.entries.get(path).map(|entry| entry.read(path)).transpose()
    }

    /// Puts a plain file of this content into the tree, in place of what was there. The caller says that the tree is
    /// [`dirty`](Self::dirty).
    pub fn put(&mut self, path: PathBuf, content: Vec<u8>) {
        let blob = BlobId::of(&content);
        self.entries.insert(path, Entry { mode: Mode::File, blob, origin: Origin::Memory(content.into()) });
    }

    /// A name for exactly this content: the commit's id if the tree is that commit, else `tree-` and a hash over all
    /// entries.
    pub fn key(&self) -> String {
        if let Some(commit) = self.commit.as_ref().filter(|_| !self.dirty) {
            return commit.0.clone();
        }
        let mut hasher = blake3::Hasher::new();
        for (path, entry) in &self.entries {
            hasher.update(path.as_os_str().as_encoded_bytes());
            hasher.update(&[0, entry.mode as u8]);
            hasher.update(entry.blob.0.as_bytes());
        }
        format!("tree-{}", &hasher.finalize().to_hex()[..40])
    }
}

impl Entry {
    /// Whether the content has at most this many bytes; `false` if it cannot be told.
    pub(super) fn size_at_most(&self, bytes: usize) -> bool {
        match &self.origin {
            Origin::Object(objects) => {
                let repository = objects.0.lock().unwrap_or_else(PoisonError::into_inner);
                let size = repository.odb().and_then(|odb| odb.read_header(self.blob.0));
                size.is_ok_and(|(size, _)| size <= bytes)
            }
            Origin::WorkingCopy(file) => file.metadata().is_ok_and(|found| found.len() <= bytes as u64),
            Origin::Memory(content) => content.len() <= bytes,
        }
    }

    fn read(&self, path: &Path) -> Result<Blob, VcsError> {
        match &self.origin {
            Origin::Object(objects) => {
                let repository = objects.0.lock().unwrap_or_else(PoisonError::into_inner);
                let blob = repository.find_blob(self.blob.0).map_err(|source| VcsError::Git {
                    action: "read a file's content",
                    path: path.to_owned(),
                    source,
                })?;
                Ok(Blob { id: self.blob, bytes: blob.content().to_vec() })
            }
            Origin::WorkingCopy(file) => {
                let bytes = read_raw(file, self.mode)?;
                Ok(Blob { id: BlobId::of(&bytes), bytes })
            }
            Origin::Memory(content) => Ok(Blob { id: self.blob, bytes: content.to_vec() }),
        }
    }
}

/// Reads a file of the working copy as it lies there, or where a link points to.
pub(super) fn read_raw(file: &Path, mode: Mode) -> Result<Vec<u8>, VcsError> {
    let bytes = match mode {
        Mode::Symlink => fs_err::read_link(file).map(|target| target.into_os_string().into_encoded_bytes()),
        Mode::File | Mode::Executable => fs_err::read(file),
    };
    bytes.map_err(|source| VcsError::Vanished { path: file.to_owned(), source })
}
