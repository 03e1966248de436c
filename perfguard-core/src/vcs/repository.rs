//! A repository: its revisions and their trees.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::{ErrorClass, ErrorCode, ObjectType, Oid, TreeWalkMode, TreeWalkResult};

use super::source_tree::Content;
use super::{CommitId, Entry, Mode, Remark, SourceTree, VcsError};

/// What HEAD is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its commit; `None` before the first.
    pub commit: Option<CommitId>,
    /// The branch it is on; `None` when detached.
    pub branch: Option<String>,
}

/// What a commit says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// First line of its message.
    pub subject: String,
    /// When it was written, seconds since the Unix epoch.
    pub author_time: i64,
}

/// A git repository with a work tree.
pub struct Repository {
    pub(super) git: git2::Repository,
    workdir: PathBuf,
    common_dir: PathBuf,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").field("workdir", &self.workdir).finish_non_exhaustive()
    }
}

impl Repository {
    /// Finds the repository around a folder; `None` outside git.
    ///
    /// # Errors
    /// When there is one that cannot be read: another owner's, a format that libgit2 does not know, a bare one.
    pub fn discover(folder: &Path) -> Result<Option<Self>, VcsError> {
        let git = match git2::Repository::discover(folder) {
            Ok(git) => git,
            Err(error) if error.code() == ErrorCode::Owner => {
                return Err(VcsError::ForeignOwner { path: folder.to_owned(), source: error });
            }
            Err(error) if error.code() == ErrorCode::NotFound && error.class() == ErrorClass::Repository => {
                return Ok(None);
            }
            Err(error) => return Err(VcsError::Format { path: folder.to_owned(), source: error }),
        };
        let Some(workdir) = git.workdir() else {
            return Err(VcsError::Bare(git.path().to_owned()));
        };
        let workdir = fs_err::canonicalize(workdir).map_err(VcsError::Read)?;
        let common_dir = fs_err::canonicalize(git.commondir()).map_err(VcsError::Read)?;
        Ok(Some(Self { git, workdir, common_dir }))
    }

    /// The root of the work tree, canonical.
    pub fn workdir(&self) -> &Path {
        &self.workdir
    }

