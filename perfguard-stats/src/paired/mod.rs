//! Pairs that were taken side by side: everything works on their differences, head less base.
//!
//! What disturbs both halves of a pair cancels in its difference. For times the differences are those of the logarithms,
//! [`log_ratios`], so that a doubling and a halving weigh the same.

mod flip;
mod ratio;
mod sign;
mod signed_rank;
mod trimmed;
mod walsh;

pub use crate::two_sample::{Alternative, Basis, LocationTest, RatioEstimate, ShiftEstimate, Significance};
pub use flip::sign_flip;
pub use ratio::{log_ratios, pseudo_median_ratio, trimmed_ratio};
pub use sign::sign_test;
pub use signed_rank::signed_rank;
pub use trimmed::{TrimmedMean, trimmed_mean, trimmed_t};
pub use walsh::pseudo_median;

pub(crate) use trimmed::located;
