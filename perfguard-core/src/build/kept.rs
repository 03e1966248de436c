//! Kept folders: what one build left, in the shape of `here`, for its benches to run among.

use std::io;
use std::path::Path;

use super::checkout_error::Doing;
use super::layout::{GONE, MAKING, REMOVING};
use super::seat::KEY_FILE;
use super::{CheckoutError, Layout};

const KEEPING: &str = "keep what the build left";
const REMOVE: &str = "remove a kept folder";

/// Copies from `here` what a bench may look for at run time: sources, programs, `CARGO_TARGET_TMPDIR`, `OUT_DIR`s,
/// shared objects, the stand-in git directory and the links to what lies outside. Whole or not at all; what was kept
/// under the key before goes.
pub(super) fn keep(layout: &Layout, key: &str) -> Result<(), CheckoutError> {
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Err(CheckoutError::InvalidKey { key: key.to_owned() });
    }
    let making = layout.root().join(format!("{MAKING}{key}"));
    remove_if_there(&making)?;
    fs_err::create_dir(&making).doing(KEEPING)?;
    for item in fs_err::read_dir(layout.here()).doing(KEEPING)? {
        let item = item.doing(KEEPING)?;
        if item.file_name() != "build" {
            copy(&item.path(), &making.join(item.file_name()))?;
        }
    }
    copy_from_build(&layout.build(), &making.join("build"), 0)?;
    fs_err::write(making.join(KEY_FILE), key).doing(KEEPING)?;
    remove(layout, key)?;
    fs_err::rename(making, layout.kept(key)).doing(KEEPING)
}

/// Copies what is kept under a key to another, whole or not at all. The builder's folder must be seated.
pub(super) fn copy_kept(layout: &Layout, key: &str, copy_key: &str) -> Result<(), CheckoutError> {
    if !layout.kept(key).is_dir() {
        return Err(CheckoutError::NotKept { key: key.to_owned() });
    }
    let making = layout.root().join(format!("{MAKING}{copy_key}"));
    remove_if_there(&making)?;
    copy(&layout.kept(key), &making)?;
    fs_err::write(making.join(KEY_FILE), copy_key).doing(KEEPING)?;
    remove(layout, copy_key)?;
    fs_err::rename(making, layout.kept(copy_key)).doing(KEEPING)
}

/// Removes what is kept under a key, if there is anything. The builder's folder must be seated.
pub(super) fn remove(layout: &Layout, key: &str) -> Result<(), CheckoutError> {
    let kept = layout.kept(key);
    if kept.is_dir() {
        // Renamed first: a folder that is half removed must not be found under its name.
        let gone = layout.root().join(format!("{GONE}{key}"));
        remove_if_there(&gone)?;
        match fs_err::rename(&kept, &gone) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                let marker = layout.root().join(format!("{REMOVING}{key}"));
                fs_err::write(&marker, "").doing(REMOVE)?;
                fs_err::remove_dir_all(kept).doing(REMOVE)?;
                fs_err::remove_file(marker).doing(REMOVE)?;
            }
            renamed => {
                renamed.doing(REMOVE)?;
                fs_err::remove_dir_all(gone).doing(REMOVE)?;
            }
        }
    }
    Ok(())
}

/// The keys under which something is kept, sorted. The builder's folder must be seated.
pub(super) fn keys(layout: &Layout) -> Result<Vec<String>, CheckoutError> {
    let mut keys = names(layout)?;
    keys.retain(|name| name.starts_with(super::layout::KEPT));
    keys.sort();
    Ok(keys.iter().map(|name| name[super::layout::KEPT.len()..].to_owned()).collect())
}

/// Removes folders that a crash left half made or half removed.
pub(super) fn sweep(layout: &Layout) -> Result<(), CheckoutError> {
    for name in names(layout)? {
        if name.starts_with(MAKING) || name.starts_with(GONE) {
            remove_if_there(&layout.root().join(name))?;
        } else if let Some(key) = name.strip_prefix(REMOVING) {
            remove_if_there(&layout.kept(key))?;
            fs_err::remove_file(layout.root().join(&name)).doing(REMOVE)?;
        }
    }
    Ok(())
}

/// Makes a folder anew, file by file with its times, so that it can be renamed: the layers of an overlay file system
/// refuse to rename folders that lie in a lower one.
pub(super) fn make_movable(layout: &Layout, folder: &Path) -> Result<(), CheckoutError> {
    const DOING: &str = "make a folder of the workbench anew";
    let making = layout.root().join(format!("{MAKING}movable"));
    remove_if_there(&making)?;
    copy(folder, &making)?;
    keep_times(folder, &making)?;
    fs_err::remove_dir_all(folder).doing(DOING)?;
    fs_err::rename(making, folder).doing(DOING)
}

