//! A git repository: where it is, what its revisions mean, and the trees of its commits and index.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use git2::{ErrorCode, RepositoryOpenFlags};

use super::collect::Collector;
use super::snapshot;
use super::source_tree::Objects;
use super::{SourceTree, VcsError};

/// The id of a commit: 40 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct CommitId(pub String);

impl CommitId {
    /// The first nine digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..9).unwrap_or(&self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where HEAD is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The commit; `None` before the first one.
    pub commit: Option<CommitId>,
    /// The branch; `None` if HEAD is detached.
    pub branch: Option<String>,
}

/// What a commit says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// The first paragraph of its message, in one line.
    pub subject: String,
    /// Who wrote it, by name.
    pub author: String,
    /// When it was written, nanoseconds since the Unix epoch (whole seconds).
    pub authored_at_ns: i64,
}

/// A git repository with a work tree. Reads only.
#[derive(Debug)]
pub struct Repository {
    objects: Objects,
    common_dir: PathBuf,
    workdir: PathBuf,
}

impl Repository {
    /// Finds the repository that `path` lies in; `None` outside git.
    ///
    /// # Errors
    /// There is one, but it cannot be used: bare, of a foreign owner, or in a format that libgit2 does not read.
    pub fn discover(path: &Path) -> Result<Option<Self>, VcsError> {
        let none: [&Path; 0] = [];
        let opened = match git2::Repository::open_ext(path, RepositoryOpenFlags::CROSS_FS, none) {
            Ok(opened) => opened,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(VcsError::opening(path, error)),
        };
        let Some(workdir) = opened.workdir().map(Path::to_owned) else {
            return Err(VcsError::Bare { path: opened.path().to_owned() });
        };
        let common_dir = fs_err::canonicalize(opened.commondir())?;
        let workdir = fs_err::canonicalize(workdir)?;
        Ok(Some(Self { objects: Objects(Arc::new(Mutex::new(opened))), common_dir, workdir }))
    }

    /// The git directory that all work trees of this repository share; a real path.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// The root of the work tree that was discovered; a real path.
    pub fn workdir(&self) -> &Path {
        &self.workdir
    }

    /// Where HEAD of this work tree is.
    ///
    /// # Errors
    /// HEAD cannot be read.
    pub fn head(&self) -> Result<Head, VcsError> {
        let repository = self.lock();
        let failed = |source| self.failed("read HEAD", source);
        let reference = repository.find_reference("HEAD").map_err(failed)?;
        let branch = reference.symbolic_target_bytes().map(|name| {
            let name = String::from_utf8_lossy(name);
            name.strip_prefix("refs/heads/").unwrap_or(&name).to_owned()
        });
        let commit = match reference.peel_to_commit() {
            Ok(commit) => Some(CommitId(commit.id().to_string())),
            Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::UnbornBranch) && branch.is_some() => {
                None
            }
            Err(error) => return Err(failed(error)),
        };
        Ok(Head { commit, branch })
    }

    /// The commit that a revision names, in any way that git understands.
    ///
    /// # Errors
    /// [`VcsError::UnknownRevision`] if it names none or several.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, VcsError> {
        let repository = self.lock();
        let found = repository.revparse_single(revision).and_then(|object| object.peel_to_commit());
        found.map(|commit| CommitId(commit.id().to_string())).map_err(|source| VcsError::UnknownRevision {
            near: near_names(&repository, revision),
            shallow: repository.is_shallow(),
            revision: revision.to_owned(),
            source,
        })
    }

    /// What a commit says about itself.
    ///
    /// # Errors
    /// There is no such commit.
    pub fn commit(&self, id: &CommitId) -> Result<CommitInfo, VcsError> {
        let repository = self.lock();
        let commit = self.find_commit(&repository, id)?;
        let subject = commit.summary_bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let author = commit.author();
        let authored_at_ns = author.when().seconds().saturating_mul(1_000_000_000);
        let author = String::from_utf8_lossy(author.name_bytes()).into_owned();
        Ok(CommitInfo { subject: subject.unwrap_or_default(), author, authored_at_ns })
    }

    /// The tree of a commit, with those of its submodules as far as their objects are there.
    ///
    /// # Errors
    /// There is no such commit, or its objects are not all there.
    pub fn tree(&self, id: &CommitId) -> Result<SourceTree, VcsError> {
        let root = {
            let repository = self.lock();
            let commit = self.find_commit(&repository, id)?;
            commit.tree_id()
        };
        let mut collector = Collector::new(id.short());
        collector.tree(&self.objects, &self.workdir, &self.common_dir, root, Path::new(""))?;
        Ok(collector.finish(Some(id.clone()), false))
    }

    /// What is staged, as `git commit` would commit it.
    ///
    /// # Errors
    /// The index holds unmerged files, or its objects are not all there.
    pub fn index_tree(&self) -> Result<SourceTree, VcsError> {
        let head = self.head()?.commit;
        let mut collector = Collector::new("the index");
        let dirty = {
            let repository = self.lock();
            let failed = |source| self.failed("read the index", source);
            let mut index = repository.index().map_err(failed)?;
            index.read(false).map_err(failed)?;
            let tree = match &head {
                Some(id) => Some(self.find_commit(&repository, id)?.tree().map_err(failed)?),
                None => None,
            };
            let staged = repository.diff_tree_to_index(tree.as_ref(), Some(&index), None).map_err(failed)?;
            staged.deltas().len() > 0
        };
        collector.index(&self.objects, &self.workdir, &self.common_dir)?;
        Ok(collector.finish(head, dirty))
    }

    /// The working copy: tracked files as they lie there, and untracked ones that are not ignored. Nested
    /// repositories that are no submodules are left out. Nothing is written, not even the index.
    ///
    /// # Errors
    /// A file or the index cannot be read.
    pub fn working_tree(&self) -> Result<SourceTree, VcsError> {
        let head = self.head()?.commit;
        snapshot::working_tree(&self.objects, &self.workdir, head)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, git2::Repository> {
        self.objects.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn failed(&self, action: &'static str, source: git2::Error) -> VcsError {
        VcsError::Git { action, path: self.workdir.clone(), source }
    }

    fn find_commit<'r>(&self, repository: &'r git2::Repository, id: &CommitId) -> Result<git2::Commit<'r>, VcsError> {
        let found = git2::Oid::from_str(&id.0).and_then(|id| repository.find_commit(id));
        found.map_err(|source| self.failed("read a commit", source))
    }
}

/// Branches and tags whose name contains the revision, or differs in case only.
fn near_names(repository: &git2::Repository, revision: &str) -> Vec<String> {
    let wanted = revision.to_lowercase();
    if wanted.len() < 3 {
        return Vec::new();
    }
    let references = repository.references().into_iter().flatten().flatten();
    let names = references.filter_map(|reference| reference.shorthand().ok().map(str::to_owned));
    names.filter(|name| name.to_lowercase().contains(&wanted)).take(3).collect()
}
