//! Snapshots of files on disk: a working copy with the help of git's index, or a plain directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use git2::{IndexEntryExtendedFlag, Status, StatusOptions};

use super::collect::{is_submodule, mode_of, path_of, remark_lfs, stage};
use super::source_tree::{BlobId, Entry, Mode, Objects, Origin, Remark, SourceTree, read_raw};
use super::{CommitId, VcsError};

/// The snapshot of a working copy: what differs from the index is told by libgit2 from the index's stat data (it
/// hashes what may be racy), so unmodified files are neither read nor hashed.
pub(super) fn working_tree(objects: &Objects, workdir: &Path, head: Option<CommitId>) -> Result<SourceTree, VcsError> {
    let mut tree = SourceTree { commit: head, dirty: false, entries: BTreeMap::new(), remarks: Vec::new() };
    add_working_copy(&mut tree, objects, workdir, Path::new(""))?;
    remark_lfs(&mut tree, Some("git lfs pull"));
    Ok(tree)
}

fn add_working_copy(tree: &mut SourceTree, objects: &Objects, workdir: &Path, prefix: &Path) -> Result<(), VcsError> {
    let failed = |source| VcsError::Git { action: "read the working tree", path: workdir.to_owned(), source };
    let mut submodules = Vec::new();
    {
        let repository = objects.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One reader for both: what the index says must be what the status was told against.
        let mut index = repository.index().map_err(failed)?;
        index.read(false).map_err(failed)?;
        let mut options = StatusOptions::new();
        options.include_untracked(true).recurse_untracked_dirs(true).exclude_submodules(true);
        options.update_index(false).no_refresh(true);
        let statuses = repository.statuses(Some(&mut options)).map_err(failed)?;
        let mut differing = BTreeMap::new();
        for status in statuses.iter() {
            differing.insert(status.path_bytes().to_vec(), status.status());
        }
        let sizes = repository.odb().map_err(failed)?;
        let mut tracked = BTreeSet::new();
        for item in index.iter() {
            let path = path_of(&item.path);
            if is_submodule(item.mode) {
                submodules.push((path, item.id));
                continue;
            }
            if tracked.insert(item.path.clone()) {
                let status = differing.get(&item.path).copied().unwrap_or(Status::CURRENT);
                add_tracked(tree, objects, &sizes, workdir, prefix, &item, status)?;
            }
        }
        for (name, status) in differing {
            if tracked.contains(&name) {
                continue;
            }
            let path = path_of(&name);
            if !status.contains(Status::WT_NEW) {
                tree.dirty = true; // Staged for deletion.
            } else if name.ends_with(b"/") {
                let shown = prefix.join(path);
                let message = format!("the nested repository `{}` is left out", shown.display());
                tree.remarks.push(Remark { message, hint: None });
            } else {
                let file = workdir.join(&path);
                let Ok(found) = file.symlink_metadata() else { continue };
                if found.is_file() || found.is_symlink() {
                    tree.dirty = true;
                    tree.entries.insert(prefix.join(path), file_entry(file, &found)?);
                }
            }
        }
    }
    for (path, commit) in submodules {
        add_submodule(tree, workdir, prefix, &path, commit)?;
    }
    Ok(())
}

/// Adds one file that the index knows, if it is there.
fn add_tracked(
    tree: &mut SourceTree,
    objects: &Objects,
    sizes: &git2::Odb<'_>,
    workdir: &Path,
    prefix: &Path,
    item: &git2::IndexEntry,
    status: Status,
) -> Result<(), VcsError> {
    let path = path_of(&item.path);
    let merged = stage(item) == 0;
    let file = workdir.join(&path);
    let Some(found) = file.symlink_metadata().ok().filter(|found| !found.is_dir()) else {
        let outside_sparse = item.flags_extended & IndexEntryExtendedFlag::SKIP_WORKTREE.bits() != 0;
        if outside_sparse && merged {
            // A sparse checkout left it out: for git the tree is clean, so it stays what the index says.
            let origin = Origin::Object(objects.clone());
            let entry = Entry { mode: mode_of(item.mode), blob: BlobId(item.id), origin };
            tree.entries.insert(prefix.join(path), entry);
        } else {
            tree.dirty = true;
        }
        return Ok(());
    };
    tree.dirty |= status.intersects(in_index() | in_work_tree()) || !merged;
    // Equal for git may still be other bytes: line endings and filters (LFS). The size tells.
    let as_in_index = !status.intersects(in_work_tree())
        && merged
        && sizes.read_header(item.id).is_ok_and(|(size, _)| size as u64 == found.len());
    let entry = if as_in_index {
        Entry { mode: mode_of(item.mode), blob: BlobId(item.id), origin: Origin::WorkingCopy(file) }
    } else {
        file_entry(file, &found)?
    };
    tree.entries.insert(prefix.join(path), entry);
    Ok(())
}

