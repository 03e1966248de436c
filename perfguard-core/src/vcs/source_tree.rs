//! What a revision, the index or the working copy contains.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use git2::Oid;
use serde::{Deserialize, Serialize};

use super::VcsError;

/// A commit's object id, 40 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommitId(pub(super) String);

impl CommitId {
    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of file an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// An ordinary file.
    File,
    /// A file that may be executed.
    Executable,
    /// A symbolic link; its content is the target.
    Symlink,
}

/// One file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What kind.
    pub mode: Mode,
    /// The git blob id of its raw content, 40 hex digits: equal ids are equal contents, wherever they come from.
    pub blob: String,
    /// Where the content is.
    pub(super) content: Content,
}

/// Where an entry's content is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// In the object store of this git directory.
    Object { git_directory: PathBuf },
    /// In this file of a working copy.
    File(PathBuf),
}

/// Something that the user should know of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// A lower-case fragment without final period.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// What a revision, the index or the working copy contains.
#[derive(Debug, Clone)]
pub struct SourceTree {
    /// The commit that this is, or that the working copy or the index stands on.
    pub commit: Option<CommitId>,
    /// Whether the contents differ from that commit's.
    pub dirty: bool,
    /// Whether this is a working copy's or an index' content rather than a commit's.
    pub working_copy: bool,
    /// Files by path, relative to the root, submodules' included.
    pub entries: BTreeMap<PathBuf, Entry>,
    /// What the user should know.
    pub remarks: Vec<Remark>,
    /// The git directory that all work trees share; `None` outside git.
    pub common_dir: Option<PathBuf>,
}

impl SourceTree {
    /// A key of the contents: the commit where this is a commit's clean content, else a hash over all entries.
    pub fn key(&self) -> String {
        match &self.commit {
            Some(commit) if !self.dirty => commit.to_string(),
            _ => format!("tree-{}", self.digest()),
        }
    }

    /// A hash over all paths, modes and contents, 40 hex digits.
    fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (path, entry) in &self.entries {
            hasher.update(path.as_os_str().as_encoded_bytes());
            hasher.update(&[0, entry.mode as u8]);
            hasher.update(entry.blob.as_bytes());
        }
        hasher.finalize().to_hex()[..40].to_owned()
    }
}

/// Reads contents, keeping repositories open between reads.
#[derive(Default)]
pub struct Reader {
    open: BTreeMap<PathBuf, git2::Repository>,
}

impl Reader {
    /// An entry's content and the blob id of what was read. A working copy's file may have changed since the snapshot:
    /// then the id is another than the entry's.
    ///
    /// # Errors
    /// When the object is missing or the file cannot be read.
    pub fn read(&mut self, entry: &Entry) -> Result<(Vec<u8>, String), VcsError> {
        match &entry.content {
            Content::Object { git_directory } => {
                if !self.open.contains_key(git_directory) {
                    let opened = git2::Repository::open(git_directory).map_err(VcsError::git("open the repository"))?;
                    self.open.insert(git_directory.clone(), opened);
                }
                read_object(&self.open[git_directory], &entry.blob)
            }
            Content::File(file) => {
                let bytes = if entry.mode == Mode::Symlink {
                    fs_err::read_link(file).map(|target| target.into_os_string().into_encoded_bytes())
                } else {
                    fs_err::read(file)
                }
                .map_err(VcsError::Read)?;
                let blob = blob_id(&bytes)?;
                Ok((bytes, blob))
            }
        }
    }
}

fn read_object(repository: &git2::Repository, blob: &str) -> Result<(Vec<u8>, String), VcsError> {
    let id = Oid::from_str(blob).map_err(VcsError::git("read an object id"))?;
    let object = repository.find_blob(id).map_err(VcsError::MissingObject)?;
    Ok((object.content().to_vec(), blob.to_owned()))
}

/// The git blob id of a content.
pub(super) fn blob_id(bytes: &[u8]) -> Result<String, VcsError> {
    Ok(Oid::hash_object(git2::ObjectType::Blob, bytes).map_err(VcsError::git("hash a file"))?.to_string())
}
