//! Differences of means, and of means whose samples' ends are cut.

use super::location::{Located, LocationTest};
use super::scale::Scale;
use super::significance::Alternative;
use super::trimmed::{Trimmed, fifth};
use crate::sample::{StatsError, sorted};

/// The t test of two means without equal variances, with the interval of their difference: Welch, *The generalization of
/// Student's problem when several different population variances are involved*, Biometrika 34 (1947).
///
/// The estimate is the mean of head less that of base, in the values' own unit; the hypothesis is no difference. One
/// outlier can hide any difference: [`yuen_t`] bears them.
///
/// # Errors
/// When a sample has fewer than two values, a value is not finite, the level is not between 0 and 1, or a result is
/// beyond what a double holds.
///
/// ```
/// # use perfguard_stats::two_sample::{Alternative, welch_t};
/// let (base, head) = ([10.0, 11.0, 9.0, 10.0], [12.0, 13.0, 12.5, 12.5]);
/// let found = welch_t(&base, &head, Alternative::TwoSided, 0.95).unwrap();
/// assert!((found.estimate - 2.5).abs() < 1e-12 && found.p_value < 0.01);
/// assert!(1.0 < found.interval.low && found.interval.high < 4.0);
/// ```
pub fn welch_t(base: &[f64], head: &[f64], alternative: Alternative, level: f64) -> Result<LocationTest, StatsError> {
    welch(base, head)?.test(0.0, alternative, level)
}

/// The t test of two means from each of which a fifth of the values is cut at each end: Yuen, *The two-sample trimmed t
/// for unequal population variances*, Biometrika 61 (1974).
///
/// The estimate is the trimmed mean of head less that of base, in the values' own unit; the hypothesis is no difference.
/// Up to four values nothing is cut.
///
/// # Errors
/// As [`welch_t`].
///
/// ```
/// # use perfguard_stats::two_sample::{Alternative, yuen_t};
/// let (base, head) = ([10.0, 11.0, 9.0, 10.0, 500.0], [12.0, 13.0, 12.5, 12.5, 11.0]);
/// let found = yuen_t(&base, &head, Alternative::Greater, 0.95).unwrap();
/// assert!((found.estimate - 2.0).abs() < 1e-12 && found.p_value < 0.05);
/// ```
pub fn yuen_t(base: &[f64], head: &[f64], alternative: Alternative, level: f64) -> Result<LocationTest, StatsError> {
    difference(base, head, fifth)?.test(0.0, alternative, level)
}

/// The difference of two means.
pub(crate) fn welch(base: &[f64], head: &[f64]) -> Result<Located, StatsError> {
    difference(base, head, |_| 0)
}

fn difference(base: &[f64], head: &[f64], cut: impl Fn(usize) -> usize) -> Result<Located, StatsError> {
    let (base, head) = (sorted(base)?, sorted(head)?);
    if let Some(given) = [base.len(), head.len()].into_iter().find(|given| *given < 2) {
        return Err(StatsError::TooFew { needed: 2, given });
    }
    let (cut_base, cut_head) = (cut(base.len()), cut(head.len()));
    // What is cut must not set the scale.
    let middles = base[cut_base..base.len() - cut_base].iter().chain(&head[cut_head..head.len() - cut_head]);
    let scale = Scale::of(middles);
    let (base, head) = (Trimmed::of(&base, cut_base, scale), Trimmed::of(&head, cut_head, scale));
    let squared = base.squared_error + head.squared_error;
    let part = |side: Trimmed| (side.squared_error / squared) * (side.squared_error / squared) / side.degrees;
    // Without any spread there is no t; the degrees are then those of both sides together.
    let degrees = if squared > 0.0 { 1.0 / (part(base) + part(head)) } else { base.degrees + head.degrees };
    Ok(Located { scale, estimate: head.mean - base.mean, error: squared.sqrt(), degrees })
}
