//! Whether the programs that were run are still the ones that were there when measuring began.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::model::{Failure, FailureKind};

/// What tells a file from one that was written later: device, inode, size, and time of its last change.
type Stamp = (u64, u64, u64, i64, i64);

/// Programs as they were when measuring began. Their bytes were looked at just before.
#[derive(Debug, Default)]
pub(super) struct Stamps(BTreeMap<PathBuf, Option<Stamp>>);

impl Stamps {
    /// Remembers these files.
    pub(super) fn of<'a>(programs: impl IntoIterator<Item = &'a Path>) -> Self {
        Self(programs.into_iter().map(|program| (program.to_owned(), stamp(program))).collect())
    }

    /// What is wrong with the first of these programs that is not what it was.
    pub(super) fn broken<'a>(&self, programs: impl IntoIterator<Item = &'a Path>) -> Option<Failure> {
        let changed = |program: &&Path| self.0.get(*program).is_some_and(|known| *known != stamp(program));
        let program = programs.into_iter().find(changed)?;
        Some(Failure {
            kind: FailureKind::ExecutableChanged,
            message: format!("its executable changed while it was measured: `{}`", program.display()),
            output: String::new(),
        })
    }
}

fn stamp(program: &Path) -> Option<Stamp> {
    let found = fs_err::metadata(program).ok()?;
    Some((found.dev(), found.ino(), found.size(), found.mtime(), found.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_replaced_or_removed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let programs: Vec<PathBuf> = ["one", "two"].iter().map(|name| folder.path().join(name)).collect();
        let all = || programs.iter().map(PathBuf::as_path);
        all().for_each(|program| fs_err::write(program, "same").unwrap());
        let stamps = Stamps::of(all());
        assert_eq!(stamps.broken(all()), None);
        fs_err::write(folder.path().join("new"), "same").unwrap();
        fs_err::rename(folder.path().join("new"), &programs[1]).unwrap();
        assert!(stamps.broken(all()).unwrap().message.contains("two"));
        assert_eq!(stamps.broken(all().take(1)), None);
        fs_err::remove_file(&programs[0]).unwrap();
        assert!(stamps.broken(all()).unwrap().message.contains("one"));
    }
}
