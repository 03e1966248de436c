//! `cargo xtask harnesses`: the ten routines of `perfguard-harness/benches` under our own harness, divan and criterion, in one
//! run: what each adds to nothing, whether they agree, and how well counts of instructions repeat.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use perfguard_core::model::{Measurement, MetricId};
use perfguard_core::store::{Store, StoreLocation};
use perfguard_stats::interval::{Interval, median_interval};
use perfguard_stats::quantile::median;

use crate::scratch::program;

/// Arguments of `harnesses`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Runs in which instructions are counted
    #[arg(long, default_value_t = 10)]
    counts: u32,
    /// The perfguard to look at, rather than one that is built now
    #[arg(long)]
    program: Option<PathBuf>,
}

/// The bench targets, ours first.
const TARGETS: [&str; 3] = ["native", "beside_divan", "beside_criterion"];
/// Routines that take less are mostly the harness's own loop.
const COMPARED_FROM_NS: f64 = 10.0;

/// What each target gave of one routine.
type ByTarget<T> = BTreeMap<String, T>;

/// Measures, and prints the tables.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let program = program(root, args.program.as_deref())?;
    let folder = tempfile::tempdir()?;
    let perfguard = Perfguard { root, program, store: folder.path().join("history.db") };
    println!(
        "| routine | {} | largest over smallest |\n|---|---|---|---|---|",
        TARGETS.map(|target| format!("{target}, ns")).join(" | ")
    );
    for (routine, by_target) in perfguard.times()? {
        let of = |target: &str| by_target.get(target).with_context(|| format!("{target} has no `{routine}`"));
        let medians = TARGETS.iter().map(|target| Ok(median(of(target)?)?)).collect::<Result<Vec<f64>>>()?;
        let intervals =
            TARGETS.iter().map(|target| Ok(median_interval(of(target)?, 0.95)?)).collect::<Result<Vec<Interval>>>()?;
        let cells = medians.iter().zip(&intervals).map(|(ns, at)| format!("{ns:.3} ({:.3} … {:.3})", at.low, at.high));
        let (highest, lowest) =
            (medians.iter().fold(0.0, |a, b| b.max(a)), medians.iter().fold(f64::MAX, |a, b| b.min(a)));
        let apart = if lowest >= COMPARED_FROM_NS {
            format!("+{:.2} %", 100.0 * (highest / lowest - 1.0))
        } else {
            "too short".to_owned()
        };
        println!("| {routine} | {} | {apart} |", cells.collect::<Vec<_>>().join(" | "));
        if routine == "empty" {
            eprintln!("an empty routine takes {:.2} ns more than under divan (goal 1)", medians[0] - medians[1]);
        }
    }
    if args.counts > 0 {
        counts(&perfguard, args.counts)?;
    }
    Ok(())
}

/// Counts the instructions of an iteration in several runs.
fn counts(perfguard: &Perfguard<'_>, runs: u32) -> Result<()> {
    let mut counted: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
    for _ in 0..runs {
        for (routine, by_target) in perfguard.instructions()? {
            for (target, count) in by_target {
                counted.entry((target, routine.clone())).or_default().push(count);
            }
        }
    }
    println!(
        "\n| target | routine | instructions an iteration | largest over smallest of {runs} runs |\n|---|---|---|---|"
    );
    for ((target, routine), values) in counted {
        let (low, high) = values.iter().fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(*v), high.max(*v)));
        println!("| {target} | {routine} | {low:.2} | +{:.3} % |", 100.0 * (high / low - 1.0));
    }
    Ok(())
}

struct Perfguard<'a> {
    root: &'a Path,
    program: PathBuf,
    store: PathBuf,
}

impl Perfguard<'_> {
    fn call(&self, words: &[&str]) -> Result<Store> {
        #[expect(clippy::disallowed_methods, reason = "a task calls perfguard")]
        let mut command = Command::new(&self.program);
        command.current_dir(self.root).stdin(Stdio::null());
        command.arg("perfguard").args(words).args(["--quiet", "-p", "perfguard-harness", "--all-features", "--store"]);
        let output = command.arg(&self.store).args(["--", "routine"]).output()?;
        ensure!(output.status.success(), "perfguard {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Store::open_to_read(&StoreLocation(self.store.clone()))?.context("perfguard kept nothing")
    }

    /// What every process of every routine gave. The tree is compared with itself, so that each executable runs on many
    /// layouts: on one, a short loop may be a sixth slower by its place alone.
    fn times(&self) -> Result<BTreeMap<String, ByTarget<Vec<f64>>>> {
        let store = self.call(&["compare", "HEAD", "HEAD", "--force", "--no-gate", "--budget", "10m"])?;
        let newest = store.runs(1)?.pop().context("perfguard kept no run")?;
        let (whole, _) = store.comparison(newest.run.id)?.context("the newest run is no comparison")?;
        let mut found: BTreeMap<String, ByTarget<Vec<f64>>> = BTreeMap::new();
        for measurement in [store.measurements(whole.base)?, store.measurements(whole.head)?].concat() {
            let values = measurement.observations.iter().map(|observation| observation.value);
            let by_target = found.entry(routine_of(&measurement)).or_default();
            by_target.entry(measurement.id.target.clone()).or_default().extend(values);
        }
        Ok(found)
    }

    /// Instructions of an iteration of every routine.
    fn instructions(&self) -> Result<BTreeMap<String, ByTarget<f64>>> {
        let targets = ["--bench", TARGETS[0], "--bench", TARGETS[1]];
        let words = ["run", "--no-baseline", "--observations", "1", "--metrics", "instructions"];
        let store = self.call(&[words.as_slice(), targets.as_slice()].concat())?;
        let newest = store.runs(1)?.pop().context("perfguard kept no run")?;
        let mut found: BTreeMap<String, ByTarget<f64>> = BTreeMap::new();
        for measurement in store.measurements(newest.run.id)? {
            let mut counts = measurement.observations.iter().filter_map(|one| one.metrics.get(&MetricId::INSTRUCTIONS));
            if let Some(count) = counts.next() {
                found.entry(routine_of(&measurement)).or_default().insert(measurement.id.target.clone(), *count);
            }
        }
        Ok(found)
    }
}

fn routine_of(measurement: &Measurement) -> String {
    measurement.id.name.rsplit(['/', ':']).next().unwrap_or_default().to_owned()
}
