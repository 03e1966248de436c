//! Whether differences lie further on one side of zero, by ranks.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::sample::{StatsError, check_finite};
use crate::two_sample::{Alternative, Basis, Significance, common_divisor, doubled_midranks, steps_within};

/// Up to so many differences that are not zero the distribution is exact; above it is the normal approximation.
const MOST_EXACT: usize = 500;

/// The signed-rank test: Wilcoxon, *Individual comparisons by ranking methods*, Biometrics Bulletin 1 (1945), with zeros
/// as Pratt has them, *Remarks on zeros and ties in the Wilcoxon signed rank procedures*, Journal of the American
/// Statistical Association 54 (1959).
///
/// The statistic is the sum of the midranks, by magnitude, of the differences above zero. Zeros are ranked with the
/// others and their ranks are then dropped. Up to 500 differences that are not zero the p-value is exact given ties and
/// zeros, by convolution on doubled midranks; above it is normal with tie and continuity correction. For a hypothesis
/// other than zero take it from the differences first.
///
/// # Errors
/// When there is no difference, or one is not finite.
///
/// ```
/// # use perfguard_stats::paired::{Alternative, signed_rank};
/// let found = signed_rank(&[0.1, 0.3, 0.2, 0.5, 0.4, 0.7, 0.6, -0.05], Alternative::Greater).unwrap();
/// assert_eq!(found.statistic, 35.0);
/// assert!((found.p_value - 2.0 / 256.0).abs() < 1e-15);
/// assert!(found.can_reach(0.005), "from eight on");
/// ```
pub fn signed_rank(differences: &[f64], alternative: Alternative) -> Result<Significance, StatsError> {
    check_finite(differences, 1)?;
    let mut by_magnitude = differences.to_vec();
    by_magnitude.sort_unstable_by(|one, other| one.abs().total_cmp(&other.abs()));
    let ranks = doubled_midranks(&by_magnitude, |difference| difference.abs());
    let zeros = by_magnitude.iter().take_while(|difference| difference.abs() <= 0.0).count();
    let (ranks, signed) = (&ranks[zeros..], &by_magnitude[zeros..]);
    let sum: usize = ranks.iter().zip(signed).filter(|(_, difference)| **difference > 0.0).map(|(rank, _)| rank).sum();
    let statistic = number(sum) / 2.0;
    if ranks.len() <= MOST_EXACT {
        let distribution = SignSums::of(ranks);
        let (at_most, at_least) = distribution.tails(sum);
        let least = distribution.chances[0];
        let smallest_p_value = alternative.p_value(least, least);
        let p_value = alternative.p_value(at_most, at_least);
        return Ok(Significance { statistic, p_value, smallest_p_value, basis: Basis::Exact });
    }
    // In doubled ranks; each falls on either side with the same chance.
    let all: f64 = ranks.iter().map(|rank| number(*rank)).sum();
    let deviation = ranks.iter().map(|rank| number(*rank) * number(*rank)).sum::<f64>().sqrt() / 2.0;
    let tail = |beyond: f64| Normal::standard().sf((beyond - 1.0) / deviation);
    let p_value = alternative.p_value(tail(all / 2.0 - number(sum)), tail(number(sum) - all / 2.0));
    let smallest_p_value = alternative.p_value(tail(all / 2.0), tail(all / 2.0));
    Ok(Significance { statistic, p_value, smallest_p_value, basis: Basis::Normal })
}

/// The largest number of Walsh averages that may lie outside each end of an interval: the largest `c` with
/// `P(W <= c) <= tail` for so many untied differences; `None` where even 0 is too likely.
pub(super) fn outside_within(differences: usize, tail: f64) -> Option<usize> {
    if differences <= MOST_EXACT {
        let ranks: Vec<usize> = (1..=differences).collect();
        return steps_within(&SignSums::of(&ranks).chances, tail);
    }
    let count = number(differences);
    let deviation = (count * (count + 1.0) * (2.0 * count + 1.0) / 24.0).sqrt();
    let rank = count * (count + 1.0) / 4.0 - 0.5 + Normal::standard().inverse_cdf(tail) * deviation;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, below the number of averages"
    )]
    (rank >= 0.0).then_some(rank.floor() as usize)
}

