//! What the tests of normality share: samples freed of place and scale, and the far tails of the normal distribution.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::random::Stream;
use crate::sample::{StatsError, check_finite, check_range, sorted};
use crate::summary::{plain_mean, plain_variance, scaled};

/// The values sorted, each moved at random by up to half a `resolution` to either side: undoes what rounding to a timer's
/// tick or a printed digit did to the shape. In the values' own unit.
///
/// Tests of normality take many equal values for a sign of another distribution, and reject for that alone. The moves are
/// handed out in the values' order, so that the order of the input does not matter, and are the same for the same seed.
/// A resolution of 0 moves nothing.
///
/// # Errors
/// When there is no value, one is not finite (or would become so), or the resolution is negative or not finite.
///
/// ```
/// # use perfguard_stats::normality::jittered;
/// let moved = jittered(&[7.0, 5.0, 6.0, 6.0], 1.0, 42).unwrap();
/// assert!(moved.iter().zip([5.0, 6.0, 6.0, 7.0]).all(|(moved, value)| (moved - value).abs() < 0.5));
/// assert_eq!(moved, jittered(&[5.0, 6.0, 6.0, 7.0], 1.0, 42).unwrap());
/// ```
pub fn jittered(values: &[f64], resolution: f64, seed: u64) -> Result<Vec<f64>, StatsError> {
    let resolution = check_range(resolution, 0.0, f64::MAX)?;
    let mut moved = sorted(values)?;
    let mut stream = Stream::new(seed);
    for value in &mut moved {
        *value += resolution * (stream.unit() - 0.5);
    }
    check_finite(&moved, 1)?;
    moved.sort_unstable_by(f64::total_cmp);
    Ok(moved)
}

/// The values sorted, less their middle, over their range: what place and scale cannot change, whatever their size.
pub(crate) fn centred(values: &[f64], needed: usize) -> Result<Vec<f64>, StatsError> {
    check_finite(values, needed)?;
    let (scaled, _) = scaled(values);
    let sorted = sorted(&scaled)?;
    let (first, last, middle) = (sorted[0], sorted[sorted.len() - 1], sorted[sorted.len() / 2]);
    let range = last - first;
    if range > 0.0 {
        Ok(sorted.iter().map(|value| (value - middle) / range).collect())
    } else {
        Err(StatsError::NoSpread)
    }
}

/// The values sorted, less their mean, over their standard deviation.
pub(crate) fn standardised(values: &[f64], needed: usize) -> Result<Vec<f64>, StatsError> {
    let centred = centred(values, needed)?;
    let (mean, deviation) = (plain_mean(&centred), plain_variance(&centred).sqrt());
    Ok(centred.iter().map(|value| (value - mean) / deviation).collect())
}

/// The logarithm of the normal distribution's upper tail, where the tail itself would long be zero.
pub(crate) fn ln_upper_tail(score: f64) -> f64 {
    /// Beyond this the continued fraction needs few terms.
    const FAR: f64 = 6.0;
    const HALF_LN_TAU: f64 = 0.918_938_533_204_672_7;
    let normal = Normal::standard();
    if score < 0.0 {
        return (-normal.sf(-score)).ln_1p();
    }
    if score < FAR {
        return normal.sf(score).ln();
    }
    // Laplace's continued fraction of Mills' ratio.
    let fraction = (1..=40).rev().fold(score, |rest, term| score + f64::from(term) / rest);
    -score * score / 2.0 - HALF_LN_TAU - fraction.ln()
}
