//! Whose folder stands at `here`: the builder's, or a kept commit's while its bench runs.
//!
//! Folders change places in one atomic exchange, so that every path, compiled in, canonical or relative, means the
//! commit that runs. Whatever a crash left is put right first: the builder's folder is known by its inode, a kept one by
//! the key written in it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::BuildError;
use super::layout::Layout;

/// Whose folder is to stand at `here`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat<'a> {
    /// The builder's: the tree that cargo builds.
    Builder,
    /// A kept commit's, by its key.
    Kept(&'a str),
}

/// In each kept folder: its key.
pub(super) const KEY_FILE: &str = "key";

/// Lets a folder stand at `here`; puts right what a crash left.
pub(super) fn take_seat(layout: &Layout, builder: u64, seat: Seat<'_>) -> Result<(), BuildError> {
    if inode(&layout.here()) != Some(builder) || layout.root().join(AWAY).exists() {
        put_right(layout, builder)?;
    }
    match seat {
        Seat::Builder => Ok(()),
        Seat::Kept(key) => exchange(layout, &layout.kept(key)),
    }
}

pub(super) fn inode(path: &Path) -> Option<u64> {
    path.symlink_metadata().ok().map(|metadata| metadata.ino())
}

/// Where a folder waits during an exchange that is not atomic.
const AWAY: &str = "away";

/// Gives every folder the name that it should have.
fn put_right(layout: &Layout, builder: u64) -> Result<(), BuildError> {
    let mut misplaced = Vec::new();
    for item in fs_err::read_dir(layout.root()).map_err(BuildError::Cache)? {
        let path = item.map_err(BuildError::Cache)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !(name == "here" || name == AWAY || name.starts_with("kept-")) || !path.is_dir() {
            continue;
        }
        let key = fs_err::read_to_string(path.join(KEY_FILE)).ok();
        let right = match key {
            _ if inode(&path) == Some(builder) => layout.here(),
            Some(key) => layout.kept(key.trim()),
            // Neither the builder's nor whole: an update or a copy that was killed.
            None => layout.root().join(format!("lost-{name}")),
        };
        if right != path {
            misplaced.push((path, right));
        }
    }
    // By way of names of their own, since two may have to change places.
    let mut moves = Vec::new();
    for (from, to) in misplaced {
        let names = (0..).map(|number| layout.root().join(format!("kept-between-{number}")));
        let between = names.into_iter().find(|name| !name.exists()).expect("some number is free");
        fs_err::rename(&from, &between).map_err(BuildError::Cache)?;
        moves.push((between, to));
    }
    for (between, to) in moves {
        if to.exists() {
            fs_err::remove_dir_all(&to).map_err(BuildError::Cache)?;
        }
        fs_err::rename(&between, &to).map_err(BuildError::Cache)?;
    }
    Ok(())
}

/// Lets `here` and a kept folder change places.
fn exchange(layout: &Layout, kept: &Path) -> Result<(), BuildError> {
    if !kept.is_dir() {
        return Err(BuildError::NotKept(kept.file_name().unwrap_or_default().to_string_lossy().into_owned()));
    }
    let here = layout.here();
    if rename_exchange(&here, kept).is_ok() {
        return Ok(());
    }
    // Some file systems (an overlay's lower layer, network ones) refuse: three renames instead. A crash between them is
    // put right like any other.
    let away: PathBuf = layout.root().join(AWAY);
    let steps = [(&here, &away), (&kept.to_owned(), &here), (&away, &kept.to_owned())];
    steps.iter().try_for_each(|(from, to)| fs_err::rename(from, to)).map_err(BuildError::Cache)
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library has no exchange")]
fn rename_exchange(one: &Path, other: &Path) -> std::io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let text = |path: &Path| std::ffi::CString::new(path.as_os_str().as_bytes());
    let (one, other) = (text(one)?, text(other)?);
    // SAFETY: both texts end in a null and live through the call.
    let done =
        unsafe { libc::renameat2(libc::AT_FDCWD, one.as_ptr(), libc::AT_FDCWD, other.as_ptr(), libc::RENAME_EXCHANGE) };
    if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
fn rename_exchange(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A builder's folder and two kept ones, each with a file that says whose it is.
    fn layout() -> (tempfile::TempDir, Layout, u64) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().to_owned());
        for (path, owner, key) in
            [(layout.here(), "builder", None), (layout.kept("a"), "a", Some("a")), (layout.kept("b"), "b", Some("b"))]
        {
            fs_err::create_dir(&path).unwrap();
            fs_err::write(path.join("owner"), owner).unwrap();
            if let Some(key) = key {
                fs_err::write(path.join(KEY_FILE), key).unwrap();
            }
        }
        let builder = inode(&layout.here()).unwrap();
        (folder, layout, builder)
    }

    fn owner(path: &Path) -> String {
        fs_err::read_to_string(path.join("owner")).unwrap()
    }

    fn assert_all_in_place(layout: &Layout) {
        assert_eq!(owner(&layout.here()), "builder");
        assert_eq!((owner(&layout.kept("a")), owner(&layout.kept("b"))), ("a".into(), "b".into()));
    }

    #[test]
    fn a_kept_folder_stands_here_until_the_next_takes_its_place() {
        let (_folder, layout, builder) = layout();
        for (seat, expected) in [(Seat::Kept("a"), "a"), (Seat::Kept("b"), "b"), (Seat::Builder, "builder")] {
            take_seat(&layout, builder, seat).unwrap();
            assert_eq!(owner(&layout.here()), expected);
        }
        assert_all_in_place(&layout);
    }

    #[test]
    fn whatever_a_crash_left_is_put_right() {
        let away = |layout: &Layout| layout.root().join(AWAY);
        let crashes: [&dyn Fn(&Layout); 4] = [
            &|layout| rename_exchange(&layout.here(), &layout.kept("a")).unwrap(),
            &|layout| fs_err::rename(layout.here(), away(layout)).unwrap(),
            &|layout| {
                fs_err::rename(layout.here(), away(layout)).unwrap();
                fs_err::rename(layout.kept("b"), layout.here()).unwrap();
            },
            &|layout| {
                fs_err::rename(layout.here(), layout.root().join("kept-between-0")).unwrap();
                fs_err::rename(layout.kept("b"), layout.here()).unwrap();
            },
        ];
        for crash in crashes {
            let (_folder, layout, builder) = layout();
            crash(&layout);
            take_seat(&layout, builder, Seat::Builder).unwrap();
            assert_all_in_place(&layout);
        }
    }

    #[test]
    fn a_folder_that_is_not_kept_is_an_error_and_nothing_moves() {
        let (_folder, layout, builder) = layout();
        assert!(matches!(take_seat(&layout, builder, Seat::Kept("c")), Err(BuildError::NotKept(_))));
        assert_all_in_place(&layout);
    }
}
