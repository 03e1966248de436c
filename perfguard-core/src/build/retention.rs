//! What is kept of one repository, how large it is, and what may go: never what is needed, oldest unused first.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::layout::{KEPT, Layout};
use super::seat::KEY_FILE;
use super::{BuildError, kept};
use crate::model::KeptKind;

/// Something that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it is.
    pub kind: KeptKind,
    /// The commit, or the executable's hash; empty for the build tree.
    pub key: String,
    /// What it takes on the disk, bytes. What several share counts for the first.
    pub bytes: u64,
    /// When it was last used.
    pub used: SystemTime,
    path: PathBuf,
}

/// How much may be kept, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepLimits {
    /// Bytes of one repository.
    pub bytes: u64,
    /// What nobody used for so long goes.
    pub age: Duration,
}

/// All that is kept. The builder's folder must be seated.
pub(super) fn survey(layout: &Layout) -> Result<Vec<Kept>, BuildError> {
    let mut seen = BTreeSet::new();
    let mut found = vec![look(KeptKind::BuildTree, String::new(), layout.here(), "", &mut seen)];
    for item in fs_err::read_dir(layout.root()).map_err(BuildError::Cache)?.flatten() {
        if let Some(key) = item.file_name().to_string_lossy().strip_prefix(KEPT) {
            found.push(look(KeptKind::Commit, key.to_owned(), item.path(), KEY_FILE, &mut seen));
        }
    }
    for item in fs_err::read_dir(layout.artifacts()).map_err(BuildError::Cache)?.flatten() {
        let hash = item.file_name().to_string_lossy().into_owned();
        found.push(look(KeptKind::Executable, hash, item.path(), "artifact.json", &mut seen));
    }
    found.sort_by(|one, other| one.kind.cmp(&other.kind).then(other.used.cmp(&one.used)));
    Ok(found)
}

/// Removes what is past its age, then the oldest until the rest fits. Gives what went.
pub(super) fn enforce(
    layout: &Layout,
    limits: KeepLimits,
    needed: &BTreeSet<String>,
    now: SystemTime,
) -> Result<Vec<Kept>, BuildError> {
    let mut kept = survey(layout)?;
    let mut total: u64 = kept.iter().map(|one| one.bytes).sum();
    kept.retain(|one| may_go(one, needed));
    kept.sort_by_key(|one| one.used);
    let mut gone = Vec::new();
    for one in kept {
        let age = now.duration_since(one.used).unwrap_or_default();
        if age > limits.age || total > limits.bytes {
            remove(layout, &one)?;
            total = total.saturating_sub(one.bytes);
            gone.push(one);
        }
    }
    Ok(gone)
}

/// Whether something can be had again by building, and nobody has a claim to it.
pub(super) fn may_go(one: &Kept, needed: &BTreeSet<String>) -> bool {
    one.kind != KeptKind::BuildTree && !needed.contains(&one.key)
}

/// Removes one kept thing.
pub(super) fn remove(layout: &Layout, one: &Kept) -> Result<(), BuildError> {
    match one.kind {
        KeptKind::Commit => Ok(kept::remove(layout, &one.key)?),
        KeptKind::BuildTree | KeptKind::Executable => remove_folder(&one.path),
    }
}

fn remove_folder(path: &Path) -> Result<(), BuildError> {
    match fs_err::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(BuildError::Cache(error)),
        _ => Ok(()),
    }
}

/// The space that is left where a folder lies, bytes; `None` where that cannot be told.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let found = nix::sys::statvfs::statvfs(folder).ok()?;
    Some(found.blocks_available().saturating_mul(found.fragment_size()))
}

/// Marks a kept thing as used now, by the time of one of its files.
pub(super) fn touch(marker: &Path) {
    // Whoever cannot write there cannot remove anything either.
    if let Ok(file) = std::fs::File::options().append(true).open(marker) {
        let now = nix::sys::time::TimeSpec::UTIME_NOW;
        nix::sys::stat::futimens(&file, &now, &now).ok();
    }
}

fn look(kind: KeptKind, key: String, path: PathBuf, marker: &str, seen: &mut BTreeSet<(u64, u64)>) -> Kept {
    let bytes = size(&path, seen);
    let modified = |path: &Path| path.metadata().and_then(|found| found.modified()).ok();
    let used = modified(&path.join(marker)).or_else(|| modified(&path)).unwrap_or(SystemTime::UNIX_EPOCH);
    Kept { kind, key, bytes, used, path }
}

/// What a folder takes on the disk, but for files that were seen elsewhere by another name.
pub(super) fn size(path: &Path, seen: &mut BTreeSet<(u64, u64)>) -> u64 {
    const BLOCK: u64 = 512;
    let mut bytes = 0;
    let mut open = vec![path.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(items) = fs_err::read_dir(&folder) else { continue };
        for item in items.flatten() {
            let Ok(found) = item.metadata() else { continue };
            if found.is_dir() {
                open.push(item.path());
            }
            if found.nlink() == 1 || found.is_dir() || seen.insert((found.dev(), found.ino())) {
                bytes += found.blocks() * BLOCK;
            }
        }
    }
    bytes
}

/// What the folders of several repositories take, by name.
pub fn repositories(cache: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for item in fs_err::read_dir(cache).into_iter().flatten().flatten() {
        if item.path().join("artifacts").is_dir() {
            found.insert(item.file_name().to_string_lossy().into_owned(), size(&item.path(), &mut BTreeSet::new()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workbench with an executable of each of these sizes, used so many days ago.
    fn world(executables: &[(&str, usize, u64)]) -> (tempfile::TempDir, Layout, SystemTime) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::create(folder.path()).unwrap();
        fs_err::create_dir_all(layout.wb()).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 20_000);
        for (hash, bytes, days) in executables {
            let own = layout.artifacts().join(hash);
            fs_err::create_dir_all(&own).unwrap();
            fs_err::write(own.join("program"), vec![1; *bytes]).unwrap();
            fs_err::write(own.join("artifact.json"), "").unwrap();
            let file = std::fs::File::options().append(true).open(own.join("artifact.json")).unwrap();
            file.set_modified(now - Duration::from_hours(24 * days)).unwrap();
        }
        (folder, layout, now)
    }

    fn gone(layout: &Layout, limits: KeepLimits, needed: &[&str], now: SystemTime) -> Vec<String> {
        let needed = needed.iter().map(ToString::to_string).collect();
        enforce(layout, limits, &needed, now).unwrap().into_iter().map(|one| one.key).collect()
    }

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn the_oldest_goes_first_until_the_rest_fits_and_what_is_needed_stays() {
        let (_folder, layout, now) = world(&[("old", 400_000, 30), ("needed", 400_000, 20), ("new", 400_000, 1)]);
        let limits = KeepLimits { bytes: 900_000, age: DAY * 90 };
        assert_eq!(gone(&layout, limits, &["needed"], now), ["old"]);
        assert_eq!(gone(&layout, KeepLimits { bytes: 1, ..limits }, &["needed"], now), ["new"]);
        let left: Vec<_> = survey(&layout).unwrap().into_iter().map(|one| one.key).collect();
        assert_eq!(left, ["", "needed"], "the build tree and what is needed");
    }

    #[test]
    fn what_nobody_used_for_long_goes_though_there_is_room() {
        let (_folder, layout, now) = world(&[("old", 10, 91), ("new", 10, 89)]);
        let limits = KeepLimits { bytes: u64::MAX, age: DAY * 90 };
        assert_eq!(gone(&layout, limits, &[], now), ["old"]);
    }
}
