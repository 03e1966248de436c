//! How much values that follow one another say again: autocorrelation and effective sample size.

use crate::quantile::median;
use crate::sample::{StatsError, at_least, balanced, real};
use crate::summary::NORMAL_CONSISTENCY;

/// Residuals further out than this many robust standard deviations are drawn in before they are correlated: a single
/// spike would hide the correlation of all others.
const CLIP: f64 = 3.0;

/// No correlation above this is believed when it comes to counting what values are worth.
const STRONGEST: f64 = 0.9;

/// However strong the correlation, so many values keep their worth: fewer leave a t distribution without any use.
const FEWEST: usize = 5;

/// The autocorrelations of values that follow one another, of lags 0 to `lags`: the first is 1, each within `[-1, 1]`.
///
/// The usual estimator, each sum of products over the sum of all squares (Box and Jenkins, *Time Series Analysis*,
/// 1970). It is biased towards 0 and below; [`lag_one`] is corrected. Values that are all the same say nothing of one
/// another: 0 at every lag but the first.
///
/// # Errors
/// When there are not more values than `lags`, or one is not finite.
///
/// ```
/// # use perfguard_stats::dependence::autocorrelation;
/// let found = autocorrelation(&[1.0, 2.0, 3.0, 4.0], 2).unwrap();
/// assert_eq!(found, [1.0, 0.25, -0.3]);
/// ```
pub fn autocorrelation(values: &[f64], lags: usize) -> Result<Vec<f64>, StatsError> {
    let (values, _) = balanced(at_least(values, lags.saturating_add(1))?);
    // From the first value, so that values that are all the same deviate by exactly 0.
    let first = values.first().copied().unwrap_or_default();
    let mean = values.iter().map(|value| value - first).sum::<f64>() / real(values.len());
    let deviations: Vec<f64> = values.iter().map(|value| value - first - mean).collect();
    Ok((0..=lags).map(|lag| if lag == 0 { 1.0 } else { about_zero(&deviations, lag) }).collect())
}

/// The autocorrelation of neighbours, corrected for the bias of few values: `r + (1 + 4 r) / n`, within `[-1, 1]`.
///
/// Marriott and Pope, *Bias in the estimation of autocorrelations*, Biometrika 41 (1954), for values whose level, or
/// whose level and slope, were estimated from themselves.
///
/// # Errors
/// When there are fewer than two values, or one is not finite.
///
/// ```
/// # use perfguard_stats::dependence::lag_one;
/// assert_eq!(lag_one(&[1.0, 2.0, 3.0, 4.0]).unwrap(), 0.25 + 2.0 / 4.0);
/// ```
pub fn lag_one(values: &[f64]) -> Result<f64, StatsError> {
    let plain = autocorrelation(at_least(values, 2)?, 1)?[1];
    Ok(corrected(plain, values.len()))
}

/// The autocorrelation of neighbouring residuals of a fit, robust against spikes: clipped at 3 robust standard
/// deviations, about 0, and corrected as [`lag_one`]; within `[-1, 1]`.
///
/// # Errors
/// When there are fewer than two residuals, or one is not finite.
///
/// ```
/// # use perfguard_stats::dependence::residual_correlation;
/// let mut swinging: Vec<f64> = (0..16).map(|n| if n % 8 < 4 { 1.0 } else { -1.0 }).collect();
/// assert!(residual_correlation(&swinging).unwrap() > 0.7);
/// swinging[6] = -1e6;
/// assert!(residual_correlation(&swinging).unwrap() > 0.6);
/// ```
pub fn residual_correlation(residuals: &[f64]) -> Result<f64, StatsError> {
    let (residuals, _) = balanced(at_least(residuals, 2)?);
    Ok(corrected(about_zero(&clipped(&residuals, CLIP)?, 1), residuals.len()))
}

/// How many independent values would say as much of the level or the slope as `count` values of which neighbours are
/// correlated: `n (1 - r) / (1 + r)`, at least 5 (or `count`) and at most `count`.
///
/// Bartlett, *Some aspects of the time-correlation problem*, Journal of the Royal Statistical Society 98 (1935), for a
/// correlation that fades by one factor from lag to lag. Correlations below 0 count as 0 and above 0.9 as 0.9: values
/// are never worth more than their number.
///
/// ```
/// # use perfguard_stats::dependence::effective_size;
/// assert_eq!(effective_size(30, 0.5), 10.0);
/// assert_eq!(effective_size(30, -0.5), 30.0);
/// assert_eq!(effective_size(30, 1.0), 5.0);
/// ```
pub fn effective_size(count: usize, correlation: f64) -> f64 {
    // What is not known counts as the strongest.
    let correlation = if correlation.is_nan() { STRONGEST } else { correlation.clamp(0.0, STRONGEST) };
    (real(count) / inflation(correlation)).max(real(count.min(FEWEST)))
}

/// By how much a correlation that fades by one factor from lag to lag inflates the variance of a mean: `(1 + r) / (1 -
/// r)`.
pub(crate) fn inflation(correlation: f64) -> f64 {
    (1.0 + correlation) / (1.0 - correlation)
}

/// The values, drawn in to so many robust standard deviations about 0.
///
/// Where more than half of them are 0, the mean of their sizes takes the place of the median.
pub(crate) fn clipped(residuals: &[f64], limit: f64) -> Result<Vec<f64>, StatsError> {
    let sizes: Vec<f64> = residuals.iter().map(|residual| residual.abs()).collect();
    let middle = median(&sizes)? * NORMAL_CONSISTENCY;
    let spread = if middle > 0.0 { middle } else { sizes.iter().sum::<f64>() / real(sizes.len()) * MEAN_CONSISTENCY };
    let limit = spread * limit;
    Ok(residuals.iter().map(|residual| residual.clamp(-limit, limit)).collect())
}

/// What makes the mean absolute deviation of a normal sample its standard deviation: `sqrt(π / 2)`.
pub(crate) const MEAN_CONSISTENCY: f64 = 1.253_314_137_315_500_3;

/// The sum of products at a lag over the sum of squares; 0 where that is 0.
fn about_zero(deviations: &[f64], lag: usize) -> f64 {
    let squares: f64 = deviations.iter().map(|deviation| deviation * deviation).sum();
    let products: f64 = deviations.iter().zip(deviations.iter().skip(lag)).map(|(one, other)| one * other).sum();
    if squares > 0.0 { products / squares } else { 0.0 }
}

fn corrected(correlation: f64, count: usize) -> f64 {
    (correlation + (1.0 + 4.0 * correlation) / real(count)).clamp(-1.0, 1.0)
}
