//! Whether a series has one change of level, by ranks alone.

use crate::dependence::{effective_size, residual_correlation};
use crate::quantile::median;
use crate::sample::{StatsError, at_least, real};

use super::search::p_value_of_best_split;

/// Fewer values are no history.
const FEWEST: usize = 12;

/// On each side of the change, at least so many values.
const SHORTEST: usize = 5;

/// The place at which the values before and after differ most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SingleChange {
    /// The first value of the new level.
    pub index: usize,
    /// The difference of the ranks in standard deviations, correlation considered; positive where the values rise.
    pub z: f64,
    /// The chance of a difference this large at any place of a series without change.
    pub p_value: f64,
    /// How many independent values would say as much.
    pub effective_size: f64,
    /// The median before, in the values' own unit.
    pub level_before: f64,
    /// The median from there on, in the values' own unit.
    pub level_after: f64,
}

/// The test for one change of level at an unknown place: the largest Mann–Whitney statistic, standardised, over all
/// splits that leave five values on each side; Pettitt, *A non-parametric approach to the change-point problem*,
/// Applied Statistics 28 (1979), in the standardised form of Lausen and Schumacher (1992), whose p-value allows for the
/// search.
///
/// Asks nothing of the values but their order. The correlation of neighbours, taken from the residuals about the two
/// medians, shrinks the statistic. Values that are all the same: `z` 0, p-value 1.
///
/// # Errors
/// When there are fewer than 12 values, or one is not finite.
///
/// ```
/// # use perfguard_stats::changepoint::single_change;
/// let mut values: Vec<f64> = (0..30).map(|n| f64::from(n * 7 % 5)).collect();
/// assert!(single_change(&values).unwrap().p_value > 0.05);
/// values[18..].iter_mut().for_each(|value| *value += 5.0);
/// let found = single_change(&values).unwrap();
/// assert_eq!((found.index, found.level_before, found.level_after), (18, 2.0, 7.0));
/// assert!(found.p_value < 0.001);
/// ```
pub fn single_change(values: &[f64]) -> Result<SingleChange, StatsError> {
    let count = at_least(values, FEWEST)?.len();
    let (ranks, tie_term) = midranks(values);
    let mut sum = 0.0;
    let (mut index, mut best) = (SHORTEST, 0.0_f64);
    for (place, rank) in ranks.iter().enumerate().take(count - SHORTEST) {
        sum += rank;
        let before = place + 1;
        if before < SHORTEST {
            continue;
        }
        let (m, k) = (real(before), real(count - before));
        let variance = m * k / 12.0 * tie_term;
        // How much lower the ranks before are than they would be without change.
        let lower = m * (real(count) + 1.0) / 2.0 - sum;
        let z = if variance > 0.0 { lower / variance.sqrt() } else { 0.0 };
        if z.abs() > best.abs() {
            (index, best) = (before, z);
        }
    }
    let (before, after) = values.split_at(index);
    let (level_before, level_after) = (median(before)?, median(after)?);
    // Halves, so that no difference overflows.
    let about = |level: f64| move |value: &f64| value / 2.0 - level / 2.0;
    let residuals: Vec<f64> =
        before.iter().map(about(level_before)).chain(after.iter().map(about(level_after))).collect();
    let effective_size = effective_size(count, residual_correlation(&residuals)?);
    let z = best * (effective_size / real(count)).sqrt();
    let p_value = if z == 0.0 { 1.0 } else { p_value_of_best_split(z.abs(), count, SHORTEST) };
    Ok(SingleChange { index, z, p_value, effective_size, level_before, level_after })
}

/// The rank of each value, equal ones sharing the mean of theirs, and what ties leave of `n + 1` in the variance.
fn midranks(values: &[f64]) -> (Vec<f64>, f64) {
    let mut order: Vec<(f64, usize)> = values.iter().map(|value| value + 0.0).zip(0..).collect();
    order.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let mut ranks = vec![0.0; values.len()];
    let (mut done, mut tied) = (0, 0.0);
    for group in order.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        let size = real(group.len());
        for (_, index) in group {
            ranks[*index] = real(done) + f64::midpoint(size, 1.0);
        }
        done += group.len();
        tied += size * size * size - size;
    }
    let count = real(values.len());
    (ranks, count + 1.0 - tied / (count * (count - 1.0)))
}
