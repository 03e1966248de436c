//! Why a benchmark changed: what it executes on both sides, and what else differs.

use serde::Serialize;

use super::{BenchmarkId, Unit};

/// An amount on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Sides {
    /// Base's.
    pub base: f64,
    /// Head's.
    pub head: f64,
}

impl Sides {
    /// Head's less base's.
    pub fn change(self) -> f64 {
        self.head - self.base
    }

    /// Head's over base's; `None` where base has nothing.
    pub fn ratio(self) -> Option<f64> {
        (self.base > 0.0).then(|| self.head / self.base)
    }
}

/// Why a benchmark changed.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Explanation {
    /// The benchmark.
    pub benchmark: BenchmarkId,
    /// What it executes.
    pub instructions: Instructions,
    /// Other numbers that both sides have.
    pub metrics: Vec<MetricChange>,
    /// Dependencies whose version changed.
    pub dependencies: Vec<DependencyChange>,
    /// What else differs between the sides besides their code, each in words.
    pub differences: Vec<String>,
    /// What the user should know of the answer, each in words.
    pub remarks: Vec<String>,
}

/// What a benchmark executes on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Instructions {
    /// It was counted.
    Counted(InstructionGrowth),
    /// Both sides would run the same.
    Identical,
    /// It was not counted.
    NotCounted {
        /// Why, in words.
        reason: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

/// Instructions on both sides, function by function.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct InstructionGrowth {
    /// Whether they are those of one iteration; else of the whole process.
    pub per_iteration: bool,
    /// Instructions altogether.
    pub total: Sides,
    /// The functions that grew most, the largest growth first; where head executes less, those that shrank most.
    pub functions: Vec<FunctionGrowth>,
    /// How many other functions changed.
    pub others: usize,
}

/// What one function executes on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct FunctionGrowth {
    /// Its name without hashes: instances of a generic function may share it.
    pub function: String,
    /// The shared object that it is in; absent for the executable itself.
    pub object: Option<String>,
    /// Instructions of its own, with what was inlined into it.
    #[serde(rename = "self")]
    pub own: Sides,
    /// Instructions with those of all that it calls; functions that call one another in a circle each have the circle's.
    pub inclusive: Sides,
    /// What of its own changed, the largest change first.
    pub parts: Vec<PartGrowth>,
}

/// What a part of a function executes on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct PartGrowth {
    /// The functions through which it was inlined, the outermost first; none for the function's own lines.
    pub inlined: Vec<String>,
    /// The file of its source; of the user's own, where other code was inlined there.
    pub file: String,
    /// The line that executes most; 0 where lines are not known.
    pub line: u32,
    /// Its instructions.
    #[serde(rename = "self")]
    pub own: Sides,
}

/// A number that both sides have.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct MetricChange {
    /// What it is of: a metric's id, or what callgrind simulated.
    pub metric: String,
    /// Its unit.
    pub unit: Unit,
    /// Both sides'.
    #[serde(flatten)]
    pub sides: Sides,
}

/// A dependency whose version changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct DependencyChange {
    /// The package.
    pub name: String,
    /// Versions that only base has.
    pub base: Vec<String>,
    /// Versions that only head has.
    pub head: Vec<String>,
}