/// Adds what is there of a submodule's own working copy.
fn add_submodule(
    tree: &mut SourceTree,
    workdir: &Path,
    prefix: &Path,
    path: &Path,
    commit: git2::Oid,
) -> Result<(), VcsError> {
    let inner = workdir.join(path);
    let Ok(repository) = git2::Repository::open(&inner) else {
        tree.remarks.push(Remark {
            message: format!("the submodule `{}` is not checked out", prefix.join(path).display()),
            hint: Some("git submodule update --init".to_owned()),
        });
        return Ok(());
    };
    let at = repository.head().ok().and_then(|head| head.target());
    tree.dirty |= at != Some(commit);
    add_working_copy(tree, &Objects(Arc::new(Mutex::new(repository))), &inner, &prefix.join(path))
}

fn in_index() -> Status {
    Status::INDEX_NEW
        | Status::INDEX_MODIFIED
        | Status::INDEX_DELETED
        | Status::INDEX_RENAMED
        | Status::INDEX_TYPECHANGE
}

fn in_work_tree() -> Status {
    Status::WT_NEW
        | Status::WT_MODIFIED
        | Status::WT_DELETED
        | Status::WT_TYPECHANGE
        | Status::WT_RENAMED
        | Status::WT_UNREADABLE
        | Status::CONFLICTED
}

/// The tree of a directory outside git: all of it but `excluded` (absolute paths), git directories, and folders that
/// carry a `CACHEDIR.TAG`, as cargo's target directories do.
///
/// # Errors
/// A file or directory cannot be read.
pub fn directory_tree(root: &Path, excluded: &[PathBuf]) -> Result<SourceTree, VcsError> {
    let mut tree = SourceTree { commit: None, dirty: false, entries: BTreeMap::new(), remarks: Vec::new() };
    add_below(&mut tree, root, root.to_owned(), excluded)?;
    Ok(tree)
}

/// Adds files and folders that git ignores, by paths relative to the root. Gives the paths at which there is nothing.
///
/// # Errors
/// A file or folder cannot be read.
pub fn include(tree: &mut SourceTree, root: &Path, paths: &[String]) -> Result<Vec<String>, VcsError> {
    let mut missing = Vec::new();
    for path in paths {
        let relative = Path::new(path);
        let inside = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        match fs_err::symlink_metadata(root.join(relative)) {
            Ok(found) if inside && found.is_dir() => add_below(tree, root, root.join(relative), &[])?,
            Ok(found) if inside => add_file(tree, root, root.join(relative), &found)?,
            _ => missing.push(path.clone()),
        }
    }
    Ok(missing)
}

/// Adds everything below a folder, but for git's own and cargo's target directories.
fn add_below(tree: &mut SourceTree, root: &Path, folder: PathBuf, excluded: &[PathBuf]) -> Result<(), VcsError> {
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for item in fs_err::read_dir(&folder)? {
            let item = item?;
            let path = item.path();
            if item.file_name() == ".git" || excluded.contains(&path) {
                continue;
            }
            let found = fs_err::symlink_metadata(&path)?;
            if !found.is_dir() {
                add_file(tree, root, path, &found)?;
            } else if !path.join("CACHEDIR.TAG").is_file() {
                folders.push(path);
            }
        }
    }
    Ok(())
}

fn add_file(tree: &mut SourceTree, root: &Path, path: PathBuf, found: &Metadata) -> Result<(), VcsError> {
    if found.is_file() || found.is_symlink() {
        let below: PathBuf = path.strip_prefix(root).unwrap_or(&path).components().collect();
        tree.entries.insert(below, file_entry(path, found)?);
    }
    Ok(())
}

fn file_entry(file: PathBuf, found: &Metadata) -> Result<Entry, VcsError> {
    let mode = disk_mode(found);
    let blob = BlobId::of(&read_raw(&file, mode)?);
    Ok(Entry { mode, blob, origin: Origin::WorkingCopy(file) })
}

#[cfg(unix)]
fn disk_mode(found: &Metadata) -> Mode {
    use std::os::unix::fs::PermissionsExt;
    match found.permissions().mode() {
        _ if found.is_symlink() => Mode::Symlink,
        mode if mode & 0o100 != 0 => Mode::Executable,
        _ => Mode::File,
    }
}

#[cfg(not(unix))]
fn disk_mode(found: &Metadata) -> Mode {
    if found.is_symlink() { Mode::Symlink } else { Mode::File }
}
