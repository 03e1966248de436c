//! Everything that one run measured of one benchmark.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ArtifactHash, BenchmarkId, Harness, Metric, Observation, built_in_metrics};

/// How a process failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// It ended with a non-zero exit code, a panic among them.
    Exited,
    /// A signal ended it.
    Signalled,
    /// It ran longer than the time limit.
    TimedOut,
    /// It wrote more than the output limit.
    FloodedOutput,
    /// It could not be started.
    NotStarted,
    /// It ended well, but without a readable result for the benchmark.
    NoResult,
    /// Somebody changed the executable while it was measured.
    ExecutableChanged,
}

/// A benchmark's failure, with what the user needs to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Failure {
    /// How.
    pub kind: FailureKind,
    /// One line: what happened.
    pub message: String,
    /// The last lines of its error output, as it wrote them; may be empty.
    pub output: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Why no further observation was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// The interval of the median is as narrow as asked.
    Precise,
    /// Its pairs show whether it changed, or all that were planned were taken.
    Decided,
    /// The most observations were taken.
    MostObservations,
    /// The run's budget is spent.
    Budget,
    /// It is a count, which does not vary: one observation is all there is to know.
    Exact,
    /// The user ended the run.
    Interrupted,
    /// It failed.
    Failed,
}

/// A remark of a driver on how a benchmark was run, such as a setting in code that beat the command line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Note(pub String);

/// Everything that one run measured of one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// The benchmark.
    pub id: BenchmarkId,
    /// Which executable was run.
    pub artifact: ArtifactHash,
    /// What drove it.
    pub harness: Harness,
    /// In the order in which they were taken.
    pub observations: Vec<Observation>,
    /// Why it ended; `None` while it runs, or where the run was killed.
    pub stopped: Option<Stopped>,
    /// Its failure, if it failed. What was observed before is kept.
    pub failure: Option<Failure>,
    /// Remarks, each once.
    pub notes: Vec<Note>,
}

impl Measurement {
    /// The metrics that the bench defines itself, each once, by id.
    pub fn own_metrics(&self) -> Vec<Metric> {
        let mut found: Vec<Metric> = Vec::new();
        for metric in self.observations.iter().flat_map(|observation| &observation.own_metrics) {
            if found.iter().all(|known| known.id != metric.id) {
                found.push(metric.clone());
            }
        }
        found.sort_by(|one, other| one.id.cmp(&other.id));
        found
    }

    /// Every metric that may be among its numbers: the built-in ones in their order, then its own.
    pub fn metrics(&self) -> Vec<Metric> {
        built_in_metrics().into_iter().chain(self.own_metrics()).collect()
    }
}
