//! `cargo xtask witness`: on a machine that is kept busy, a comparison too short to decide anything by time, and what the
//! counts of instructions say: of a benchmark that is 3 % slower, each time, and of ten that are not, in turn.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use perfguard_core::model::{MetricId, Verdict};
use perfguard_core::store::{Store, StoreLocation};

use crate::scratch::{SUITE_MANIFEST, Scratch, program};
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

/// What came out.
#[derive(Debug, Default)]
struct Counts {
    undecided: u32,
    named: u32,
    named_of: u32,
    blamed: u32,
    blamed_of: u32,
}

/// Compares, and prints the counts.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let program = program(root, args.program.as_deref())?;
    let scratch = make(root)?;
    // Both commits are built before the machine is made busy.
    compare(&scratch, &program, &["--budget", "1s", "--", PLANTED])?;
    let load = Load::start(args.weather)?;
    let mut counts = Counts::default();
    for trial in 1..=args.trials {
        let other = other(trial as usize % OTHERS);
        let words = ["--budget", "100ms", "--witness", "instructions", "--", PLANTED, &other];
        let store = compare(&scratch, &program, &words)?;
        let newest = store.runs(1)?.pop().context("perfguard kept no run")?;
        let (_, rows) = store.comparison(newest.run.id)?.context("the newest run is no comparison")?;
        ensure!(rows.len() == 2, "{} rows", rows.len());
        for row in rows {
            if row.verdict != Verdict::Undecided {
                eprintln!("trial {trial}: {} by time {}", row.id, row.verdict);
                continue;
            }
            counts.undecided += 1;
            let counted = row.findings.iter().find(|finding| finding.metric == MetricId::INSTRUCTIONS);
            let ratio =
                counted.and_then(|finding| finding.ratio).with_context(|| format!("{} was not counted", row.id))?;
            if row.id.name == PLANTED {
                counts.named_of += 1;
                counts.named += u32::from(ratio >= NAMED_FROM);
            } else {
                counts.blamed_of += 1;
                counts.blamed += u32::from((ratio - 1.0).abs() > BLAMED_FROM);
            }
            if (row.id.name == PLANTED) != (ratio >= NAMED_FROM) {
                eprintln!("trial {trial}: {}: {ratio}", row.id);
            }
        }
        eprintln!("{trial} of {}: {counts:?}", args.trials);
    }
    drop(load);
    let Counts { undecided, named, named_of, blamed, blamed_of } = counts;
    println!("{} trials on {}: {undecided} benchmarks undecided by time", args.trials, args.weather);
    println!("the one that is 3 % slower: named by its instructions {named} of {named_of} times");
    println!("the {OTHERS} others: blamed {blamed} of {blamed_of} times");
    Ok(())
}

/// The name of one that is the same.
fn other(number: usize) -> String {
    format!("other {number}")
}

fn compare(scratch: &Scratch, program: &Path, words: &[&str]) -> Result<Store> {
    let store = scratch.store();
    let mut command = scratch.command(program);
    command.args(["perfguard", "compare", "HEAD~1", "HEAD", "--no-gate", "--quiet", "--store"]).arg(&store).args(words);
    let output = command.output()?;
    ensure!(output.status.success(), "perfguard: {}", String::from_utf8_lossy(&output.stderr));
    Store::open_to_read(&StoreLocation(store))?.context("perfguard kept nothing")
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
