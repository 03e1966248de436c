//! What `backfill` takes: which past commits, in which order.

use clap::{Args, ValueEnum};

use super::{CargoOptions, OutputOptions, PairOptions, StoreOptions, WaitOptions};

/// Arguments of `backfill`.
#[derive(Debug, Args)]
pub struct BackfillArgs {
    /// Commits: `A..B`, or one and all before it
    #[arg(value_name = "RANGE", default_value = "HEAD", hide_default_value = true)]
    pub range: String,
    /// Only benchmarks whose id contains this; several mean or
    #[arg(value_name = "BENCHMARK", last = true)]
    pub benchmark: Vec<String>,
    /// Only benchmarks whose whole id is a BENCHMARK
    #[arg(long)]
    pub exact: bool,
    /// Only every so many-th commit, from the newest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub every: Option<u32>,
    /// Only commits written since this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub since: Option<String>,
    /// Only commits that a tag names
    #[arg(long)]
    pub tags: bool,
    /// Newest first, or the middle of `gaps` [default: newest]
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, hide_default_value = true)]
    pub order: Order,
    /// Measure all against this [default: the newest]
    #[arg(long, value_name = "REV")]
    pub anchor: Option<String>,
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

/// In which order commits are measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The middle of the largest gap first.
    Gaps,
}
