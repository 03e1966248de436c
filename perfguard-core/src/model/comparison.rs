//! Two sides of one benchmark, and what was shown of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BenchmarkId, Failure, Interval, MetricId, Note, RunId};

/// Which side of a comparison a process belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// What is compared against.
    Base,
    /// What is judged.
    Head,
    /// A copy of base in head's place: the null control.
    Null,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base => "base",
            Self::Head => "head",
            Self::Null => "the null control",
        })
    }
}

/// Which part of a comparison a pair belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The first pass over all benchmarks.
    First,
    /// Fresh pairs of a suspect.
    Confirmation,
    /// Base against its own copy.
    NullControl,
}

/// What was shown of a benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Worse: beyond noise, beyond the margin, and confirmed on fresh pairs.
    Regressed,
    /// Better, as surely.
    Improved,
    /// The same within the threshold, or identical.
    Unchanged,
    /// Neither could be shown within the budget.
    Undecided,
    /// A change with the executables as built that is none over common layouts.
    Layout,
    /// The null control moved: the machine, not the code.
    Untrusted,
    /// There is no base.
    New,
    /// There is no head.
    Removed,
    /// A side crashed, ran too long, or would not build.
    Failed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Regressed => "regressed",
            Self::Improved => "improved",
            Self::Unchanged => "unchanged",
            Self::Undecided => "undecided",
            Self::Layout => "layout",
            Self::Untrusted => "untrusted",
            Self::New => "new",
            Self::Removed => "removed",
            Self::Failed => "failed",
        })
    }
}

/// How bad a regression is, by how far the near end of its interval lies beyond the threshold.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing was shown.
    #[default]
    None,
    /// Shown to be worse.
    Low,
    /// Much worse.
    Medium,
    /// Very much worse.
    High,
    /// Alarmingly worse.
    Critical,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

/// A change: head over base.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Effect {
    /// Head over base: 1.05 is 5 % more of the metric.
    pub ratio: f64,
    /// Interval of the ratio; `None` where there were too few pairs.
    pub interval: Option<Interval>,
}

/// On which layouts the two sides ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Layouts {
    /// On a pool of layouts in which the code that both sides share sits at the same addresses.
    Common {
        /// Layouts of each side.
        count: usize,
    },
    /// On the executables as they were built, as the user asked.
    AsBuilt,
    /// On the executables as they were built, because no others could be linked.
    NotChecked {
        /// Why, in words.
        reason: String,
    },
}

/// How sure the pairs are, in numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// Processes of each side that make one pair: the fastest of them counts. Several where the machine had two speeds.
    #[serde(default = "one")]
    pub repeats: u32,
    /// Pairs of the first pass.
    pub pairs: u32,
    /// The most that were planned.
    pub planned: u32,
    /// Fresh pairs that confirm or refute a suspicion.
    pub confirming: u32,
    /// Sequential p-value of the shown or suspected change.
    pub p_value: Option<f64>,
    /// Evidence against "no worse than the margin" that may be multiplied over repeated comparisons.
    pub e_value: Option<f64>,
    /// Standard deviation of the logarithm of one pair's ratio (0.02 is 2 %), robust.
    pub pair_spread: Option<f64>,
    /// Which part of the noise is due to layouts, from 0 to 1.
    pub layout_share: Option<f64>,
    /// The smallest change that could have been seen (0.03 is 3 %).
    pub smallest_visible: Option<f64>,
    /// Pairs that are still needed to decide, where it is undecided.
    pub pairs_needed: Option<u32>,
}

/// Of what was written before there were several.
fn one() -> u32 {
    1
}

/// The comparison of one benchmark.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Comparison {
    /// The benchmark.
    pub id: BenchmarkId,
    /// The metric that decides.
    pub metric: MetricId,
    /// What was shown.
    pub verdict: Verdict,
    /// Why, in a sentence without final period.
    pub reason: String,
    /// Head against base.
    pub effect: Option<Effect>,
    /// Median of base's values, in the metric's unit.
    pub base: Option<f64>,
    /// Median of head's.
    pub head: Option<f64>,
    /// A change at least this large matters (0.03 is 3 %).
    pub threshold: f64,
    /// How sure the pairs are.
    pub evidence: Evidence,
    /// On which layouts.
    pub layouts: Option<Layouts>,
    /// How bad it is.
    pub severity: Severity,
    /// Whether it moved together with most others, by one factor.
    pub suite_wide: bool,
    /// What became of it at the gate.
    pub gate: GateEffect,
    /// How a side failed, if one did.
    pub failure: Option<Failure>,
    /// Limits of metrics, and other metrics that moved.
    pub findings: Vec<Finding>,
    /// Remarks on how it was run.
    pub notes: Vec<Note>,
}

/// Whether a comparison counts at the gate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum GateEffect {
    /// It does not keep the gate shut.
    #[default]
    Passes,
    /// It does.
    Fails,
    /// It would, but the change is accepted.
    Accepted {
        /// The reason that was given.
        reason: String,
    },
    /// It would, but the configuration takes it out of the gate.
    NotGated,
}

/// Something that was found of a metric beside the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finding {
    /// The metric.
    pub metric: MetricId,
    /// What, in words without final period.
    pub message: String,
    /// Head over base, where the two were compared.
    #[serde(default)]
    pub ratio: Option<f64>,
    /// Whether the gate fails because of it.
    pub fails_gate: bool,
}

/// What the null control of a comparison said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NullControl {
    /// Its pairs.
    pub pairs: u32,
    /// Two-sided p-value; `None` where there were too few.
    pub p_value: Option<f64>,
    /// Whether base differed from its own copy.
    pub moved: bool,
}

/// A change of most benchmarks by one factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SuiteWide {
    /// The benchmarks that moved together.
    pub benchmarks: usize,
    /// A factor that all their intervals share: head over base.
    pub ratio: f64,
    /// What changed for all of them, each in words.
    pub causes: Vec<String>,
}

/// One paired comparison as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ComparisonRun {
    /// The run that holds base's observations.
    pub base: RunId,
    /// The run that holds head's; a comparison goes by its id.
    pub head: RunId,
    /// What the null control said; `None` where there was nothing to measure.
    pub null_control: Option<NullControl>,
    /// A change of most benchmarks together.
    pub suite_wide: Option<SuiteWide>,
    /// What the user should know of the whole, each in words.
    pub remarks: Vec<String>,
}

/// One pair, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PairRecord {
    /// Which part of the comparison.
    pub stage: Stage,
    /// The layout that both sides had.
    pub layout: u32,
    /// Whether head ran first.
    pub head_first: bool,
    /// Sequence number of base's observation in its measurement.
    pub base: u32,
    /// Sequence number of the other's: in head's measurement, or in base's where it is a null pair.
    pub head: u32,
}
