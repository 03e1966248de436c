//! Mean, median and spread where some values count more than others.

use crate::sample::{StatsError, check_finite, check_result, real};
use crate::summary::{mean, scaled, sum};

/// How many equally weighted values would say as much: Kish's `(Σw)² / Σw²`, from 1 to the number of values; *Survey
/// Sampling* (1965), section 11.7. Without unit.
///
/// # Errors
/// When there is no weight, one is negative or not finite, or all are zero.
///
/// ```
/// # use perfguard_stats::smoothing::effective_count;
/// assert_eq!(effective_count(&[2.0, 2.0, 2.0]).unwrap(), 3.0);
/// assert_eq!(effective_count(&[1.0, 0.0]).unwrap(), 1.0);
/// ```
pub fn effective_count(weights: &[f64]) -> Result<f64, StatsError> {
    let weights = checked_weights(weights)?;
    let total = sum(weights.iter().copied());
    let squares = sum(weights.iter().map(|weight| weight * weight));
    Ok((total * total / squares).max(1.0).min(real(weights.len())))
}

/// The weighted mean, in the values' own unit. The weights' scale does not matter.
///
/// # Errors
/// When there is no value, as many weights are not given, a value or weight is not finite, a weight is negative, or all
/// weights are zero.
///
/// ```
/// # use perfguard_stats::smoothing::weighted_mean;
/// assert_eq!(weighted_mean(&[1.0, 4.0], &[2.0, 1.0]).unwrap(), 2.0);
/// ```
pub fn weighted_mean(values: &[f64], weights: &[f64]) -> Result<f64, StatsError> {
    let weights = checked_pairs(values, weights)?;
    let (scaled, unit) = scaled(values);
    let products = sum(scaled.iter().zip(&weights).map(|(value, weight)| value * weight));
    Ok(products / sum(weights.into_iter()) * unit)
}

/// The weighted median, in the values' own unit: where half of the weight lies on each side; the middle of the two values
/// around it where it falls between them, so that equal weights give the median. The weights' scale does not matter.
///
/// # Errors
/// As [`weighted_mean`].
///
/// ```
/// # use perfguard_stats::smoothing::weighted_median;
/// assert_eq!(weighted_median(&[1.0, 2.0, 9.0], &[1.0, 1.0, 3.0]).unwrap(), 9.0);
/// assert_eq!(weighted_median(&[1.0, 2.0, 9.0], &[1.0, 1.0, 2.0]).unwrap(), 5.5);
/// ```
pub fn weighted_median(values: &[f64], weights: &[f64]) -> Result<f64, StatsError> {
    let weights = checked_pairs(values, weights)?;
    Ok(middle_by_weight(values.iter().copied().zip(weights).collect()))
}

/// The weighted median of the values' distances from their weighted median, in the values' own unit, not scaled.
///
/// # Errors
/// As [`weighted_mean`], and when the result is too large for a number.
///
/// ```
/// # use perfguard_stats::smoothing::weighted_median_absolute_deviation;
/// assert_eq!(weighted_median_absolute_deviation(&[1.0, 2.0, 9.0], &[1.0, 3.0, 1.0]).unwrap(), 0.0);
/// assert_eq!(weighted_median_absolute_deviation(&[1.0, 2.0, 9.0], &[1.0, 1.0, 1.0]).unwrap(), 1.0);
/// ```
pub fn weighted_median_absolute_deviation(values: &[f64], weights: &[f64]) -> Result<f64, StatsError> {
    let middle = weighted_median(values, weights)?;
    let distances = values.iter().map(|value| (value - middle).abs());
    check_result(middle_by_weight(distances.zip(checked_weights(weights)?).collect()))
}

/// The weighted mean of the values' distances from their weighted median.
pub(super) fn weighted_mean_absolute_deviation(values: &[f64], weights: &[f64]) -> Result<f64, StatsError> {
    let middle = weighted_median(values, weights)?;
    let distances: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    check_finite(&distances, 1).map_err(|_| StatsError::TooLarge)?;
    weighted_mean(&distances, weights)
}

/// The value at half of the weight; of values that are there, some with weight.
fn middle_by_weight(mut pairs: Vec<(f64, f64)>) -> f64 {
    pairs.retain(|(_, weight)| *weight > 0.0);
    pairs.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let total = sum(pairs.iter().map(|(_, weight)| *weight));
    // Equal weights of, say, 0.1 add up to half of their total but for rounding.
    let rounding = total * 1e-12;
    let mut below = 0.0;
    let mut sums = Vec::with_capacity(pairs.len());
    for (value, weight) in pairs {
        below += weight;
        sums.push((below, value));
    }
    let past =
        |weight: f64| sums.iter().find(|(below, _)| *below > weight).or(sums.last()).map_or(0.0, |(_, value)| *value);
    let (lower, upper) = (past(total / 2.0 - rounding), past(total / 2.0 + rounding));
    (lower * 0.5 + upper * 0.5).max(lower).min(upper)
}

fn checked_pairs(values: &[f64], weights: &[f64]) -> Result<Vec<f64>, StatsError> {
    check_finite(values, 1)?;
    if values.len() != weights.len() {
        return Err(StatsError::LengthsDiffer { one: values.len(), other: weights.len() });
    }
    checked_weights(weights)
}

/// The weights, brought near 1 so that their sums and squares can be taken.
fn checked_weights(weights: &[f64]) -> Result<Vec<f64>, StatsError> {
    check_finite(weights, 1)?;
    if let Some(weight) = weights.iter().find(|weight| **weight < 0.0) {
        return Err(StatsError::NotInRange { given: *weight, low: 0.0, high: f64::MAX });
    }
    if mean(weights)? > 0.0 { Ok(scaled(weights).0) } else { Err(StatsError::TooFew { needed: 1, given: 0 }) }
}
