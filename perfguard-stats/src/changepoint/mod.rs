//! Where a series changes its level: robust detection with significance corrected for the search.
//!
//! [`change_points`] is for histories: any number of steps, spikes, correlated neighbours. [`single_change`] asks
//! whether there is one step at all, by ranks. [`segments()`] is the least-squares segmentation that the first builds
//! upon; on its own it takes every spike for two steps.

mod detect;
mod evidence;
mod noise;
mod search;
mod segments;
mod single;

#[cfg(test)]
mod tests;

pub use detect::{ChangePoint, Changes, Regime, Settings, change_points};
pub use segments::segments;
pub use single::{SingleChange, single_change};
