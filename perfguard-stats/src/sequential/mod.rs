//! The decision on pairs, taken while they are measured: regressed, improved, unchanged, or undecided.
//!
//! A pair is one run of base and one of head next to each other, in a random order. All arithmetic is on the difference
//! `d = ln head - ln base` of a pair; 0.0488 is 5 % slower. After eight pairs, and then after every second one, the
//! 20 %-trimmed mean of the differences is held against two limits ([`Limits`]), with boundaries that keep the error rates
//! over all looks together ([`boundary`]).
//!
//! Everything here is a state machine that is fed: nothing measures, waits or prints.
//!
//! | part | knows |
//! |---|---|
//! | [`limits`] | what is too small to matter, and what must be shown |
//! | [`plan`] | how many pairs, at which levels, for the first stage and for confirming |
//! | [`boundary`] | how far out a look must lie |
//! | [`pairs`] | the pairs so far, their trimmed mean and its standard error |
//! | [`design`] | a plan with its boundaries worked out |
//! | [`decision`] | the test itself: [`SequentialTest::push`] |
//! | [`outcome`] | what a test says |
//! | [`fastest`] | how many processes of each side make one pair |
//! | [`starts`] | starts that are slow on one side only |
//! | [`evidence`] | evidence that stays valid when people run again until they like the answer |
//! | [`layout`] | what part of the noise is the place of the code |
//! | [`around`] | around the single verdict: confirmation, the null control, the whole suite, plain counts |

pub mod around;
pub mod boundary;
pub mod decision;
pub mod design;
pub mod evidence;
pub mod fastest;
pub mod layout;
pub mod limits;
pub mod outcome;
pub mod pairs;
pub mod plan;
pub mod starts;

pub use around::{CountDecision, NullControl, SuiteWide, confirm, judge_counts, null_control, null_pairs, suite_wide};
pub use boundary::{Scale, boundary_constant, boundary_constants};
pub use decision::{Run, SequentialTest};
pub use design::Design;
pub use evidence::SignFlip;
pub use fastest::processes_in_a_pair;
pub use layout::{LayoutShare, layout_share};
pub use limits::Limits;
pub use outcome::{Decision, Look, PValues, Reason, Verdict};
pub use pairs::{Location, Pair, pair_deviation};
pub use plan::{Levels, NoiseLevel, PairCount, Plan, pair_count};
pub use starts::{SlowStarts, fisher_exact};

#[cfg(test)]
mod tests;
