//! What a search is given: settings, weights of commits, values, and the log of all reports.

use crate::sample::StatsError;

/// How much more likely than another a commit is to be the culprit if it touched what the benchmark is built from.
///
/// Weights for [`Search::new`](super::Search::new), from the chances .85 and .2 that a culprit and another commit touch it. A commit that
/// cannot change the executable has weight 0.
///
/// ```
/// assert_eq!(perfguard_stats::search::TOUCHES, 4.25);
/// ```
pub const TOUCHES: f64 = 0.85 / 0.2;
/// The weight of a commit that touched nothing the benchmark is built from, but may change the executable.
pub const TOUCHES_NOT: f64 = 0.15 / 0.8;

/// Which way the level moved between the ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The bad end has larger values.
    Up,
    /// The bad end has smaller values: what is searched for is an improvement.
    Down,
}

/// What a search starts from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The posterior at which a commit is named, between 0 and 1.
    pub certainty: f64,
    /// Standard deviation of a block difference of identical executables, in logs.
    pub noise: f64,
    /// Standard deviation of the bias that a build has by its layout alone, in logs; 0 if layouts are shuffled and nothing
    /// is left, which nobody knows.
    pub bias: f64,
    /// What having a commit's executable costs where nothing else is said, in blocks: 20 s are 180 blocks of .11 s.
    pub build_cost: f64,
    /// What may be spent after the ends were measured, builds and blocks, in blocks.
    pub budget: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { certainty: 0.99, noise: 0.0165, bias: 0.0025, build_cost: 180.0, budget: f64::INFINITY }
    }
}

/// What was reported, in order: with the same settings, priors and ends it gives the same state again.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// Blocks of a commit against the good end, in logs.
    Observed {
        /// The commit.
        commit: usize,
        /// The block differences.
        blocks: Vec<f64>,
    },
    /// A commit that cannot be had.
    Skipped {
        /// The commit.
        commit: usize,
    },
    /// Two commits with the same executable.
    Identical {
        /// One commit.
        one: usize,
        /// The other.
        other: usize,
    },
    /// What having a commit's executable costs.
    BuildCost {
        /// The commit.
        commit: usize,
        /// The cost, in blocks.
        blocks: f64,
    },
    /// From here on several changes are looked for.
    Several,
}

/// The value of one block: the faster of a commit's two runs over the faster of the good end's two, as a logarithm.
///
/// The faster of two, because most disturbances slow down a single run. Values in any one unit.
///
/// # Errors
/// When a value is not finite or not positive; the index counts the good end's first.
///
/// ```
/// # use perfguard_stats::search::block_difference;
/// let difference = block_difference([100.0, 140.0], [130.0, 105.0]).unwrap();
/// assert!((difference - 1.05_f64.ln()).abs() < 1e-12);
/// ```
pub fn block_difference(good: [f64; 2], commit: [f64; 2]) -> Result<f64, StatsError> {
    for (index, value) in good.into_iter().chain(commit).enumerate() {
        if !value.is_finite() {
            return Err(StatsError::NotFinite { index });
        }
        if value <= 0.0 {
            return Err(StatsError::NotPositive { index });
        }
    }
    Ok(commit[0].min(commit[1]).ln() - good[0].min(good[1]).ln())
}
