//! Recorded pairs as a file: gzipped lines of comma-separated values, under `docs/methodology/pairs`.
//!
//! Base and head of every pair are the same executable; a value is the fastest sample of a process, nanoseconds for each
//! iteration.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

const HEADER: &str = "suite,benchmark,stage,layout,head_first,base_ns,head_ns";

/// One pair.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recorded {
    /// Number of the comparison of the whole suite.
    pub(super) suite: u32,
    pub(super) benchmark: String,
    /// `first`, `confirmation` or `null-control`.
    pub(super) stage: String,
    pub(super) layout: u32,
    pub(super) head_first: bool,
    pub(super) base: f64,
    pub(super) head: f64,
}

/// The folder of these files.
pub(super) fn folder(root: &Path) -> PathBuf {
    root.join("docs/methodology/pairs")
}

/// Writes them in their order.
pub(super) fn write(path: &Path, pairs: &[Recorded]) -> Result<()> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    writeln!(encoder, "{HEADER}")?;
    for Recorded { suite, benchmark, stage, layout, head_first, base, head } in pairs {
        ensure!(!benchmark.contains([',', '\n']), "`{benchmark}` does not fit into such a file");
        writeln!(encoder, "{suite},{benchmark},{stage},{layout},{},{base},{head}", u8::from(*head_first))?;
    }
    fs_err::create_dir_all(path.parent().context("a file has a folder")?)?;
    fs_err::write(path, encoder.finish()?)?;
    Ok(())
}

/// Reads them back.
pub(super) fn read(path: &Path) -> Result<Vec<Recorded>> {
    let mut text = String::new();
    GzDecoder::new(fs_err::File::open(path)?).read_to_string(&mut text)?;
    let mut lines = text.lines();
    ensure!(lines.next() == Some(HEADER), "{} does not begin with `{HEADER}`", path.display());
    lines.map(|line| parse(line).with_context(|| format!("`{line}` in {}", path.display()))).collect()
}

fn parse(line: &str) -> Result<Recorded> {
    let cells: Vec<&str> = line.split(',').collect();
    let [suite, benchmark, stage, layout, head_first, base, head] = cells.as_slice() else {
        anyhow::bail!("a line has seven values");
    };
    Ok(Recorded {
        suite: suite.parse()?,
        benchmark: (*benchmark).to_owned(),
        stage: (*stage).to_owned(),
        layout: layout.parse()?,
        head_first: *head_first == "1",
        base: base.parse()?,
        head: head.parse()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pairs/some.csv.gz");
        let pair = Recorded {
            suite: 3,
            benchmark: "first/sum".to_owned(),
            stage: "null-control".to_owned(),
            layout: 7,
            head_first: true,
            base: 12.345_678_9,
            head: 1e-3,
        };
        write(&path, std::slice::from_ref(&pair)).expect("written");
        assert_eq!(read(&path).expect("read"), [pair]);
    }
}
