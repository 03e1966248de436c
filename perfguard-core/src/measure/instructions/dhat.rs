//! Valgrind's DHAT: the words before a program whose heap is counted, and what it writes.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::callgrind::find_valgrind;
use crate::model::Artifact;

/// What a program writes to its own folder begins so; DHAT's own file beside it does not.
const COUNTED: &str = "counted.";

/// The words before a program whose heap is counted; what it counted is written to the folder.
pub(super) fn runner(artifact: &Artifact, folder: &Path) -> Vec<OsString> {
    let program = find_valgrind(artifact).map_or_else(|| OsString::from("valgrind"), PathBuf::into_os_string);
    // A process a file: the program may start others.
    let file = |option: &str, name: &str| {
        let mut word = OsString::from(option);
        word.push(folder.join(name));
        word
    };
    let (log, own) = (file("--log-file=", &format!("{COUNTED}%p")), file("--dhat-out-file=", "dhat.%p"));
    vec![program, "--tool=dhat".into(), log, own]
}

/// Blocks allocated, their bytes, and the most bytes at once: of the process that allocated most.
pub(super) fn totals(folder: &Path) -> io::Result<Vec<f64>> {
    let mut most: Option<[u64; 3]> = None;
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(COUNTED) {
            let text = String::from_utf8_lossy(&fs_err::read(entry.path())?).into_owned();
            most = most.max(totals_in(&text));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of one process are far below 2^53")]
    let numbers = |counts: [u64; 3]| counts.into_iter().map(|count| count as f64).collect();
    most.map(numbers).ok_or_else(|| io::Error::other("Valgrind wrote no count"))
}

/// `==7== Total:     61,440 bytes in 1,024 blocks`, and the same of `At t-gmax:`.
fn totals_in(text: &str) -> Option<[u64; 3]> {
    let number = |word: &str| word.replace(',', "").parse::<u64>().ok();
    let line = |key: &str| {
        let words = text.lines().find_map(|line| line.split_once(key))?.1;
        let mut words = words.split_whitespace();
        let bytes = number(words.next()?)?;
        Some((bytes, number(words.nth(2)?)?))
    };
    let ((bytes, blocks), (peak, _)) = (line(" Total:")?, line(" At t-gmax:")?);
    Some([blocks, bytes, peak])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "==7== DHAT, a dynamic heap analysis tool\n==7== \n==7== Total:     61,440 bytes in 1,024 blocks\n\
                        ==7== At t-gmax: 4,096 bytes in 3 blocks\n==7== At t-end:  0 bytes in 0 blocks\n";

    #[test]
    fn totals_are_those_of_the_process_that_allocated_most() {
        assert_eq!(totals_in(SAID), Some([1_024, 61_440, 4_096]));
        assert_eq!(totals_in("==7== Total: many"), None);
        let folder = tempfile::tempdir().expect("a folder");
        fs_err::write(folder.path().join("counted.1"), SAID.replace("1,024", "9")).expect("written");
        fs_err::write(folder.path().join("counted.2"), SAID).expect("written");
        fs_err::write(folder.path().join("dhat.2"), "{}").expect("written");
        assert_eq!(totals(folder.path()).expect("totals"), [1_024.0, 61_440.0, 4_096.0]);
        assert!(totals(tempfile::tempdir().expect("a folder").path()).is_err());
    }
}
