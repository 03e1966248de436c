//! A commit's own folder, kept as its build left it: sources, programs, `OUT_DIR`s, shared objects, git directory.

use std::path::{Path, PathBuf};

use super::BuildError;
use super::checkout::{link_outside, write_entry};
use super::layout::Layout;
use super::seat::KEY_FILE;
use crate::vcs::{Reader, SourceTree};

/// Whether a commit's folder is kept.
pub(super) fn has_kept(layout: &Layout, key: &str) -> bool {
    layout.kept(key).is_dir()
}

/// Keeps the builder's folder, just built from `source`, as a folder of its own under `key`. An older one of that key is
/// replaced. Half-made ones are never seen: the folder gets its name when it is whole.
pub(super) fn keep(layout: &Layout, key: &str, source: &SourceTree, original_root: &Path) -> Result<(), BuildError> {
    let making = layout.root().join(format!("new-{key}"));
    fs_err::remove_dir_all(&making).ok();
    fs_err::create_dir_all(making.join("wb")).map_err(BuildError::Cache)?;
    let mut reader = Reader::default();
    for (path, entry) in &source.entries {
        write_entry(&mut reader, &making.join("wb").join(path), entry)?;
    }
    let here = layout.here();
    for part in ["wb/.git", "wb/Cargo.lock"] {
        if here.join(part).is_file() && !making.join(part).exists() {
            fs_err::copy(here.join(part), making.join(part)).map_err(BuildError::Cache)?;
        }
    }
    let mut parts = vec![PathBuf::from("git"), PathBuf::from("out")];
    find_run_time_parts(&here, Path::new("build"), &mut parts)?;
    for part in parts {
        if here.join(&part).symlink_metadata().is_ok() {
            copy(&here.join(&part), &making.join(&part))?;
        }
    }
    link_outside(&making, source, original_root)?;
    fs_err::write(making.join(KEY_FILE), key).map_err(BuildError::Cache)?;
    let kept = layout.kept(key);
    if kept.exists() {
        fs_err::remove_dir_all(&kept).map_err(BuildError::Cache)?;
    }
    fs_err::rename(&making, &kept).map_err(BuildError::Cache)
}

/// What executables read of the build directory while they run: `OUT_DIR`s, `CARGO_TARGET_TMPDIR` and shared objects.
fn find_run_time_parts(here: &Path, folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), BuildError> {
    let Ok(items) = fs_err::read_dir(here.join(folder)) else { return Ok(()) };
    for item in items {
        let item = item.map_err(BuildError::Cache)?;
        let path = folder.join(item.file_name());
        let name = item.file_name();
        if item.file_type().map_err(BuildError::Cache)?.is_dir() {
            let in_build_script = folder.parent().and_then(Path::file_name).is_some_and(|parent| parent == "build");
            if name == "out" && in_build_script || name == "tmp" {
                found.push(path);
            } else if name != "incremental" && name != ".fingerprint" {
                find_run_time_parts(here, &path, found)?;
            }
        } else if path
            .extension()
            .is_some_and(|extension| ["so", "dylib", "dll"].iter().any(|known| extension == *known))
        {
            found.push(path);
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<(), BuildError> {
    let metadata = from.symlink_metadata().map_err(BuildError::Cache)?;
    if let Some(folder) = to.parent() {
        fs_err::create_dir_all(folder).map_err(BuildError::Cache)?;
    }
    if metadata.is_symlink() {
        let target = fs_err::read_link(from).map_err(BuildError::Cache)?;
        return std::os::unix::fs::symlink(target, to).map_err(BuildError::Cache);
    }
    if metadata.is_file() {
        return fs_err::copy(from, to).map(drop).map_err(BuildError::Cache);
    }
    fs_err::create_dir_all(to).map_err(BuildError::Cache)?;
    for item in fs_err::read_dir(from).map_err(BuildError::Cache)? {
        let item = item.map_err(BuildError::Cache)?;
        copy(&item.path(), &to.join(item.file_name()))?;
    }
    Ok(())
}
