//! What `check` takes where nothing changed that benches are made from, next to what cargo itself takes to find that out:
//! its metadata and a build that has nothing to do, in turn with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::scratch::program;

/// Most that `check` may take beyond cargo's own two calls.
const MOST_BEYOND: Duration = Duration::from_millis(100);

/// Arguments of `check-time`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Rounds, each with every call
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// The perfguard to look at, rather than one that is built now
    #[arg(long)]
    program: Option<PathBuf>,
}

/// Calls all three in turn on this repository as it stands, and prints the medians.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    let program = program(root, args.program.as_deref())?;
    let cargo = Path::new("cargo");
    let calls: [(&str, &Path, &[&str]); 3] = [
        ("cargo metadata", cargo, &["metadata", "--no-deps", "--format-version", "1"]),
        ("cargo build", cargo, &["build", "--benches"]),
        ("check", &program, &["check", "--within", "1h"]),
    ];
    // Everything is built before the clock starts.
    for (_, program, words) in calls {
        timed(root, program, words)?;
    }
    let mut taken = [const { Vec::new() }; 3];
    for _ in 0..args.rounds.max(1) {
        for ((_, program, words), taken) in calls.iter().zip(&mut taken) {
            taken.push(timed(root, program, words)?);
        }
    }
    let medians = taken.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    for ((name, _, words), median) in calls.iter().zip(&medians) {
        println!("{name:<16} {:>6.1} ms  ({})", median.as_secs_f64() * 1e3, words.join(" "));
    }
    let goal = medians[0] + medians[1] + MOST_BEYOND;
    println!(
        "goal             {:>6.1} ms  (both of cargo's and {} ms)",
        goal.as_secs_f64() * 1e3,
        MOST_BEYOND.as_millis()
    );
    ensure!(medians[2] <= goal, "`check` takes too long");
    Ok(())
}

/// Calls a program to its end and gives how long it took.
fn timed(root: &Path, program: &Path, words: &[&str]) -> Result<Duration> {
    #[expect(clippy::disallowed_methods, reason = "a task calls cargo and perfguard, and takes the time")]
    let (start, status) = (
        Instant::now(),
        Command::new(program)
            .args(words)
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .with_context(|| format!("could not call `{}`", program.display()))?,
    );
    ensure!(status.success(), "`{} {}` failed", program.display(), words.join(" "));
    Ok(start.elapsed())
}
