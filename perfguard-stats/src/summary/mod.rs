//! Where values lie and how far apart: the classical moments, and the ones a few wild values cannot move.

mod moments;
mod spread;
#[cfg(test)]
mod tests;
mod trimmed;

pub use moments::{coefficient_of_variation, mean, standard_deviation, variance};
pub(crate) use moments::{plain_mean, plain_variance, scaled, sum};
pub use spread::{
    NORMAL_CONSISTENCY, Spread, SpreadMethod, interquartile_range, mean_absolute_deviation, median_absolute_deviation,
    resolution_floor, robust_spread, scaled_mad,
};
pub(crate) use spread::{robust_scale, small_sample_factor, spread_from};
pub use trimmed::{trimmed_mean, winsorised_mean, winsorised_variance};
