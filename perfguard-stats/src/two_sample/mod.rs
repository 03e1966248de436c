//! Two samples that were taken apart: tests of a difference, and how large it is.
//!
//! All of them assume that both samples are what each side would give at any time. Drift between two stretches of time is
//! in the difference and not in the p-value: no gate is built on these.

mod exact;
mod location;
mod mann_whitney;
mod means;
mod permutation;
mod ranks;
mod scale;
mod select;
mod shift;
mod significance;
mod student;
mod trimmed;

pub use location::LocationTest;
pub use mann_whitney::{mann_whitney, mann_whitney_smallest_p_value};
pub(crate) use means::welch;
pub use means::{welch_t, yuen_t};
pub use permutation::{difference_of_means, permutation_test};
pub use shift::{RatioEstimate, ShiftEstimate, ratio_interval, shift_interval};
pub use significance::{Alternative, Basis, Significance};

// What samples of pairs share with two samples.
pub(crate) use exact::steps_within;
pub(crate) use location::Located;
pub(crate) use ranks::{common_divisor, doubled_midranks};
pub(crate) use scale::Scale;
pub(crate) use select::value_of_rank;
pub(crate) use trimmed::{Trimmed, fifth};
