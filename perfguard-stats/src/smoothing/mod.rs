//! Weighted by age or by window: decaying means and spreads, rolling windows, control limits.
//!
//! Values come in the order they were taken, the oldest first. A change of level must be found and cut off before
//! smoothing: nothing here knows of one.

mod control;
mod decay;
mod rolling;
#[cfg(test)]
mod tests;
mod weighted;

pub use control::{ControlChart, control_chart, exponential_average, weight_of_newest};
pub use decay::{Decayed, decay_weights, decayed};
pub use rolling::{Window, rolling_mean, rolling_median, rolling_median_absolute_deviation};
pub use weighted::{effective_count, weighted_mean, weighted_median, weighted_median_absolute_deviation};
