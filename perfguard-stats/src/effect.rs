//! How large a difference is, without a unit: probability of superiority and Cliff's delta.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::interval::Interval;
use crate::sample::{StatsError, check_level, sorted};

/// How far one sample lies above another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dominance {
    /// Cliff's delta: the share of pairs of a head and a base value in which head is larger, less the share in which it
    /// is smaller; -1 to 1, 0 without a difference.
    pub delta: f64,
    /// Its interval; `None` where a sample has only one value.
    pub delta_interval: Option<Interval>,
    /// The chance that a head value is larger than a base value, ties counting half: `(1 + delta) / 2`; 0 to 1, 1/2
    /// without a difference.
    pub superiority: f64,
    /// Its interval; `None` where a sample has only one value.
    pub superiority_interval: Option<Interval>,
}

/// Cliff's delta and the probability of superiority of head over base: Cliff, *Dominance statistics: ordinal analyses to
/// answer ordinal questions*, Psychological Bulletin 114 (1993).
///
/// The interval is Cliff's asymmetric one, which stays within -1 and 1, from his consistent variance. Where the samples
/// do not overlap that variance is 0, and the interval is what Wilson's for a proportion says of as many successes as
/// the smaller sample has values: Feng and Cliff, *Monte Carlo evaluation of ordinal d with improved confidence
/// interval*, Journal of Modern Applied Statistical Methods 3 (2004).
///
/// # Errors
/// When a sample is empty, a value is not finite, or the level is not between 0 and 1.
///
/// ```
/// # use perfguard_stats::effect::dominance;
/// let found = dominance(&[1.0, 2.0, 3.0, 4.0], &[2.5, 3.5, 4.5, 5.5], 0.95).unwrap();
/// assert_eq!((found.delta, found.superiority), (0.625, 0.8125));
/// assert!(found.delta_interval.is_some_and(|ends| -1.0 < ends.low && ends.low < 0.625 && ends.high < 1.0));
/// ```
pub fn dominance(base: &[f64], head: &[f64], level: f64) -> Result<Dominance, StatsError> {
    let tail = (1.0 - check_level(level)?) / 2.0;
    let (base, head) = (sorted(base)?, sorted(head)?);
    let pairs = number(base.len()) * number(head.len());
    // Of each head value: base values below less base values above; and of each base value the reverse.
    let (of_head, ties) = balances(&head, &base);
    let (of_base, _) = balances(&base, &head);
    let delta = of_head.iter().sum::<f64>() / pairs;
    let interval = (base.len() > 1 && head.len() > 1).then(|| {
        let normal = Normal::standard().inverse_cdf(tail).abs();
        let fewest = number(base.len().min(head.len()));
        if delta.abs() >= 1.0 {
            return separated(delta, fewest, normal);
        }
        let spread = |balances: &[f64], others: usize, delta: f64| {
            let squares = balances.iter().map(|balance| (balance / number(others) - delta).powi(2));
            squares.sum::<f64>()
        };
        let single = (pairs - ties - pairs * delta * delta).max(0.0) / (pairs - 1.0);
        let by_head = spread(&of_head, base.len(), delta) * (number(base.len()) - 1.0) / (number(head.len()) - 1.0);
        let by_base = spread(&of_base, head.len(), -delta) * (number(head.len()) - 1.0) / (number(base.len()) - 1.0);
        overlapping(delta, (by_head + by_base + single) / pairs, normal)
    });
    let half = |delta: f64| f64::midpoint(1.0, delta);
    Ok(Dominance {
        delta,
        delta_interval: interval,
        superiority: half(delta),
        superiority_interval: interval.map(|ends| Interval { low: half(ends.low), high: half(ends.high) }),
    })
}

/// For each of the values the number of others below it less that of others above it, and the number of ties in all;
/// both sides ascend.
fn balances(values: &[f64], others: &[f64]) -> (Vec<f64>, f64) {
    let mut ties = 0;
    let (mut below, mut up_to) = (0, 0);
    let balance = |value: &f64| {
        below += others[below..].iter().take_while(|other| *other < value).count();
        up_to += others[up_to..].iter().take_while(|other| *other <= value).count();
        ties += up_to - below;
        number(below) - number(others.len() - up_to)
    };
    let balances = values.iter().map(balance).collect();
    (balances, number(ties))
}

/// Cliff's interval from the variance of delta.
fn overlapping(delta: f64, variance: f64, normal: f64) -> Interval {
    let room = 1.0 - delta * delta;
    let half = normal * variance.sqrt() * (room * room + normal * normal * variance).sqrt();
    let bottom = room + normal * normal * variance;
    let end = |half: f64| ((delta * room + half) / bottom).clamp(-1.0, 1.0);
    // Rounding must not put the ends beyond the middle.
    Interval { low: end(-half).min(delta), high: end(half).max(delta) }
}

/// The interval where no two values of the samples are in the other order.
fn separated(delta: f64, fewest: f64, normal: f64) -> Interval {
    let inner = (fewest - normal * normal) / (fewest + normal * normal);
    if delta > 0.0 { Interval { low: inner, high: 1.0 } } else { Interval { low: -1.0, high: -inner } }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_apart_bear_an_interval_that_shrinks_with_their_number() {
        let found = |count: usize| dominance(&vec![1.0; count], &vec![2.0; count], 0.95).unwrap();
        assert!((found(4).superiority - 1.0).abs() < 1e-15);
        let low = |count| found(count).delta_interval.unwrap().low;
        assert!(low(4) < low(8) && low(8) < low(100) && low(100) > 0.9);
        assert_eq!(dominance(&[1.0], &[2.0, 3.0], 0.95).unwrap().delta_interval, None);
    }
}
