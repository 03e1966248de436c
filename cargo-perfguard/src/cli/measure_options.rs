//! How to measure, with units in every value.

use std::time::Duration;

use clap::Args;
use perfguard_core::config::units::{parse_duration, parse_observations, parse_percent};
use perfguard_core::model::{IterationControl, Observations, RunSettings};

use super::FilterOptions;

/// Observations under `--quick`: enough for a 95 % interval of the median, and no more.
const QUICK: Observations = Observations { min: 8, max: 8 };
/// Bytes of output kept of one process and stream.
const OUTPUT_LIMIT: u64 = 16 << 20;

/// How to measure.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Measuring")]
pub struct MeasureOptions {
    /// Take 8 observations of each benchmark, whatever their precision
    #[arg(long, conflicts_with = "observations")]
    pub quick: bool,
    /// Measuring time of the whole run
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub budget: Duration,
    /// Stop a benchmark when half the interval of its median is this narrow
    #[arg(long, value_name = "PERCENT", default_value = "1%", value_parser = parse_percent)]
    pub precision: f64,
    /// Fewest and most observations of a benchmark
    #[arg(long, value_name = "MIN..MAX", default_value = "8..40", value_parser = parse_observations)]
    pub observations: Observations,
    /// Warm-up time inside a process
    #[arg(long, value_name = "TIME", default_value = "5ms", value_parser = parse_duration)]
    pub warm_up: Duration,
    /// Measuring time inside a process
    #[arg(long, value_name = "TIME", default_value = "10ms", value_parser = parse_duration)]
    pub observation_time: Duration,
    /// Iterations in a sample, where the harness can be told
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub iterations: Option<u64>,
    /// Time limit of one process
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub timeout: Duration,
    /// Draw the order of observations from this seed
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

impl MeasureOptions {
    /// The settings that these options and the filter make; `seed` is taken where the user gave none.
    pub(crate) fn settings(&self, filter: &FilterOptions, seed: u64) -> RunSettings {
        RunSettings {
            control: IterationControl {
                warm_up: self.warm_up,
                observation_time: self.observation_time,
                iterations: self.iterations,
                ..IterationControl::default()
            },
            warm_up_processes: 1,
            observations: if self.quick { QUICK } else { self.observations },
            precision: self.precision,
            budget: self.budget,
            timeout: self.timeout,
            output_limit: OUTPUT_LIMIT,
            seed: self.seed.unwrap_or(seed),
            filter: filter.filter.clone(),
            exact: filter.exact,
        }
    }
}
