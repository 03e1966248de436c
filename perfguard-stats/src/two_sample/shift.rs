//! How far one sample lies from another: the median of all differences, with an interval.

use statrs::distribution::{ContinuousCDF, Normal};

use super::exact::SubsetSums;
use super::mann_whitney::MOST_EXACT;
use super::select::value_of_rank;
use crate::interval::Interval;
use crate::sample::{StatsError, check_level, check_result, logarithms, sorted};

/// A shift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShiftEstimate {
    /// Head less base, or the location of differences, in the values' own unit.
    pub shift: f64,
    /// Its interval; `None` where the values are too few for the level.
    pub interval: Option<Interval>,
}

impl ShiftEstimate {
    /// The ratio of a shift of logarithms.
    pub(crate) fn exponential(self) -> Result<RatioEstimate, StatsError> {
        let interval = match self.interval {
            Some(ends) => Some(Interval { low: check_result(ends.low.exp())?, high: check_result(ends.high.exp())? }),
            None => None,
        };
        Ok(RatioEstimate { ratio: check_result(self.shift.exp())?, interval })
    }
}

/// The ratio of two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioEstimate {
    /// Head over base.
    pub ratio: f64,
    /// Its interval; `None` where the samples are too small for the level.
    pub interval: Option<Interval>,
}

/// Head over base by the Hodges–Lehmann shift of the logarithms, with the interval that belongs to the Mann–Whitney
/// test: [`shift_interval`] of the logarithms.
///
/// Without unit. Assumes that both samples are what each side would give at any time: drift between the two is in the
/// ratio and not in the interval.
///
/// # Errors
/// When a sample is empty, a value is not finite or not positive, the level is not between 0 and 1, or the ratio is
/// beyond what a double holds.
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
    shift_interval(&logarithms(base, 1)?, &logarithms(head, 1)?, level)?.exponential()
}

/// The median of all differences of a head and a base value, with the interval that belongs to the Mann–Whitney test:
/// Hodges and Lehmann, *Estimates of location based on rank tests*, Annals of Mathematical Statistics 34 (1963).
///
/// In the values' own unit. The interval is exact without ties up to a product of sizes of 2,500 and normal above; ties
/// make it wider than it need be. At 95 % three values against three are too few, four against four enough. Time grows like the number of values, not
/// like that of differences.
///
/// # Errors
/// When a sample is empty, a value is not finite, the level is not between 0 and 1, or a difference is beyond what a
/// double holds.
///
/// ```
/// # use perfguard_stats::two_sample::shift_interval;
/// let found = shift_interval(&[1.0, 2.0, 3.0, 4.0], &[11.0, 12.5, 13.0, 14.0], 0.95).unwrap();
/// assert_eq!(found.shift, 10.0);
/// assert!(found.interval.is_some_and(|ends| ends.low == 7.0 && ends.high == 13.0));
/// ```
pub fn shift_interval(base: &[f64], head: &[f64], level: f64) -> Result<ShiftEstimate, StatsError> {
    let level = check_level(level)?;
    let (base, head) = (sorted(base)?, sorted(head)?);
    let (lowest, highest) = (head[0] - base[base.len() - 1], head[head.len() - 1] - base[0]);
    let difference = |rank| value_of_rank(lowest, highest, rank, |limit| differences_up_to(&base, &head, limit));
    let last = base.len() * head.len() - 1;
    let shift = check_result(f64::midpoint(difference(last / 2), difference(last.div_ceil(2))))?;
    let interval = match outermost(base.len(), head.len(), level) {
        Some(rank) => {
            Some(Interval { low: check_result(difference(rank))?, high: check_result(difference(last - rank))? })
        }
        None => None,
    };
    Ok(ShiftEstimate { shift, interval })
}

/// How many differences of a head and a base value are at most this large; both sides ascend.
fn differences_up_to(base: &[f64], head: &[f64], limit: f64) -> usize {
    let mut too_small = 0;
    let mut count = 0;
    for head in head {
        // What is too small to be taken from one head value is so from all larger ones.
        too_small += base[too_small..].iter().take_while(|base| head - **base > limit).count();
        count += base.len() - too_small;
    }
    count
}

/// The index of the sorted differences at which the interval begins: the largest `c` with `2 P(U <= c) <= 1 - level`;
/// `None` where even the outermost differences do not cover enough.
fn outermost(base: usize, head: usize, level: f64) -> Option<usize> {
    let each_tail = (1.0 - level) / 2.0;
    if base * head > MOST_EXACT {
        return normal_quantile(base, head, each_tail);
    }
    let ranks: Vec<usize> = (0..base + head).collect();
    SubsetSums::of(&ranks, base.min(head)).steps_within(each_tail)
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
    fn three_against_three_cannot_bear_95_percent_and_four_against_four_can() {
        let found = |n: usize| ratio_interval(&[1.0, 2.0, 3.0, 4.0][..n], &[1.5, 2.5, 3.5, 4.5][..n], 0.95).unwrap();
        assert_eq!(found(3).interval, None);
        assert!(ratio_interval(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0], 0.9).unwrap().interval.is_some(), "2 / 20 is 10 %");
        assert!(found(4).interval.is_some());
    }

    #[test]
    fn differences_beyond_a_double_are_an_error() {
        let (base, head) = ([-f64::MAX; 6], [f64::MAX; 6]);
        assert_eq!(shift_interval(&base, &head, 0.95), Err(StatsError::TooLarge));
    }
}
