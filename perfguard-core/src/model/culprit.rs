//! A commit that is held to have changed a benchmark, and what was shown of it.

use serde::{Deserialize, Serialize};

use super::{BenchmarkId, Effect, Verdict};

/// A culprit against what came before it, on fresh pairs and fresh layouts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verification {
    /// The benchmark.
    pub benchmark: BenchmarkId,
    /// The commit before it, 40 hex digits.
    pub base: String,
    /// The culprit, 40 hex digits.
    pub commit: String,
    /// What was shown.
    pub verdict: Verdict,
    /// Why, in words.
    pub reason: String,
    /// The culprit over what came before it.
    pub effect: Option<Effect>,
}
