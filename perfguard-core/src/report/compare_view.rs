//! `compare`, `check` and `run` against a base: what the JSON output is, field by field.

use serde::Serialize;

use super::view::{NotMeasuredRow, VERSION};
use crate::model::{Comparison, NullControl, RunId, SuiteWide};

/// A paired comparison.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct CompareView {
    /// Version of this format.
    pub version: u32,
    /// Always `compare`.
    pub kind: &'static str,
    /// What is compared against.
    pub base: SideView,
    /// What is judged.
    pub head: SideView,
    /// The run that holds head's observations; absent where nothing was measured.
    pub run: Option<RunId>,
    /// Each benchmark, in the order of targets.
    pub comparisons: Vec<Comparison>,
    /// Targets that were not measured, each with its reason.
    pub not_measured: Vec<NotMeasuredRow>,
    /// What the null control said; absent where nothing was measured.
    pub null_control: Option<NullControl>,
    /// A change of most benchmarks together.
    pub suite_wide: Option<SuiteWide>,
    /// What the user should know of the whole, each in words.
    pub remarks: Vec<String>,
    /// What keeps the gate shut.
    pub gate: GateView,
}

/// One side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SideView {
    /// What it is, in words.
    pub label: String,
    /// What its build does otherwise, empty for nothing; absent where commits are compared, not variants.
    pub variant: Option<String>,
    /// The commit that it is, or that a working tree stands on; absent outside git.
    pub commit: Option<String>,
}

/// What the gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct GateView {
    /// Whether it is open.
    pub passed: bool,
    /// Regressions and missed limits that count.
    pub failing: usize,
    /// Benchmarks that failed to run.
    pub failed: usize,
    /// Undecided and untrusted ones.
    pub undecided: usize,
}

impl CompareView {
    /// An empty view of two sides.
    pub fn new(base: SideView, head: SideView) -> Self {
        let gate = GateView { passed: true, failing: 0, failed: 0, undecided: 0 };
        Self {
            version: VERSION,
            kind: "compare",
            base,
            head,
            run: None,
            comparisons: Vec::new(),
            not_measured: Vec::new(),
            null_control: None,
            suite_wide: None,
            remarks: Vec::new(),
            gate,
        }
    }

    /// Whether a target did not build.
    pub fn has_build_failures(&self) -> bool {
        self.not_measured.iter().any(|row| row.reason == crate::model::NotMeasured::BuildFailed)
    }

    /// Whether a benchmark failed, or a target could not be listed.
    pub fn has_failures(&self) -> bool {
        let failed = |row: &NotMeasuredRow| row.reason.is_failure();
        self.gate.failed > 0 || self.not_measured.iter().any(failed)
    }
}
