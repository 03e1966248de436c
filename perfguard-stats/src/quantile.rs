//! Quantiles, named by Hyndman and Fan, *Sample Quantiles in Statistical Packages*, The American Statistician 50 (1996).

use crate::sample::{StatsError, sorted};

/// The type-7 quantile of values that are sorted already: linear between order statistics at `(n - 1) p`.
///
/// In the values' own unit. `NumPy`, R and spreadsheets have this type as their default.
///
/// # Errors
/// When there is no value, or `p` is not within `[0, 1]`.
///
/// ```
/// # use perfguard_stats::quantile::quantile_of_sorted;
/// assert_eq!(quantile_of_sorted(&[1.0, 2.0, 3.0, 4.0], 0.25).unwrap(), 1.75);
/// ```
pub fn quantile_of_sorted(sorted: &[f64], p: f64) -> Result<f64, StatsError> {
    if !(0.0..=1.0).contains(&p) {
        return Err(StatsError::NotAProbability(p));
    }
    let last = sorted.len().checked_sub(1).ok_or(StatsError::TooFew { needed: 1, given: 0 })?;
    #[expect(clippy::cast_precision_loss, reason = "indices far below 2^53")]
    let position = last as f64 * p;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the last index")]
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    let (low, high) = (sorted[below], sorted[above]);
    let part = position - position.floor();
    // Halves are added rather than the difference taken, which may overflow between huge values of both signs.
    Ok(if part == 0.0 || low.total_cmp(&high).is_eq() { low } else { low * (1.0 - part) + high * part })
}

/// The median, in the values' own unit.
///
/// # Errors
/// When there is no value, or one is not finite.
///
/// ```
/// # use perfguard_stats::quantile::median;
/// assert_eq!(median(&[3.0, 1.0, 2.0]).unwrap(), 2.0);
/// assert_eq!(median(&[4.0, 1.0]).unwrap(), 2.5);
/// ```
pub fn median(values: &[f64]) -> Result<f64, StatsError> {
    quantile_of_sorted(&sorted(values)?, 0.5)
}
