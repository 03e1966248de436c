//! What perfguard itself costs while it measures: its own CPU and its launcher's as a share of the run's wall time, and
//! their resident memory. The benches' own processes do not count.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::processes::{Counted, counted, launcher_of, mebibytes};

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
    let program = if let Some(program) = &args.program {
        program.clone()
    } else {
        call(root, "cargo", &["build", "--release", "--package", "cargo-perfguard"])?;
        root.join("target/release/cargo-perfguard")
    };
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
    let mut last: BTreeMap<&str, Counted> = BTreeMap::new();
    let mut first_at_launch = None;
    while child.try_wait()?.is_none() {
        if let Some(own) = counted(child.id()) {
            let launcher = launcher_of(child.id()).and_then(counted);
            if let Some(launcher) = launcher {
                first_at_launch.get_or_insert((own, launcher));
                last.insert("launcher", launcher);
                last.insert("perfguard", own);
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let text = reader.join().map_err(|_| anyhow::anyhow!("could not read the result"))??;
    let view: serde_json::Value = serde_json::from_str(&text).context("the run gave no result")?;
    report(&view, first_at_launch.context("the run was too short to be watched")?, &last)
}

/// Prints the shares. The wall time is from the first to the last observation.
fn report(view: &serde_json::Value, first: (Counted, Counted), last: &BTreeMap<&str, Counted>) -> Result<()> {
    let mut count = 0_u32;
    let (mut begin, mut end, mut inside) = (f64::INFINITY, 0.0_f64, 0.0);
    for benchmark in view["benchmarks"].as_array().into_iter().flatten() {
        for observation in benchmark["observations"].as_array().into_iter().flatten() {
            let started = observation["started_at_ns"].as_f64().context("a time")? / 1e9;
            let took = observation["process_ns"].as_f64().context("a time")? / 1e9;
            begin = begin.min(started);
            end = end.max(started + took);
            inside += took;
            count += 1;
        }
    }
    if count == 0 {
        bail!("nothing was measured");
    }
    let wall = end - begin;
    let each = f64::from(count);
    println!("{count} observations of {:.1} ms in {wall:.2} s", inside / each * 1e3);
    let mut total = 0.0;
    for (name, before) in [("perfguard", first.0), ("launcher", first.1)] {
        let now = last.get(name).copied().unwrap_or_default();
        let cpu = now.cpu_seconds - before.cpu_seconds;
        total += cpu;
        println!(
            "{name:<10} {:>6.2} % of the wall time in CPU, {:>4.0} µs an observation, {:.1} MiB resident, {:.1} MiB at its peak",
            cpu / wall * 100.0,
            cpu / each * 1e6,
            mebibytes(now.resident_kib),
            mebibytes(now.peak_kib),
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
