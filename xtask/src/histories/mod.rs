//! `cargo xtask histories`: made-up histories with one slower commit in each, bisected by the real program: how often it
//! names the right commit, with how many builds, and what is left after kills.

mod history;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use perfguard_stats::random::Stream;

use self::history::{History, Kind};
use crate::scratch::{Scratch, now, program};
use crate::weather::{Load, Weather};

/// Arguments of `histories`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Histories
    #[arg(long, default_value_t = 20)]
    trials: u32,
    /// Commits of each
    #[arg(long, default_value_t = 64)]
    commits: usize,
    /// How busy the machine is kept meanwhile
    #[arg(long, value_enum, default_value_t = Weather::One)]
    weather: Weather,
    /// What the commits are
    #[arg(long, value_enum, default_value_t = Kind::Mixed)]
    kind: Kind,
    /// Kill each bisection so often at random moments, and resume it
    #[arg(long, default_value_t = 0)]
    kills: u32,
    /// Seed of the histories
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The perfguard to look at, rather than one that is built now
    #[arg(long)]
    program: Option<PathBuf>,
    /// Only make one history, and say where it is and which commit is slower
    #[arg(long)]
    make: bool,
}

/// Makes the histories and bisects them.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    if args.make {
        let scratch = Scratch::new(root)?;
        let history = History::make(&scratch, args.kind, args.commits, args.seed)?;
        let (culprit, number) = (history.commits[history.culprit].clone(), history.culprit);
        println!("{}: slower since {culprit} (commit {} of {})", scratch.keep().display(), number, args.commits);
        return Ok(());
    }
    let program = program(root, args.program.as_deref())?;
    let scratch = Scratch::new(root)?;
    let load = Load::start(args.weather)?;
    let mut text = String::from(
        "| history | named | right | verified | builds | failed | pairs | seconds |\n|---|---|---|---|---|---|---|---|\n",
    );
    let mut right = 0;
    for trial in 0..args.trials {
        let seed = args.seed.wrapping_add(u64::from(trial));
        let history = History::make(&scratch, args.kind, args.commits, seed)?;
        let before = history.state()?;
        let found = history.bisect(&program, args, trial)?;
        ensure!(history.state()? == before, "the repository changed: {before:?}, {:?}", history.state()?);
        right += u32::from(found.is_right);
        let yes = |is: bool| if is { "yes" } else { "no" };
        writeln!(
            text,
            "| {trial} | {} | {} | {} | {} | {} | {} | {:.0} |",
            found.named.iter().map(|commit| &commit[..9]).collect::<Vec<_>>().join(" "),
            yes(found.is_right),
            yes(found.is_verified),
            found.builds,
            found.failed_builds,
            found.pairs,
            found.seconds
        )?;
        eprintln!("{}", text.lines().last().unwrap_or_default());
    }
    drop(load);
    println!("{text}\n{right} of {} right, on {}", args.trials, args.weather);
    Ok(())
}

/// What a bisection said.
struct Found {
    named: Vec<String>,
    is_right: bool,
    is_verified: bool,
    builds: u64,
    failed_builds: u64,
    pairs: u64,
    seconds: f64,
}

impl History<'_> {
    fn bisect(&self, program: &Path, args: &Args, trial: u32) -> Result<Found> {
        let good = &self.commits[0];
        let mut words = vec!["bisect", "--good", good, "--seed", "7", "--format", "json", "--quiet"];
        let mut random = Stream::new(args.seed.wrapping_add(1_000 + u64::from(trial)));
        let mut kills = 0;
        let output = loop {
            let mut perfguard = self.command(program);
            perfguard.args(&words).arg("--store").arg(self.store());
            if words.contains(&"--good") {
                perfguard.arg("steps");
            }
            if kills == args.kills {
                break perfguard.output()?;
            }
            kills += 1;
            let mut child = perfguard.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
            let start = now();
            // The first builds take longest: later kills come sooner.
            let after = Duration::from_millis(500 + random.below(if kills == 1 { 30_000 } else { 6_000 }));
            while start.elapsed() < after && child.try_wait()?.is_none() {
                std::thread::sleep(Duration::from_millis(20));
            }
            child.kill().ok();
            child.wait()?;
            // An earlier history's journal has its end.
            if self.is_under_way()? {
                words = vec!["bisect", "--resume", "--format", "json", "--quiet"];
            }
        };
        ensure!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        let view: serde_json::Value = serde_json::from_slice(&output.stdout).context("no JSON")?;
        let culprit = &view["benchmarks"][0]["culprits"][0];
        let named: Vec<String> = culprit["commits"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|commit| commit["id"].as_str().map(str::to_owned))
            .collect();
        let count = |name: &str| view[name].as_u64().unwrap_or_default();
        self.check_journal()?;
        Ok(Found {
            is_right: named == self.right(),
            is_verified: culprit["is_verified"] == true,
            named,
            builds: count("builds"),
            failed_builds: count("failed_builds"),
            pairs: count("pairs"),
            seconds: view["seconds"].as_f64().unwrap_or_default(),
        })
    }
}
