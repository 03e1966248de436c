//! One benchmark, one side: where it lies, how sure that is, and how far its processes lie apart.

use perfguard_stats::{interval::median_interval, quantile::median, summary::scaled_mad};

use crate::model::Interval;

/// The level of every interval that `run` prints.
pub const LEVEL: f64 = 0.95;

/// What the observed values of one metric say, in the metric's own unit.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct Estimate {
    /// Median over the observations (one value a process).
    pub median: f64,
    /// Distribution-free interval of the median; `None` below six observations, which cannot bear 95 %.
    pub interval: Option<Interval>,
    /// Scaled median absolute deviation over the median (0.01 is 1 %); `None` below two observations or at a median
    /// of zero.
    pub spread: Option<f64>,
    /// How many observations.
    pub observations: usize,
}

/// Estimates one metric from one value per process; `None` without any.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    let middle = median(values).ok()?;
    let interval =
        median_interval(values, LEVEL).ok().map(|found| Interval { low: found.low, high: found.high, level: LEVEL });
    let spread = if values.len() > 1 && middle > 0.0 { scaled_mad(values).ok().map(|mad| mad / middle) } else { None };
    Some(Estimate { median: middle, interval, spread, observations: values.len() })
}

/// Whether the interval of the median is as narrow as asked: half its width over the median at most `precision`.
pub fn is_precise(values: &[f64], precision: f64) -> bool {
    let Some(Estimate { median, interval: Some(interval), .. }) = estimate(values) else {
        return false;
    };
    (interval.high - interval.low) / 2.0 <= precision * median
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_observations_have_a_median_but_no_interval_and_are_never_precise() {
        let five = estimate(&[1.0; 5]).expect("values are there");
        assert!((five.median - 1.0).abs() < f64::EPSILON);
        assert_eq!(five.interval, None);
        assert!(!is_precise(&[1.0; 5], 0.5));
        assert!(estimate(&[]).is_none());
    }

    #[test]
    fn precision_is_half_the_interval_relative_to_the_median() {
        let values = [99.0, 99.5, 100.0, 100.0, 100.0, 100.0, 100.5, 101.0];
        assert!(is_precise(&values, 0.01));
        assert!(!is_precise(&values, 0.000_1));
        assert!(is_precise(&[0.0; 8], 0.01), "a value that never moves is precise, zero too");
    }
}
