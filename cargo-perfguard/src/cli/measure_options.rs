//! How to measure, with units in every value. Each flag stands for a key of the configuration and beats it.

use clap::Args;
use perfguard_core::config::keys::{self, Kind};

/// A value of a configuration key as a flag: its key, the flag, what the user wrote.
pub type Flag = (&'static str, &'static str, String);

/// Observations under `--quick`: enough for a 95 % interval of the median, and no more.
const QUICK: &str = "8..8";

/// How to measure.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Measuring")]
pub struct MeasureOptions {
    /// Take 8 observations of each, however precise
    #[arg(long, conflicts_with = "observations")]
    pub quick: bool,
    /// Measuring time of the whole run [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub budget: Option<String>,
    /// Stop at a median known to ± this [default: 1%]
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub precision: Option<String>,
    /// Fewest and most of a benchmark [default: 8..40]
    #[arg(long, value_name = "MIN..MAX", value_parser = observations)]
    pub observations: Option<String>,
    /// Warm-up time in a process [default: 5ms]
    #[arg(long, value_name = "TIME", value_parser = time, hide = true)]
    pub warm_up: Option<String>,
    /// Measuring time in a process [default: 10ms]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub observation_time: Option<String>,
    /// Iterations in a sample, where the harness can be told
    #[arg(long, value_name = "N", value_parser = count, hide = true)]
    pub iterations: Option<String>,
    /// Time limit of one process [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub timeout: Option<String>,
    /// Metrics to take beyond the usual ones
    #[arg(long, value_name = "NAME,…")]
    pub metrics: Option<String>,
    /// Sample memory, CPU time and I/O of each process at this period
    #[arg(long, value_name = "TIME", value_parser = time, hide = true)]
    pub timeline: Option<String>,
    /// Draw the order of observations from this seed
    #[arg(long, value_name = "N", hide = true)]
    pub seed: Option<u64>,
}

impl MeasureOptions {
    /// What the user gave, by the keys that it stands for.
    pub(crate) fn flags(&self) -> Vec<Flag> {
        let given = [
            ("run.budget", "--budget", &self.budget),
            ("run.precision", "--precision", &self.precision),
            ("run.observations", "--observations", &self.observations),
            ("run.warm-up", "--warm-up", &self.warm_up),
            ("run.observation-time", "--observation-time", &self.observation_time),
            ("run.iterations", "--iterations", &self.iterations),
            ("run.timeout", "--timeout", &self.timeout),
            ("metrics.take", "--metrics", &self.metrics),
            ("run.timeline", "--timeline", &self.timeline),
        ];
        let mut flags: Vec<Flag> =
            given.into_iter().filter_map(|(key, flag, value)| Some((key, flag, value.clone()?))).collect();
        if self.quick {
            flags.push(("run.observations", "--quick", QUICK.to_owned()));
        }
        debug_assert!(flags.iter().all(|(key, ..)| keys::find(key).is_some()), "each flag stands for a key");
        flags
    }
}

fn checked(kind: Kind, text: &str) -> Result<String, String> {
    kind.check(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

pub(super) fn time(text: &str) -> Result<String, String> {
    checked(Kind::Duration, text)
}

pub(super) fn percent(text: &str) -> Result<String, String> {
    checked(Kind::Percent, text)
}

pub(super) fn observations(text: &str) -> Result<String, String> {
    checked(Kind::Observations, text)
}

pub(super) fn count(text: &str) -> Result<String, String> {
    checked(Kind::Count, text)
}

pub(super) fn layouts(text: &str) -> Result<String, String> {
    checked(Kind::Layouts, text)
}
