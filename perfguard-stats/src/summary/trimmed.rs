//! Means and variances with the ends of the sample cut off or pulled in: Tukey and others, *Less vulnerable confidence
//! and significance procedures for location based on a single sample*, Sankhyā A 25 (1963).

use crate::quantile::whole_if_close;
use crate::sample::{StatsError, check_finite, real, sorted};
use crate::summary::moments::{mean, variance};

/// The mean of the middle: `floor(share n)` values are left out at each end. In the values' own unit.
///
/// The share is from 0 (the mean) to below one half (the median); at least one value stays.
///
/// # Errors
/// When there is no value, one is not finite, or the share is not from 0 to below one half.
///
/// ```
/// # use perfguard_stats::summary::trimmed_mean;
/// assert_eq!(trimmed_mean(&[1.0, 2.0, 3.0, 4.0, 1000.0], 0.2).unwrap(), 3.0);
/// ```
pub fn trimmed_mean(values: &[f64], share: f64) -> Result<f64, StatsError> {
    let (sorted, cut) = sorted_and_cut(values, share)?;
    mean(&sorted[cut..sorted.len() - cut])
}

/// The mean with the `floor(share n)` values at each end moved to the nearest value that stays. In the values' own unit.
///
/// # Errors
/// As [`trimmed_mean`].
///
/// ```
/// # use perfguard_stats::summary::winsorised_mean;
/// assert_eq!(winsorised_mean(&[1.0, 2.0, 3.0, 5.0, 1000.0], 0.2).unwrap(), 3.4);
/// ```
pub fn winsorised_mean(values: &[f64], share: f64) -> Result<f64, StatsError> {
    mean(&winsorised(values, share)?)
}

/// The unbiased variance (divided by `n - 1`) with the `floor(share n)` values at each end moved to the nearest value that
/// stays; in the square of the values' unit.
///
/// # Errors
/// When there are fewer than two values, one is not finite, the share is not from 0 to below one half, or the variance
/// is too large for a number.
///
/// ```
/// # use perfguard_stats::summary::winsorised_variance;
/// assert_eq!(winsorised_variance(&[1.0, 2.0, 3.0, 4.0, 1000.0], 0.2).unwrap(), 1.0);
/// ```
pub fn winsorised_variance(values: &[f64], share: f64) -> Result<f64, StatsError> {
    check_finite(values, 2)?;
    variance(&winsorised(values, share)?)
}

fn winsorised(values: &[f64], share: f64) -> Result<Vec<f64>, StatsError> {
    let (mut sorted, cut) = sorted_and_cut(values, share)?;
    let (low, high) = (sorted[cut], sorted[sorted.len() - 1 - cut]);
    for value in &mut sorted {
        *value = value.max(low).min(high);
    }
    Ok(sorted)
}

/// The values sorted, and how many of them belong to each end; fewer than half.
fn sorted_and_cut(values: &[f64], share: f64) -> Result<(Vec<f64>, usize), StatsError> {
    if !(0.0..0.5).contains(&share) {
        return Err(StatsError::NotInRange { given: share, low: 0.0, high: 0.5 });
    }
    let sorted = sorted(values)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to half the count")]
    let cut = whole_if_close(share * real(sorted.len())).floor() as usize;
    let most = (sorted.len() - 1) / 2;
    Ok((sorted, cut.min(most)))
}
