//! Shown to be the same within limits: two one-sided tests.
//!
//! After Schuirmann, *A comparison of the two one-sided tests procedure and the power approach for assessing the
//! equivalence of average bioavailability*, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987). No significant
//! difference is no proof of sameness; this is one: both "it is below the lower limit" and "it is above the upper limit"
//! must be refuted.

use crate::interval::Interval;
use crate::paired;
use crate::sample::{StatsError, check_limit, check_result};
use crate::two_sample::{Located, welch};

/// What two one-sided tests say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Equivalence {
    /// The location, or the difference head less base, in the values' own unit.
    pub estimate: f64,
    /// The p-value against "at or below the lower limit"; 0 to 1.
    pub above_low: f64,
    /// The p-value against "at or above the upper limit"; 0 to 1.
    pub below_high: f64,
    /// The larger of the two: that of "not within the limits".
    pub p_value: f64,
    /// Whether it is at most `alpha`.
    pub shown: bool,
    /// The interval of the estimate at level `1 - 2 alpha`, in the values' own unit: it lies within the limits where
    /// equivalence is shown.
    pub interval: Interval,
}

/// Whether the means of two samples differ by no more than from `low` to `high`, by Welch's t.
///
/// The difference is head less base; limits are in the values' own unit. `alpha`, below 1/2, is the chance of showing
/// what is not so.
///
/// # Errors
/// When a sample has fewer than two values, a value or limit is not finite, `low` is not below `high`, `alpha` is not
/// between 0 and 1/2, or a result is beyond what a double holds.
///
/// ```
/// # use perfguard_stats::equivalence::equivalent_means;
/// let (base, head) = ([10.0, 10.2, 9.9, 10.1, 9.8], [10.1, 10.0, 10.2, 9.9, 10.0]);
/// assert!(equivalent_means(&base, &head, -0.5, 0.5, 0.05).unwrap().shown);
/// assert!(!equivalent_means(&base, &head, -0.05, 0.05, 0.05).unwrap().shown);
/// ```
pub fn equivalent_means(
    base: &[f64],
    head: &[f64],
    low: f64,
    high: f64,
    alpha: f64,
) -> Result<Equivalence, StatsError> {
    two_one_sided(&welch(base, head)?, low, high, alpha)
}

/// Whether the 20 %-trimmed mean of pair differences lies between `low` and `high`, by [`paired::trimmed_t`].
///
/// For a gate the differences are log ratios of pairs and the limits the threshold's logarithm and its negative.
///
/// # Errors
/// When there are fewer than two differences, one or a limit is not finite, `low` is not below `high`, `alpha` is not
/// between 0 and 1/2, or a result is beyond what a double holds.
///
/// ```
/// # use perfguard_stats::equivalence::equivalent_pairs;
/// let differences = [0.002, -0.004, 0.001, 0.003, -0.002, 0.0, 0.005, -0.003];
/// let threshold = 1.03_f64.ln();
/// assert!(equivalent_pairs(&differences, -threshold, threshold, 0.01).unwrap().shown);
/// ```
pub fn equivalent_pairs(differences: &[f64], low: f64, high: f64, alpha: f64) -> Result<Equivalence, StatsError> {
    two_one_sided(&paired::located(differences)?, low, high, alpha)
}

fn two_one_sided(located: &Located, low: f64, high: f64, alpha: f64) -> Result<Equivalence, StatsError> {
    let (low, high) = (check_limit(low)?, check_limit(high)?);
    if low >= high {
        return Err(StatsError::NotARange { low, high });
    }
    if !(alpha > 0.0 && alpha < 0.5) {
        return Err(StatsError::NotAnErrorRate(alpha));
    }
    let above_low = located.tails(low)?.1;
    let below_high = located.tails(high)?.0;
    let p_value = above_low.max(below_high);
    Ok(Equivalence {
        estimate: check_result(located.scale.up(located.estimate))?,
        above_low,
        below_high,
        p_value,
        shown: p_value <= alpha,
        interval: located.interval(1.0 - 2.0 * alpha)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_without_spread_are_decided_by_comparing() {
        let shown = |value: f64| equivalent_pairs(&[value; 5], -0.03, 0.03, 0.01).unwrap().shown;
        assert!(shown(0.0) && shown(0.029));
        assert!(!shown(0.03) && !shown(-0.03) && !shown(0.5), "a limit itself is not within");
    }

    #[test]
    fn limits_that_are_no_range_are_an_error() {
        assert_eq!(equivalent_pairs(&[0.0; 5], 1.0, 1.0, 0.05), Err(StatsError::NotARange { low: 1.0, high: 1.0 }));
        assert!(equivalent_pairs(&[0.0; 5], f64::NAN, 1.0, 0.05).is_err());
        for alpha in [0.0, -0.01, 0.5, 0.6, f64::INFINITY] {
            let refused = equivalent_pairs(&[0.0, 0.1, 0.2], -1.0, 1.0, alpha);
            assert_eq!(refused, Err(StatsError::NotAnErrorRate(alpha)));
        }
    }
}
