//! The 20 %-trimmed mean of pair differences: the statistic of the gate.

use crate::sample::{StatsError, check_result, sorted};
use crate::two_sample::{Alternative, Located, LocationTest, Scale, Trimmed, fifth};

/// A trimmed mean and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrimmedMean {
    /// The mean of what is not cut, in the values' own unit.
    pub mean: f64,
    /// The winsorised standard deviation: of the values with each that is cut set to the nearest that is not; in the
    /// values' own unit, not negative.
    pub winsorised_deviation: f64,
    /// The standard error of the mean, in the values' own unit; 0 exactly where all that is not cut is one value.
    pub standard_error: f64,
    /// Degrees of freedom of the t distribution: the number of values that are not cut, less one.
    pub degrees_of_freedom: f64,
}

/// The mean without a fifth of the values at each end, with the standard error of Yuen, *The two-sample trimmed t for
/// unequal population variances*, Biometrika 61 (1974).
///
/// Of `n` values `g = floor(n / 5)` are cut from each end, so none of up to four, and `h = n - 2 g` stay. The standard
/// error is `s sqrt((n - 1) / (h (h - 1)))`, `s` the winsorised deviation. (That of Tukey and `McLaughlin`,
/// `s sqrt(n) / h`, is a little smaller.)
///
/// # Errors
/// When there are fewer than two values, one is not finite, or a result is beyond what a double holds.
///
/// ```
/// # use perfguard_stats::paired::trimmed_mean;
/// let found = trimmed_mean(&[1.0, 2.0, 3.0, 4.0, 1000.0]).unwrap();
/// assert_eq!((found.mean, found.winsorised_deviation), (3.0, 1.0));
/// assert!((found.standard_error - (4.0_f64 / 6.0).sqrt()).abs() < 1e-12);
/// assert_eq!(found.degrees_of_freedom, 2.0);
/// ```
pub fn trimmed_mean(values: &[f64]) -> Result<TrimmedMean, StatsError> {
    let (scale, trimmed) = trimmed(values)?;
    Ok(TrimmedMean {
        mean: check_result(scale.up(trimmed.mean))?,
        winsorised_deviation: check_result(scale.up(trimmed.deviation))?,
        standard_error: check_result(scale.up(trimmed.squared_error.sqrt()))?,
        degrees_of_freedom: trimmed.degrees,
    })
}

/// The t test of one trimmed mean against a hypothesis, with its interval: the one-sample form of Yuen, *The two-sample
/// trimmed t for unequal population variances*, Biometrika 61 (1974), on [`trimmed_mean`].
///
/// Values and hypothesis in one unit; for a gate, log ratios of pairs and a margin. Where all that is not cut is one
/// value there is no t: the p-value is 1 or 0 by comparing that value with the hypothesis, and the interval is the value.
///
/// # Errors
/// When there are fewer than two values, one or the hypothesis is not finite, the level is not between 0 and 1, or a
/// result is beyond what a double holds.
///
/// ```
/// # use perfguard_stats::paired::{Alternative, trimmed_t};
/// let differences = [0.048, 0.052, 0.050, 0.047, 0.051, 0.053, 0.049, 0.400];
/// let found = trimmed_t(&differences, 0.01, Alternative::Greater, 0.95).unwrap();
/// assert!(found.p_value < 1e-6);
/// assert!(0.047 < found.interval.low && found.interval.high < 0.054);
/// ```
pub fn trimmed_t(
    values: &[f64],
    hypothesis: f64,
    alternative: Alternative,
    level: f64,
) -> Result<LocationTest, StatsError> {
    located(values)?.test(hypothesis, alternative, level)
}

/// The trimmed mean as an estimate with its error.
pub(crate) fn located(values: &[f64]) -> Result<Located, StatsError> {
    let (scale, trimmed) = trimmed(values)?;
    Ok(Located { scale, estimate: trimmed.mean, error: trimmed.squared_error.sqrt(), degrees: trimmed.degrees })
}

fn trimmed(values: &[f64]) -> Result<(Scale, Trimmed), StatsError> {
    let sorted = sorted(values)?;
    if sorted.len() < 2 {
        return Err(StatsError::TooFew { needed: 2, given: sorted.len() });
    }
    let cut = fifth(sorted.len());
    // What is cut must not set the scale.
    let scale = Scale::of(&sorted[cut..sorted.len() - cut]);
    Ok((scale, Trimmed::of(&sorted, cut, scale)))
}
