//! A label for samples with two modes, as layouts, clocks and caches make them.

use crate::quantile::middle_of;
use crate::sample::{StatsError, check_finite, real, sorted};
use crate::summary::{NORMAL_CONSISTENCY, resolution_floor, scaled, small_sample_factor};

/// The fewest values for a label: with 20 it is wrong for 5 % of normal samples, with 12 it would be for 14 %.
const FEWEST: usize = 20;
/// Each mode must hold at least one value in so many.
const SMALLEST_SHARE: usize = 5;
/// So many deviations within must lie between the modes.
const LEAST_SEPARATION: f64 = 4.0;

/// Two groups of values, apart from one another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoModes {
    /// The median of the lower group, in the values' own unit.
    pub low: f64,
    /// The median of the upper group, in the values' own unit.
    pub high: f64,
    /// The share of the values in the upper group, from 0.2 to 0.8.
    pub high_share: f64,
    /// The distance of the medians over the deviation within; infinite where nothing differs within.
    pub separation: f64,
}

/// The two modes of a sample, where it has two: the largest gap that leaves a fifth of the values or more on each side
/// splits it; the groups are modes if their medians lie more than four deviations within apart.
///
/// The deviation within is the groups' scaled median absolute deviations, corrected for their sizes and pooled as
/// variances, but at least that of rounding to `resolution` (the timer's tick or the last printed digit, in the values'
/// own unit; 0 for none), so that two neighbouring ticks are no two modes. A label, not a test. By simulation it is given
/// to 5 % of normal samples of 20 values, 1 % of 40, and to few of 100, to more of skewed ones; and to 98 % of samples of
/// 20 or more with modes seven deviations apart.
///
/// # Errors
/// When there are fewer than 20 values, one is not finite, or the resolution is negative or not finite.
///
/// ```
/// # use perfguard_stats::normality::two_modes;
/// let one: Vec<f64> = (0..20).map(|index| 100.0 + f64::from(index) * 0.1).collect();
/// assert_eq!(two_modes(&one, 0.0).unwrap(), None);
/// let two: Vec<f64> = one.iter().zip(0..).map(|(value, index)| value + f64::from(index % 2) * 10.0).collect();
/// let found = two_modes(&two, 0.0).unwrap().unwrap();
/// assert!((found.high - found.low - 10.0).abs() < 0.2 && found.high_share == 0.5);
/// ```
pub fn two_modes(values: &[f64], resolution: f64) -> Result<Option<TwoModes>, StatsError> {
    let floor = resolution_floor(resolution)?;
    check_finite(values, FEWEST)?;
    let (scaled, unit) = scaled(values);
    let sorted = sorted(&scaled)?;
    let count = sorted.len();
    let (lower, upper) = sorted.split_at(widest_gap(&sorted));
    let (low, high) = (middle_of(&mut lower.to_vec()), middle_of(&mut upper.to_vec()));
    let pooled = (variance_part(lower, low) + variance_part(upper, high)) / real(count - 2);
    let within = pooled.sqrt().max(floor / unit);
    let separation = if high > low { (high - low) / within } else { 0.0 };
    let high_share = real(upper.len()) / real(count);
    let found = TwoModes { low: low * unit, high: high * unit, high_share, separation };
    Ok((separation > LEAST_SEPARATION).then_some(found))
}

/// How many values lie below the widest gap that leaves enough of them on each side; the lowest of those as wide.
fn widest_gap(sorted: &[f64]) -> usize {
    let fewest = sorted.len().div_ceil(SMALLEST_SHARE);
    let gap = |below: &usize| sorted[*below] - sorted[below - 1];
    (fewest..=sorted.len() - fewest).rev().max_by(|one, other| gap(one).total_cmp(&gap(other))).unwrap_or(fewest)
}

/// A group's squared deviation, as often as it has degrees of freedom.
fn variance_part(group: &[f64], middle: f64) -> f64 {
    let mut deviations: Vec<f64> = group.iter().map(|value| (value - middle).abs()).collect();
    let count = real(group.len());
    let deviation = middle_of(&mut deviations) * NORMAL_CONSISTENCY * small_sample_factor(count);
    deviation * deviation * (count - 1.0)
}
