//! What perfguard itself costs while it measures: its own CPU and its launcher's as a share of the run's wall time, and
//! their resident memory. The benches' own processes do not count.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::processes::{Counted, counted, launcher_of, mebibytes};
use crate::scratch::program;

/// Arguments of `overhead`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Observations of each benchmark
    #[arg(long, default_value_t = 40)]
    observations: u32,
    /// Benchmarks to measure, as a filter on this repository's own
    #[arg(long, default_value = "compare::")]
    filter: String,
    /// The perfguard to look at, rather than one that is built now
    #[arg(long)]
    program: Option<PathBuf>,
}

/// Builds perfguard, measures this repository's own benches with it, and prints what it cost.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("this reads /proc, which only Linux has");
    }
    let program = program(root, args.program.as_deref())?;
    let program = program.to_str().context("the path is text")?;
    // Everything is built and listed before the clock starts.
    call(root, program, &["list", "--quiet"])?;
    let observations = args.observations.to_string();
    let words = [
        // 5 ms of warm-up and these make observations of 25 ms, with what criterion itself needs.
        "run",
        "--observation-time",
        "15ms",
        &args.filter,
        "--quiet",
        "--no-baseline",
        "--format",
        "json",
        "--observations",
        &observations,
        "--budget",
        "10m",
    ];
    #[expect(clippy::disallowed_methods, reason = "a task calls perfguard")]
    let mut child = Command::new(program).args(words).current_dir(root).stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("the stream was asked for")?;
    let reader = std::thread::spawn(move || std::io::read_to_string(output));
    let mut counts = Vec::new();
    while child.try_wait()?.is_none() {
        if let Some(own) = counted(child.id())
            && let Some(launcher) = launcher_of(child.id()).and_then(counted)
        {
            counts.push(Counts { at: now(), own, launcher });
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let text = reader.join().map_err(|_| anyhow::anyhow!("could not read the result"))??;
    let view: serde_json::Value = serde_json::from_str(&text).context("the run gave no result")?;
    report(&view, &counts)
}

/// What the kernel counted of both processes up to a moment, seconds since the Unix epoch.
struct Counts {
    at: f64,
    own: Counted,
    launcher: Counted,
}

fn now() -> f64 {
    #[expect(clippy::disallowed_methods, reason = "a task takes the time")]
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// Prints the shares, from the first observation to the last: neither building nor the report counts.
fn report(view: &serde_json::Value, counts: &[Counts]) -> Result<()> {
    let (mut begin, mut end) = (f64::INFINITY, 0.0_f64);
    let mut all = Vec::new();
    for benchmark in view["benchmarks"].as_array().into_iter().flatten() {
        for observation in benchmark["observations"].as_array().into_iter().flatten() {
            let started = observation["started_at_ns"].as_f64().context("a time")? / 1e9;
            let took = observation["process_ns"].as_f64().context("a time")? / 1e9;
            begin = begin.min(started);
            end = end.max(started + took);
            all.push((started, took));
        }
    }
    let within: Vec<&Counts> = counts.iter().filter(|counts| (begin..=end).contains(&counts.at)).collect();
    let ([first, .., last], false) = (within.as_slice(), all.is_empty()) else { bail!("too little was measured") };
    let wall = last.at - first.at;
    let inside: Vec<f64> =
        all.iter().filter(|(at, _)| (first.at..last.at).contains(at)).map(|(_, took)| *took).collect();
    let each = f64::from(u32::try_from(inside.len()).unwrap_or(u32::MAX));
    println!("{each} observations of {:.1} ms in {wall:.2} s", inside.iter().sum::<f64>() / each * 1e3);
    let mut total = 0.0;
    for (name, before, after) in [("perfguard", first.own, last.own), ("launcher", first.launcher, last.launcher)] {
        let cpu = after.cpu_seconds - before.cpu_seconds;
        total += cpu;
        println!(
            "{name:<10} {:>6.2} % of the wall time in CPU, {:>4.0} µs an observation, {:.1} MiB resident, {:.1} MiB at its peak",
            cpu / wall * 100.0,
            cpu / each * 1e6,
            mebibytes(after.resident_kib),
            mebibytes(after.peak_kib),
        );
    }
    println!("together   {:>6.2} % (goal 1 %, never above 2 %)", total / wall * 100.0);
    Ok(())
}

fn call(root: &Path, program: &str, args: &[&str]) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "a task calls cargo and perfguard")]
    let status = Command::new(program).args(args).current_dir(root).stdout(Stdio::null()).status();
    if !status.with_context(|| format!("could not call `{program}`"))?.success() {
        bail!("`{program} {}` failed", args.join(" "));
    }
    Ok(())
}
