//! What the file system of the cache can do: by trying it in a folder that goes afterwards.

use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::seat::exchange;
use crate::cancel::CancellationToken;
use crate::model::{Ability, CacheAbilities};
use crate::process::{CommandSpec, ProcessError, ToolEnd, run_tool};

/// Tries the cache's folder, which is made where it is missing. `from` is the folder that the command was called from.
///
/// # Errors
/// When nothing can be written there.
pub fn probe_cache(cache: &Path, from: &Path) -> io::Result<CacheAbilities> {
    fs_err::create_dir_all(cache)?;
    let folder = tempfile::Builder::new().prefix("probe-").tempdir_in(cache)?;
    let device = |path: &Path| fs_err::metadata(path).map(|found| found.dev()).ok();
    let free = nix::sys::statvfs::statvfs(cache).ok();
    Ok(CacheAbilities {
        folder: cache.display().to_string(),
        exchange: ability(try_exchange(folder.path()), "renameat2", "folders cannot change places"),
        hard_links: ability(try_link(folder.path()), "link", "files cannot have two names"),
        programs: ability(try_program(folder.path()), "exec", "programs cannot be started"),
        same_file_system: device(cache).zip(device(from)).map(|(one, other)| one == other),
        free_bytes: free.map(free_bytes),
    })
}

/// What the user may still write. The two counts have different widths on different systems.
fn free_bytes(found: nix::sys::statvfs::Statvfs) -> u64 {
    let bytes = u128::from(found.blocks_available()) * u128::from(found.fragment_size());
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn ability(tried: io::Result<()>, by: &str, what: &str) -> Ability {
    match tried {
        Ok(()) => Ability::works(by),
        Err(error) => Ability::fails(format!("{what}: {error}")),
    }
}

fn try_exchange(folder: &Path) -> io::Result<()> {
    let (one, other) = (folder.join("one"), folder.join("other"));
    fs_err::create_dir_all(one.join("inner"))?;
    fs_err::create_dir(&other)?;
    exchange(&one, &other)?;
    if other.join("inner").is_dir() { Ok(()) } else { Err(io::Error::other("they did not, and no error was told")) }
}

fn try_link(folder: &Path) -> io::Result<()> {
    let (one, other) = (folder.join("file"), folder.join("link"));
    fs_err::write(&one, "x")?;
    fs_err::hard_link(&one, &other)?;
    let inode = |path: &Path| fs_err::metadata(path).map(|found| found.ino());
    if inode(&one)? == inode(&other)? { Ok(()) } else { Err(io::Error::other("the second name is a copy")) }
}

/// A script is enough: a file system that starts no programs starts no scripts.
fn try_program(folder: &Path) -> io::Result<()> {
    let path = folder.join("program");
    {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o700).open(&path)?;
        file.write_all(b"#!/bin/sh\nexit 0\n")?;
    }
    let spec = CommandSpec { program: path, args: Vec::new(), env: Vec::new(), cwd: folder.to_owned(), input: None };
    match run_tool(&spec, &CancellationToken::new(), &mut |_, _| {}) {
        Ok(ToolEnd { code: Some(0), .. }) => Ok(()),
        Ok(_) => Err(io::Error::other("it did not end well")),
        // Somebody started a process of their own while the file was open for writing: it would have been started.
        Err(ProcessError::Start { source, .. }) if source.kind() == io::ErrorKind::ExecutableFileBusy => Ok(()),
        Err(ProcessError::Start { source, .. } | ProcessError::LauncherGone(source)) => Err(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_tried_and_left_as_it_was() {
        let cache = tempfile::tempdir().unwrap();
        let root = cache.path().join("new");
        let found = probe_cache(&root, cache.path()).unwrap();
        assert_eq!((found.hard_links.failure(), found.programs.failure()), (None, None));
        assert_eq!(found.same_file_system, Some(true));
        assert!(found.free_bytes.is_some());
        assert_eq!(fs_err::read_dir(&root).unwrap().count(), 0);
    }

    #[test]
    fn a_cache_below_a_file_is_an_error_with_its_reason() {
        let cache = tempfile::tempdir().unwrap();
        let file = cache.path().join("file");
        fs_err::write(&file, "").unwrap();
        assert!(probe_cache(&file.join("cache"), cache.path()).is_err());
    }
}