/// The chances of the sums of those scores that get a plus, each with a fair coin: its lower half, since it is symmetric.
struct SignSums {
    chances: Vec<f64>,
    /// The sum of all scores, in steps.
    most: usize,
    step: usize,
}

impl SignSums {
    /// Of scores that ascend and are not zero.
    fn of(scores: &[usize]) -> Self {
        let step = scores.iter().copied().fold(0, common_divisor).max(1);
        let most = scores.iter().sum::<usize>() / step;
        let half = most / 2 + 1;
        // With each score a sum stays or grows by it: the new chance is the mean of two old ones.
        let (mut chances, mut before) = (vec![0.0; half], vec![0.0; half]);
        chances[0] = 1.0;
        let mut seen = 0;
        for score in scores.iter().map(|score| score / step) {
            seen += score;
            let live = half.min(seen + 1);
            std::mem::swap(&mut chances, &mut before);
            let alone = score.min(live);
            for (chance, stay) in chances.iter_mut().zip(&before[..alone]) {
                *chance = 0.5 * stay;
            }
            for ((chance, stay), grow) in chances[alone..live].iter_mut().zip(&before[alone..live]).zip(&before) {
                *chance = 0.5 * (stay + grow);
            }
        }
        Self { chances, most, step }
    }

    /// The chances of a sum at most, and at least, as large.
    fn tails(&self, sum: usize) -> (f64, f64) {
        let steps = sum / self.step;
        (self.at_most(steps), self.at_most(self.most.saturating_sub(steps)))
    }

    fn at_most(&self, steps: usize) -> f64 {
        if steps < self.chances.len() {
            return self.chances[..=steps].iter().sum::<f64>().min(1.0);
        }
        // In the upper half what is left above is as likely as its mirror below.
        let above = self.most.saturating_sub(steps).min(self.chances.len());
        1.0 - self.chances[..above].iter().sum::<f64>()
    }
}

#[expect(clippy::cast_precision_loss, reason = "ranks far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn convolution_gives_what_writing_all_signs_down_gives() {
        for scores in [vec![2, 4, 6, 8, 10], vec![5, 5, 5, 10, 13], vec![7], vec![3, 3], vec![]] {
            let distribution = SignSums::of(&scores);
            let all = 1_usize << scores.len();
            let sum = |signs: usize| -> usize {
                scores.iter().enumerate().filter(|(at, _)| signs >> at & 1 == 1).map(|(_, score)| score).sum()
            };
            for found in (0..all).map(sum) {
                let share = |count: usize| number(count) / number(all);
                let at_most = share((0..all).filter(|signs| sum(*signs) <= found).count());
                let at_least = share((0..all).filter(|signs| sum(*signs) >= found).count());
                assert_eq!(distribution.tails(found), (at_most, at_least), "{scores:?} {found}");
            }
        }
    }

    #[test]
    fn an_interval_needs_six_differences_at_95_percent_eight_at_99_and_nine_at_99_5() {
        for (level, needed) in [(0.95, 6), (0.99, 8), (0.995, 9)] {
            let tail = (1.0 - level) / 2.0;
            assert_eq!(outside_within(needed - 1, tail), None);
            assert_eq!(outside_within(needed, tail), Some(0));
        }
    }

    #[test]
    fn zeros_alone_reach_nothing() {
        let found = signed_rank(&[0.0, -0.0, 0.0], Alternative::TwoSided).unwrap();
        assert!((found.p_value - 1.0).abs() < 1e-15 && !found.can_reach(0.99));
    }
}
