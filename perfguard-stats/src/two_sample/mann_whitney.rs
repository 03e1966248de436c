//! Whether one sample tends to be larger than another, by ranks.

use statrs::distribution::{ContinuousCDF, Normal};

use super::exact::SubsetSums;
use super::ranks::doubled_midranks;
use super::significance::{Alternative, Basis, Significance};
use crate::sample::{StatsError, check_finite};

/// Up to this product of sizes the distribution is exact; above it is the normal approximation.
pub(super) const MOST_EXACT: usize = 2_500;

/// The test of Mann and Whitney, *On a test of whether one of two random variables is stochastically larger than the
/// other*, Annals of Mathematical Statistics 18 (1947).
///
/// The statistic is the number of pairs of a head and a base value in which head is larger, ties counting half; 0 to
/// `base.len() * head.len()`. Up to a product of sizes of 2,500 the p-value is exact given the ties, by the shift
/// algorithm on doubled midranks; above it is normal with tie and continuity correction.
///
/// # Errors
/// When a sample is empty or a value is not finite.
///
/// ```
/// # use perfguard_stats::two_sample::{Alternative, mann_whitney};
/// let found = mann_whitney(&[1.0, 2.0, 3.0, 4.0, 5.0], &[6.0, 7.0, 8.0, 9.0, 10.0], Alternative::TwoSided).unwrap();
/// assert_eq!(found.statistic, 25.0);
/// assert!((found.p_value - 2.0 / 252.0).abs() < 1e-15);
/// assert!(found.can_reach(0.01));
/// ```
pub fn mann_whitney(base: &[f64], head: &[f64], alternative: Alternative) -> Result<Significance, StatsError> {
    check_finite(base, 1)?;
    check_finite(head, 1)?;
    let mut pool: Vec<(f64, bool)> = base.iter().map(|value| (*value, false)).collect();
    pool.extend(head.iter().map(|value| (*value, true)));
    pool.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let ranks = doubled_midranks(&pool, |(value, _)| *value);
    let head_sum: usize = ranks.iter().zip(&pool).filter(|(_, (_, of_head))| *of_head).map(|(rank, _)| rank).sum();
    let doubled = head_sum - head.len() * (head.len() + 1);
    let statistic = number(doubled) / 2.0;
    if base.len() * head.len() <= MOST_EXACT {
        let (found, extremes) = exact(&ranks, base.len(), head.len(), head_sum);
        let p_value = alternative.p_value(found.0, found.1);
        let smallest_p_value = smallest(alternative, extremes);
        return Ok(Significance { statistic, p_value, smallest_p_value, basis: Basis::Exact });
    }
    let normal = Approximation::of(&ranks, base.len(), head.len());
    let (at_most, at_least) = normal.tails(statistic);
    let taken = |ranks: &[usize]| number(ranks.iter().sum::<usize>() - head.len() * (head.len() + 1)) / 2.0;
    let extremes = (normal.tails(taken(&ranks[..head.len()])).0, normal.tails(taken(&ranks[base.len()..])).1);
    let p_value = alternative.p_value(at_most, at_least);
    Ok(Significance { statistic, p_value, smallest_p_value: smallest(alternative, extremes), basis: Basis::Normal })
}

/// The smallest p-value that [`mann_whitney`] can give for so many values without ties; 1 where a side has none.
///
/// ```
/// # use perfguard_stats::two_sample::{Alternative, mann_whitney_smallest_p_value};
/// assert!((mann_whitney_smallest_p_value(4, 4, Alternative::TwoSided) - 2.0 / 70.0).abs() < 1e-15);
/// assert!(mann_whitney_smallest_p_value(3, 3, Alternative::TwoSided) > 0.05);
/// ```
pub fn mann_whitney_smallest_p_value(base: usize, head: usize, alternative: Alternative) -> f64 {
    // One over the number of arrangements: the binomial coefficient, factor by factor.
    let fewer = base.min(head);
    let one = (1..=fewer).map(|taken| number(taken) / number(base + head - fewer + taken)).product();
    smallest(alternative, (one, one))
}

fn smallest(alternative: Alternative, (least, greatest): (f64, f64)) -> f64 {
    alternative.p_value(least, greatest)
}

/// The chances of a rank sum of head at most, and at least, as large, and those of the least and the greatest.
fn exact(ranks: &[usize], base: usize, head: usize, head_sum: usize) -> ((f64, f64), (f64, f64)) {
    if head <= base {
        let sums = SubsetSums::of(ranks, head);
        return (sums.tails(head_sum), sums.extremes());
    }
    // The smaller side is cheaper to count; where it ranks high, the other ranks low.
    let sums = SubsetSums::of(ranks, base);
    let swap = |(low, high)| (high, low);
    (swap(sums.tails(ranks.iter().sum::<usize>() - head_sum)), swap(sums.extremes()))
}

/// The normal distribution with the statistic's mean and, given the ties, its variance.
struct Approximation {
    mean: f64,
    deviation: f64,
}

impl Approximation {
    fn of(ranks: &[usize], base: usize, head: usize) -> Self {
        let (base, head, all) = (number(base), number(head), number(base + head));
        let groups = ranks.chunk_by(usize::eq).map(|group| number(group.len()));
        let ties: f64 = groups.map(|tied| tied * tied * tied - tied).sum();
        let variance = base * head / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
        Self { mean: base * head / 2.0, deviation: variance.max(0.0).sqrt() }
    }

    /// The chances of a statistic at most, and at least, as large.
    fn tails(&self, statistic: f64) -> (f64, f64) {
        if self.deviation <= 0.0 {
            // All values are one: there is nothing else that could have been.
            return (1.0, 1.0);
        }
        let tail = |beyond: f64| Normal::standard().sf((beyond - 0.5) / self.deviation);
        (tail(self.mean - statistic), tail(statistic - self.mean))
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes and rank sums far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_separation_has_the_smallest_p_value_whichever_side_is_larger() {
        for (base, head) in [(1, 1), (3, 3), (5, 5), (5, 8), (8, 5), (1, 40), (20, 20), (50, 50), (2, 1250)] {
            let low: Vec<f64> = (0..u32::try_from(base).unwrap()).map(f64::from).collect();
            let high: Vec<f64> = (0..u32::try_from(head).unwrap()).map(|value| f64::from(value) + 1e6).collect();
            for alternative in [Alternative::Greater, Alternative::TwoSided] {
                let found = mann_whitney(&low, &high, alternative).unwrap();
                let expected = mann_whitney_smallest_p_value(base, head, alternative);
                assert!((found.p_value / expected - 1.0).abs() < 1e-12, "{base} {head}: {}", found.p_value);
                assert!((found.smallest_p_value / expected - 1.0).abs() < 1e-12);
            }
            let other_way = mann_whitney(&low, &high, Alternative::Less).unwrap();
            assert!((other_way.p_value - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn values_that_are_all_one_can_reach_nothing_exact_or_not() {
        for count in [5, 60] {
            let found = mann_whitney(&vec![7.0; count], &vec![7.0; count], Alternative::TwoSided).unwrap();
            assert!((found.p_value - 1.0).abs() < 1e-12);
            assert!(!found.can_reach(0.99));
        }
    }
}
