//! What a run with many benchmarks needs: its own memory, and how long it takes from the end of the build to the first
//! process that measures. The workspace is made for it: half of the benchmarks are criterion's, half divan's.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::processes::{Counted, counted, launcher_of, mebibytes};
use crate::scratch::program;

/// Most that perfguard may have resident while it measures, MiB.
const MOST_MEBIBYTES: f64 = 10.0;
/// Most that it may have resident at any moment of a comparison, MiB.
const MOST_MEBIBYTES_COMPARING: f64 = 15.0;
/// Longest time from the build's end to the first process that measures, seconds.
const LONGEST_START: f64 = 0.3;

/// Arguments of `scale`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Benchmarks of the workspace
    #[arg(long, default_value_t = 1000)]
    benchmarks: usize,
    /// Measuring time
    #[arg(long, default_value = "60s")]
    budget: String,
    /// Compare two commits of it, instead of measuring one
    #[arg(long)]
    compare: bool,
    /// The perfguard to look at, rather than one that is built now
    #[arg(long)]
    program: Option<PathBuf>,
}

/// Makes the workspace, measures it twice (so that the second finds everything built), and prints what it took.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("this reads /proc, which only Linux has");
    }
    let program = program(root, args.program.as_deref())?;
    let folder = tempfile::tempdir()?;
    let repository = folder.path().join("repository");
    make_workspace(root, &repository, args.benchmarks)?;
    if args.compare {
        return compare(&program, &repository, folder.path(), &args.budget);
    }
    let mut slowest = 0.0_f64;
    let mut largest = 0.0_f64;
    for (name, budget) in [("first", "1s"), ("again", args.budget.as_str())] {
        let log = folder.path().join(format!("{name}.log"));
        let mut perfguard = command(&program.to_string_lossy(), &repository);
        perfguard.args(["run", "--no-baseline", "--format", "json", "--observations", "8..8", "--budget", budget]);
        perfguard.arg("--log-file").arg(&log).env("PERFGUARD_CACHE", folder.path().join("cache"));
        perfguard.stdout(Stdio::null()).stderr(Stdio::null());
        let (own, launcher) = watch(perfguard)?;
        let told = Log::read(&log)?;
        ensure!(told.benchmarks == args.benchmarks, "{name}: {} benchmarks were measured", told.benchmarks);
        println!(
            "{name}: {:.3} s from the end of the build to the first process ({:.3} s of it until the benchmarks were \
             known); perfguard {:.1} MiB resident while it measured, {:.1} MiB at its peak before, the launcher {:.1} MiB; \
             {} observations",
            told.start,
            told.listed,
            mebibytes(own.resident_kib),
            mebibytes(own.peak_kib),
            mebibytes(launcher.resident_kib),
            told.observations,
        );
        largest = largest.max(mebibytes(own.resident_kib));
        slowest = if name == "first" { 0.0 } else { told.start };
    }
    println!(
        "{} benchmarks: start {slowest:.3} s (goal {LONGEST_START} s), {largest:.1} MiB (goal {MOST_MEBIBYTES} MiB)",
        args.benchmarks
    );
    ensure!(slowest <= LONGEST_START, "it takes too long to start");
    ensure!(largest <= MOST_MEBIBYTES, "it needs too much memory");
    Ok(())
}

/// Compares two commits that differ in every bench, twice: the second time, everything is built.
fn compare(program: &Path, repository: &Path, folder: &Path, budget: &str) -> Result<()> {
    for bench in ["c/benches/many.rs", "d/benches/many.rs"] {
        let text = fs_err::read_to_string(repository.join(bench))?;
        fs_err::write(repository.join(bench), text.replace("(i) * 3", "(i) * 5"))?;
    }
    commit(repository, "five instead of three")?;
    let mut largest = 0.0_f64;
    for (name, budget) in [("first", "1s"), ("again", budget)] {
        let mut perfguard = command(&program.to_string_lossy(), repository);
        perfguard.args(["compare", "HEAD~1", "HEAD", "--no-gate", "--format", "json", "--budget", budget]);
        perfguard.env("PERFGUARD_CACHE", folder.join("cache"));
        let view = folder.join("view.json");
        perfguard.stdout(fs_err::File::create(&view)?.into_parts().0).stderr(Stdio::null());
        let (own, launcher) = watch(perfguard)?;
        let view: serde_json::Value = serde_json::from_str(&fs_err::read_to_string(view)?)?;
        let comparisons = view["comparisons"].as_array().context("the comparison gave no result")?;
        let pairs: u64 = comparisons.iter().filter_map(|one| one["evidence"]["pairs"].as_u64()).sum();
        println!(
            "{name}: {} benchmarks, {pairs} pairs; perfguard {:.1} MiB at its peak, {:.1} MiB resident at the end, the \
             launcher {:.1} MiB",
            comparisons.len(),
            mebibytes(own.peak_kib),
            mebibytes(own.resident_kib),
            mebibytes(launcher.peak_kib),
        );
        largest = largest.max(mebibytes(own.peak_kib));
    }
    println!("peak {largest:.1} MiB (goal {MOST_MEBIBYTES_COMPARING} MiB)");
    ensure!(largest <= MOST_MEBIBYTES_COMPARING, "it needs too much memory");
    Ok(())
}

