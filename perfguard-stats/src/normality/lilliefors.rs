//! Lilliefors' test: Kolmogorov and Smirnov's for a normal distribution whose mean and deviation are not known.

use statrs::distribution::{ContinuousCDF, Normal};

use super::kolmogorov_smirnov::greatest_distance;
use super::shape::standardised;
use super::{Method, ShapeTest};
use crate::sample::{StatsError, real};

/// The fewest values the formula of the p-value was made for.
const FEWEST: usize = 5;

/// Whether the values could come from a normal distribution: the greatest distance between the sample's distribution and
/// the normal one with the sample's mean and standard deviation (Lilliefors, *On the Kolmogorov-Smirnov test for normality
/// with mean and variance unknown*, JASA 62, 1967).
///
/// The p-value is by the formula of Dallal and Wilkinson, *An analytic approximation to the distribution of Lilliefors's
/// test statistic for normality*, The American Statistician 40 (1986), where it is at most 0.1, else by polynomials in
/// the modified statistic of Stephens, *EDF statistics for goodness of fit and some comparisons*, JASA 69 (1974); good to
/// about two digits. Sees less than [`shapiro_wilk`](super::shapiro_wilk()).
///
/// # Errors
/// When there are fewer than five values, one is not finite, or all are the same.
///
/// ```
/// # use perfguard_stats::normality::lilliefors;
/// let even = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
/// assert!(lilliefors(&even).unwrap().p_value > 0.5);
/// let outlier = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 80.0];
/// assert!(lilliefors(&outlier).unwrap().p_value < 0.001);
/// ```
pub fn lilliefors(values: &[f64]) -> Result<ShapeTest, StatsError> {
    let normal = Normal::standard();
    let shares: Vec<f64> = standardised(values, FEWEST)?.into_iter().map(|score| normal.cdf(score)).collect();
    let statistic = greatest_distance(&shares);
    let count = real(shares.len());
    let small = dallal_wilkinson(statistic, count);
    let p_value = if small <= 0.1 { small } else { stephens(statistic, count) };
    Ok(ShapeTest { statistic, p_value, method: Method::Approximate })
}

fn dallal_wilkinson(distance: f64, count: f64) -> f64 {
    // Their formula is for at most 100 values; larger samples are brought there by their distance.
    let (distance, count) =
        if count > 100.0 { (distance * (count / 100.0).powf(0.49), 100.0) } else { (distance, count) };
    let root = distance * (count + 2.780_19).sqrt();
    (-7.012_56 * root * root + 2.995_87 * root - 0.122_119 + 0.974_598 / count.sqrt() + 1.679_97 / count).exp()
}

fn stephens(distance: f64, count: f64) -> f64 {
    let modified = distance * (count.sqrt() - 0.01 + 0.85 / count.sqrt());
    let coefficients = match modified {
        ..=0.302 => [1.0, 0.0, 0.0, 0.0, 0.0],
        ..=0.5 => [2.767_73, -19.828_315, 80.709_644, -138.551_52, 81.218_052],
        ..=0.9 => [-4.901_232, 40.662_806, -97.490_286, 94.029_866, -32.355_711],
        ..=1.31 => [6.198_765, -19.558_097, 23.186_922, -12.234_627, 2.423_045],
        _ => [0.0; 5],
    };
    coefficients.iter().rev().fold(0.0, |value, coefficient| value * modified + coefficient).clamp(0.0, 1.0)
}
