//! `cargo xtask witness`: on a machine that is kept busy, a comparison too short to decide anything by time, and what the
//! counts of instructions say: of a benchmark that is 3 % slower, each time, and of ten that are not, in turn.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use perfguard_core::model::{Comparison, MetricId, Verdict};

use crate::scratch::{SUITE_MANIFEST, Scratch, newest_comparison, program};
use crate::weather::{Load, Weather};

/// Arguments of `witness`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Comparisons
    #[arg(long, default_value_t = 20)]
    trials: u32,
    /// How busy the machine is kept meanwhile
    #[arg(long, value_enum, default_value_t = Weather::All)]
    weather: Weather,
    /// The perfguard to look at, rather than one that is built now
    #[arg(long)]
    program: Option<PathBuf>,
}

/// The benchmark that is slower in the second commit.
const PLANTED: &str = "steps";
/// Steps of that benchmark in both commits: 3 % more.
const STEPS: [&str; 2] = ["4000", "4120"];
/// Benchmarks that are the same.
const OTHERS: usize = 10;
/// A count says that the benchmark is slower from half of what it is on.
const NAMED_FROM: f64 = 1.015;
/// A count that differs by more than this, either way, blames.
const BLAMED_FROM: f64 = 0.001;

/// What came out: of those that time left undecided, how many instructions say is slower.
#[derive(Debug, Default)]
struct Counts {
    named: u32,
    named_of: u32,
    blamed: u32,
    blamed_of: u32,
}

impl Counts {
    /// Counts a benchmark that time left undecided.
    fn add(&mut self, row: &Comparison) -> Result<()> {
        let counted = row.findings.iter().find(|finding| finding.metric == MetricId::INSTRUCTIONS);
        let ratio = counted.and_then(|finding| finding.ratio).with_context(|| format!("{} was not counted", row.id))?;
        if row.id.name == PLANTED {
            self.named_of += 1;
            self.named += u32::from(ratio >= NAMED_FROM);
        } else {
            self.blamed_of += 1;
            self.blamed += u32::from((ratio - 1.0).abs() > BLAMED_FROM);
        }
        Ok(())
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { named, named_of, blamed, blamed_of } = self;
        write!(f, "3 % slower: named {named} of {named_of} times; the same: blamed {blamed} of {blamed_of} times")
    }
}

/// Compares; gives the counts.
pub(crate) fn run(root: &Path, args: &Args) -> Result<String> {
    let program = program(root, args.program.as_deref())?;
    let scratch = make(root)?;
    // Both commits are built before the machine is made busy.
    compare(&scratch, &program, &["--budget", "1s", "--", PLANTED])?;
    let load = Load::start(args.weather)?;
    let (mut counts, mut looked_at) = (Counts::default(), 0);
    for trial in 1..=args.trials {
        let other = other(trial as usize % OTHERS);
        let words = ["--budget", "100ms", "--witness", "instructions", "--", PLANTED, &other];
        let rows = compare(&scratch, &program, &words)?;
        ensure!(rows.len() == 2, "{} rows", rows.len());
        looked_at += rows.len();
        for row in rows.iter().filter(|row| row.verdict == Verdict::Undecided) {
            counts.add(row)?;
        }
    }
    drop(load);
    let undecided = counts.named_of + counts.blamed_of;
    Ok(format!("on {}, {undecided} of {looked_at} undecided by time: {counts}", args.weather))
}

/// The name of one that is the same.
fn other(number: usize) -> String {
    format!("other {number}")
}

fn compare(scratch: &Scratch, program: &Path, words: &[&str]) -> Result<Vec<Comparison>> {
    let store = scratch.store();
    let mut command = scratch.command(program);
    command.args(["perfguard", "compare", "HEAD~1", "HEAD", "--no-gate", "--quiet", "--store"]).arg(&store).args(words);
    let output = command.output()?;
    ensure!(output.status.success(), "perfguard: {}", String::from_utf8_lossy(&output.stderr));
    Ok(newest_comparison(&store)?.2)
}

/// Two commits of eleven benchmarks in one executable; in the second, one takes more steps.
fn make(root: &Path) -> Result<Scratch> {
    let scratch = Scratch::new(root)?;
    scratch.write("Cargo.toml", SUITE_MANIFEST)?;
    let library = |steps: &str| LIBRARY.replace("STEPS", steps);
    let bench = |number| {
        let name = other(number);
        format!("    c.bench_function(\"{name}\", |b| b.iter(|| suite::other(black_box({number}))));\n")
    };
    let others: Vec<String> = (0..OTHERS).map(bench).collect();
    scratch.write("benches/suite.rs", &SUITE.replace("OTHERS", &others.concat()))?;
    scratch.write("src/lib.rs", &library(STEPS[0]))?;
    scratch.commit("eleven benchmarks")?;
    scratch.write("src/lib.rs", &library(STEPS[1]))?;
    scratch.commit("one of them slower")?;
    Ok(scratch)
}

const LIBRARY: &str = r"fn chain(mut value: u64, steps: u64) -> u64 {
    for _ in 0..steps {
        value ^= value << 13;
        value ^= value >> 7;
        value ^= value << 17;
    }
    value
}

/// What the second commit makes slower.
pub fn steps(value: u64) -> u64 {
    chain(value, STEPS)
}

/// The same in both.
pub fn other(number: u64) -> u64 {
    chain(number, 2000 + 300 * number)
}
";

const SUITE: &str = r#"use std::hint::black_box;

use criterion::{criterion_group, criterion_main, Criterion};

fn all(c: &mut Criterion) {
    c.bench_function("steps", |b| b.iter(|| suite::steps(black_box(3))));
OTHERS}

criterion_group!(benches, all);
criterion_main!(benches);
"#;
