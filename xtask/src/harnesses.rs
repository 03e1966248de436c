//! `cargo xtask harnesses`: the ten routines of `perfguard-harness/benches` under our own harness, divan and criterion, in one
//! run: what each adds to nothing, whether they agree, and how well counts of instructions repeat.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use perfguard_core::model::{Measurement, MetricId};
use perfguard_core::store::{Store, StoreLocation};
use perfguard_stats::interval::median_interval;
use perfguard_stats::quantile::median;

use crate::scratch::{newest_comparison, program};

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

/// Measures; gives the tables.
pub(crate) fn run(root: &Path, args: &Args) -> Result<String> {
    let program = program(root, args.program.as_deref())?;
    let folder = tempfile::tempdir()?;
    let perfguard = Perfguard { root, program, store: folder.path().join("history.db") };
    let mut text = times_table(&perfguard.times()?)?;
    if args.counts > 0 {
        let runs = (0..args.counts).map(|_| perfguard.instructions()).collect::<Result<Vec<_>>>()?;
        text = format!("{text}\n{}", counts_table(&runs));
    }
    Ok(text)
}

/// Medians with their intervals.
fn times_table(times: &BTreeMap<String, ByTarget<Vec<f64>>>) -> Result<String> {
    let targets = TARGETS.map(|target| format!("{target}, ns")).join(" | ");
    let mut text = format!("| routine | {targets} | largest over smallest |\n|---|---|---|---|---|\n");
    for (routine, by_target) in times {
        let (mut cells, mut medians) = (Vec::new(), Vec::new());
        for target in TARGETS {
            let values = by_target.get(target).with_context(|| format!("{target} has no `{routine}`"))?;
            let (middle, interval) = (median(values)?, median_interval(values, 0.95)?);
            cells.push(format!("{middle:.3} ({:.3} … {:.3})", interval.low, interval.high));
            medians.push(middle);
        }
        let (smallest, more) = smallest_and_more(&medians);
        let more = if smallest >= COMPARED_FROM_NS { format!("+{more:.2} %") } else { "too short".to_owned() };
        writeln!(text, "| {routine} | {} | {more} |", cells.join(" | "))?;
    }
    Ok(text)
}

/// Instructions of an iteration, of several runs.
fn counts_table(runs: &[BTreeMap<String, ByTarget<f64>>]) -> String {
    let mut counted: BTreeMap<(&str, &str), Vec<f64>> = BTreeMap::new();
    for (routine, by_target) in runs.iter().flatten() {
        for (target, count) in by_target {
            counted.entry((target, routine)).or_default().push(*count);
        }
    }
    let rows = counted.iter().map(|((target, routine), values)| {
        let (smallest, more) = smallest_and_more(values);
        format!("| {target} | {routine} | {smallest:.2} | +{more:.3} % |\n")
    });
    let head = "| target | routine | instructions an iteration | largest over smallest of";
    format!("{head} {} runs |\n|---|---|---|---|\n{}", runs.len(), rows.collect::<Vec<_>>().concat())
}

/// The smallest value, and by how many per cent the largest is above it.
fn smallest_and_more(values: &[f64]) -> (f64, f64) {
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (smallest, 100.0 * (largest / smallest - 1.0))
}

struct Perfguard<'a> {
    root: &'a Path,
    program: PathBuf,
    store: PathBuf,
}

impl Perfguard<'_> {
    fn call(&self, words: &[&str]) -> Result<()> {
        #[expect(clippy::disallowed_methods, reason = "a task calls perfguard")]
        let mut command = Command::new(&self.program);
        command.current_dir(self.root).stdin(Stdio::null());
        command.arg("perfguard").args(words).args(["--quiet", "-p", "perfguard-harness", "--all-features", "--store"]);
        let output = command.arg(&self.store).args(["--", "routine"]).output()?;
        ensure!(output.status.success(), "perfguard {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// What every process of every routine gave. The tree is compared with itself, so that each executable runs on many
    /// layouts: on one, a short loop may be a sixth slower by its place alone.
    fn times(&self) -> Result<BTreeMap<String, ByTarget<Vec<f64>>>> {
        self.call(&["compare", "HEAD", "HEAD", "--force", "--no-gate", "--budget", "10m"])?;
        let (store, whole, _) = newest_comparison(&self.store)?;
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
        self.call(&[words.as_slice(), targets.as_slice()].concat())?;
        let store = Store::open_to_read(&StoreLocation(self.store.clone()))?.context("perfguard kept nothing")?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_have_a_row_for_each_routine_and_say_what_lies_how_far_apart() {
        let of =
            |ns: [f64; 3]| TARGETS.iter().zip(ns).map(|(target, ns)| ((*target).to_owned(), vec![ns; 8])).collect();
        let times = BTreeMap::from([("empty".to_owned(), of([1.0; 3])), ("sum".to_owned(), of([20.0, 21.0, 20.0]))]);
        let text = times_table(&times).expect("all three have both");
        let cell = "20.000 (20.000 … 20.000)";
        assert!(text.contains(&format!("| sum | {cell} | 21.000 (21.000 … 21.000) | {cell} | +5.00 % |\n")), "{text}");
        assert!(text.ends_with("| +5.00 % |\n") && text.contains("| too short |"), "{text}");

        let run = |count| BTreeMap::from([("add".to_owned(), BTreeMap::from([("native".to_owned(), count)]))]);
        let text = counts_table(&[run(40.0), run(41.0)]);
        assert!(
            text.contains("smallest of 2 runs |") && text.ends_with("| native | add | 40.00 | +2.500 % |\n"),
            "{text}"
        );
    }

    #[test]
    fn a_routine_that_one_harness_lacks_is_an_error() {
        let times = BTreeMap::from([("sum".to_owned(), BTreeMap::from([("native".to_owned(), vec![1.0; 8])]))]);
        let error = times_table(&times).expect_err("two are missing");
        assert_eq!(error.to_string(), "beside_divan has no `sum`");
    }
}
