//! Two samples that were taken apart.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::interval::Interval;
use crate::quantile::quantile_of_sorted;
use crate::sample::{StatsError, check_level, sorted};

/// Above this product of sizes the normal approximation takes the place of the exact distribution.
const MOST_EXACT: usize = 2_500;

/// The ratio of two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioEstimate {
    /// Head over base.
    pub ratio: f64,
    /// Its interval; `None` where the samples are too small for the level.
    pub interval: Option<Interval>,
}

/// Head over base by the Hodges–Lehmann shift of the logarithms, with the interval that belongs to the Mann–Whitney
/// test: Hodges and Lehmann, *Estimates of location based on rank tests*, Annals of Mathematical Statistics 34 (1963).
///
/// Without unit. Assumes that both samples are what each side would give at any time: drift between the two is in the
/// ratio and not in the interval.
///
/// # Errors
/// When a sample is empty, a value is not finite or not positive, or the level is not between 0 and 1.
///
/// ```
/// # use perfguard_stats::two_sample::ratio_interval;
/// let base = [100.0, 101.0, 99.0, 100.5, 99.5, 100.2];
/// let head = base.map(|value| value * 2.0);
/// let found = ratio_interval(&base, &head, 0.95).unwrap();
/// assert!((found.ratio - 2.0).abs() < 1e-12);
/// assert!(found.interval.is_some_and(|ends| ends.low < 2.0 && 2.0 < ends.high));
/// ```
pub fn ratio_interval(base: &[f64], head: &[f64], level: f64) -> Result<RatioEstimate, StatsError> {
    let level = check_level(level)?;
    let (base, head) = (logarithms(base)?, logarithms(head)?);
    let mut differences: Vec<f64> = head.iter().flat_map(|head| base.iter().map(move |base| head - base)).collect();
    differences.sort_unstable_by(f64::total_cmp);
    let ratio = quantile_of_sorted(&differences, 0.5)?.exp();
    let interval = outermost(base.len(), head.len(), level).map(|rank| {
        let (low, high) = (differences[rank], differences[differences.len() - 1 - rank]);
        Interval { low: low.exp(), high: high.exp() }
    });
    Ok(RatioEstimate { ratio, interval })
}

fn logarithms(values: &[f64]) -> Result<Vec<f64>, StatsError> {
    sorted(values)?;
    match values.iter().position(|value| *value <= 0.0) {
        Some(index) => Err(StatsError::NotPositive { index }),
        None => Ok(values.iter().map(|value| value.ln()).collect()),
    }
}

/// The index of the sorted differences at which the interval begins: the largest `c` with `2 P(U <= c) <= 1 - level`;
/// `None` where even the outermost differences do not cover enough.
fn outermost(base: usize, head: usize, level: f64) -> Option<usize> {
    let each_tail = (1.0 - level) / 2.0;
    if base * head > MOST_EXACT {
        return normal_quantile(base, head, each_tail);
    }
    let counts = mann_whitney_counts(base, head);
    let all: f64 = counts.iter().sum();
    let mut below = 0.0;
    let enough = counts.iter().take_while(|count| {
        below += **count;
        below / all <= each_tail
    });
    enough.count().checked_sub(1)
}

/// How many arrangements give each value of the Mann–Whitney statistic, 0 to `base * head`, without ties, by the
/// recurrence of Mann and Whitney (1947), which only adds: `N(m, n, u) = N(m - 1, n, u - n) + N(m, n - 1, u)`.
fn mann_whitney_counts(base: usize, head: usize) -> Vec<f64> {
    let most = base * head;
    let mut nothing = vec![0.0; most + 1];
    nothing[0] = 1.0;
    // One row for each number of base values; columns are walked by the number of head values.
    let mut rows = vec![nothing; base + 1];
    for values in 1..=head {
        for taken in 1..=base {
            let (done, rest) = rows.split_at_mut(taken);
            let (before, row) = (&done[taken - 1], &mut rest[0]);
            for statistic in values..=taken * values {
                row[statistic] += before[statistic - values];
            }
        }
    }
    rows.swap_remove(base)
}

/// The normal approximation with continuity correction.
fn normal_quantile(base: usize, head: usize, each_tail: f64) -> Option<usize> {
    #[expect(clippy::cast_precision_loss, reason = "sizes far below 2^53")]
    let (base, head) = (base as f64, head as f64);
    let mean = base * head / 2.0;
    let deviation = (base * head * (base + head + 1.0) / 12.0).sqrt();
    let rank = mean - 0.5 + Normal::standard().inverse_cdf(each_tail) * deviation;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, below the product of sizes"
    )]
    (rank >= 0.0).then_some(rank.floor() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_distribution_counts_every_arrangement_once() {
        // 4 choose 2 arrangements: 0, 1, 2 (twice), 3, 4.
        assert_eq!(mann_whitney_counts(2, 2), [1.0, 1.0, 2.0, 1.0, 1.0]);
        let counts = mann_whitney_counts(5, 7);
        assert!((counts.iter().sum::<f64>() - 792.0).abs() < f64::EPSILON);
        assert!(counts.iter().eq(counts.iter().rev()), "symmetric");
    }

    #[test]
    fn three_against_three_cannot_bear_95_percent_and_four_against_four_can() {
        let found = |n: usize| ratio_interval(&[1.0, 2.0, 3.0, 4.0][..n], &[1.5, 2.5, 3.5, 4.5][..n], 0.95).unwrap();
        assert_eq!(found(3).interval, None);
        assert!(found(4).interval.is_some());
    }
}
