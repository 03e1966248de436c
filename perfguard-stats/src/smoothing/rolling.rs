//! Medians, means and spreads of a window that moves along a series.

use crate::quantile::median;
use crate::sample::{StatsError, check_finite};
use crate::summary::{mean, median_absolute_deviation};

/// Which values around a place belong to it. At the ends of a series a window holds what there is of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    /// The value and those before it, so many together; at least 1.
    Trailing(usize),
    /// The value and so many to either side.
    Centred(usize),
}

impl Window {
    /// The window's part of the values at an index; never empty for an index that exists.
    fn at(self, index: usize, values: &[f64]) -> &[f64] {
        let (before, after) = match self {
            Self::Trailing(length) => (length.saturating_sub(1), 0),
            Self::Centred(half) => (half, half),
        };
        let end = index.saturating_add(after).saturating_add(1).min(values.len());
        &values[index.saturating_sub(before)..end]
    }
}

/// The median of each value's window, in the values' own unit and order.
///
/// # Errors
/// When there is no value, one is not finite, or a trailing window has no length.
///
/// ```
/// # use perfguard_stats::smoothing::{Window, rolling_median};
/// let values = [1.0, 2.0, 90.0, 4.0, 5.0];
/// assert_eq!(rolling_median(&values, Window::Centred(1)).unwrap(), [1.5, 2.0, 4.0, 5.0, 4.5]);
/// assert_eq!(rolling_median(&values, Window::Trailing(3)).unwrap(), [1.0, 1.5, 2.0, 4.0, 5.0]);
/// ```
pub fn rolling_median(values: &[f64], window: Window) -> Result<Vec<f64>, StatsError> {
    rolling(values, window, median)
}

/// The mean of each value's window, in the values' own unit and order. Each is summed anew, so that one huge value does
/// not spoil those after it.
///
/// # Errors
/// As [`rolling_median`].
///
/// ```
/// # use perfguard_stats::smoothing::{Window, rolling_mean};
/// assert_eq!(rolling_mean(&[1.0, 2.0, 6.0], Window::Trailing(2)).unwrap(), [1.0, 1.5, 4.0]);
/// ```
pub fn rolling_mean(values: &[f64], window: Window) -> Result<Vec<f64>, StatsError> {
    rolling(values, window, mean)
}

/// The median absolute deviation from the median within each value's window, in the values' own unit and order, not
/// scaled.
///
/// # Errors
/// As [`rolling_median`], and when a result is too large for a number.
///
/// ```
/// # use perfguard_stats::smoothing::{Window, rolling_median_absolute_deviation};
/// let found = rolling_median_absolute_deviation(&[1.0, 2.0, 4.0, 9.0], Window::Centred(1)).unwrap();
/// assert_eq!(found, [0.5, 1.0, 2.0, 2.5]);
/// ```
pub fn rolling_median_absolute_deviation(values: &[f64], window: Window) -> Result<Vec<f64>, StatsError> {
    rolling(values, window, median_absolute_deviation)
}

fn rolling(
    values: &[f64],
    window: Window,
    statistic: impl Fn(&[f64]) -> Result<f64, StatsError>,
) -> Result<Vec<f64>, StatsError> {
    check_finite(values, 1)?;
    if window == Window::Trailing(0) {
        return Err(StatsError::TooFew { needed: 1, given: 0 });
    }
    (0..values.len()).map(|index| statistic(window.at(index, values))).collect()
}
