//! Collects the entries of a commit's tree or of an index, down into submodules.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use git2::{ObjectType, Oid};

use super::source_tree::{BlobId, Entry, Mode, Objects, Origin, Remark, SourceTree};
use super::{CommitId, VcsError};

/// How git pointer files of Git LFS begin (its specification, "The Pointer").
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1";
/// Pointer files are smaller than this (same place).
const LFS_POINTER_BYTES: usize = 1024;
const SYMLINK: u32 = 0o120_000;
const SUBMODULE: u32 = 0o160_000;

/// A submodule as a tree or an index records it.
struct Submodule {
    path: PathBuf,
    commit: Oid,
}

/// Entries and remarks as they are found.
pub(super) struct Collector<'a> {
    /// What is read, for messages: a short commit id, or `the index`.
    what: &'a str,
    entries: BTreeMap<PathBuf, Entry>,
    remarks: Vec<Remark>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(what: &'a str) -> Self {
        Self { what, entries: BTreeMap::new(), remarks: Vec::new() }
    }

    /// Adds the tree `root` of a repository below `prefix`.
    pub(super) fn tree(
        &mut self,
        objects: &Objects,
        workdir: &Path,
        common_dir: &Path,
        root: Oid,
        prefix: &Path,
    ) -> Result<(), VcsError> {
        let mut submodules = Vec::new();
        {
            let repository = objects.0.lock().unwrap_or_else(PoisonError::into_inner);
            let partial = is_partial(&repository);
            let mut folders = vec![(prefix.to_owned(), root)];
            while let Some((folder, id)) = folders.pop() {
                let tree = repository.find_tree(id).map_err(|source| self.missing(&folder, partial, source))?;
                for item in &tree {
                    let path = folder.join(self.safe_name(&folder, item.name_bytes())?);
                    if item.kind() == Some(ObjectType::Tree) {
                        folders.push((path, item.id()));
                        continue;
                    }
                    let mode = u32::try_from(item.filemode()).unwrap_or_default();
                    self.add(&repository, objects, partial, path, mode, item.id(), &mut submodules)?;
                }
            }
        }
        self.submodules(submodules, prefix, workdir, common_dir)
    }

    /// Adds all that a repository's index holds.
    pub(super) fn index(&mut self, objects: &Objects, workdir: &Path, common_dir: &Path) -> Result<(), VcsError> {
        let mut submodules = Vec::new();
        {
            let repository = objects.0.lock().unwrap_or_else(PoisonError::into_inner);
            let partial = is_partial(&repository);
            let index = repository.index().map_err(|source| self.missing(Path::new(""), partial, source))?;
            for item in index.iter() {
                let path = path_of(&item.path);
                if stage(&item) != 0 {
                    return Err(VcsError::Unmerged { path });
                }
                for part in item.path.split(|byte| *byte == b'/') {
                    self.safe_name(&path, part)?;
                }
                self.add(&repository, objects, partial, path, item.mode, item.id, &mut submodules)?;
            }
        }
        self.submodules(submodules, Path::new(""), workdir, common_dir)
    }

    /// Gives the tree, with a remark about the LFS pointers in it.
    pub(super) fn finish(mut self, commit: Option<CommitId>, dirty: bool) -> SourceTree {
        let mut tree = SourceTree { commit, dirty, entries: self.entries, remarks: std::mem::take(&mut self.remarks) };
        remark_lfs(&mut tree, None);
        tree
    }

    #[expect(clippy::too_many_arguments, reason = "one row of a tree, from two kinds of listing")]
    fn add(
        &mut self,
        repository: &git2::Repository,
        objects: &Objects,
        partial: bool,
        path: PathBuf,
        mode: u32,
        id: Oid,
        submodules: &mut Vec<Submodule>,
    ) -> Result<(), VcsError> {
        if mode & 0o170_000 == SUBMODULE {
            submodules.push(Submodule { path, commit: id });
            return Ok(());
        }
        // Looked for now: half a checkout later would be too late to say so.
        if partial && !repository.odb().is_ok_and(|odb| odb.exists(id)) {
            return Err(VcsError::PartialClone { path, commit: self.what.to_owned() });
        }
        let entry = Entry { mode: mode_of(mode), blob: BlobId(id), origin: Origin::Object(objects.clone()) };
        self.entries.insert(path, entry);
        Ok(())
    }

    fn submodules(
        &mut self,
        submodules: Vec<Submodule>,
        prefix: &Path,
        workdir: &Path,
        common_dir: &Path,
    ) -> Result<(), VcsError> {
        for Submodule { path, commit } in submodules {
            let below = path.strip_prefix(prefix).unwrap_or(&path).to_owned();
            let Some((repository, root)) = find_submodule(&workdir.join(&below), common_dir, commit) else {
                self.remarks.push(Remark {
                    message: format!(
                        "the submodule `{}` is left out of {}: its commit {} is not here",
                        path.display(),
                        self.what,
                        &commit.to_string()[..9]
                    ),
                    hint: Some("git submodule update --init".to_owned()),
                });
                continue;
            };
            let inner_common = repository.commondir().to_owned();
            let objects = Objects(Arc::new(Mutex::new(repository)));
            self.tree(&objects, &workdir.join(&below), &inner_common, root, &path)?;
        }
        Ok(())
    }

    /// Refuses names with which a hostile tree could reach outside the checkout, or into its git directory.
    fn safe_name(&self, folder: &Path, name: &[u8]) -> Result<PathBuf, VcsError> {
        let path = path_of(name);
        let dangerous = name.is_empty()
            || name == b"."
            || name == b".."
            || name.eq_ignore_ascii_case(b".git")
            || name.contains(&b'/');
        if dangerous {
            return Err(VcsError::DangerousName { path: folder.join(path), commit: self.what.to_owned() });
        }
        Ok(path)
    }

    fn missing(&self, path: &Path, partial: bool, source: git2::Error) -> VcsError {
        if partial && source.code() == git2::ErrorCode::NotFound {
            return VcsError::PartialClone { path: path.to_owned(), commit: self.what.to_owned() };
        }
        VcsError::Git { action: "read a tree", path: path.to_owned(), source }
    }
}

