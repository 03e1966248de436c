//! A made-up history: small commits to a crate with criterion benches, one of which makes a benchmark 5 % slower.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use perfguard_stats::random::Stream;

use crate::scratch::{SUITE_MANIFEST, Scratch};

/// What the commits of a history are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Kind {
    /// A third comments only, one in ten does not build, the others add code that runs before anything is measured
    Mixed,
    /// Nine of ten touch nothing that is built
    Sparse,
}

/// What one commit does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Culprit,
    Comment,
    Broken,
    Code,
    Document,
}

/// A history, on a branch of its own.
pub(super) struct History<'a> {
    scratch: &'a Scratch,
    /// All commits, oldest first; the first one is good.
    pub(super) commits: Vec<String>,
    /// The number of the slower one.
    pub(super) culprit: usize,
    changes: Vec<Change>,
}

impl<'a> History<'a> {
    /// Makes `commits` commits on top of a good one. Histories of one repository share what is built of dependencies.
    pub(super) fn make(scratch: &'a Scratch, kind: Kind, commits: usize, seed: u64) -> Result<Self> {
        scratch.git(&["symbolic-ref", "HEAD", &format!("refs/heads/history-{seed}")])?;
        let mut random = Stream::new(seed);
        let mut below = |n: usize| usize::try_from(random.below(n as u64)).unwrap_or_default();
        let culprit = 1 + below(commits);
        let mut changes = vec![Change::Code];
        for at in 1..=commits {
            let drawn = below(30);
            changes.push(match kind {
                _ if at == culprit => Change::Culprit,
                Kind::Sparse if drawn < 27 => Change::Document,
                // The bad end has to build.
                Kind::Mixed if drawn < 3 && at != commits => Change::Broken,
                Kind::Mixed if drawn < 13 => Change::Comment,
                Kind::Sparse | Kind::Mixed => Change::Code,
            });
        }
        scratch.write("Cargo.toml", SUITE_MANIFEST)?;
        scratch.write("benches/suite.rs", SUITE)?;
        let mut library = Library::default();
        let mut ids = Vec::new();
        for (at, change) in changes.iter().enumerate() {
            library.is_broken = false;
            match change {
                Change::Culprit => library.is_slow = true,
                Change::Comment => library.comments.push(at),
                Change::Broken => library.is_broken = true,
                Change::Code => library.functions.push(at),
                Change::Document => scratch.write("NOTES.md", &format!("Note {at}.\n"))?,
            }
            scratch.write("src/lib.rs", &library.text())?;
            ids.push(scratch.commit(&format!("change {at}: {change:?}"))?);
        }
        Ok(Self { scratch, commits: ids, culprit, changes })
    }

    /// What the search must name: the culprit, with those before it that do not build.
    pub(super) fn right(&self) -> Vec<String> {
        let broken = self.changes[..self.culprit].iter().rev().take_while(|change| **change == Change::Broken).count();
        self.commits[self.culprit - broken..=self.culprit].to_vec()
    }

    /// What must not change: HEAD, references, stash, index and work tree.
    pub(super) fn state(&self) -> Result<Vec<String>> {
        ["status --porcelain --ignored", "rev-parse HEAD", "for-each-ref", "stash list", "ls-files --stage"]
            .iter()
            .map(|words| self.scratch.git(&words.split(' ').collect::<Vec<_>>()))
            .collect()
    }

    fn journal(&self) -> PathBuf {
        self.scratch.repository.join(".git/perfguard/bisect.jsonl")
    }

    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = self.scratch.command(program);
        command.arg("perfguard");
        command
    }

    pub(super) fn store(&self) -> PathBuf {
        self.scratch.store()
    }

    /// Whether there is something to go on with.
    pub(super) fn is_under_way(&self) -> Result<bool> {
        match fs_err::read_to_string(self.journal()) {
            Ok(text) => Ok(!text.trim_end().ends_with("{\"fact\":\"ended\"}")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// No commit may stand in the journal as built from nothing twice: what was built is kept.
    pub(super) fn check_journal(&self) -> Result<()> {
        let mut built: BTreeMap<String, u32> = BTreeMap::new();
        for line in fs_err::read_to_string(self.journal())?.lines() {
            let fact: serde_json::Value = serde_json::from_str(line)?;
            if fact["fact"] == "built" && fact["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0) {
                *built.entry(fact["commit"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
        let twice: Vec<_> = built.iter().filter(|(_, count)| **count > 1).collect();
        ensure!(twice.is_empty(), "built twice: {twice:?}");
        Ok(())
    }
}

/// The source of the library.
#[derive(Debug, Default)]
struct Library {
    is_slow: bool,
    is_broken: bool,
    comments: Vec<usize>,
    functions: Vec<usize>,
}

impl Library {
    fn text(&self) -> String {
        let (mut comments, mut calls, mut functions) = (String::new(), String::new(), String::new());
        for at in &self.comments {
            comments.extend([format!("// Remark {at}.\n")]);
        }
        for at in &self.functions {
            calls.extend([format!("    value = other{at}(value);\n")]);
            let body = format!("    value.rotate_left({at}) ^ {at}\n");
            functions.extend([format!("\n#[inline(never)]\nfn other{at}(value: u64) -> u64 {{\n{body}}}\n")]);
        }
        let prepare = format!(
            "\n/// Runs before anything is measured.\npub fn prepare(mut value: u64) -> u64 {{\n{calls}    value\n}}\n"
        );
        let broken = if self.is_broken { "\ncompile_error!(\"half a change\");\n" } else { "" };
        let steps = if self.is_slow { "4200" } else { "4000" };
        comments + &LIBRARY.replace("STEPS", steps) + &prepare + &functions + broken
    }
}

const LIBRARY: &str = r"/// A chain of dependent operations.
pub fn steps(mut value: u64) -> u64 {
    for _ in 0..STEPS {
        value ^= value << 13;
        value ^= value >> 7;
        value ^= value << 17;
    }
    value
}

/// The sum of some numbers.
pub fn sum(numbers: &[u64]) -> u64 {
    numbers.iter().fold(0, |sum, number| sum.wrapping_mul(31) ^ number)
}
";

const SUITE: &str = r#"use std::hint::black_box;

use criterion::{criterion_group, criterion_main, Criterion};

fn all(c: &mut Criterion) {
    let numbers: Vec<u64> = (0..4_000).map(|number| suite::prepare(black_box(number))).collect();
    c.bench_function("steps", |b| b.iter(|| suite::steps(black_box(3))));
    c.bench_function("sum", |b| b.iter(|| suite::sum(black_box(&numbers))));
}

criterion_group!(benches, all);
criterion_main!(benches);
"#;
