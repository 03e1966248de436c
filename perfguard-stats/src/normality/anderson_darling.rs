//! Anderson and Darling's test of normality.

use super::shape::{ln_upper_tail, standardised};
use super::{Method, ShapeTest};
use crate::sample::{StatsError, real};
use crate::summary::sum;

/// The fewest values the formula of the p-value was made for.
const FEWEST: usize = 8;

/// Whether the values could come from a normal distribution: Anderson and Darling's A², a distance between distributions
/// that weighs the tails, with mean and standard deviation taken from the sample.
///
/// The statistic given is A² itself; the p-value is by the formulas of D'Agostino and Stephens, *Goodness-of-Fit
/// Techniques* (1986), table 4.9, for A² (1 + 0.75 / n + 2.25 / n²). They were fitted to p-values above 0.001 or so, below
/// it takes them to where their parabola turns (about 1e-190) and stays there.
///
/// # Errors
/// When there are fewer than eight values, one is not finite, or all are the same.
///
/// ```
/// # use perfguard_stats::normality::anderson_darling;
/// let even = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
/// assert!(anderson_darling(&even).unwrap().p_value > 0.5);
/// let outlier = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 80.0];
/// assert!(anderson_darling(&outlier).unwrap().p_value < 0.001);
/// ```
pub fn anderson_darling(values: &[f64]) -> Result<ShapeTest, StatsError> {
    let scores = standardised(values, FEWEST)?;
    let count = real(scores.len());
    // Both tails by their logarithms: an outlier's own tail is zero long before its logarithm is out of range.
    let terms = scores.iter().zip(scores.iter().rev()).enumerate().map(|(index, (from_below, from_above))| {
        real(2 * index + 1) * (ln_upper_tail(-from_below) + ln_upper_tail(*from_above))
    });
    let statistic = -count - sum(terms) / count;
    let p_value = p_value(statistic * (1.0 + 0.75 / count + 2.25 / (count * count)));
    Ok(ShapeTest { statistic, p_value, method: Method::Approximate })
}

fn p_value(adjusted: f64) -> f64 {
    /// Where the last parabola turns, after which it would let the p-value rise again.
    const TURN: f64 = 5.709 / (2.0 * 0.0186);
    let parabola = |constant: f64, linear: f64, square: f64, at: f64| (constant + linear * at + square * at * at).exp();
    let p_value = match adjusted {
        ..0.2 => 1.0 - parabola(-13.436, 101.14, -223.73, adjusted),
        ..0.34 => 1.0 - parabola(-8.318, 42.796, -59.938, adjusted),
        ..0.6 => parabola(0.9177, -4.279, -1.38, adjusted),
        _ => parabola(1.2937, -5.709, 0.0186, adjusted.min(TURN)),
    };
    p_value.clamp(0.0, 1.0)
}
