//! The shape of the command line. Everything here is a promise: flags keep their meaning.

mod cargo_options;
mod measure_options;

use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

pub use cargo_options::CargoOptions;
pub use measure_options::MeasureOptions;

use crate::exit_code::Exit;

/// Measure a cargo workspace's benchmarks, tie the results to commits, and tell what changed
#[derive(Debug, Parser)]
#[command(name = "cargo perfguard", bin_name = "cargo perfguard", version, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 well, 2 usage, 4 nothing to measure, 97 environment, 98 store, 101 build, \
                        102 cargo metadata, 103 a benchmark failed, 130 interrupted.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List every bench target, its harness and its benchmarks
    #[command(after_help = "Examples:\n  cargo perfguard list\n  cargo perfguard list --format json parse")]
    List(ListArgs),
    /// Measure the benchmarks of the working tree and record the results
    #[command(after_help = "Examples:\n  cargo perfguard run\n  cargo perfguard run --quick parse\n  \
                            cargo perfguard run -p my-crate --budget 5m --precision 0.5%")]
    Run(RunArgs),
    /// Measure a commit, keep its executables, and give it a name to compare with
    #[command(after_help = "Examples:\n  cargo perfguard baseline --commit HEAD~1\n  \
                            cargo perfguard baseline --commit v1.2.0 --name release\n  cargo perfguard baseline list")]
    Baseline(Box<BaselineArgs>),
    /// Show a recorded run
    #[command(after_help = "Examples:\n  cargo perfguard show\n  cargo perfguard show 0190a1 --format json")]
    Show(ShowArgs),
    /// List the recorded runs, newest first
    #[command(after_help = "Examples:\n  cargo perfguard runs\n  cargo perfguard runs --limit 100 --format json")]
    Runs(RunsArgs),
}

impl Command {
    /// Whether the user wants errors only.
    pub fn is_quiet(&self) -> bool {
        match self {
            Self::List(args) => args.output.quiet,
            Self::Run(args) => args.output.quiet,
            Self::Baseline(args) => args.output.quiet,
            Self::Show(args) => args.output.quiet,
            Self::Runs(args) => args.output.quiet,
        }
    }
}

/// How results are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for people.
    #[default]
    Text,
    /// Versioned JSON, complete.
    Json,
}

/// What is printed.
#[derive(Debug, Clone, Args)]
pub struct OutputOptions {
    /// Print results as a table or as JSON
    #[arg(long, value_enum, default_value_t, global = true, help_heading = "Output")]
    pub format: Format,
    /// Print results and errors only
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,
}

/// Where results are kept.
#[derive(Debug, Clone, Args)]
pub struct StoreOptions {
    /// Keep results in this file rather than in the repository's git directory
    #[arg(long, value_name = "PATH|URL", env = "PERFGUARD_STORE", global = true, help_heading = "Output")]
    pub store: Option<String>,
}

/// Which benchmarks.
#[derive(Debug, Clone, Args)]
pub struct FilterOptions {
    /// Only benchmarks whose id contains this (can be repeated; several mean or)
    #[arg(value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Only benchmarks whose whole id is a FILTER
    #[arg(long)]
    pub exact: bool,
}

/// Waiting for others.
#[derive(Debug, Clone, Args)]
pub struct WaitOptions {
    /// Leave with code 97 rather than wait while another perfguard measures on this machine
    #[arg(long)]
    pub no_wait: bool,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub filter: FilterOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub wait: WaitOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub cargo: CargoOptions,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub filter: FilterOptions,
    /// Show the change against this baseline rather than `main`
    #[arg(long, value_name = "NAME", conflicts_with = "no_baseline")]
    pub baseline: Option<String>,
    /// Show no change against a baseline
    #[arg(long)]
    pub no_baseline: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub wait: WaitOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub measure: MeasureOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub cargo: CargoOptions,
}

/// Arguments of `baseline`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BaselineArgs {
    /// What to do with baselines, where it is not measuring one.
    #[command(subcommand)]
    pub verb: Option<BaselineVerb>,
    /// Measure this commit: any revision that git understands
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub commit: String,
    /// Give the commit this name
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub name: String,
    /// Measure again although the commit was measured here before
    #[arg(long)]
    pub fresh: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub filter: FilterOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub wait: WaitOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub measure: MeasureOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub cargo: CargoOptions,
}

/// What to do with baselines.
#[derive(Debug, Clone, Subcommand)]
pub enum BaselineVerb {
    /// List all baselines
    List,
    /// Show what a baseline's run measured
    Show(BaselineName),
    /// Give a recorded run of a commit a name
    Promote {
        /// The run: the beginning of its id, or `latest`
        #[arg(value_name = "RUN")]
        run: String,
        /// Give the run this name
        #[arg(long, value_name = "NAME", default_value = "main")]
        name: String,
    },
    /// Check that a baseline's run and executables are whole
    Verify(BaselineName),
    /// Remove a name; its run stays recorded
    Remove(BaselineName),
}

/// A baseline's name.
#[derive(Debug, Clone, Args)]
pub struct BaselineName {
    /// The baseline
    #[arg(value_name = "NAME", default_value = "main")]
    pub name: String,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The run: the beginning of its id, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    pub run: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub manifest: ManifestOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
}

/// Arguments of `runs`.
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// Show at most this many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub manifest: ManifestOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub output: OutputOptions,
}

/// Where the workspace is.
#[derive(Debug, Clone, Args)]
pub struct ManifestOptions {
    /// Use the workspace of this Cargo.toml
    #[arg(long, value_name = "PATH", help_heading = "Cargo")]
    pub manifest_path: Option<std::path::PathBuf>,
}

/// The command line's own definition, for the reference that is generated from it.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Prints what clap has to say; gives the exit code.
pub(crate) fn report(error: &clap::Error) -> ExitCode {
    error.print().ok();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Success.into() }
}

#[cfg(test)]
mod tests;
