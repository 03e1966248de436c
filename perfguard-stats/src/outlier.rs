//! Labels for values that lie far out. Labels only: nothing is ever dropped.
//!
//! Leaving labelled values out before a test makes the test call differences that are not there: Chauvenet's rule before a
//! t-test turns a level of 1 % into 2.5 % with eight normal values. Tests see all values, by ranks or trimmed.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::interval::Interval;
use crate::quantile::{median, quantile_of_sorted};
use crate::sample::{StatsError, check_finite, check_range, check_result, real, sorted};
use crate::summary::{robust_scale, scaled};

/// Where a value lies, seen from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Label {
    /// Among the others.
    #[default]
    Typical,
    /// Far below the others.
    Low,
    /// Far above the others.
    High,
}

/// Tukey's usual distance of the fences: beyond it a value is *outside*.
pub const OUTSIDE: f64 = 1.5;
/// Tukey's second distance of the fences: beyond it a value is *far out*.
pub const FAR_OUT: f64 = 3.0;
/// What Iglewicz and Hoaglin advise as limit for [`modified_z`].
pub const USUAL_LIMIT: f64 = 3.5;

/// The fewest values for which [`chauvenet`] says anything.
const CHAUVENET_NEEDS: usize = 5;

/// Chauvenet's criterion with a robust centre and scale: a value is labelled if among so many values of a normal
/// distribution less than half a value would be expected as far out (Chauvenet, *A Manual of Spherical and Practical
/// Astronomy* II, 1863, section 60).
///
/// One pass. The centre is the median and the scale the scaled median absolute deviation, since mean and standard
/// deviation grow with the very values that are looked for; where the median absolute deviation is zero, the mean
/// absolute deviation is the scale. Of `n` values at most a tenth is labelled, rounded down, but one may always be: the
/// farthest, none of those that are as far as the first beyond the limit. One label for each value, in their order.
///
/// # Errors
/// When there are fewer than five values, or one is not finite.
///
/// ```
/// # use perfguard_stats::outlier::{Label, chauvenet};
/// let labels = chauvenet(&[10.0, 10.1, 9.9, 10.2, 9.8, 10.0, 12.0]).unwrap();
/// assert_eq!(labels[6], Label::High);
/// assert!(labels[..6].iter().all(|label| *label == Label::Typical));
/// ```
pub fn chauvenet(values: &[f64]) -> Result<Vec<Label>, StatsError> {
    check_finite(values, CHAUVENET_NEEDS)?;
    let scores = distances_by_one_scale(values)?;
    let normal = Normal::standard();
    let count = real(values.len());
    let expected_beyond = |score: f64| 2.0 * count * normal.sf(score.abs());

    let mut distances: Vec<f64> = scores.iter().map(|score| score.abs()).collect();
    distances.sort_unstable_by(|one, other| other.total_cmp(one));
    let most = (values.len() / 10).max(1);
    let first_spared = distances.get(most).copied().unwrap_or(0.0);

    let far = |score: f64| score.abs() > first_spared && expected_beyond(score) < 0.5;
    Ok(scores.into_iter().map(|score| label(score, far(score))).collect())
}

/// The fences at `factor` interquartile ranges (type-7 quartiles) below the lower and above the upper quartile, in the
/// values' own unit: Tukey, *Exploratory Data Analysis* (1977), section 2D.
///
/// The factor is [`OUTSIDE`] or [`FAR_OUT`] by custom; not negative.
///
/// # Errors
/// When there is no value, one is not finite, the factor is negative or not finite, or a fence is too large for a number.
///
/// ```
/// # use perfguard_stats::outlier::{OUTSIDE, tukey_fences};
/// let fences = tukey_fences(&[1.0, 2.0, 3.0, 4.0, 5.0], OUTSIDE).unwrap();
/// assert_eq!((fences.low, fences.high), (-1.0, 7.0));
/// ```
pub fn tukey_fences(values: &[f64], factor: f64) -> Result<Interval, StatsError> {
    let factor = check_range(factor, 0.0, f64::MAX)?;
    let sorted = sorted(values)?;
    let (lower, upper) = (quantile_of_sorted(&sorted, 0.25)?, quantile_of_sorted(&sorted, 0.75)?);
    let reach = check_result(factor * (upper - lower))?;
    Ok(Interval { low: check_result(lower - reach)?, high: check_result(upper + reach)? })
}

/// Labels the values beyond [`tukey_fences`]. One label for each value, in their order.
///
/// # Errors
/// As [`tukey_fences`].
///
/// ```
/// # use perfguard_stats::outlier::{FAR_OUT, Label, OUTSIDE, tukey};
/// let values = [1.0, 2.0, 3.0, 4.0, 5.0, 10.0];
/// assert_eq!(tukey(&values, OUTSIDE).unwrap()[5], Label::High);
/// assert_eq!(tukey(&values, FAR_OUT).unwrap()[5], Label::Typical);
/// ```
pub fn tukey(values: &[f64], factor: f64) -> Result<Vec<Label>, StatsError> {
    let fences = tukey_fences(values, factor)?;
    let labelled = |value: &f64| match (*value < fences.low, *value > fences.high) {
        (true, _) => Label::Low,
        (_, true) => Label::High,
        (false, false) => Label::Typical,
    };
    Ok(values.iter().map(labelled).collect())
}

