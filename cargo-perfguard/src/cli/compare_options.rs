//! What comparing commands take: two sides, how pairs are taken, how a change is judged.

use clap::Args;

use super::measure_options::{self, Flag};
use super::{CargoOptions, FilterOptions, ManifestOptions, OutputOptions, StoreOptions, WaitOptions};

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// What to compare against; also `A..B`, `A...B`
    #[arg(value_name = "BASE", required_unless_present_any = ["variant", "between"])]
    pub base: Option<String>,
    /// What to judge [default: the working tree]
    #[arg(value_name = "HEAD")]
    pub head: Option<String>,
    /// Only benchmarks whose id contains this; several mean or
    #[arg(value_name = "FILTER", last = true)]
    pub filter: Vec<String>,
    /// Only benchmarks whose whole id is a FILTER
    #[arg(long)]
    pub exact: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub variants: VariantOptions,
    /// Compare two benchmarks of BASE, the second with the first
    #[arg(long, num_args = 2, value_names = ["BENCHMARK", "BENCHMARK"], hide = true)]
    #[arg(conflicts_with_all = ["filter", "exact", "variant", "matrix", "witness", "force"])]
    pub between: Option<Vec<String>>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub judge: JudgeOptions,
    /// Count `instructions` of undecided ones [default: none]
    #[arg(long, value_name = "WHAT", value_parser = ["none", "instructions"], hide_possible_values = true, help_heading = "Judging")]
    pub witness: Option<String>,
    /// Metrics to take beyond the usual ones
    #[arg(long, value_name = "NAME,…", help_heading = "Measuring")]
    pub metrics: Option<String>,
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

/// Builds of one tree that are compared.
#[derive(Debug, Clone, Default, Args)]
pub struct VariantOptions {
    /// Given twice: compare two builds of BASE
    #[arg(long, value_name = "KEY=VALUE…")]
    pub variant: Vec<String>,
    /// Compare each further variant with the first
    #[arg(long, requires = "variant")]
    pub matrix: bool,
}

/// What the reference says of a variant beyond its help.
pub(super) const VARIANT_HELP: &str = "Given twice: compare two builds of BASE, which then is the working tree \
unless named. The first is what is compared against, and may be empty. Pairs stand between commas or blanks: \
features=a,b, all-features, no-default-features, profile=NAME, lto=fat, opt-level=3, codegen-units=1, \
debug-assertions=true, overflow-checks=true, toolchain=NAME, target-cpu=native, and last rustflags=…, which takes all \
that follows. Each adds to cargo's own flags; a profile takes the place of --profile";

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// What to compare against
    #[arg(value_name = "BASE", default_value = "HEAD")]
    pub base: String,
    /// Only benchmarks whose id contains this; several mean or
    #[arg(value_name = "FILTER", last = true)]
    pub filter: Vec<String>,
    /// Only benchmarks whose whole id is a FILTER
    #[arg(long)]
    pub exact: bool,
    /// Judge what is staged rather than the working tree
    #[arg(long)]
    pub staged: bool,
    /// Time of everything, building included [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = measure_options::time)]
    pub within: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub judge: JudgeOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub wait: WaitOptions,
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

/// Arguments of `self-test`.
#[derive(Debug, Args)]
pub struct SelfTestArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub filter: FilterOptions,
    /// Comparisons of all benchmarks with themselves, and as many with themselves slowed
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub comparisons: u32,
    /// Make head slower by this
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = measure_options::percent)]
    pub slowdown: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub pairs: PairOptions,
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

/// How a change is judged.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Judging")]
pub struct JudgeOptions {
    /// A change at least this large matters [default: 3%]
    #[arg(long, value_name = "PERCENT", value_parser = measure_options::percent)]
    pub threshold: Option<String>,
    /// Undecided ones fail, with code 104
    #[arg(long)]
    pub strict: bool,
    /// Leave with 0 whatever regressed
    #[arg(long, conflicts_with = "strict")]
    pub no_gate: bool,
    /// Measure what is identical, too
    #[arg(long)]
    pub force: bool,
}

/// How pairs are taken.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Measuring")]
pub struct PairOptions {
    /// Measuring time of all of it [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = measure_options::time)]
    pub budget: Option<String>,
    /// Layouts that pairs run on; 1: as built [default: auto]
    #[arg(long, value_name = "N", value_parser = measure_options::layouts, hide = true)]
    pub layouts: Option<String>,
    /// Measuring time inside a process [default: 10ms]
    #[arg(long, value_name = "TIME", value_parser = measure_options::time, hide = true)]
    pub observation_time: Option<String>,
    /// Warm-up time inside a process [default: 5ms]
    #[arg(long, value_name = "TIME", value_parser = measure_options::time, hide = true)]
    pub warm_up: Option<String>,
    /// Iterations in a sample, where the harness can be told
    #[arg(long, value_name = "N", value_parser = measure_options::count, hide = true)]
    pub iterations: Option<String>,
    /// Time limit of one process [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = measure_options::time, hide = true)]
    pub timeout: Option<String>,
    /// Sample memory, CPU time and I/O of each process at this period
    #[arg(long, value_name = "TIME", value_parser = measure_options::time, hide = true)]
    pub timeline: Option<String>,
    /// Draw every order from this seed
    #[arg(long, value_name = "N", hide = true)]
    pub seed: Option<u64>,
}

impl JudgeOptions {
    /// What the user gave, by the keys that it stands for.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        self.threshold.iter().map(|text| ("compare.threshold", "--threshold", text.clone())).collect()
    }
}

impl PairOptions {
    /// What the user gave, by the keys that it stands for.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        let given = [
            ("compare.budget", "--budget", &self.budget),
            ("compare.layouts", "--layouts", &self.layouts),
            ("run.observation-time", "--observation-time", &self.observation_time),
            ("run.warm-up", "--warm-up", &self.warm_up),
            ("run.iterations", "--iterations", &self.iterations),
            ("run.timeout", "--timeout", &self.timeout),
            ("run.timeline", "--timeline", &self.timeline),
        ];
        given.into_iter().filter_map(|(key, flag, value)| Some((key, flag, value.clone()?))).collect()
    }
}

/// Arguments of `accept`.
#[derive(Debug, Args)]
pub struct AcceptArgs {
    /// Benchmarks whose change is meant, by their whole ids
    #[arg(value_name = "BENCHMARK", required = true)]
    pub benchmark: Vec<String>,
    /// Why the change is right
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// The commit that brought it [default: the newest comparison's head]
    #[arg(long, value_name = "REV")]
    pub at: Option<String>,
    /// The metric [default: the one that decides]
    #[arg(long, value_name = "METRIC")]
    pub metric: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub manifest: ManifestOptions,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documented at the type")]
    pub store: StoreOptions,
}