/// Adds a remark if files of the tree are pointers of Git LFS, with the hint given.
pub(super) fn remark_lfs(tree: &mut SourceTree, hint: Option<&str>) {
    let read = |path: &Path| tree.read(path).ok().flatten().map(|blob| blob.bytes);
    // Only where some `.gitattributes` speaks of LFS: otherwise every small file would have to be read.
    let attributes = tree.entries.keys().filter(|path| path.file_name().is_some_and(|name| name == ".gitattributes"));
    let uses_lfs =
        attributes.filter_map(|path| read(path)).any(|text| memchr::memmem::find(&text, b"filter=lfs").is_some());
    if !uses_lfs {
        return;
    }
    let small =
        tree.entries.iter().filter(|(_, entry)| entry.mode != Mode::Symlink && entry.size_at_most(LFS_POINTER_BYTES));
    let pointers: Vec<_> = small
        .filter(|(path, _)| read(path).is_some_and(|bytes| bytes.starts_with(LFS_POINTER)))
        .map(|(path, _)| path.display().to_string())
        .collect();
    if let Some(first) = pointers.first() {
        let message = match pointers.len() {
            1 => format!("`{first}` is a Git LFS pointer, not the file itself"),
            count => format!("{count} files, such as `{first}`, are Git LFS pointers, not the files themselves"),
        };
        tree.remarks.push(Remark { message, hint: hint.map(str::to_owned) });
    }
}

/// The submodule's repository that holds this commit, and the commit's tree: in its work tree if it has one, else
/// among those that the superproject keeps, whatever their name (a submodule may have been renamed since).
fn find_submodule(workdir: &Path, common_dir: &Path, commit: Oid) -> Option<(git2::Repository, Oid)> {
    let has = |repository: git2::Repository| {
        let root = repository.find_commit(commit).ok()?.tree_id();
        Some((repository, root))
    };
    let checked_out = git2::Repository::open(workdir).ok().and_then(has);
    checked_out.or_else(|| {
        let mut folders = vec![common_dir.join("modules")];
        while let Some(folder) = folders.pop() {
            if folder.join("HEAD").is_file() && folder.join("objects").is_dir() {
                if let Some(found) = git2::Repository::open_bare(&folder).ok().and_then(has) {
                    return Some(found);
                }
                continue;
            }
            let entries = fs_err::read_dir(&folder).into_iter().flatten().flatten();
            folders.extend(entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|e| e.path()));
        }
        None
    })
}

/// Whether blobs may be missing because the clone left them out.
fn is_partial(repository: &git2::Repository) -> bool {
    let Ok(config) = repository.config() else { return false };
    let Ok(mut promisors) = config.entries(Some(r"remote\..*\.promisor")) else { return false };
    promisors.next().is_some()
}

/// The merge stage of an index entry (bits 12 and 13 of its flags); 0 is a merged one.
pub(super) fn stage(item: &git2::IndexEntry) -> u16 {
    item.flags >> 12 & 0b11
}

/// The kind of file that a mode in a tree or index means.
pub(super) fn mode_of(mode: u32) -> Mode {
    match mode {
        _ if mode & 0o170_000 == SYMLINK => Mode::Symlink,
        _ if mode & 0o100 != 0 => Mode::Executable,
        _ => Mode::File,
    }
}

/// Whether a mode in a tree or index means a submodule.
pub(super) fn is_submodule(mode: u32) -> bool {
    mode & 0o170_000 == SUBMODULE
}

/// A path from git's bytes.
#[cfg(unix)]
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// A path from git's bytes, which are UTF-8 on this platform.
#[cfg(not(unix))]
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
