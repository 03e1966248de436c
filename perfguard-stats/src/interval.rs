//! Intervals of one sample's median.

use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

use crate::quantile::median;
use crate::sample::{StatsError, check_level, sorted};

/// A two-sided interval, in the values' own unit; `low <= high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A distribution-free interval of the median from order statistics, interpolated between the two neighbouring exact
/// levels: Hettmansperger and Sheather, *Confidence intervals based on interpolated order statistics*, Statistics &
/// Probability Letters 4 (1986).
///
/// At 95 % it needs six values. The interpolation makes the level nearly the one asked for, where exact order statistics
/// would jump between, say, 93 and 99.2 %.
///
/// # Errors
/// When a value is not finite, the level is not between 0 and 1, or the values are too few for the level.
///
/// ```
/// # use perfguard_stats::interval::median_interval;
/// let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
/// let interval = median_interval(&values, 0.95).unwrap();
/// assert!(1.0 <= interval.low && interval.low < 2.0 && 7.0 < interval.high);
/// assert!(median_interval(&values[..5], 0.95).is_err());
/// ```
pub fn median_interval(values: &[f64], level: f64) -> Result<Interval, StatsError> {
    let level = check_level(level)?;
    let sorted = sorted(values)?;
    let count = sorted.len();
    let distribution = Binomial::new(0.5, count as u64).map_err(|_| StatsError::NotAProbability(0.5))?;
    // Coverage of the interval from the k-th smallest to the k-th largest value: 1 - 2 P(X < k).
    let coverage = |k: usize| if k == 0 { 1.0 } else { 1.0 - 2.0 * distribution.cdf(k as u64 - 1) };
    let needed = (1..=1100).find(|n| 1.0 - 0.5_f64.powi(*n - 1) >= level).unwrap_or(i32::MAX);
    let needed = usize::try_from(needed).unwrap_or(usize::MAX);
    if count < needed {
        return Err(StatsError::TooFew { needed, given: count });
    }
    // The largest k that still covers enough.
    let k = (1..=count.div_ceil(2)).take_while(|k| coverage(*k) >= level).last().unwrap_or(1);
    let (outer, inner) = (coverage(k), coverage(k + 1));
    let ends = |k: usize| (sorted[k - 1], sorted[count - k]);
    let (low, high) = ends(k);
    if k + 1 > count / 2 {
        // The next pair would cross: the exact interval is all there is.
        return Ok(Interval { low, high });
    }
    let (low_inner, high_inner) = ends(k + 1);
    let share = (outer - level) / (outer - inner);
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let (n, k) = (count as f64, k as f64);
    let weight = (n - k) * share / (k + (n - 2.0 * k) * share);
    let between = |outer: f64, inner: f64| outer * (1.0 - weight) + inner * weight;
    let middle = median(&sorted)?;
    // Rounding must not put the ends beyond each other.
    Ok(Interval { low: between(low, low_inner).min(middle), high: between(high, high_inner).max(middle) })
}

/// The value that Student's t exceeds with this chance, by halving: statrs' own quantile panics at small chances.
///
/// With at least one degree of freedom, and at most about 1e154, where squares end.
pub(crate) fn student_quantile(chance: f64, freedom: f64) -> Result<f64, StatsError> {
    if chance > 0.5 {
        return Ok(-student_quantile(1.0 - chance, freedom)?);
    }
    let student = StudentsT::new(0.0, 1.0, freedom.max(1.0)).map_err(|_| StatsError::NotAnAmount(freedom))?;
    let (mut low, mut high) = (0.0, 1.0);
    while student.sf(high) > chance {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return Ok(middle);
        }
        if student.sf(middle) > chance { low = middle } else { high = middle }
    }
}
