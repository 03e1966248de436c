//! `cargo xtask calibrate compare`: how often the real program is wrong on this machine, beside criterion's own verdicts.
//!
//! Suites of ten benchmarks are compared with themselves and with a commit in which one of the ten is 5 % slower, by the
//! command that a user types, in one run with the usual script of criterion. Every pair is kept.

mod counted;
mod criterion;
pub(super) mod history;
mod table;
mod workspace;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use perfguard_core::model::Verdict;

use self::counted::Suite;
use self::criterion::{Verdicts, two_passes};
use self::workspace::{ALL, FIRST};
use super::pair_list;
use crate::scratch::{Scratch, now, program};
use crate::weather::{Load, Weather};

/// Arguments of `calibrate compare`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How busy the machine is kept meanwhile
    #[arg(long, value_enum, default_value_t = Weather::Idle)]
    weather: Weather,
    /// Comparisons of ten benchmarks with themselves
    #[arg(long, default_value_t = 300)]
    suites: u32,
    /// Comparisons of ten benchmarks of which one is 5 % slower
    #[arg(long, default_value_t = 40)]
    planted: u32,
    /// Comparisons of the ten with themselves by criterion
    #[arg(long, default_value_t = 4)]
    criterion: u32,
    /// Comparisons of fifty benchmarks with themselves, timed
    #[arg(long, default_value_t = 3)]
    whole: u32,
    /// The perfguard to look at, rather than one that is built now
    #[arg(long)]
    program: Option<PathBuf>,
    /// What the files that are written are called, rather than after the weather: of another machine, or of a second run
    #[arg(long)]
    name: Option<String>,
    /// Print the tables only
    #[arg(long)]
    dry_run: bool,
}

/// Criterion's suites take these times, a third of its defaults, so that there are some in an acceptable time.
const CRITERION_TIMES: [&str; 4] = ["--warm-up-time", "1", "--measurement-time", "2"];
/// Results are written after so many suites: a run that is ended early leaves what it has.
const WRITE_EVERY: u32 = 20;

/// Everything that came out.
#[derive(Debug, Default)]
struct Outcome {
    same: Vec<Suite>,
    planted: Vec<Suite>,
    whole: Vec<Suite>,
    criterion: Verdicts,
    /// Seconds of criterion's two passes over one benchmark at its defaults.
    criterion_seconds: Vec<f64>,
}

/// Measures, prints, and writes the tables and the pairs.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let program = program(root, args.program.as_deref())?;
    let workspace = workspace::make(root)?;
    let perfguard = Perfguard { program, workspace: &workspace };
    // Both commits are built, and the executables of criterion's passes, before anything counts.
    perfguard.compare(&["HEAD~1", "HEAD"], "first/steps", 0)?;
    two_passes(&workspace, "first/steps", &["--quick"])?;

    let name = args.name.as_deref().unwrap_or(args.weather.name());
    let load = Load::start(args.weather)?;
    let mut outcome = Outcome::default();
    for number in 1..=args.suites {
        outcome.same.push(perfguard.compare(&["HEAD~1", "HEAD~1", "--force"], FIRST, number)?);
        if is_due(number, args.planted, args.suites) {
            outcome.planted.push(perfguard.compare(&["HEAD~1", "HEAD"], FIRST, number)?);
        }
        if is_due(number, args.criterion, args.suites) {
            let (verdicts, _) = two_passes(&workspace, FIRST, &CRITERION_TIMES)?;
            outcome.criterion = outcome.criterion.add(verdicts);
        }
        if is_due(number, args.whole, args.suites) {
            outcome.whole.push(perfguard.compare(&["HEAD~1", "HEAD~1", "--force"], "/", number)?);
            let (_, took) = two_passes(&workspace, "first/parse", &[])?;
            outcome.criterion_seconds.push(took.as_secs_f64());
        }
        if number % WRITE_EVERY == 0 || number == args.suites {
            eprintln!("{number} of {}: {}", args.suites, table::in_short(&outcome));
            if !args.dry_run {
                write(root, name, args.weather, &outcome)?;
            }
        }
    }
    drop(load);
    println!("{}", table::text(name, args.weather, &outcome)?);
    Ok(())
}

/// Whether one of `wanted` things that are spread evenly over `all` suites comes after this one.
fn is_due(number: u32, wanted: u32, all: u32) -> bool {
    let so_far = |number: u32| u64::from(number) * u64::from(wanted) / u64::from(all.max(1));
    so_far(number) > so_far(number - 1)
}

fn write(root: &Path, name: &str, weather: Weather, outcome: &Outcome) -> Result<()> {
    let path = root.join(format!("docs/methodology/compare-{name}.md"));
    fs_err::write(path, table::text(name, weather, outcome)?)?;
    let pairs: Vec<_> = outcome.same.iter().flat_map(|suite| suite.pairs.iter().cloned()).collect();
    pair_list::write(&pair_list::folder(root).join(format!("{name}.csv.gz")), &pairs)
}

struct Perfguard<'a> {
    program: PathBuf,
    workspace: &'a Scratch,
}

impl Perfguard<'_> {
    /// Compares as a user does, and reads what was kept.
    fn compare(&self, words: &[&str], filter: &str, number: u32) -> Result<Suite> {
        let store = self.workspace.store();
        let mut command = self.workspace.command(&self.program);
        command.args(["perfguard", "compare"]).args(words).arg("--store").arg(&store).args(["--quiet", "--", filter]);
        let start = now();
        let output = command.output()?;
        let seconds = start.elapsed().as_secs_f64();
        let failed = match output.status.code() {
            Some(0) => false,
            Some(100) => true,
            _ => bail!("perfguard: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)),
        };
        let suite = Suite::newest(&store, number, failed, seconds)?;
        for row in suite.rows.iter().filter(|row| row.claims() || row.is(Verdict::Failed)) {
            eprintln!("suite {number}, {words:?}: {} {}", row.benchmark, row.verdict);
        }
        ensure!(!suite.rows.is_empty() && suite.rows.len() <= ALL, "{} rows", suite.rows.len());
        Ok(suite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spread_over_the_suites_comes_as_often_as_wanted() {
        for (wanted, all) in [(0, 10), (3, 10), (10, 10), (6, 300), (7, 5)] {
            let count = (1..=all).filter(|number| is_due(*number, wanted, all)).count();
            assert_eq!(count, wanted.min(all) as usize, "{wanted} of {all}");
        }
    }
}