    /// The git directory that all work trees share, canonical.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// What HEAD is.
    ///
    /// # Errors
    /// When HEAD cannot be read.
    pub fn head(&self) -> Result<Head, VcsError> {
        let reference = self.git.find_reference("HEAD").map_err(VcsError::git("read HEAD"))?;
        let branch = reference.symbolic_target().ok().flatten().map(str::to_owned);
        let branch = branch.and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned));
        let commit = match self.git.head() {
            Ok(head) => Some(head.peel_to_commit().map_err(VcsError::git("read HEAD"))?.id()),
            Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => None,
            Err(error) => return Err(VcsError::Git { action: "read HEAD", source: error }),
        };
        Ok(Head { commit: commit.map(|id| CommitId(id.to_string())), branch })
    }

    /// The commit that a revision names: whatever `git rev-parse` understands.
    ///
    /// # Errors
    /// [`VcsError::UnknownRevision`].
    pub fn resolve(&self, revision: &str) -> Result<CommitId, VcsError> {
        let commit = self.git.revparse_single(revision).and_then(|object| object.peel_to_commit());
        match commit {
            Ok(commit) => Ok(CommitId(commit.id().to_string())),
            Err(source) => {
                let shallow = self.git.is_shallow();
                Err(VcsError::UnknownRevision { revision: revision.to_owned(), shallow, source })
            }
        }
    }

    /// What a commit says of itself.
    ///
    /// # Errors
    /// When the commit cannot be read.
    pub fn commit(&self, id: &CommitId) -> Result<CommitInfo, VcsError> {
        let commit = self.find_commit(id)?;
        let subject = String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default()).into_owned();
        Ok(CommitInfo { subject, author_time: commit.author().when().seconds() })
    }

    pub(super) fn find_commit(&self, id: &CommitId) -> Result<git2::Commit<'_>, VcsError> {
        let id = Oid::from_str(id.as_str()).map_err(VcsError::git("read a commit id"))?;
        self.git.find_commit(id).map_err(VcsError::git("read a commit"))
    }

    /// A commit's content, submodules from the objects that are there.
    ///
    /// # Errors
    /// When an object is missing.
    pub fn tree(&self, id: &CommitId) -> Result<SourceTree, VcsError> {
        let root = self.find_commit(id)?.tree().map_err(VcsError::git("read a tree"))?;
        let mut found = Found::default();
        self.walk(&self.git, &root, Path::new(""), &mut found)?;
        let lfs = self.lfs_pointers(&found.entries);
        let mut remarks = found.remarks;
        remarks.extend(lfs);
        Ok(SourceTree {
            commit: Some(id.clone()),
            dirty: false,
            working_copy: false,
            entries: found.entries,
            remarks,
            common_dir: Some(self.common_dir.clone()),
        })
    }

    /// Adds a tree's files below a prefix; goes into submodules.
    fn walk(
        &self,
        git: &git2::Repository,
        tree: &git2::Tree<'_>,
        prefix: &Path,
        found: &mut Found,
    ) -> Result<(), VcsError> {
        let git_directory = git.commondir().to_owned();
        let mut modules = Vec::new();
        tree.walk(TreeWalkMode::PreOrder, |folder, entry| {
            let path = prefix.join(path_of(folder.as_bytes())).join(path_of(entry.name_bytes()));
            match (entry.kind(), entry.filemode()) {
                (Some(ObjectType::Blob), mode) => {
                    let content = Content::Object { git_directory: git_directory.clone() };
                    let entry = Entry { mode: mode_of(mode), blob: entry.id().to_string(), content };
                    found.entries.insert(path, entry);
                }
                (Some(ObjectType::Commit), _) => modules.push((path, entry.id())),
                _ => {}
            }
            TreeWalkResult::Ok
        })
        .map_err(VcsError::git("read a tree"))?;
        for (path, commit) in modules {
            self.walk_module(&path, commit, found)?;
        }
        Ok(())
    }

    fn walk_module(&self, path: &Path, commit: Oid, found: &mut Found) -> Result<(), VcsError> {
        let opened = self.open_module(path);
        let tree = opened.as_ref().and_then(|module| module.find_commit(commit).and_then(|commit| commit.tree()).ok());
        if let (Some(module), Some(tree)) = (&opened, tree) {
            return self.walk(module, &tree, path, found);
        }
        found.remarks.push(Remark {
            message: format!("submodule `{}` is not there at {commit:.10}: left out", path.display()),
            hint: Some("`git submodule update --init --recursive` brings it".to_owned()),
        });
        Ok(())
    }

    /// A submodule's own repository: by its work tree, else by the git directory that git keeps for its name.
    pub(super) fn open_module(&self, path: &Path) -> Option<git2::Repository> {
        let by_tree = git2::Repository::open(self.workdir.join(path)).ok();
        by_tree.or_else(|| {
            let modules = self.git.submodules().ok()?;
            let module = modules.iter().find(|module| module.path() == path)?;
            git2::Repository::open(self.common_dir.join("modules").join(module.name().ok()?)).ok()
        })
    }

    /// A remark on files whose content is a Git LFS pointer: what was committed is not what a checkout shows.
    fn lfs_pointers(&self, entries: &BTreeMap<PathBuf, Entry>) -> Option<Remark> {
        // Only a repository that tells git to filter can have pointers: reading every blob would cost too much.
        let attributes: Vec<&Entry> =
            entries.iter().filter(|(path, _)| path.ends_with(".gitattributes")).map(|(_, entry)| entry).collect();
        let mut reader = super::Reader::default();
        let filtered = attributes
            .iter()
            .any(|entry| reader.read(entry).is_ok_and(|(text, _)| text.windows(10).any(|part| part == b"filter=lfs")));
        if !filtered {
            return None;
        }
        let odb = self.git.odb().ok()?;
        let small = |entry: &Entry| {
            let id = Oid::from_str(&entry.blob).ok()?;
            odb.read_header(id).ok().filter(|(size, _)| *size < 1024)
        };
        let pointers: Vec<_> = entries
            .iter()
            .filter(|(_, entry)| small(entry).is_some())
            .filter(|(_, entry)| {
                reader.read(entry).is_ok_and(|(text, _)| text.starts_with(b"version https://git-lfs.github.com/spec/"))
            })
            .map(|(path, _)| path.display().to_string())
            .collect();
        let first = pointers.first()?;
        Some(Remark {
            message: format!("{} files are Git LFS pointers in this commit, `{first}` among them", pointers.len()),
            hint: Some("benches that read them see the pointer; measure the working tree instead".to_owned()),
        })
    }
}

/// Files and remarks gathered on a walk.
#[derive(Default)]
pub(super) struct Found {
    pub(super) entries: BTreeMap<PathBuf, Entry>,
    pub(super) remarks: Vec<Remark>,
}

/// Git's paths are bytes; on Unix so are ours.
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

pub(super) fn mode_of(mode: i32) -> Mode {
    match mode & 0o170_000 {
        0o120_000 => Mode::Symlink,
        _ if mode & 0o111 != 0 => Mode::Executable,
        _ => Mode::File,
    }
}
