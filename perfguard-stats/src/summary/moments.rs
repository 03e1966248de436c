//! Mean and variance, without loss by cancellation, overflow or underflow on the way.

use crate::sample::{StatsError, check_finite, check_result, real};

/// The arithmetic mean, in the values' own unit.
///
/// Summed with compensation (Neumaier, *Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen*,
/// ZAMM 54, 1974), so that it does not depend on the order of the values but in the last digit.
///
/// # Errors
/// When there is no value, or one is not finite.
///
/// ```
/// # use perfguard_stats::summary::mean;
/// assert_eq!(mean(&[1e16, 1.0, -1e16]).unwrap(), 1.0 / 3.0);
/// assert_eq!(mean(&[f64::MAX, f64::MAX]).unwrap(), f64::MAX);
/// ```
pub fn mean(values: &[f64]) -> Result<f64, StatsError> {
    check_finite(values, 1)?;
    let (scaled, unit) = scaled(values);
    Ok(plain_mean(&scaled) * unit)
}

/// The unbiased variance (divided by `n - 1`), in the square of the values' unit.
///
/// In two passes, corrected: Chan and others, *Algorithms for computing the sample variance*, The American
/// Statistician 37 (1983). Values below about 1e-154 have a variance that rounds to zero: their
/// [`standard_deviation`] does not.
///
/// # Errors
/// When there are fewer than two values, one is not finite, or the variance is too large for a number.
///
/// ```
/// # use perfguard_stats::summary::variance;
/// assert_eq!(variance(&[1.0, 2.0, 3.0, 4.0]).unwrap(), 5.0 / 3.0);
/// assert_eq!(variance(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0]).unwrap(), 1.0);
/// ```
pub fn variance(values: &[f64]) -> Result<f64, StatsError> {
    check_finite(values, 2)?;
    let (scaled, unit) = scaled(values);
    check_result(plain_variance(&scaled) * unit * unit)
}

/// The square root of the unbiased [`variance`], in the values' own unit.
///
/// # Errors
/// When there are fewer than two values, one is not finite, or the result is too large for a number.
///
/// ```
/// # use perfguard_stats::summary::standard_deviation;
/// assert_eq!(standard_deviation(&[1e300, 2e300, 3e300]).unwrap(), 1e300);
/// ```
pub fn standard_deviation(values: &[f64]) -> Result<f64, StatsError> {
    check_finite(values, 2)?;
    let (scaled, unit) = scaled(values);
    check_result(plain_variance(&scaled).sqrt() * unit)
}

/// The standard deviation as a share of the mean's size; without unit, 0.02 is 2 %.
///
/// # Errors
/// When there are fewer than two values, one is not finite, the mean is zero, or the result is too large for a number.
///
/// ```
/// # use perfguard_stats::summary::coefficient_of_variation;
/// assert_eq!(coefficient_of_variation(&[99.0, 100.0, 101.0]).unwrap(), 0.01);
/// ```
pub fn coefficient_of_variation(values: &[f64]) -> Result<f64, StatsError> {
    check_finite(values, 2)?;
    let (scaled, _) = scaled(values);
    let mean = plain_mean(&scaled);
    if mean == 0.0 {
        return Err(StatsError::ZeroMean);
    }
    check_result(plain_variance(&scaled).sqrt() / mean.abs())
}

/// The values over a power of two near the largest of them, and that power: squares can then neither overflow nor
/// vanish, and the division is exact.
pub(crate) fn scaled(values: &[f64]) -> (Vec<f64>, f64) {
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    // The exponent alone is the power of two below the value.
    let unit = f64::from_bits(largest.to_bits() & EXPONENT).clamp(SMALLEST_UNIT, LARGEST_UNIT);
    (values.iter().map(|value| value / unit).collect(), unit)
}

/// The exponent among the bits of a number.
const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
/// 2^-1000 and 2^1000: with these for units even the smallest and the largest numbers have squares.
const SMALLEST_UNIT: f64 = f64::from_bits(23 << 52);
const LARGEST_UNIT: f64 = f64::from_bits(2023 << 52);

/// The mean of scaled values.
pub(crate) fn plain_mean(scaled: &[f64]) -> f64 {
    sum(scaled.iter().copied()) / real(scaled.len())
}

/// The unbiased variance of two or more scaled values.
pub(crate) fn plain_variance(scaled: &[f64]) -> f64 {
    let mean = plain_mean(scaled);
    let count = real(scaled.len());
    let squares = sum(scaled.iter().map(|value| (value - mean).powi(2)));
    // What the rounded mean left over.
    let rest = sum(scaled.iter().map(|value| value - mean));
    (squares - rest * rest / count).max(0.0) / (count - 1.0)
}

/// A sum that carries what each addition rounded away.
pub(crate) fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() { (total - next) + value } else { (value - next) + total };
        total = next;
    }
    total + lost
}
