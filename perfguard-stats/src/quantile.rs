//! Quantiles, named by Hyndman and Fan, *Sample Quantiles in Statistical Packages*, The American Statistician 50 (1996).

use crate::sample::{StatsError, check_finite, real, sorted};

/// The nine definitions of a sample quantile that are in use, in the order and by the numbers of Hyndman and Fan.
///
/// The first three always give one of the values (the second also the middle of two neighbours), the others interpolate
/// between neighbours.
///
/// ```
/// # use perfguard_stats::quantile::{Definition, quantile};
/// let values = [1.0, 2.0, 3.0, 4.0];
/// assert_eq!(quantile(&values, 0.4, Definition::InvertedDistribution).unwrap(), 2.0);
/// assert_eq!(quantile(&values, 0.4, Definition::Weibull).unwrap(), 2.0);
/// assert_eq!(quantile(&values, 0.4, Definition::Linear).unwrap(), 2.2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Definition {
    /// Type 1: the smallest value that at least the share `p` of all does not exceed.
    InvertedDistribution,
    /// Type 2: as type 1, but the middle of two neighbours where `n p` is a whole number.
    AveragedInvertedDistribution,
    /// Type 3: the value whose rank is closest to `n p`, the even rank where two are as close.
    ClosestObservation,
    /// Type 4: interpolated at `n p`.
    InterpolatedInvertedDistribution,
    /// Type 5: interpolated at `n p + 1/2`; the middles of the steps of the distribution (Hazen).
    Hazen,
    /// Type 6: interpolated at `(n + 1) p`; the mean share below each value (Weibull).
    Weibull,
    /// Type 7: interpolated at `(n - 1) p + 1`; what `NumPy`, R and spreadsheets do unless told otherwise, and so do we.
    #[default]
    Linear,
    /// Type 8: interpolated at `(n + 1/3) p + 1/3`; nearly free of bias in the median, whatever the distribution.
    MedianUnbiased,
    /// Type 9: interpolated at `(n + 1/4) p + 3/8`; nearly free of bias in the mean for a normal distribution.
    NormalUnbiased,
}

impl Definition {
    /// All nine, by their numbers.
    pub const ALL: [Self; 9] = [
        Self::InvertedDistribution,
        Self::AveragedInvertedDistribution,
        Self::ClosestObservation,
        Self::InterpolatedInvertedDistribution,
        Self::Hazen,
        Self::Weibull,
        Self::Linear,
        Self::MedianUnbiased,
        Self::NormalUnbiased,
    ];

    /// Where the quantile lies among `count` sorted values, counted from 0; beyond the ends means at the ends.
    fn position(self, count: f64, p: f64) -> f64 {
        match self {
            Self::InvertedDistribution => whole_if_close(count * p).ceil() - 1.0,
            Self::AveragedInvertedDistribution => {
                let rank = whole_if_close(count * p);
                // A whole number is between two values; anything else belongs to the next value.
                if rank.fract() == 0.0 { rank - 0.5 } else { rank.floor() }
            }
            Self::ClosestObservation => (whole_if_close(2.0 * count * p) / 2.0).round_ties_even() - 1.0,
            Self::InterpolatedInvertedDistribution => count * p - 1.0,
            Self::Hazen => count * p - 0.5,
            Self::Weibull => (count + 1.0) * p - 1.0,
            Self::Linear => (count - 1.0) * p,
            Self::MedianUnbiased => (count + 1.0 / 3.0) * p - 2.0 / 3.0,
            Self::NormalUnbiased => (count + 0.25) * p - 0.625,
        }
    }
}

/// Products like `100 * 0.07` miss the whole number by rounding: a few steps are taken for none, as R does.
pub(crate) fn whole_if_close(product: f64) -> f64 {
    let whole = product.round();
    if (product - whole).abs() <= 4.0 * f64::EPSILON * whole.max(1.0) { whole } else { product }
}

/// The quantile at `p` by the definition asked for, in the values' own unit.
///
/// # Errors
/// When there is no value, one is not finite, or `p` is not within `[0, 1]`.
///
/// ```
/// # use perfguard_stats::quantile::{Definition, quantile};
/// assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.25, Definition::default()).unwrap(), 1.75);
/// assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.25, Definition::AveragedInvertedDistribution).unwrap(), 1.5);
/// ```
pub fn quantile(values: &[f64], p: f64, definition: Definition) -> Result<f64, StatsError> {
    quantile_of_sorted_by(&sorted(values)?, p, definition)
}

