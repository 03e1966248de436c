//! What a series is like lately: older values count ever less.

use super::weighted::{
    effective_count, weighted_mean, weighted_mean_absolute_deviation, weighted_median,
    weighted_median_absolute_deviation,
};
use crate::sample::{StatsError, check_range, real};
use crate::summary::{NORMAL_CONSISTENCY, Spread, small_sample_factor, spread_from};

/// What a series is like lately; all but `effective_count` in the values' own unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decayed {
    /// The weighted mean.
    pub mean: f64,
    /// The weighted median.
    pub median: f64,
    /// The weighted median absolute deviation from the weighted median, not scaled.
    pub median_absolute_deviation: f64,
    /// That as a standard deviation, corrected for the effective count, with its fall-backs.
    pub spread: Spread,
    /// How many equally weighted values would say as much, without unit.
    pub effective_count: f64,
}

/// The weights `2^(-age / half_life)` of so many values, the oldest first; the newest has age 0 and weight 1. Without unit.
///
/// The half-life is in values; after ten of them a weight is a thousandth. Weights may round to zero.
///
/// # Errors
/// When the count is zero, or the half-life is not above zero and finite.
///
/// ```
/// # use perfguard_stats::smoothing::decay_weights;
/// assert_eq!(decay_weights(3, 1.0).unwrap(), [0.25, 0.5, 1.0]);
/// ```
pub fn decay_weights(count: usize, half_life: f64) -> Result<Vec<f64>, StatsError> {
    let half_life = check_range(half_life, f64::MIN_POSITIVE, f64::MAX)?;
    if count == 0 {
        return Err(StatsError::TooFew { needed: 1, given: 0 });
    }
    Ok((0..count).rev().map(|age| (-real(age) / half_life).exp2()).collect())
}

/// Mean, median and spread of values, the oldest first, with weights that halve every `half_life` values.
///
/// The spread is as [`robust_spread`](crate::summary::robust_spread) with weights: `resolution` is the timer's tick or the
/// last printed digit in the values' own unit, or 0. With many values the effective count tends to 2.9 half-lives.
///
/// # Errors
/// When there is no value, one is not finite, the half-life is not above zero and finite, the resolution is negative or
/// not finite, or a spread is too large for a number.
///
/// ```
/// # use perfguard_stats::smoothing::decayed;
/// let settled = [9.0, 9.0, 9.0, 5.0, 5.1, 4.9, 5.0, 5.0, 5.1];
/// let lately = decayed(&settled, 2.0, 0.0).unwrap();
/// assert_eq!(lately.median, 5.0);
/// assert!(lately.mean < 5.5 && lately.effective_count < 6.0);
/// ```
pub fn decayed(values: &[f64], half_life: f64, resolution: f64) -> Result<Decayed, StatsError> {
    let weights = decay_weights(values.len(), half_life)?;
    let effective_count = effective_count(&weights)?;
    let median_absolute_deviation = weighted_median_absolute_deviation(values, &weights)?;
    let scaled = median_absolute_deviation * NORMAL_CONSISTENCY * small_sample_factor(effective_count);
    Ok(Decayed {
        mean: weighted_mean(values, &weights)?,
        median: weighted_median(values, &weights)?,
        median_absolute_deviation,
        spread: spread_from(scaled, || weighted_mean_absolute_deviation(values, &weights), resolution)?,
        effective_count,
    })
}
