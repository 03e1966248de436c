//! Head over base from pairs of positive values.

use super::trimmed::trimmed_t;
use super::walsh::pseudo_median;
use crate::sample::{StatsError, check_level, logarithms};
use crate::two_sample::{Alternative, RatioEstimate, ShiftEstimate};

/// The logarithm of head over base of each pair, `ln head - ln base`, in the order given; without unit.
///
/// # Errors
/// When the sides have different lengths, there is no pair, or a value is not finite or not positive.
///
/// ```
/// # use perfguard_stats::paired::log_ratios;
/// let found = log_ratios(&[100.0, 200.0], &[100.0, 400.0]).unwrap();
/// assert!(found[0] == 0.0 && (found[1] - 2.0_f64.ln()).abs() < 1e-12);
/// assert!(log_ratios(&[1.0], &[1.0, 2.0]).is_err());
/// ```
pub fn log_ratios(base: &[f64], head: &[f64]) -> Result<Vec<f64>, StatsError> {
    if base.len() != head.len() {
        return Err(StatsError::LengthsDiffer { one: base.len(), other: head.len() });
    }
    let (base, head) = (logarithms(base, 1)?, logarithms(head, 1)?);
    Ok(head.iter().zip(&base).map(|(head, base)| head - base).collect())
}

/// Head over base by the trimmed mean of the pairs' log ratios, with the interval of [`trimmed_t`]; without unit.
///
/// One pair has a ratio and no interval.
///
/// # Errors
/// As [`log_ratios`], and when the level is not between 0 and 1 or the ratio is beyond what a double holds.
///
/// ```
/// # use perfguard_stats::paired::trimmed_ratio;
/// let base = [100.0, 120.0, 101.0, 99.0, 100.0];
/// let head = [105.1, 125.9, 106.0, 104.0, 290.0];
/// let found = trimmed_ratio(&base, &head, 0.95).unwrap();
/// assert!((found.ratio - 1.05).abs() < 0.001);
/// assert!(found.interval.is_some_and(|ends| 1.04 < ends.low && ends.high < 1.06));
/// ```
pub fn trimmed_ratio(base: &[f64], head: &[f64], level: f64) -> Result<RatioEstimate, StatsError> {
    let level = check_level(level)?;
    let differences = log_ratios(base, head)?;
    if let [only] = differences[..] {
        return ShiftEstimate { shift: only, interval: None }.exponential();
    }
    let found = trimmed_t(&differences, 0.0, Alternative::TwoSided, level)?;
    ShiftEstimate { shift: found.estimate, interval: Some(found.interval) }.exponential()
}

/// Head over base by the pseudo-median of the pairs' log ratios, with the interval of [`pseudo_median`]; without unit.
///
/// # Errors
/// As [`log_ratios`], and when the level is not between 0 and 1 or the ratio is beyond what a double holds.
///
/// ```
/// # use perfguard_stats::paired::pseudo_median_ratio;
/// let base = [100.0, 120.0, 101.0, 99.0, 100.0, 110.0];
/// let head = base.map(|value| value * 2.0);
/// let found = pseudo_median_ratio(&base, &head, 0.95).unwrap();
/// assert!((found.ratio - 2.0).abs() < 1e-12 && found.interval.is_some());
/// ```
pub fn pseudo_median_ratio(base: &[f64], head: &[f64], level: f64) -> Result<RatioEstimate, StatsError> {
    pseudo_median(&log_ratios(base, head)?, level)?.exponential()
}
