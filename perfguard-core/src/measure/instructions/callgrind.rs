//! Valgrind's callgrind: the words before a program, and what it writes.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::Artifact;

/// The line that installs it.
pub const INSTALL_VALGRIND: &str = "apt-get install valgrind";

/// Valgrind on the search path that a program is started with.
pub fn find_valgrind(artifact: &Artifact) -> Option<PathBuf> {
    let path = artifact.run.env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value)?;
    std::env::split_paths(path).map(|folder| folder.join("valgrind")).find(|file| file.is_file())
}

/// The words before a program that is counted; what it counted is written to the folder.
pub(super) fn runner(artifact: &Artifact, folder: &Path, toggles: &[String]) -> Vec<OsString> {
    let program = find_valgrind(artifact).map_or_else(|| OsString::from("valgrind"), PathBuf::into_os_string);
    let mut file = OsString::from("--callgrind-out-file=");
    // A process a file: the program may start others.
    file.push(folder.join("counted.%p"));
    let mut words = vec![program, "--tool=callgrind".into(), "-q".into(), "--demangle=no".into(), file];
    words.extend(toggles.iter().map(|function| OsString::from(format!("--toggle-collect={function}"))));
    words
}

/// The instructions of the process that executed most.
pub(super) fn total(folder: &Path) -> io::Result<f64> {
    largest(folder).map(|(total, _)| total)
}

/// What was written of the process that executed most, and its instructions.
pub(super) fn largest(folder: &Path) -> io::Result<(f64, String)> {
    let mut largest: Option<(u64, String)> = None;
    for entry in fs_err::read_dir(folder)? {
        let text = String::from_utf8_lossy(&fs_err::read(entry?.path())?).into_owned();
        let total = total_in(&text);
        if let Some(total) = total.filter(|total| largest.as_ref().is_none_or(|(known, _)| total > known)) {
            largest = Some((total, text));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of one process are far below 2^53")]
    let found = largest.map(|(total, text)| (total as f64, text));
    found.ok_or_else(|| io::Error::other("Valgrind wrote no count"))
}

/// `totals: N`, or `summary: N` before 3.14.
fn total_in(text: &str) -> Option<u64> {
    let of =
        |key: &str| text.lines().rev().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok());
    of("totals:").or_else(|| of("summary:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_and_of_several_processes_the_largest() {
        let folder = tempfile::tempdir().expect("a folder");
        fs_err::write(folder.path().join("counted.1"), "events: Ir\nfn=(1)\n5 100\ntotals: 5115\n").expect("written");
        fs_err::write(folder.path().join("counted.2"), "events: Ir\nsummary: 12\n").expect("written");
        assert!((total(folder.path()).expect("a total") - 5115.0).abs() < 0.5);
        assert!(largest(folder.path()).expect("a text").1.contains("fn=(1)"));
        assert!(total(tempfile::tempdir().expect("a folder").path()).is_err());
    }
}
