//! Single files of the build tree: finding them, writing them, and which of their changes cargo notices.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::CheckoutError;
use super::checkout_error::Doing;
use super::state::Stat;
use crate::vcs::Mode;

pub(super) const UPDATING: &str = "update the build tree";

/// Whether cargo notices by itself that this file changed, wherever it is read.
pub(super) fn cargo_sees(path: &Path, was: Option<Mode>, is: Mode) -> bool {
    if was == Some(Mode::Symlink) || is == Mode::Symlink {
        return false; // Cargo compares the mtime of what a link points to.
    }
    let extension = path.extension().unwrap_or_default();
    match path.file_name().and_then(|name| name.to_str()) {
        Some("Cargo.toml" | "Cargo.lock") => true,
        // A new source file may be read by a macro that lists a folder.
        _ => extension == "md" || extension == "rs" && was.is_some(),
    }
}

/// All files (and links) below the build tree with what `lstat` says, and all folders, those above before those below.
pub(super) fn walk(wb: &Path) -> Result<(BTreeMap<PathBuf, Metadata>, Vec<PathBuf>), CheckoutError> {
    let mut files = BTreeMap::new();
    let mut folders = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        for item in fs_err::read_dir(wb.join(&folder)).doing(UPDATING)? {
            let item = item.doing(UPDATING)?;
            let path = folder.join(item.file_name());
            let found = item.metadata().doing(UPDATING)?;
            if found.is_dir() {
                open.push(path.clone());
                folders.push(path);
            } else if path.as_os_str() != ".git" {
                files.insert(path, found);
            }
        }
    }
    Ok((files, folders))
}

/// Writes one file as a new one, never through a link and never in place: others may hold the old one.
pub(super) fn write_file(
    wb: &Path,
    path: &Path,
    mode: Mode,
    content: Vec<u8>,
    there: &mut BTreeSet<PathBuf>,
) -> Result<Stat, CheckoutError> {
    use fs_err::os::unix::fs::OpenOptionsExt;
    make_folders(wb, path, there)?;
    let file = wb.join(path);
    if file.symlink_metadata().is_ok() {
        fs_err::remove_file(&file).doing(UPDATING)?;
    }
    if mode == Mode::Symlink {
        let target = std::ffi::OsString::from_vec(content);
        fs_err::os::unix::fs::symlink(target, &file).doing(UPDATING)?;
    } else {
        let bits = if mode == Mode::Executable { 0o777 } else { 0o666 };
        let mut options = fs_err::OpenOptions::new();
        let mut opened = options.write(true).create_new(true).mode(bits).open(&file).doing(UPDATING)?;
        opened.write_all(&content).doing(UPDATING)?;
    }
    Ok(Stat::of(&fs_err::symlink_metadata(file).doing(UPDATING)?))
}

/// Makes the folders that a path needs. A tree may name a link and files below it: following that link would write
/// outside.
fn make_folders(wb: &Path, path: &Path, there: &mut BTreeSet<PathBuf>) -> Result<(), CheckoutError> {
    let Some(parent) = path.parent().filter(|parent| !there.contains(*parent)) else { return Ok(()) };
    if !parent.as_os_str().is_empty() {
        make_folders(wb, parent, there)?;
        let folder = wb.join(parent);
        match folder.symlink_metadata() {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(CheckoutError::Obstructed { path: folder }),
            Err(_) => fs_err::create_dir(&folder).doing(UPDATING)?,
        }
    }
    there.insert(parent.to_owned());
    Ok(())
}
