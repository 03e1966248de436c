//! `cargo xtask harnesses`: the ten routines of `perfguard-harness/benches` under our own harness, divan and criterion, in one
//! run: what each adds to nothing, whether they agree, and how well counts of instructions repeat.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use perfguard_core::model::{Comparison, Measurement, MetricId};
use perfguard_core::store::{Store, StoreLocation};
use perfguard_stats::quantile::median;

use crate::scratch::program;

/// Arguments of `harnesses`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Processes of each routine under each harness
    #[arg(long, default_value_t = 12)]
    observations: u32,
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

/// Values of one routine, by target.
type ByTarget = BTreeMap<String, f64>;

/// Measures, and prints the tables.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let program = program(root, args.program.as_deref())?;
    let folder = tempfile::tempdir()?;
    let perfguard = Perfguard { root, program, store: folder.path().join("history.db") };
    let times = perfguard.times(args.observations)?;
    println!("| routine | {} |\n|---|---|---|---|", TARGETS.map(|target| format!("{target}, ns")).join(" | "));
    for (routine, by_target) in &times {
        let cells = TARGETS.map(|target| by_target.get(target).map_or_else(String::new, |ns| format!("{ns:.3}")));
        println!("| {routine} | {} |", cells.join(" | "));
    }
    let empty = times.get("empty").context("one routine is empty")?;
    let beyond = empty.get(TARGETS[0]).zip(empty.get(TARGETS[1])).map(|(ours, divan)| ours - divan);
    println!(
        "\nAn empty routine takes {:.2} ns more than under divan (goal 1)\n",
        beyond.context("both were measured")?
    );

    println!("| routine | beside | ratio | interval | verdict |\n|---|---|---|---|---|");
    for (routine, by_target) in &times {
        if by_target.get(TARGETS[0]).is_none_or(|ns| *ns < COMPARED_FROM_NS) {
            continue;
        }
        for other in &TARGETS[1..] {
            let one = perfguard.between(routine, other)?;
            let effect = one.effect.with_context(|| format!("{routine} was not compared: {}", one.reason))?;
            let interval = effect.interval.map_or_else(String::new, |at| format!("{:.4} … {:.4}", at.low, at.high));
            println!("| {routine} | {other} | {:.4} | {interval} | {} |", effect.ratio, one.verdict);
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
        let output = command.arg(&self.store).output()?;
        ensure!(output.status.success(), "perfguard {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Store::open_to_read(&StoreLocation(self.store.clone()))?.context("perfguard kept nothing")
    }

    /// What every routine gave under every harness.
    fn measured(
        &self,
        words: &[&str],
        value: impl Fn(&Measurement) -> Option<f64>,
    ) -> Result<BTreeMap<String, ByTarget>> {
        let mut command = vec!["run", "--no-baseline", "routine"];
        command.extend(words);
        let store = self.call(&command)?;
        let newest = store.runs(1)?.pop().context("perfguard kept no run")?;
        let mut found: BTreeMap<String, ByTarget> = BTreeMap::new();
        for measurement in store.measurements(newest.run.id)? {
            let id = &measurement.id;
            if let Some(value) = value(&measurement) {
                let routine = id.name.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
                found.entry(routine).or_default().insert(id.target.clone(), value);
            }
        }
        Ok(found)
    }

    fn times(&self, observations: u32) -> Result<BTreeMap<String, ByTarget>> {
        let observations = observations.to_string();
        self.measured(&["--observations", &observations, "--budget", "20m"], |measurement| {
            let values: Vec<f64> = measurement.observations.iter().map(|observation| observation.value).collect();
            median(&values).ok()
        })
    }

    fn instructions(&self) -> Result<BTreeMap<String, ByTarget>> {
        let words = ["--observations", "1", "--metrics", "instructions", "--bench", TARGETS[0], "--bench", TARGETS[1]];
        self.measured(&words, |measurement| {
            let observations = &measurement.observations;
            observations.iter().find_map(|observation| observation.metrics.get(&MetricId::INSTRUCTIONS).copied())
        })
    }

    /// Ours against another harness's, in pairs of processes on layouts of their own.
    fn between(&self, routine: &str, other: &str) -> Result<Comparison> {
        let name = |target: &str| match target {
            "beside_divan" => format!("perfguard-harness::{target}::{target}::routine::{routine}"),
            _ => format!("perfguard-harness::{target}::routine/{routine}"),
        };
        let store = self.call(&["compare", "--between", &name(other), &name(TARGETS[0]), "--no-gate"])?;
        let newest = store.runs(1)?.pop().context("perfguard kept no run")?;
        let (_, comparisons) = store.comparison(newest.run.id)?.context("the newest run is no comparison")?;
        comparisons.into_iter().next().context("perfguard compared nothing")
    }
}
