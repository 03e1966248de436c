//! What a statistic is worth that is the largest of many.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::sample::real;

/// The chance that, among all ways to split `count` values in two with at least `shortest` on each side, the one that
/// differs most does so by `z` or more standard deviations, up or down; within `[0, 1]`.
///
/// An upper bound, near the truth where it is small: the chance at the first split, and at each further one without the
/// one before it (Worsley, *An improved Bonferroni inequality and applications*, Biometrika 69 (1982); for statistics
/// like these Lausen and Schumacher, *Maximally selected rank statistics*, Biometrics 48 (1992)).
pub(super) fn p_value_of_best_split(z: f64, count: usize, shortest: usize) -> f64 {
    let last = count.saturating_sub(shortest);
    let further = (shortest..last).map(|before| {
        // Splits next to each other share all values but one.
        let (before, after) = (real(before), real(count - before));
        let correlation = (before * (after - 1.0) / (after * (before + 1.0))).sqrt();
        4.0 * owens_t(z, ((1.0 - correlation) / (1.0 + correlation)).sqrt())
    });
    (2.0 * Normal::standard().sf(z) + further.sum::<f64>()).min(1.0)
}

/// Owen's T function for `h > 0` and small `a`: of two standard normal numbers with correlation `r`, half the chance
/// that one exceeds `h` and the other does not is `T(h, sqrt((1 - r) / (1 + r)))`. Owen, *Tables for computing
/// bivariate normal probabilities*, Annals of Mathematical Statistics 27 (1956).
fn owens_t(h: f64, a: f64) -> f64 {
    // Beyond this the integrand is nothing, and would only coarsen the quadrature.
    let half = a.min(9.0 / h) / 2.0;
    let at = |x: f64| (-h * h * (1.0 + x * x) / 2.0).exp() / (1.0 + x * x);
    let integral: f64 = GAUSS.iter().map(|(x, weight)| weight * (at(half * (1.0 + x)) + at(half * (1.0 - x)))).sum();
    integral * half / std::f64::consts::TAU
}

/// Abscissas and weights of the Gauss–Legendre quadrature with twelve points.
const GAUSS: [(f64, f64); 6] = [
    (0.125_233_408_511_468_9, 0.249_147_045_813_402_8),
    (0.367_831_498_998_180_2, 0.233_492_536_538_354_8),
    (0.587_317_954_286_617_4, 0.203_167_426_723_065_9),
    (0.769_902_674_194_304_7, 0.160_078_328_543_346_2),
    (0.904_117_256_370_474_9, 0.106_939_325_995_318_4),
    (0.981_560_634_246_719_3, 0.047_175_336_386_511_8),
];
