//! How far values lie apart.

use crate::quantile::{median, quantile_of_sorted};
use crate::sample::{StatsError, sorted};

/// What makes the median absolute deviation of a normal sample its standard deviation: `1 / Φ⁻¹(3/4)`.
pub const NORMAL_CONSISTENCY: f64 = 1.482_602_218_505_602;

/// The median absolute deviation from the median, in the values' own unit, not scaled.
///
/// # Errors
/// When there is no value, or one is not finite.
///
/// ```
/// # use perfguard_stats::summary::median_absolute_deviation;
/// assert_eq!(median_absolute_deviation(&[1.0, 2.0, 3.0, 4.0, 100.0]).unwrap(), 1.0);
/// ```
pub fn median_absolute_deviation(values: &[f64]) -> Result<f64, StatsError> {
    let middle = median(values)?;
    median(&values.iter().map(|value| (value - middle).abs()).collect::<Vec<_>>())
}

/// The median absolute deviation scaled to the standard deviation of a normal sample, in the values' own unit.
///
/// # Errors
/// As [`median_absolute_deviation`].
///
/// ```
/// # use perfguard_stats::summary::{NORMAL_CONSISTENCY, scaled_mad};
/// assert_eq!(scaled_mad(&[1.0, 2.0, 3.0]).unwrap(), NORMAL_CONSISTENCY);
/// ```
pub fn scaled_mad(values: &[f64]) -> Result<f64, StatsError> {
    Ok(median_absolute_deviation(values)? * NORMAL_CONSISTENCY)
}

/// The distance between the type-7 quartiles, in the values' own unit.
///
/// # Errors
/// When there is no value, or one is not finite.
///
/// ```
/// # use perfguard_stats::summary::interquartile_range;
/// assert_eq!(interquartile_range(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap(), 2.0);
/// ```
pub fn interquartile_range(values: &[f64]) -> Result<f64, StatsError> {
    let sorted = sorted(values)?;
    Ok(quantile_of_sorted(&sorted, 0.75)? - quantile_of_sorted(&sorted, 0.25)?)
}
