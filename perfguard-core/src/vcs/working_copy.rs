//! What the user's working copy and index contain now, and folders outside git.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use git2::{Status, StatusOptions};

use super::repository::{Found, Repository, mode_of, path_of};
use super::source_tree::{Content, blob_id};
use super::{Entry, Mode, SourceTree, VcsError};

impl Repository {
    /// What the working copy contains: tracked files as they are now and untracked ones that are not ignored.
    ///
    /// # Errors
    /// When the index or a file cannot be read.
    pub fn working_tree(&self) -> Result<SourceTree, VcsError> {
        let commit = self.head()?.commit;
        let mut found = Found::default();
        let dirty = snapshot(&self.git, self.workdir(), Path::new(""), &mut found)?;
        let common_dir = Some(self.common_dir().to_owned());
        let Found { entries, remarks } = found;
        Ok(SourceTree { commit, dirty, working_copy: true, entries, remarks, common_dir })
    }

    /// What the index contains: the next commit.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn index_tree(&self) -> Result<SourceTree, VcsError> {
        let head = self.head()?.commit;
        let index = self.git.index().map_err(VcsError::git("read the index"))?;
        let git_directory = self.common_dir().to_owned();
        let mut entries = BTreeMap::new();
        for entry in index.iter().filter(|entry| entry.mode != 0o160_000) {
            let mode = mode_of(i32::try_from(entry.mode).unwrap_or_default());
            let content = Content::Object { git_directory: git_directory.clone() };
            entries.insert(path_of(&entry.path), Entry { mode, blob: entry.id.to_string(), content });
        }
        let clean = match &head {
            Some(commit) => self
                .tree(commit)?
                .entries
                .iter()
                .map(|(path, entry)| (path, &entry.blob, entry.mode))
                .eq(entries.iter().map(|(path, entry)| (path, &entry.blob, entry.mode))),
            None => false,
        };
        let common_dir = Some(git_directory);
        Ok(SourceTree { commit: head, dirty: !clean, working_copy: true, entries, remarks: Vec::new(), common_dir })
    }
}

/// Adds what a working copy contains; goes into submodules. Gives whether it differs from its HEAD.
fn snapshot(git: &git2::Repository, root: &Path, prefix: &Path, found: &mut Found) -> Result<bool, VcsError> {
    let mut options = StatusOptions::new();
    options.include_untracked(true).recurse_untracked_dirs(true).include_ignored(false).include_unmodified(false);
    options.exclude_submodules(true).update_index(false).no_refresh(false);
    let statuses = git.statuses(Some(&mut options)).map_err(VcsError::git("read the status"))?;
    let mut dirty = false;
    let mut changed = BTreeMap::new();
    for entry in statuses.iter() {
        dirty = true;
        changed.insert(path_of(entry.path_bytes()), entry.status());
    }
    let index = git.index().map_err(VcsError::git("read the index"))?;
    for entry in index.iter() {
        let path = path_of(&entry.path);
        if entry.mode == 0o160_000 {
            dirty |= snapshot_module(git, &path, entry.id, &prefix.join(&path), found)?;
            continue;
        }
        let status = changed.remove(&path).unwrap_or(Status::CURRENT);
        if status.intersects(Status::WT_DELETED) {
            continue;
        }
        let file = root.join(&path);
        let unchanged = !status.intersects(Status::WT_MODIFIED | Status::WT_TYPECHANGE | Status::WT_RENAMED);
        let mode = mode_of(i32::try_from(entry.mode).unwrap_or_default());
        // Git may translate line ends or run filters on the way into the store: then the file's own bytes count.
        let as_stored = unchanged && file.symlink_metadata().is_ok_and(|now| now.len() == u64::from(entry.file_size));
        let size_known = entry.file_size != 0 || entry.id.to_string() == EMPTY_BLOB;
        if as_stored && size_known && is_stored_as_is(git, entry.id, entry.file_size) {
            found
                .entries
                .insert(prefix.join(path), Entry { mode, blob: entry.id.to_string(), content: Content::File(file) });
        } else if let Some(entry) = entry_of(&file)? {
            found.entries.insert(prefix.join(path), entry);
        }
    }
    for (path, status) in changed {
        if status.intersects(Status::WT_NEW)
            && let Some(entry) = entry_of(&root.join(&path))?
        {
            found.entries.insert(prefix.join(path), entry);
        }
    }
    Ok(dirty)
}

const EMPTY_BLOB: &str = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

/// Whether a stored blob has the size of the file that git says is unchanged: no filter came between.
fn is_stored_as_is(git: &git2::Repository, blob: git2::Oid, size: u32) -> bool {
    git.odb().and_then(|odb| odb.read_header(blob)).is_ok_and(|(stored, _)| stored == size as usize)
}

/// Adds a submodule's working copy, if it is there.
fn snapshot_module(
    git: &git2::Repository,
    path: &Path,
    recorded: git2::Oid,
    prefix: &Path,
    found: &mut Found,
) -> Result<bool, VcsError> {
    let root = git.workdir().map(|root| root.join(path)).unwrap_or_default();
    let Ok(module) = git2::Repository::open(&root) else {
        // A submodule that was never checked out has an empty folder: git calls that clean, and so do we.
        found.remarks.push(super::Remark {
            message: format!("submodule `{}` is not checked out: left out", prefix.display()),
            hint: Some("`git submodule update --init --recursive` brings it".to_owned()),
        });
        return Ok(false);
    };
    let head = module.head().ok().and_then(|head| head.target());
    let dirty = snapshot(&module, &root, prefix, found)?;
    Ok(dirty || head != Some(recorded))
}

/// A file as an entry; `None` where it is gone or is neither file nor link.
fn entry_of(file: &Path) -> Result<Option<Entry>, VcsError> {
    let Ok(metadata) = file.symlink_metadata() else { return Ok(None) };
    let (mode, bytes) = if metadata.is_symlink() {
        let target = fs_err::read_link(file).map_err(VcsError::Read)?;
        (Mode::Symlink, target.into_os_string().into_encoded_bytes())
    } else if metadata.is_file() {
        let executable = metadata.permissions().mode() & 0o111 != 0;
        let mode = if executable { Mode::Executable } else { Mode::File };
        (mode, fs_err::read(file).map_err(VcsError::Read)?)
    } else {
        return Ok(None);
    };
    Ok(Some(Entry { mode, blob: blob_id(&bytes)?, content: Content::File(file.to_owned()) }))
}

/// A folder outside git: every file but those below the excluded folders and below hidden version-control folders.
///
/// # Errors
/// When a folder or a file cannot be read.
pub fn directory_tree(root: &Path, excluded: &[PathBuf]) -> Result<SourceTree, VcsError> {
    let device = fs_err::metadata(root).map_err(VcsError::Read)?.dev();
    let mut entries = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for item in fs_err::read_dir(&folder).map_err(VcsError::Read)? {
            let path = item.map_err(VcsError::Read)?.path();
            let metadata = path.symlink_metadata().map_err(VcsError::Read)?;
            let own = path.file_name().is_some_and(|name| name == ".git" || name == ".hg" || name == ".svn");
            if own || excluded.contains(&path) {
                continue;
            }
            if metadata.is_dir() {
                if metadata.dev() == device {
                    open.push(path);
                }
            } else if let Some(entry) = entry_of(&path)? {
                let relative = path.strip_prefix(root).unwrap_or(&path).to_owned();
                entries.insert(relative, entry);
            }
        }
    }
    Ok(SourceTree { commit: None, dirty: true, working_copy: true, entries, remarks: Vec::new(), common_dir: None })
}
