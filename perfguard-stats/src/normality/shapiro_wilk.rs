//! Shapiro and Wilk's test in Royston's form.

use statrs::distribution::{ContinuousCDF, Normal};

use super::shape::centred;
use super::{Method, ShapeTest};
use crate::sample::{StatsError, real};
use crate::summary::{plain_mean, sum};

/// Below three values every sample fits; above 5,000 the approximations were not checked by their author.
const FEWEST: usize = 3;
pub(super) const MOST: usize = 5_000;

/// Whether the values could come from a normal distribution: Shapiro and Wilk's W with the approximations of Royston,
/// *Remark AS R94*, Applied Statistics 44 (1995). For 3 to 5,000 values.
///
/// W is 1 where the sorted values lie on a line against what a normal sample would give, and less the more they bend away.
/// The p-value is exact for three values. Values that rounding made equal lead to rejection for that alone: see
/// [`jittered`](super::jittered).
///
/// # Errors
/// When there are fewer than 3 or more than 5,000 values, one is not finite, or all are the same.
///
/// ```
/// # use perfguard_stats::normality::shapiro_wilk;
/// // The heights and weights of the classical example: fifteen women.
/// let weights = [115.0, 117.0, 120.0, 123.0, 126.0, 129.0, 132.0, 135.0, 139.0, 142.0, 146.0, 150.0, 154.0, 159.0, 164.0];
/// let found = shapiro_wilk(&weights).unwrap();
/// assert!((found.statistic - 0.9604).abs() < 1e-4 && (found.p_value - 0.6986).abs() < 1e-3);
/// ```
pub fn shapiro_wilk(values: &[f64]) -> Result<ShapeTest, StatsError> {
    if values.len() > MOST {
        return Err(StatsError::TooMany { most: MOST, given: values.len() });
    }
    let shape = centred(values, FEWEST)?;
    let missing = one_less_w(&shape);
    let (p_value, method) = match shape.len() {
        FEWEST => (p_of_three(1.0 - missing), Method::Exact),
        count => (p_approximate(missing, real(count)), Method::Approximate),
    };
    Ok(ShapeTest { statistic: 1.0 - missing, p_value, method })
}

/// `1 - W`, which is not taken as a difference from 1 because W is often close to it.
fn one_less_w(shape: &[f64]) -> f64 {
    let weights = weights(shape.len());
    let mean = plain_mean(shape);
    // The weights are antisymmetric: each belongs to a value and, with the other sign, to its mirror image.
    let mirrored = shape.iter().rev().zip(shape).zip(&weights);
    let products = sum(mirrored.map(|((upper, lower), weight)| weight * (upper - lower)));
    let weight_squares = 2.0 * sum(weights.iter().map(|weight| weight * weight));
    let squares = sum(shape.iter().map(|value| (value - mean).powi(2)));
    let whole = (weight_squares * squares).sqrt();
    ((whole - products) * (whole + products) / (weight_squares * squares)).clamp(0.0, 1.0)
}

/// The weights of the upper half of the values, from the largest value downwards.
fn weights(count: usize) -> Vec<f64> {
    if count == FEWEST {
        return vec![std::f64::consts::FRAC_1_SQRT_2];
    }
    let normal = Normal::standard();
    let expected: Vec<f64> =
        (1..=count / 2).map(|rank| -normal.inverse_cdf((real(rank) - 0.375) / (real(count) + 0.25))).collect();
    let squares = 2.0 * sum(expected.iter().map(|value| value * value));
    let root = 1.0 / real(count).sqrt();
    let corrected = |index: usize, polynomial: &[f64]| evaluate(polynomial, root) + expected[index] / squares.sqrt();

    // The outermost weights are corrected, two of them where there are enough values; the rest is scaled to fit.
    let mut weights = vec![corrected(0, &[0.0, 0.221_157, -0.147_981, -2.071_19, 4.434_685, -2.706_056])];
    if count > 5 {
        weights.push(corrected(1, &[0.0, 0.042_981, -0.293_762, -1.752_461, 5.682_633, -3.582_633]));
    }
    let taken = weights.len();
    let of_expected: f64 = expected[..taken].iter().map(|value| value * value).sum();
    let of_weights: f64 = weights.iter().map(|weight| weight * weight).sum();
    let scale = ((squares - 2.0 * of_expected) / (1.0 - 2.0 * of_weights)).sqrt();
    weights.extend(expected[taken..].iter().map(|value| value / scale));
    weights
}

fn p_of_three(w: f64) -> f64 {
    let least = 0.75_f64;
    (6.0 / std::f64::consts::PI * (w.sqrt().asin() - least.sqrt().asin())).clamp(0.0, 1.0)
}

fn p_approximate(missing: f64, count: f64) -> f64 {
    /// What the algorithm gives beyond the range of its transformation.
    const NEXT_TO_NOTHING: f64 = 1e-99;
    let (transformed, mean, deviation) = if count < 11.5 {
        let bound = -2.273 + 0.459 * count;
        if missing.ln() >= bound {
            return NEXT_TO_NOTHING;
        }
        let mean = evaluate(&[0.544, -0.399_78, 0.025_054, -6.714e-4], count);
        (-(bound - missing.ln()).ln(), mean, evaluate(&[1.3822, -0.778_57, 0.062_767, -0.002_032_2], count).exp())
    } else {
        let logarithm = count.ln();
        let mean = evaluate(&[-1.5861, -0.310_82, -0.083_751, 0.003_891_5], logarithm);
        (missing.ln(), mean, evaluate(&[-0.4803, -0.082_676, 0.003_030_2], logarithm).exp())
    };
    let score = (transformed - mean) / deviation;
    // A perfect fit has a logarithm of minus infinity.
    if score.is_finite() { Normal::standard().sf(score) } else { 1.0 }
}

/// A polynomial from its coefficients, the constant first.
fn evaluate(coefficients: &[f64], at: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |value, coefficient| value * at + coefficient)
}
