//! Kolmogorov and Smirnov's tests: one sample against a distribution that is known, and two samples against each other.

use super::kolmogorov::{MOST_EXACT, limiting_tail, tail_of_one_sample, tail_of_two_samples};
use super::{Method, ShapeTest};
use crate::sample::{StatsError, real, sorted};

/// Up to this product of sizes two samples are compared exactly.
const MOST_EXACT_PRODUCT: usize = 1_000_000;

/// Whether the values could come from a continuous distribution that was known before they were, given by its
/// cumulative distribution function: the greatest distance between it and the sample's own.
///
/// The p-value is exact for up to 500 values (Marsaglia, Tsang and Wang, 2003; Birnbaum and Tingey, 1951), above that the
/// limit with Vrbik's correction (2018), within 0.3 %. For a distribution whose mean and deviation were taken from the
/// same values it is far too large: that is [`lilliefors`](super::lilliefors()).
///
/// # Errors
/// When there is no value, one is not finite, or the function gives something that is not from 0 to 1.
///
/// ```
/// # use perfguard_stats::normality::kolmogorov_smirnov;
/// let uniform = |value: f64| value.clamp(0.0, 1.0);
/// let found = kolmogorov_smirnov(&[0.1, 0.4, 0.7], uniform).unwrap();
/// assert!((found.statistic - 0.3).abs() < 1e-12);
/// assert!(found.p_value > 0.5);
/// assert!(kolmogorov_smirnov(&[0.1, 0.11, 0.12, 0.13], uniform).unwrap().p_value < 0.01);
/// ```
pub fn kolmogorov_smirnov(values: &[f64], distribution: impl Fn(f64) -> f64) -> Result<ShapeTest, StatsError> {
    let sorted = sorted(values)?;
    let shares: Vec<f64> = sorted.iter().map(|value| distribution(*value)).collect();
    if let Some(share) = shares.iter().find(|share| !(0.0..=1.0).contains(*share)) {
        return Err(StatsError::NotAProbability(*share));
    }
    let statistic = greatest_distance(&shares);
    let method = if sorted.len() <= MOST_EXACT { Method::Exact } else { Method::Approximate };
    Ok(ShapeTest { statistic, p_value: tail_of_one_sample(sorted.len(), statistic), method })
}

/// The greatest distance between the steps of a sample and a distribution, from the distribution's values at the sorted
/// sample.
pub(super) fn greatest_distance(shares: &[f64]) -> f64 {
    let count = real(shares.len());
    let apart = |(index, share): (usize, &f64)| (real(index + 1) / count - share).max(share - real(index) / count);
    shares.iter().enumerate().map(apart).fold(0.0, f64::max)
}

/// Whether two samples could come from one distribution, whatever it is: the greatest distance between their own
/// distributions (Smirnov, 1939).
///
/// While the product of the sizes is at most a million the p-value is exact, given the ties (Schröer and Trenkler, 1995);
/// above, Kolmogorov's limit, which ties make too large. Sees differences of place, spread and shape alike, none of them
/// as well as a test made for it.
///
/// # Errors
/// When a sample is empty or a value is not finite.
///
/// ```
/// # use perfguard_stats::normality::kolmogorov_smirnov_between;
/// let (base, head) = ([1.0, 2.0, 3.0, 4.0, 5.0], [11.0, 12.0, 13.0, 14.0, 15.0]);
/// let found = kolmogorov_smirnov_between(&base, &head).unwrap();
/// assert_eq!(found.statistic, 1.0);
/// // 2 of the 252 ways to share out ten values among five and five.
/// assert!((found.p_value - 2.0 / 252.0).abs() < 1e-15);
/// ```
pub fn kolmogorov_smirnov_between(base: &[f64], head: &[f64]) -> Result<ShapeTest, StatsError> {
    let (base, head) = (sorted(base)?, sorted(head)?);
    let (steps, ends) = merged(&base, &head);
    let product = real(base.len()) * real(head.len());
    let apart = greatest_distance_between(base.len(), head.len(), &steps, &ends);
    #[expect(clippy::cast_precision_loss, reason = "below the product of the sizes")]
    let statistic = apart as f64 / product;
    let exact = base.len().checked_mul(head.len()).is_some_and(|product| product <= MOST_EXACT_PRODUCT);
    let (p_value, method) = if exact {
        (tail_of_two_samples(base.len(), head.len(), apart, &ends), Method::Exact)
    } else {
        let root = (product / real(base.len() + head.len())).sqrt();
        (limiting_tail(root * statistic), Method::Approximate)
    };
    Ok(ShapeTest { statistic, p_value, method })
}

/// Of the pooled values in order: whether each is of base, and whether it differs from the next.
fn merged(base: &[f64], head: &[f64]) -> (Vec<bool>, Vec<bool>) {
    let mut pooled: Vec<(f64, bool)> =
        base.iter().map(|value| (*value, true)).chain(head.iter().map(|value| (*value, false))).collect();
    pooled.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let next = pooled.iter().skip(1).map(|(value, _)| Some(*value)).chain([None]);
    // Not by the order's comparison, for which the two zeros differ.
    let ends = pooled.iter().zip(next).map(|((value, _), next)| next.is_none_or(|next| next > *value)).collect();
    (pooled.iter().map(|(_, of_base)| *of_base).collect(), ends)
}

/// The greatest distance in units of one over the product of the sizes: a whole number.
fn greatest_distance_between(base: usize, head: usize, steps: &[bool], ends: &[bool]) -> u64 {
    let (mut of_base, mut of_head, mut greatest) = (0, 0, 0);
    for (step, counts) in steps.iter().zip(ends) {
        *(if *step { &mut of_base } else { &mut of_head }) += 1_u64;
        if *counts {
            greatest = greatest.max((of_base * head as u64).abs_diff(of_head * base as u64));
        }
    }
    greatest
}