/// How far each value lies from the median, in scaled median absolute deviations, with its sign and without unit: Iglewicz
/// and Hoaglin, *How to Detect and Handle Outliers* (1993).
///
/// Where more than half of the values are the same, in scaled mean absolute deviations. All zero where all are the same.
///
/// # Errors
/// When there is no value, one is not finite, or a distance is too large for a number.
///
/// ```
/// # use perfguard_stats::outlier::modified_z_scores;
/// let scores = modified_z_scores(&[1.0, 2.0, 3.0, 4.0, 100.0]).unwrap();
/// assert!((scores[4] - 97.0 / 1.4826).abs() < 1e-3);
/// ```
pub fn modified_z_scores(values: &[f64]) -> Result<Vec<f64>, StatsError> {
    distances_by_one_scale(values)?.into_iter().map(check_result).collect()
}

/// Labels the values whose modified z-score lies beyond a limit, [`USUAL_LIMIT`] by custom. One label for each value, in
/// their order.
///
/// # Errors
/// When there is no value, one is not finite, or the limit is negative or not finite.
///
/// ```
/// # use perfguard_stats::outlier::{Label, USUAL_LIMIT, modified_z};
/// let labels = modified_z(&[10.0, 10.1, 9.9, 10.2, 9.8, 5.0], USUAL_LIMIT).unwrap();
/// assert_eq!(labels[5], Label::Low);
/// ```
pub fn modified_z(values: &[f64], limit: f64) -> Result<Vec<Label>, StatsError> {
    Ok(beyond(distances_by_one_scale(values)?, check_range(limit, 0.0, f64::MAX)?))
}

/// How far each value lies from the median, in scaled median absolute deviations of its own side of the median, with its
/// sign and without unit: for skewed values, whose long side would be labelled by one scale for both (Rosenmai, *Using the
/// Median Absolute Deviation to Find Outliers*, 2013).
///
/// The values at the median belong to both sides. Where more than half of a side's values are the median, in scaled mean
/// absolute deviations of that side.
///
/// # Errors
/// When there is no value, one is not finite, or a distance is too large for a number.
///
/// ```
/// # use perfguard_stats::outlier::double_mad_scores;
/// let scores = double_mad_scores(&[8.0, 9.0, 10.0, 20.0, 30.0]).unwrap();
/// assert_eq!(scores[0], -scores[4], "as far out on its side as the largest on the other");
/// ```
pub fn double_mad_scores(values: &[f64]) -> Result<Vec<f64>, StatsError> {
    distances_by_two_scales(values)?.into_iter().map(check_result).collect()
}

/// Labels the values whose distance by [`double_mad_scores`] lies beyond a limit. One label for each value, in their
/// order.
///
/// # Errors
/// When there is no value, one is not finite, or the limit is negative or not finite.
///
/// ```
/// # use perfguard_stats::outlier::{Label, USUAL_LIMIT, double_mad, modified_z};
/// let skewed = [1.0, 1.1, 1.2, 1.3, 1.5, 2.0, 3.0, 4.0, 5.5];
/// assert_eq!(modified_z(&skewed, USUAL_LIMIT).unwrap()[8], Label::High);
/// assert_eq!(double_mad(&skewed, USUAL_LIMIT).unwrap()[8], Label::Typical);
/// ```
pub fn double_mad(values: &[f64], limit: f64) -> Result<Vec<Label>, StatsError> {
    Ok(beyond(distances_by_two_scales(values)?, check_range(limit, 0.0, f64::MAX)?))
}

/// Distances from the median in scales; infinite where too large for a number, which for a label is as good as any.
fn distances_by_one_scale(values: &[f64]) -> Result<Vec<f64>, StatsError> {
    let differences = from_the_median(values)?;
    let scale = robust_scale(differences.iter().map(|difference| difference.abs()).collect())?;
    Ok(differences.iter().map(|difference| in_scales(*difference, scale)).collect())
}

/// The same, each side of the median with a scale of its own.
fn distances_by_two_scales(values: &[f64]) -> Result<Vec<f64>, StatsError> {
    let differences = from_the_median(values)?;
    let scale_of = |belongs: fn(f64) -> bool| {
        let side = differences.iter().filter(|difference| belongs(**difference));
        robust_scale(side.map(|difference| difference.abs()).collect())
    };
    let (below, above) = (scale_of(|difference| difference <= 0.0)?, scale_of(|difference| difference >= 0.0)?);
    let by_side = |difference: &f64| in_scales(*difference, if *difference < 0.0 { below } else { above });
    Ok(differences.iter().map(by_side).collect())
}

/// How far each value lies from the median, with its sign, in a unit in which none is too large or too small for a number.
fn from_the_median(values: &[f64]) -> Result<Vec<f64>, StatsError> {
    check_finite(values, 1)?;
    let (scaled, _) = scaled(values);
    let middle = median(&scaled)?;
    Ok(scaled.iter().map(|value| value - middle).collect())
}

/// Nothing is far where nothing differs.
fn in_scales(difference: f64, scale: f64) -> f64 {
    if scale > 0.0 { difference / scale } else { 0.0 }
}

fn beyond(distances: Vec<f64>, limit: f64) -> Vec<Label> {
    distances.into_iter().map(|distance| label(distance, distance.abs() > limit)).collect()
}

fn label(distance: f64, far: bool) -> Label {
    match (far, distance < 0.0) {
        (false, _) => Label::Typical,
        (true, true) => Label::Low,
        (true, false) => Label::High,
    }
}
