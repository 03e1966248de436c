//! A named pointer to a run.

use serde::{Deserialize, Serialize};

use super::{Fingerprint, RunId};

/// A name that points at the run of a commit, in one environment, profile and feature set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Baseline {
    /// The name, `main` unless the user gave another.
    pub name: String,
    /// The run it points at.
    pub run: RunId,
    /// The commit that the run measured, 40 hex digits.
    pub commit: String,
    /// The environment it belongs to.
    pub fingerprint: Fingerprint,
    /// The cargo profile it belongs to.
    pub profile: String,
    /// The feature flags it belongs to.
    pub features: Vec<String>,
    /// When the name was last moved, nanoseconds since the Unix epoch.
    pub set_at_ns: i64,
}
