//! One process's yield for one benchmark, raw.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Metric, MetricId, Timeline};

/// One timing inside a process: so many iterations took so long in all.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sample {
    /// Iterations, at least 1.
    pub iterations: u64,
    /// Their total, nanoseconds.
    pub total_ns: f64,
}

/// What a harness prints that gives no raw samples, nanoseconds per iteration.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Summary {
    /// Fastest sample.
    pub fastest_ns: Option<f64>,
    /// Slowest sample.
    pub slowest_ns: Option<f64>,
    /// Median over the samples.
    pub median_ns: Option<f64>,
    /// Mean over the samples.
    pub mean_ns: Option<f64>,
    /// Range of the samples (libtest's deviation: slowest less fastest).
    pub range_ns: Option<f64>,
    /// How many samples the harness took, if it says.
    pub samples: Option<u64>,
    /// Half of the printed value's last step relative to the value: how coarse the printout is (0 when exact).
    pub relative_quantum: f64,
}

/// What one process yields for one benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Observation {
    /// When the process was started, nanoseconds since the Unix epoch.
    pub started_at_ns: i64,
    /// All samples as the harness gave them; empty where it prints a summary only.
    pub samples: Vec<Sample>,
    /// The harness's own summary, where it gives no samples.
    pub summary: Option<Summary>,
    /// Iterations of the whole process, warm-up included, where they are known.
    pub iterations: Option<u64>,
    /// The value that decides, in the unit of the harness's deciding metric ([`super::HarnessKind::decides`]): nanoseconds
    /// per iteration of the fastest sample, or what the harness gives in its place (`docs/harnesses.md`).
    pub value: f64,
    /// The process's own metrics, by id: see [`super::built_in_metrics`] for the units. Empty where the process ran other
    /// benchmarks too. [`value`](Self::value) is not repeated here.
    pub metrics: BTreeMap<MetricId, f64>,
    /// What those of [`metrics`](Self::metrics) are that the bench defines itself, by id.
    #[serde(skip)]
    pub own_metrics: Vec<Metric>,
    /// Wall time of the whole process, nanoseconds.
    pub process_ns: u64,
    /// What the process used over its time, where somebody asked for it and it ran long enough.
    pub timeline: Option<Timeline>,
}

impl Observation {
    /// An observation of which only the deciding value is known.
    pub fn of_value(value: f64) -> Self {
        Self {
            started_at_ns: 0,
            samples: Vec::new(),
            summary: None,
            iterations: None,
            value,
            metrics: BTreeMap::new(),
            own_metrics: Vec::new(),
            process_ns: 0,
            timeline: None,
        }
    }

    /// The value of a metric in this observation, in the metric's own unit; `decides` is the metric of
    /// [`value`](Self::value).
    pub fn metric(&self, id: &MetricId, decides: &MetricId) -> Option<f64> {
        if id == decides { Some(self.value) } else { self.metrics.get(id).copied() }
    }
}
