//! The journal of a bisection: facts in the order in which they were found, one JSON line each, written as they are found.
//! Whoever takes it up again asks it before measuring anything.

use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::model::{BenchmarkId, Verification};

/// The journal's name in perfguard's folder of the git directory.
pub const BISECT_FILE: &str = "bisect.jsonl";

/// Something that was found out, or decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum Fact {
    /// It began: always the first line.
    Began {
        /// Version of this format.
        version: u32,
        /// perfguard's own version.
        tool: String,
        /// When, nanoseconds since the Unix epoch.
        at_ns: i64,
        /// The manifest, relative to the repository's root.
        manifest: String,
        /// The command line after `bisect`, with revisions and seed resolved.
        args: Vec<String>,
    },
    /// A pair of the anchor and a commit.
    Pair {
        /// The commit that it is measured against.
        anchor: String,
        /// The commit.
        commit: String,
        /// The benchmark.
        benchmark: BenchmarkId,
        /// The anchor's value, and the commit's, in the deciding metric's unit.
        values: [f64; 2],
        /// The step between two values that the clock can tell apart, relative to the value.
        quantum: f64,
        /// Which of the layouts both had.
        layout: usize,
    },
    /// A commit was built.
    Built {
        /// The commit.
        commit: String,
        /// How long it took, seconds; absent where it was kept.
        seconds: Option<f64>,
    },
    /// A commit cannot be built, or a benchmark cannot be run there.
    Skipped {
        /// The commit.
        commit: String,
        /// The benchmark; absent where it is all of them.
        benchmark: Option<BenchmarkId>,
        /// Why, in words.
        reason: String,
    },
    /// Two commits run the same of a benchmark.
    Identical {
        /// The benchmark.
        benchmark: BenchmarkId,
        /// One commit.
        one: String,
        /// The other.
        other: String,
    },
    /// What measuring costs: with it, what tells most per second is the same again.
    Costs {
        /// Seconds of a pair.
        pair_seconds: f64,
        /// Seconds of a build.
        build_seconds: f64,
    },
    /// A culprit was compared with what came before it, on fresh pairs.
    Verified(Verification),
    /// Measuring and building went on for so long, in all; written after each step.
    Spent {
        /// Seconds.
        seconds: f64,
    },
    /// It came to its end.
    Ended,
}

/// A journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It cannot be read or written.
    #[error("could not use the journal of the bisection")]
    Io(#[from] std::io::Error),
    /// It is not one, or one of a newer perfguard.
    #[error("`{path}` is not a journal that this perfguard reads")]
    Foreign {
        /// Where it lies.
        path: String,
    },
}

/// The version of the format.
pub(super) const VERSION: u32 = 1;

/// A journal that is open for writing.
#[derive(Debug)]
pub struct Journal {
    file: fs_err::File,
}

impl Journal {
    /// The format's version, for [`Fact::Began`].
    pub const VERSION: u32 = VERSION;

    /// A new journal, in place of what was there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: &Path, began: &Fact) -> Result<Self, JournalError> {
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder)?;
        }
        let mut journal = Self { file: fs_err::File::create(path)? };
        journal.write(began)?;
        Ok(journal)
    }

    /// An existing journal with its facts, to go on with; `None` where there is none. A last line that was cut off is gone.
    ///
    /// # Errors
    /// When it cannot be read, or is not a journal.
    pub fn open(path: &Path) -> Result<Option<(Self, Vec<Fact>)>, JournalError> {
        let Some((facts, whole)) = read(path)? else { return Ok(None) };
        let mut file = fs_err::OpenOptions::new().write(true).open(path)?;
        file.set_len(whole)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Some((Self { file }, facts)))
    }

    /// The facts of a journal; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is not a journal.
    pub fn facts(path: &Path) -> Result<Option<Vec<Fact>>, JournalError> {
        Ok(read(path)?.map(|(facts, _)| facts))
    }

    /// Adds a fact. What is written is there after a kill.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, fact: &Fact) -> Result<(), JournalError> {
        let mut line = serde_json::to_string(fact).map_err(std::io::Error::other)?;
        line.push('\n');
        Ok(self.file.write_all(line.as_bytes())?)
    }
}

/// The facts, and how many bytes of whole lines there are.
fn read(path: &Path) -> Result<Option<(Vec<Fact>, u64)>, JournalError> {
    let text = match fs_err::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let foreign = || JournalError::Foreign { path: PathBuf::from(path).display().to_string() };
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let lines = text[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let facts: Vec<Fact> =
        lines.map(|line| serde_json::from_slice(line).map_err(|_| foreign())).collect::<Result<_, _>>()?;
    match facts.first() {
        Some(Fact::Began { version: VERSION, .. }) => Ok(Some((facts, whole as u64))),
        _ => Err(foreign()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn began() -> Fact {
        let (tool, manifest) = ("1".to_owned(), "Cargo.toml".to_owned());
        Fact::Began { version: VERSION, tool, at_ns: 1, manifest, args: vec!["--good".into()] }
    }

    #[test]
    fn what_was_written_is_there_again_and_half_a_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join(BISECT_FILE);
        assert!(Journal::open(&path).unwrap().is_none());
        let built = |commit: &str| Fact::Built { commit: commit.to_owned(), seconds: Some(1.5) };
        let mut journal = Journal::create(&path, &began()).unwrap();
        journal.write(&built("a")).unwrap();
        journal.file.write_all(b"{\"fact\":\"built\",\"com").unwrap();
        let (mut journal, facts) = Journal::open(&path).unwrap().unwrap();
        assert_eq!(facts, [began(), built("a")]);
        journal.write(&built("b")).unwrap();
        assert_eq!(Journal::facts(&path).unwrap().unwrap(), [began(), built("a"), built("b")]);
    }

    #[test]
    fn a_file_that_is_no_journal_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(BISECT_FILE);
        fs_err::write(&path, "{\"fact\":\"ended\"}\n").unwrap();
        assert!(matches!(Journal::open(&path), Err(JournalError::Foreign { .. })));
        fs_err::write(&path, "git bisect start\n").unwrap();
        assert!(matches!(Journal::facts(&path), Err(JournalError::Foreign { .. })));
    }
}
