//! The tasks of this repository: `cargo xtask ci`, `tidy`, `codegen`, `kills`, `overhead`, `check-time`, `scale`,
//! `harnesses`, `histories`, `witness`, `calibrate`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task tells what it does")]

mod calibrate;
mod check_time;
mod ci;
mod codegen;
mod harnesses;
mod histories;
mod kills;
mod overhead;
mod processes;
mod scale;
mod scratch;
mod tidy;
mod weather;
mod witness;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks of this repository
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Everything that a change must pass: format, clippy, docs, tidy, codegen, tests
    Ci,
    /// The rules that the compiler does not check
    Tidy,
    /// JSON schemas, the command line's reference and the table of exit codes, from the code
    Codegen {
        /// Only compare with what is checked in
        #[arg(long)]
        check: bool,
    },
    /// Kills perfguard at random moments and checks that nothing is lost, measured twice, changed or left behind
    Kills(kills::Args),
    /// What perfguard itself costs while it measures
    Overhead(overhead::Args),
    /// What `check` takes where nothing changed, next to cargo's own metadata and a build with nothing to do
    CheckTime(check_time::Args),
    /// How often the statistics are wrong, by simulation, as tables in `docs/methodology`
    Calibrate(calibrate::Args),
    /// The same ten routines under our own harness, divan and criterion, and how well instruction counts repeat
    Harnesses(harnesses::Args),
    /// Bisects made-up histories with the real program, and counts how often it names the right commit
    Histories(histories::Args),
    /// What a run with many benchmarks needs: its memory, and how long it takes from the build to the first process
    Scale(scale::Args),
    /// What instructions say on a busy machine where time decides nothing
    Witness(witness::Args),
}

fn main() -> ExitCode {
    let root = root();
    let done = match Cli::parse().task {
        Task::Ci => ci::run(&root),
        Task::Tidy => tidy::run(&root),
        Task::Codegen { check } => codegen::run(&root, check),
        Task::Kills(args) => kills::run(&root, &args),
        Task::CheckTime(args) => check_time::run(&root, &args),
        Task::Overhead(args) => overhead::run(&root, &args),
        Task::Calibrate(args) => calibrate::run(&root, &args),
        Task::Harnesses(args) => harnesses::run(&root, &args).map(|text| print(&text)),
        Task::Histories(args) => histories::run(&root, &args),
        Task::Scale(args) => scale::run(&root, &args),
        Task::Witness(args) => witness::run(&root, &args).map(|text| print(&text)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) {
    println!("{text}");
}

/// The repository's root.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(PathBuf::from).unwrap_or_default()
}
