//! What `bisect` takes: a range, what is looked for in it, how sure one wants to be.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::measure_options;
use super::{CargoOptions, OutputOptions, PairOptions, StoreOptions, WaitOptions};

/// Arguments of `bisect`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[expect(clippy::struct_excessive_bools, reason = "switches")]
pub struct BisectArgs {
    /// What to do with a bisection that is under way.
    #[command(subcommand)]
    pub verb: Option<BisectVerb>,
    /// Only benchmarks whose id contains this; several mean or
    #[arg(value_name = "BENCHMARK")]
    pub benchmark: Vec<String>,
    /// Only benchmarks whose whole id is a BENCHMARK
    #[arg(long, hide = true)]
    pub exact: bool,
    /// A commit that was good [default: looked for]
    #[arg(long, value_name = "REV")]
    pub good: Option<String>,
    /// A commit that is bad
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub bad: String,
    /// Look for what made it faster
    #[arg(long)]
    pub faster: bool,
    /// Tell several changes in the range apart
    #[arg(long)]
    pub all: bool,
    /// Search what merges brought in from the start
    #[arg(long, hide = true)]
    pub all_parents: bool,
    /// Name a commit at this posterior [default: 99%]
    #[arg(long, value_name = "PERCENT", value_parser = measure_options::percent)]
    pub certainty: Option<String>,
    /// Carry this revision's bench files back
    #[arg(long, value_name = "REV")]
    pub bench_from: Option<String>,
    /// Measure this command, not benches
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["benchmark", "bench_from"])]
    pub run: Option<String>,
    /// Call this once in each commit's tree before
    #[arg(long, value_name = "COMMAND", requires = "run", hide = true)]
    pub setup: Option<String>,
    /// Print the plan: builds and minutes
    #[arg(long)]
    pub dry_run: bool,
    /// Go on with the one that was ended
    #[arg(long, conflicts_with_all = ["replay", "good", "benchmark"])]
    pub resume: bool,
    /// Go on with the journal in this file
    #[arg(long, value_name = "PATH", conflicts_with_all = ["good", "benchmark"], hide = true)]
    pub replay: Option<PathBuf>,
    /// A change at least this large matters [default: 3%]
    #[arg(long, value_name = "PERCENT", value_parser = measure_options::percent, hide = true)]
    pub threshold: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub wait: WaitOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub pairs: PairOptions,
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

/// What to do with a bisection that is under way.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum BisectVerb {
    /// Show where it stands
    Status,
    /// Print its journal, which `--replay` reads
    Log,
    /// Forget it; what was measured stays in the store
    Abort,
}
