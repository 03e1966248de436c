//! How to measure: what the user asked for, resolved.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::MetricId;

/// What happens inside one process. Each driver says which of these its harness can follow.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct IterationControl {
    /// Time spent warming up before the first sample.
    #[serde(rename = "warm_up_ns", with = "nanoseconds")]
    #[schemars(with = "u64")]
    pub warm_up: Duration,
    /// Time spent in all samples together.
    #[serde(rename = "observation_time_ns", with = "nanoseconds")]
    #[schemars(with = "u64")]
    pub observation_time: Duration,
    /// Samples in a process; at least 10 (criterion takes no fewer).
    pub samples: u32,
    /// Iterations in each sample; `None` lets the time decide.
    pub iterations: Option<u64>,
}

impl Default for IterationControl {
    fn default() -> Self {
        Self {
            warm_up: Duration::from_millis(5),
            observation_time: Duration::from_millis(10),
            samples: 10,
            iterations: None,
        }
    }
}

/// The fewest and the most observations of a benchmark, `MIN..MAX` inclusive, `1 <= min <= max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Observations {
    /// Never fewer than these, unless the budget or the user ends the run.
    pub min: u32,
    /// Never more.
    pub max: u32,
}

/// How a run measures: everything that decides what is done, and what a resumed run must repeat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunSettings {
    /// Inside a process.
    pub control: IterationControl,
    /// Processes run and discarded before the first observation of each benchmark.
    pub warm_up_processes: u32,
    /// Fewest and most observations of each benchmark.
    pub observations: Observations,
    /// A benchmark is precise when the half-width of the interval of its median, relative to the median, is at most
    /// this (0.01 is 1 %).
    pub precision: f64,
    /// Measuring time of the whole run.
    #[serde(rename = "budget_ns", with = "nanoseconds")]
    #[schemars(with = "u64")]
    pub budget: Duration,
    /// Time limit of one process.
    #[serde(rename = "timeout_ns", with = "nanoseconds")]
    #[schemars(with = "u64")]
    pub timeout: Duration,
    /// Bytes of output kept of one process and stream; a process that writes more is ended and is a failure.
    pub output_limit: u64,
    /// The metrics that the user asked for by name, beyond those that are always taken.
    #[serde(default)]
    pub metrics: Vec<MetricId>,
    /// The period at which what each process uses is sampled; absent where it is not.
    #[serde(default)]
    pub timeline_ns: Option<u64>,
    /// Seed of every shuffle.
    pub seed: u64,
    /// The words that chose the benchmarks; none means all.
    pub filter: Vec<String>,
    /// Whether a word had to be a whole id.
    pub exact: bool,
}

impl RunSettings {
    /// The period at which what each process uses is sampled.
    pub fn timeline(&self) -> Option<Duration> {
        self.timeline_ns.map(Duration::from_nanos)
    }
}

/// A two-sided interval, `low <= high`, at `level` (0.95 is 95 %).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Confidence level that it was asked for.
    pub level: f64,
}

/// Durations as whole nanoseconds.
mod nanoseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_nanos)
    }
}