/// Gives the files of a copy the times of the original's: cargo goes by them.
fn keep_times(from: &Path, to: &Path) -> Result<(), CheckoutError> {
    use nix::sys::stat::{UtimensatFlags, utimensat};
    use nix::sys::time::TimeSpec;
    use std::os::unix::fs::MetadataExt;
    let found = fs_err::symlink_metadata(from).doing(KEEPING)?;
    if found.is_dir() {
        for item in fs_err::read_dir(from).doing(KEEPING)? {
            let name = item.doing(KEEPING)?.file_name();
            keep_times(&from.join(&name), &to.join(&name))?;
        }
    } else if found.is_file() {
        let (accessed, modified) =
            (TimeSpec::new(found.atime(), found.atime_nsec()), TimeSpec::new(found.mtime(), found.mtime_nsec()));
        utimensat(nix::fcntl::AT_FDCWD, to, &accessed, &modified, UtimensatFlags::NoFollowSymlink)
            .map_err(io::Error::from)
            .doing(KEEPING)?;
    }
    Ok(())
}

fn names(layout: &Layout) -> Result<Vec<String>, CheckoutError> {
    let items = fs_err::read_dir(layout.root()).doing("look through the workbench's folder")?;
    Ok(items.flatten().map(|item| item.file_name().to_string_lossy().into_owned()).collect())
}

fn remove_if_there(folder: &Path) -> Result<(), CheckoutError> {
    if folder.is_dir() { fs_err::remove_dir_all(folder).doing(REMOVE) } else { Ok(()) }
}

/// Copies a file, a symbolic link as a link, or a directory whole. The standard library's copy shares the blocks
/// where the file system can.
fn copy(from: &Path, to: &Path) -> Result<(), CheckoutError> {
    let found = fs_err::symlink_metadata(from).doing(KEEPING)?;
    if found.is_symlink() {
        let target = fs_err::read_link(from).doing(KEEPING)?;
        return fs_err::os::unix::fs::symlink(target, to).doing(KEEPING);
    }
    if !found.is_dir() {
        // Sockets, pipes and devices that a build script left are no files to keep.
        return if found.is_file() { fs_err::copy(from, to).map(drop).doing(KEEPING) } else { Ok(()) };
    }
    fs_err::create_dir_all(to).doing(KEEPING)?;
    for item in fs_err::read_dir(from).doing(KEEPING)? {
        let item = item.doing(KEEPING)?;
        copy(&item.path(), &to.join(item.file_name()))?;
    }
    Ok(())
}

/// Copies `tmp`, `[TRIPLE/]PROFILE/build/*/out` and the shared objects of `[TRIPLE/]PROFILE/deps`.
fn copy_from_build(from: &Path, to: &Path, depth: usize) -> Result<(), CheckoutError> {
    if !from.is_dir() {
        return Ok(());
    }
    fs_err::create_dir_all(to).doing(KEEPING)?;
    for item in fs_err::read_dir(from).doing(KEEPING)? {
        let item = item.doing(KEEPING)?;
        let (name, source, target) = (item.file_name(), item.path(), to.join(item.file_name()));
        let is_folder = item.file_type().doing(KEEPING)?.is_dir();
        if depth == 0 && name == "tmp" {
            copy(&source, &target)?;
        } else if is_folder && name == "deps" {
            copy_shared_objects(&source, &target)?;
        } else if is_folder && name == "build" {
            copy_out_dirs(&source, &target)?;
        } else if is_folder && depth < 2 && name != "incremental" && name != ".fingerprint" {
            copy_from_build(&source, &target, depth + 1)?;
        }
    }
    Ok(())
}

fn copy_shared_objects(from: &Path, to: &Path) -> Result<(), CheckoutError> {
    for item in fs_err::read_dir(from).doing(KEEPING)? {
        let path = item.doing(KEEPING)?.path();
        if path.extension().is_some_and(|extension| extension == "so" || extension == "dylib") {
            fs_err::create_dir_all(to).doing(KEEPING)?;
            copy(&path, &to.join(path.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

fn copy_out_dirs(from: &Path, to: &Path) -> Result<(), CheckoutError> {
    for item in fs_err::read_dir(from).doing(KEEPING)? {
        let item = item.doing(KEEPING)?;
        let out = item.path().join("out");
        if out.is_dir() {
            let target = to.join(item.file_name());
            fs_err::create_dir_all(&target).doing(KEEPING)?;
            copy(&out, &target.join("out"))?;
        }
    }
    Ok(())
}

/// Whether the folder of a commit is kept in a repository's part of the cache, as far as can be told from outside.
pub fn is_kept(cache: &Path, repository_key: &str, commit: &str) -> bool {
    cache.join(repository_key).join(format!("{}{commit}", super::layout::KEPT)).is_dir()
}
