//! Which folder is called `here`: the builder's, or a kept one while its bench runs. Knows how two folders change
//! places, and how to put right what a crash left.

use std::io;
use std::path::{Path, PathBuf};

use super::checkout_error::Doing;
use super::layout::{KEPT, MOVING};
use super::{CheckoutError, Layout, kept};

/// Whose folder is to be `here`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat<'a> {
    /// The builder's: before any cargo call.
    Builder,
    /// The one kept under this key: while its benches run.
    Kept(&'a str),
}

/// How folders changed places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swap {
    /// In one step, as it should be.
    Exchanged,
    /// One after the other by renaming: for a moment there is no `here`. The file system refuses the exchange.
    Renamed,
}

/// A kept folder's own name, in a file of this name in it. Tells it from the builder's folder where inodes no longer
/// do: after the cache was copied or restored.
pub(super) const KEY_FILE: &str = "key";

/// Lets `here` and the folder kept under `key` change places.
pub(super) fn swap(layout: &Layout, key: &str) -> Result<Swap, CheckoutError> {
    if !layout.kept(key).is_dir() {
        return Err(CheckoutError::NotKept { key: key.to_owned() });
    }
    match exchange(&layout.here(), &layout.kept(key)) {
        Ok(()) => Ok(Swap::Exchanged),
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            // Either lies in a lower layer of an overlay file system, from where no folder is renamed.
            kept::make_movable(layout, &layout.here())?;
            kept::make_movable(layout, &layout.kept(key))?;
            exchange(&layout.here(), &layout.kept(key))
                .map_or_else(|_| swap_by_renaming(layout, key), |()| Ok(Swap::Exchanged))
        }
        Err(_) => swap_by_renaming(layout, key),
    }
}

/// The same where the kernel or the file system knows no exchange (EXDEV, EINVAL, ENOSYS, …): three renames, each of
/// which leaves a state that [`repair`] understands.
pub(super) fn swap_by_renaming(layout: &Layout, key: &str) -> Result<Swap, CheckoutError> {
    let (here, kept, moving) = (layout.here(), layout.kept(key), moving(layout, key));
    let refused = |source| CheckoutError::ExchangeRefused { path: layout.root().to_owned(), source };
    fs_err::rename(&here, &moving).map_err(refused)?;
    if let Err(error) = fs_err::rename(&kept, &here) {
        fs_err::rename(&moving, &here).map_err(refused)?;
        return Err(refused(error));
    }
    fs_err::rename(&moving, &kept).map_err(refused)?;
    Ok(Swap::Renamed)
}

/// Puts the builder's folder back to `here` and every kept one to its name, whatever a crash left; makes a new
/// builder's folder if there is none. Gives its inode.
pub(super) fn repair(layout: &Layout, builder: Option<u64>) -> Result<u64, CheckoutError> {
    const DOING: &str = "put the build folder back in its place";
    let here = layout.here();
    let folders = folders(layout)?;
    let by_inode = builder.and_then(|builder| folders.iter().find(|folder| inode(&folder.path) == Some(builder)));
    let found = by_inode.or_else(|| folders.iter().find(|folder| !folder.path.join(KEY_FILE).is_file()));
    let on_the_way = folders.iter().find(|folder| folder.place == Place::Moving);
    match found {
        Some(Folder { place: Place::Here, .. }) => {}
        Some(Folder { place: Place::Moving, key, path }) => {
            if here.is_dir() {
                fs_err::rename(&here, layout.kept(key)).doing(DOING)?;
            }
            fs_err::rename(path, &here).doing(DOING)?;
        }
        Some(Folder { place: Place::Kept, key, path }) => {
            if here.is_dir() {
                swap(layout, key)?;
            } else {
                fs_err::rename(path, &here).doing(DOING)?;
            }
        }
        None => {
            if let Ok(key) = fs_err::read_to_string(here.join(KEY_FILE)) {
                fs_err::rename(&here, layout.kept(&key)).doing(DOING)?;
            }
        }
    }
    // Whatever else was on its way is a kept folder.
    if let Some(Folder { path, key, .. }) = on_the_way.filter(|folder| folder.path.is_dir()) {
        fs_err::rename(path, layout.kept(key)).doing(DOING)?;
    }
    for folder in [layout.wb(), layout.out(), layout.build()] {
        fs_err::create_dir_all(folder).doing(DOING)?;
    }
    let here = fs_err::symlink_metadata(here).doing(DOING)?;
    Ok(super::state::inode(&here))
}

fn moving(layout: &Layout, key: &str) -> PathBuf {
    layout.root().join(format!("{MOVING}{key}"))
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Here,
    Moving,
    Kept,
}

#[derive(Debug)]
struct Folder {
    place: Place,
    key: String,
    path: PathBuf,
}

/// All folders that may be the builder's: `here` first.
fn folders(layout: &Layout) -> Result<Vec<Folder>, CheckoutError> {
    const DOING: &str = "look through the workbench's folder";
    let mut folders = Vec::new();
    for item in fs_err::read_dir(layout.root()).doing(DOING)? {
        let item = item.doing(DOING)?;
        let name = item.file_name().to_string_lossy().into_owned();
        let (place, key) = match (name.strip_prefix(KEPT), name.strip_prefix(MOVING)) {
            (Some(key), _) => (Place::Kept, key),
            (None, Some(key)) => (Place::Moving, key),
            (None, None) if name == "here" => (Place::Here, ""),
            (None, None) => continue,
        };
        folders.push(Folder { place, key: key.to_owned(), path: item.path() });
    }
    folders.sort_by(|one, other| one.place.cmp(&other.place));
    Ok(folders)
}

fn inode(path: &Path) -> Option<u64> {
    path.symlink_metadata().ok().map(|found| super::state::inode(&found))
}

/// Exchanges two names in one step: no moment in which one of them is missing.
#[cfg(target_os = "linux")]
pub(super) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;
    let one = CString::new(one.as_os_str().as_bytes())?;
    let other = CString::new(other.as_os_str().as_bytes())?;
    // The system call itself: not every C library that Rust links has the function.
    // SAFETY: both pointers are to NUL-terminated strings that live until the call returns; the kernel only reads them.
    #[expect(unsafe_code, reason = "neither std nor nix exchanges two names on every target")]
    let result = unsafe {
        libc::syscall(
            libc::SYS_renameat2,
            libc::AT_FDCWD,
            one.as_ptr(),
            libc::AT_FDCWD,
            other.as_ptr(),
            libc::RENAME_EXCHANGE,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