/// The quantile at `p` of values that are sorted already, by the definition asked for, in the values' own unit.
///
/// # Errors
/// When there is no value, the first or the last is not finite, or `p` is not within `[0, 1]`.
///
/// ```
/// # use perfguard_stats::quantile::{Definition, quantile_of_sorted_by};
/// assert_eq!(quantile_of_sorted_by(&[1.0, 2.0, 3.0, 4.0], 0.9, Definition::Hazen).unwrap(), 4.0);
/// ```
pub fn quantile_of_sorted_by(sorted: &[f64], p: f64, definition: Definition) -> Result<f64, StatsError> {
    check_sorted(sorted, p)?;
    let count = real(sorted.len());
    Ok(between(sorted, definition.position(count, p).clamp(0.0, count - 1.0)))
}

/// The type-7 quantile of values that are sorted already: linear between order statistics at `(n - 1) p`.
///
/// In the values' own unit. `NumPy`, R and spreadsheets have this type as their default.
///
/// # Errors
/// When there is no value, the first or the last is not finite, or `p` is not within `[0, 1]`.
///
/// ```
/// # use perfguard_stats::quantile::quantile_of_sorted;
/// assert_eq!(quantile_of_sorted(&[1.0, 2.0, 3.0, 4.0], 0.25).unwrap(), 1.75);
/// ```
pub fn quantile_of_sorted(sorted: &[f64], p: f64) -> Result<f64, StatsError> {
    quantile_of_sorted_by(sorted, p, Definition::Linear)
}

/// Sorted values have NaN and infinities at their ends, so the ends are all that need be looked at.
fn check_sorted(sorted: &[f64], p: f64) -> Result<(), StatsError> {
    if !(0.0..=1.0).contains(&p) {
        return Err(StatsError::NotAProbability(p));
    }
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        return Err(StatsError::TooFew { needed: 1, given: 0 });
    };
    if !first.is_finite() {
        return Err(StatsError::NotFinite { index: 0 });
    }
    if !last.is_finite() {
        return Err(StatsError::NotFinite { index: sorted.len() - 1 });
    }
    Ok(())
}

/// The value at a position from 0 to the last index, linear between neighbours. The slice is not empty.
fn between(sorted: &[f64], position: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the last index")]
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    let (low, high) = (sorted[below], sorted[above]);
    let part = position - position.floor();
    if part == 0.0 {
        return low;
    }
    // Halves are added rather than the difference taken, which may overflow between huge values of both signs; what
    // rounding puts beyond the neighbours is put back.
    (low * (1.0 - part) + high * part).max(low).min(high)
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
    check_finite(values, 1)?;
    Ok(middle_of(&mut values.to_vec()))
}

/// The median in linear time; it reorders the values. Infinite ones are ranked like any other; without values it is 0.
pub(crate) fn middle_of(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let (odd, half) = (values.len() % 2 == 1, values.len() / 2);
    let (below, upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    let lower = if odd { *upper } else { below.iter().copied().max_by(f64::total_cmp).unwrap_or(*upper) };
    (lower * 0.5 + *upper * 0.5).max(lower).min(*upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_that_rounding_put_above_a_whole_number_counts_as_that_number() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        // 100 * 0.07 is 7.000000000000001.
        let at = |definition| quantile_of_sorted_by(&values, 0.07, definition).unwrap();
        assert!((at(Definition::InvertedDistribution) - 7.0).abs() < f64::EPSILON);
        assert!((at(Definition::AveragedInvertedDistribution) - 7.5).abs() < f64::EPSILON);
    }

    #[test]
    fn of_two_ranks_as_close_the_even_one_is_taken() {
        let at = |p| quantile_of_sorted_by(&[1.0, 2.0, 3.0, 4.0], p, Definition::ClosestObservation).unwrap();
        assert!((at(0.375) - 2.0).abs() < f64::EPSILON, "rank 1.5");
        assert!((at(0.625) - 2.0).abs() < f64::EPSILON, "rank 2.5");
        assert!((at(0.875) - 4.0).abs() < f64::EPSILON, "rank 3.5");
    }

    #[test]
    fn a_sorted_slice_that_holds_what_is_not_finite_is_rejected() {
        assert_eq!(quantile_of_sorted(&[1.0, f64::NAN], 0.5), Err(StatsError::NotFinite { index: 1 }));
        assert_eq!(quantile_of_sorted(&[f64::NEG_INFINITY, 1.0], 0.5), Err(StatsError::NotFinite { index: 0 }));
    }

    #[test]
    fn the_median_lies_between_its_neighbours_down_to_the_smallest_number() {
        let least = f64::from_bits(1);
        assert_eq!(median(&[least, least]).unwrap().to_bits(), 1);
        assert!(median(&[least, f64::from_bits(2)]).unwrap() >= least);
        assert!((median(&[f64::MAX, f64::MAX]).unwrap() - f64::MAX).abs() < 1.0);
        assert!(median(&[-f64::MAX, f64::MAX]).unwrap().abs() < f64::EPSILON);
    }
}