/// Runs perfguard to its end. Gives what the kernel counted of it and of its launcher when there last was a launcher: as
/// long as it measures.
fn watch(mut perfguard: Command) -> Result<(Counted, Counted)> {
    let mut child = perfguard.spawn().context("could not call perfguard")?;
    let (mut own, mut launcher) = (Counted::default(), Counted::default());
    while child.try_wait()?.is_none() {
        let counts = counted(child.id()).zip(launcher_of(child.id()).and_then(counted));
        (own, launcher) = counts.unwrap_or((own, launcher));
        std::thread::sleep(Duration::from_millis(10));
    }
    let status = child.wait()?;
    ensure!(status.success(), "perfguard ended with {status}");
    Ok((own, launcher))
}

/// What a log file tells of a run.
struct Log {
    /// Seconds from the end of the build to the first process that measures.
    start: f64,
    /// The part of it until the benchmarks were known.
    listed: f64,
    benchmarks: usize,
    observations: usize,
}

impl Log {
    fn read(path: &Path) -> Result<Self> {
        let text = fs_err::read_to_string(path)?;
        let at = |what: &str| -> Result<f64> {
            let line =
                text.lines().find(|line| line.contains(what)).with_context(|| format!("no `{what}` in the log"))?;
            seconds_of_day(line).with_context(|| format!("no time in `{line}`"))
        };
        let built = at(" cargo ended ")?;
        let measures = text.lines().find_map(|line| line.split_once(" measures ")?.1.split_once(' '));
        let (benchmarks, _) = measures.context("nothing was measured")?;
        Ok(Self {
            start: (at(" warms up ")? - built).rem_euclid(86_400.0),
            listed: (at(" measures ")? - built).rem_euclid(86_400.0),
            benchmarks: benchmarks.parse()?,
            observations: text.matches(" observed `").count(),
        })
    }
}

/// The time of day with which a line of the log begins (`2026-11-24T12:21:30.418Z …`), seconds.
fn seconds_of_day(line: &str) -> Option<f64> {
    let time = line.split_once('T')?.1.split_once('Z')?.0;
    let parts: Vec<f64> = time.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [hours, minutes, seconds] = parts.as_slice() else { return None };
    Some(hours * 3600.0 + minutes * 60.0 + seconds)
}

/// A committed workspace with so many benchmarks, built on what the fixtures lock.
fn make_workspace(root: &Path, repository: &Path, benchmarks: usize) -> Result<()> {
    let package = |name: &str, dependency: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[lib]\nbench = false\n\n\
             [dev-dependencies]\n{dependency}\n\n[[bench]]\nname = \"many\"\nharness = false\n"
        )
    };
    let (criterions, divans) = (benchmarks / 2, benchmarks - benchmarks / 2);
    let criterion = format!(
        "fn all(c: &mut criterion::Criterion) {{\n    for i in 0..{criterions}_u64 {{\n        \
         c.bench_function(&format!(\"group/number {{i}}\"), |b| b.iter(|| std::hint::black_box(i) * 3));\n    }}\n}}\n\
         criterion::criterion_group!(benches, all);\ncriterion::criterion_main!(benches);\n"
    );
    let divan = format!(
        "fn main() {{\n    divan::main();\n}}\n\n#[divan::bench(args = 0..{divans}_u64)]\nfn number(i: u64) -> u64 {{\n    \
         divan::black_box(i) * 3\n}}\n"
    );
    let criterion_dependency =
        "criterion = { version = \"0.8\", default-features = false, features = [\"cargo_bench_support\"] }";
    for (path, text) in [
        ("Cargo.toml", "[workspace]\nresolver = \"2\"\nmembers = [\"c\", \"d\"]\n".to_owned()),
        ("c/Cargo.toml", package("criterions", criterion_dependency)),
        ("c/src/lib.rs", String::new()),
        ("c/benches/many.rs", criterion),
        ("d/Cargo.toml", package("divans", "divan = \"0.1.21\"")),
        ("d/src/lib.rs", String::new()),
        ("d/benches/many.rs", divan),
        // The workspace has a lock with just these versions already.
        ("Cargo.lock", fs_err::read_to_string(root.join("Cargo.lock"))?),
    ] {
        let path = repository.join(path);
        fs_err::create_dir_all(path.parent().context("a file has a folder")?)?;
        fs_err::write(path, text)?;
    }
    ensure!(command("git", repository).args(["init", "--quiet"]).status()?.success(), "git init failed");
    commit(repository, "many")
}

fn commit(repository: &Path, message: &str) -> Result<()> {
    for words in [&["add", "--all"][..], &["commit", "--quiet", "--message", message]] {
        let own = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
        ensure!(command("git", repository).args(own).args(words).status()?.success(), "git {words:?} failed");
    }
    Ok(())
}

fn command(program: &str, folder: &Path) -> Command {
    #[expect(clippy::disallowed_methods, reason = "a task calls cargo, git and perfguard")]
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_line_is_read() {
        assert_eq!(seconds_of_day("2026-11-24T01:02:03.500Z measures 3 benchmarks"), Some(3723.5));
        assert_eq!(seconds_of_day("nothing"), None);
    }
}
