//! Statistics of sorted resamples, ready to be handed to a bootstrap.

use crate::two_sample::{Scale, Trimmed, fifth};

/// The mean, in the values' own unit; NaN of none.
///
/// ```
/// # use perfguard_stats::resample::statistic::mean;
/// assert_eq!(mean(&[1.0, 2.0, 6.0]), 3.0);
/// ```
pub fn mean(values: &[f64]) -> f64 {
    // Eight sums at once: a single one would wait for each addition. The order is fixed, and so is the result.
    let mut lanes = [0.0; 8];
    let chunks = values.chunks_exact(lanes.len());
    let rest: f64 = chunks.remainder().iter().sum();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    (lanes.iter().sum::<f64>() + rest) / number(values.len())
}

/// The median of sorted values, in their own unit; NaN of none.
///
/// ```
/// # use perfguard_stats::resample::statistic::median;
/// assert_eq!(median(&[1.0, 2.0, 3.0, 6.0]), 2.5);
/// ```
pub fn median(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => f64::NAN,
        count => f64::midpoint(sorted[(count - 1) / 2], sorted[count / 2]),
    }
}

/// The mean of sorted values without a fifth at each end, in their own unit; NaN of none.
///
/// ```
/// # use perfguard_stats::resample::statistic::trimmed_mean;
/// assert_eq!(trimmed_mean(&[1.0, 2.0, 3.0, 4.0, 1000.0]), 3.0);
/// ```
pub fn trimmed_mean(sorted: &[f64]) -> f64 {
    let cut = fifth(sorted.len());
    mean(&sorted[cut..sorted.len() - cut])
}

/// The [`trimmed_mean`] of sorted values and its standard error, in their own unit: for
/// [`Studentised`](super::Studentised). NaN of fewer than two.
///
/// ```
/// # use perfguard_stats::resample::statistic::trimmed_mean_with_error;
/// assert_eq!(trimmed_mean_with_error(&[1.0, 2.0, 3.0]).0, 2.0);
/// ```
pub fn trimmed_mean_with_error(sorted: &[f64]) -> (f64, f64) {
    if sorted.len() < 2 {
        return (f64::NAN, f64::NAN);
    }
    let cut = fifth(sorted.len());
    let scale = Scale::of(&sorted[cut..sorted.len() - cut]);
    let found = Trimmed::of(sorted, cut, scale);
    (scale.up(found.mean), scale.up(found.squared_error.sqrt()))
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}
