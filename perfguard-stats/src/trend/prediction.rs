//! Where one new value would lie if nothing had changed.

use std::f64::consts::PI;

use crate::dependence::{MEAN_CONSISTENCY, effective_size, residual_correlation};
use crate::interval::{Interval, student_quantile};
use crate::quantile::median;
use crate::sample::{StatsError, at_least, balanced, check_amount, check_level, logarithms, real, restored};
use crate::summary::scaled_mad;

/// The median absolute deviation uses this share of what normal values say of their spread: Huber, *Robust Statistics*
/// (1981).
const EFFICIENCY: f64 = 0.37;

/// What corrects the scaled median absolute deviation of 2 to 9 values to be right on average: Croux and Rousseeuw,
/// *Time-efficient algorithms for two highly robust estimators of scale*, Computational Statistics 1 (1992).
const SMALL_SAMPLE: [f64; 8] = [1.196, 1.495, 1.363, 1.206, 1.200, 1.140, 1.129, 1.107];

/// The environment factor's range: less noise than the reference never tightens a threshold, and a machine five times
/// as noisy is not to be trusted at all.
const ENVIRONMENT: (f64, f64) = (1.0, 5.0);

/// The interval in which one new value lies with this probability if it comes from where the values came from; in their
/// own unit, about their median.
///
/// Robust: `median ± t s sqrt(1 + (π/2) / n)`, where `s` is the median absolute deviation corrected for small samples,
/// `n` the effective number of values, and `t` has `0.37 n` degrees of freedom, because that is how much the median
/// absolute deviation knows. Simulated coverage at 95 % with 5 to 100 normal values is 95 to 98 %; with `n - 1` degrees
/// of freedom and `sqrt(1 + 1/n)` it was 85 to 94 %. Spikes among the values do not widen it, but a new spike lies
/// outside.
///
/// # Errors
/// When there are fewer than five values, one is not finite, or the level is not between 0 and 1.
///
/// ```
/// # use perfguard_stats::trend::prediction_interval;
/// let values = [10.1, 9.9, 10.0, 10.2, 9.8, 10.1, 9.9, 10.0, 50.0, 10.1];
/// let next = prediction_interval(&values, 0.95).unwrap();
/// assert!(9.0 < next.low && next.low < 9.8 && 10.2 < next.high && next.high < 11.0);
/// ```
pub fn prediction_interval(values: &[f64], level: f64) -> Result<Interval, StatsError> {
    let level = check_level(level)?;
    let (values, power) = balanced(at_least(values, 5)?);
    let Described { middle, spread, worth } = Described::of(&values)?;
    let spread = spread * small_sample(values.len());
    let quantile = student_quantile((1.0 - level) / 2.0, EFFICIENCY * worth)?;
    let reach = quantile * spread * (1.0 + PI / 2.0 / worth).sqrt();
    Ok(Interval { low: restored(middle - reach, power), high: restored(middle + reach, power) })
}

/// How much noisier the environment is now than when the reference was taken, from 1 to 5, without unit: the ratio of
/// the two spreads of an A/A probe. Without any reference noise it is 5 where there is some now, else 1.
///
/// # Errors
/// When a spread is negative or not finite.
///
/// ```
/// # use perfguard_stats::trend::environment_factor;
/// assert_eq!(environment_factor(0.03, 0.02).unwrap(), 1.5);
/// assert_eq!(environment_factor(0.01, 0.02).unwrap(), 1.0);
/// assert_eq!(environment_factor(1.0, 0.02).unwrap(), 5.0);
/// ```
pub fn environment_factor(spread_now: f64, spread_of_reference: f64) -> Result<f64, StatsError> {
    let (now, reference) = (check_amount(spread_now)?, check_amount(spread_of_reference)?);
    // Nothing over nothing is no number, and `max` takes the other.
    Ok((now / reference).max(ENVIRONMENT.0).min(ENVIRONMENT.1))
}

/// The value above which one new process start is worth a second look, in the values' own unit: `median exp(environment
/// spread multiplier)`.
///
/// The spread is the scaled median absolute deviation of the natural logarithms of the values, one value a *process
/// start*: iterations within a process know nothing of what differs between processes. The multiplier is that of a
/// one-sided prediction, `t sqrt(1 + 1/n)` with the effective number of values `n`, `n - 1` degrees of freedom and
/// exceeded by chance `alpha`; the environment factor is [`environment_factor`]'s.
///
/// For screening only: against a stored baseline, 15 to 42 % false alarms were simulated under realistic drift, and
/// with ten values `alpha` is exceeded by about half.
///
/// # Errors
/// When there are fewer than five values, one is not finite or not positive, the factor is negative or not finite, or
/// `alpha` is not between 0 and 1.
///
/// ```
/// # use perfguard_stats::trend::adaptive_threshold;
/// let starts = [100.0, 101.0, 99.0, 100.5, 99.5, 100.2, 99.8, 100.1];
/// let calm = adaptive_threshold(&starts, 1.0, 0.01).unwrap();
/// let noisy = adaptive_threshold(&starts, 3.0, 0.01).unwrap();
/// assert!(101.0 < calm && calm < noisy && noisy < 110.0);
/// ```
pub fn adaptive_threshold(values: &[f64], environment: f64, alpha: f64) -> Result<f64, StatsError> {
    let (environment, alpha) = (check_amount(environment)?, check_level(alpha)?);
    let logarithms = logarithms(values, 5)?;
    let Described { spread, worth, .. } = Described::of(&logarithms)?;
    let multiplier = student_quantile(alpha, worth - 1.0)? * (1.0 + 1.0 / worth).sqrt();
    Ok((median(values)? * (environment * spread * multiplier).exp()).min(f64::MAX))
}

/// Values without trend.
struct Described {
    middle: f64,
    /// The scaled median absolute deviation; where more than half of the values are the same, from the mean absolute
    /// deviation.
    spread: f64,
    /// The effective number of values.
    worth: f64,
}

impl Described {
    fn of(values: &[f64]) -> Result<Self, StatsError> {
        let middle = median(values)?;
        let residuals: Vec<f64> = values.iter().map(|value| value - middle).collect();
        let spread = match scaled_mad(values)? {
            some if some > 0.0 => some,
            _ => {
                let sizes: f64 = residuals.iter().map(|residual| residual.abs()).sum();
                sizes / real(values.len()) * MEAN_CONSISTENCY
            }
        };
        Ok(Self { middle, spread, worth: effective_size(values.len(), residual_correlation(&residuals)?) })
    }
}

/// What makes the scaled median absolute deviation of so many values right on average.
fn small_sample(count: usize) -> f64 {
    let tabled = count.checked_sub(2).and_then(|index| SMALL_SAMPLE.get(index));
    tabled.copied().unwrap_or_else(|| real(count) / (real(count) - 0.8))
}
