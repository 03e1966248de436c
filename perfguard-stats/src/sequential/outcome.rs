//! What a test says: verdict, reason, and the numbers that they rest on.

use crate::interval::Interval;
use crate::sequential::pairs::Location;

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Shown to be slower by more than the margin.
    Regressed,
    /// Shown to be faster by more than the margin.
    Improved,
    /// Shown to differ by less than the threshold, in both directions.
    Unchanged,
    /// None of these could be shown.
    Undecided,
}

/// Why a verdict is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A boundary was reached.
    Shown,
    /// All pairs were taken and no boundary reached.
    AllPairs,
    /// The budget ended before the planned number of pairs.
    BudgetEnded,
    /// The budget ended before the first look.
    TooFewPairs,
    /// One step of the clock or of the printout is too large for the limits: raise the iterations.
    TimerTooCoarse,
    /// More than one pair in five had to be replaced.
    TooManyFailures,
    /// The trimmed mean is within the threshold, but one side has slow starts.
    SlowStarts,
    /// Suspected by the first stage, not shown by the second.
    NotConfirmed,
}

/// What one look saw. All numbers are logarithms of ratios.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Pairs so far.
    pub pairs: usize,
    /// Where the differences lie.
    pub location: Location,
    /// This look's part of the repeated 95 % interval.
    pub interval: Interval,
    /// What is shown, if anything.
    pub verdict: Option<Verdict>,
}

/// How a test ended. Numbers are logarithms of ratios: show `exp() - 1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// What is said.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// Pairs that it rests on.
    pub pairs: usize,
    /// The trimmed mean of the differences at the last look, if there was one.
    pub estimate: Option<f64>,
    /// The repeated 95 % interval: the part that all looks share, or the last look's where they share none.
    pub interval: Option<Interval>,
}

/// The smallest levels at which a change would have been shown, one-sided, over all looks: from 0.00001 to 0.05, and 1
/// above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PValues {
    /// Against *not slower by more than the margin*.
    pub regressed: f64,
    /// Against *not faster by more than the margin*.
    pub improved: f64,
}

impl PValues {
    /// The p of a change in either direction: twice the smaller one.
    ///
    /// ```
    /// # use perfguard_stats::sequential::PValues;
    /// assert_eq!(PValues { regressed: 0.01, improved: 1.0 }.change(), 0.02);
    /// assert_eq!(PValues { regressed: 1.0, improved: 1.0 }.change(), 1.0);
    /// ```
    pub fn change(&self) -> f64 {
        (2.0 * self.regressed.min(self.improved)).min(1.0)
    }
}
