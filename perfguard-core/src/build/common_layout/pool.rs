//! Layouts that are linked, kept below an executable's folder: whole or not at all, and not too many.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::artifacts::{PROGRAM, hash_file, write_whole};
use super::super::retention::touch;
use super::SharedFunctions;
use crate::model::{Artifact, ArtifactHash};

/// Changes with everything that changes what is linked.
const ALGORITHM: u32 = 1;
/// In an executable's folder: its pools.
const LAYOUTS: &str = "layouts";
/// In a pool: what it is.
const SUMMARY: &str = "pool.json";
/// Beside a linked program: what it is.
const ENTRY: &str = "layout.json";
/// How the names of folders end that are not whole yet.
const MAKING: &str = "new";
/// Pools kept of one executable: first pass and confirmation, each with the null control's, twice over.
const MOST_POOLS: usize = 6;

/// Whose place a pool's layouts take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Base,
    Head,
    /// Base's layouts in head's place.
    SecondBase,
}

/// What is written about a pool when its first layout is linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Summary {
    pub(super) functions: SharedFunctions,
    /// The symbols in common on this side, in an order that both sides share.
    pub(super) common: Vec<String>,
}

/// What is written beside a linked program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    hash: String,
    link_ns: u64,
}

/// The layouts of one executable with one other and one seed.
#[derive(Debug, Clone)]
pub(super) struct Pool {
    folder: PathBuf,
    /// The program's file name: that of the executable as built.
    name: PathBuf,
}

impl Pool {
    /// The pool in which an executable stands at a place. `owner` is the executable whose folder it lies in.
    pub(super) fn of(place: Place, owner: &Artifact, base: &ArtifactHash, head: &ArtifactHash, seed: u64) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(format!("{ALGORITHM} {place:?} {base} {head} {seed}").as_bytes());
        // As long in every place, so that paths are.
        let key = &hasher.finalize().to_hex()[..16];
        let name = owner.program.file_name().unwrap_or_default().into();
        Self { folder: owner.folder().join(LAYOUTS).join(key), name }
    }

    /// A folder for links that are no layouts.
    pub(super) fn scratch(&self) -> PathBuf {
        self.folder.with_extension("scratch")
    }

    /// Where a layout's program is.
    pub(super) fn program(&self, number: usize) -> PathBuf {
        self.of_number(number).join(PROGRAM).join(&self.name)
    }

    /// Where a layout's program is made, before it is whole.
    pub(super) fn making(&self, number: usize) -> io::Result<PathBuf> {
        let making = self.of_number(number).with_extension(MAKING);
        remove(&making)?;
        fs_err::create_dir_all(making.join(PROGRAM))?;
        Ok(making.join(PROGRAM).join(&self.name))
    }

    /// Takes a layout that was made.
    pub(super) fn take(&self, number: usize, link_ns: u64) -> io::Result<()> {
        let (own, making) = (self.of_number(number), self.of_number(number).with_extension(MAKING));
        let entry = Entry { hash: hash_file(&making.join(PROGRAM).join(&self.name))?, link_ns };
        fs_err::write(making.join(ENTRY), serde_json::to_vec(&entry)?)?;
        remove(&own)?;
        fs_err::rename(making, own)
    }

    /// Copies a layout of another pool: a file of its own with the same bytes.
    pub(super) fn copy(&self, from: &Self, number: usize, link_ns: u64) -> io::Result<()> {
        fs_err::copy(from.program(number), self.making(number)?)?;
        self.take(number, link_ns)
    }

    /// Whether a layout is there, and its program is the one that was linked.
    pub(super) fn is_whole(&self, number: usize) -> bool {
        self.hash(number).is_some()
    }

    /// The hash of a layout's program, if it is the one that was linked.
    pub(super) fn hash(&self, number: usize) -> Option<String> {
        let hash = self.entry(number)?.hash;
        (hash_file(&self.program(number)).ok()? == hash).then_some(hash)
    }

    /// How long linking a layout took, both sides together, nanoseconds.
    pub(super) fn link_ns(&self, number: usize) -> Option<u64> {
        Some(self.entry(number)?.link_ns)
    }

    fn entry(&self, number: usize) -> Option<Entry> {
        serde_json::from_slice(&fs_err::read(self.of_number(number).join(ENTRY)).ok()?).ok()
    }

    /// What is written about the pool; marks it as used.
    pub(super) fn summary(&self) -> Option<Summary> {
        let file = self.folder.join(SUMMARY);
        let summary = serde_json::from_slice(&fs_err::read(&file).ok()?).ok()?;
        touch(&file);
        Some(summary)
    }

    /// Makes the pool, and removes the oldest ones of the same executable.
    pub(super) fn create(&self, summary: &Summary) -> io::Result<()> {
        fs_err::create_dir_all(&self.folder)?;
        write_whole(&self.folder.join(SUMMARY), &serde_json::to_vec(summary)?)?;
        prune(self.folder.parent().unwrap_or(&self.folder), MOST_POOLS)
    }

    fn of_number(&self, number: usize) -> PathBuf {
        self.folder.join(format!("{number:04}"))
    }
}

/// Removes what a crash left, and all but the pools used last.
fn prune(layouts: &Path, most: usize) -> io::Result<()> {
    let mut pools = Vec::new();
    for item in fs_err::read_dir(layouts)?.flatten() {
        let used = item.path().join(SUMMARY).metadata().and_then(|found| found.modified()).ok();
        pools.push((used, item.path()));
    }
    // What has no summary has no time, which is before all times.
    pools.sort();
    let too_many = pools.len().saturating_sub(most);
    for (place, (used, folder)) in pools.iter().enumerate() {
        if place < too_many || used.is_none() {
            remove(folder)?;
        }
    }
    Ok(())
}

/// Removes a folder, if there is one.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs_err::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn the_oldest_pools_go_and_what_a_crash_left() {
        let folder = tempfile::tempdir().unwrap();
        for (name, days) in [("old", 1), ("new", 3), ("middle", 2)] {
            fs_err::create_dir(folder.path().join(name)).unwrap();
            let file = std::fs::File::create(folder.path().join(name).join(SUMMARY)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_hours(24 * days)).unwrap();
        }
        fs_err::create_dir(folder.path().join("half.scratch")).unwrap();
        prune(folder.path(), 2).unwrap();
        let mut left: Vec<_> = fs_err::read_dir(folder.path())
            .unwrap()
            .map(|item| item.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["middle", "new"]);
    }
}
