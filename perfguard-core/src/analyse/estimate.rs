//! One benchmark, one side: where it lies, how sure that is, and how far its processes lie apart.

use perfguard_stats::{interval::median_interval, quantile::median, summary::scaled_mad};

use crate::model::{Estimate, Interval};

/// The level of every interval that `run` prints.
pub const LEVEL: f64 = 0.95;

/// Estimates one metric from one value per process; `None` without any.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    let middle = median(values).ok()?;
    let interval =
        median_interval(values, LEVEL).ok().map(|found| Interval { low: found.low, high: found.high, level: LEVEL });
    let spread = if values.len() > 1 && middle > 0.0 { scaled_mad(values).ok().map(|mad| mad / middle) } else { None };
    Some(Estimate { median: middle, interval, spread, observations: values.len() })
}

/// Half the width of the interval of the median, relative to the median; `None` where the values are too few. Values
/// that never move are exact, zeros too.
pub fn relative_half_width(values: &[f64]) -> Option<f64> {
    estimate(values)?.relative_half_width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_observations_have_a_median_but_no_interval() {
        let five = estimate(&[1.0; 5]).expect("values are there");
        assert!((five.median - 1.0).abs() < f64::EPSILON);
        assert_eq!(five.interval, None);
        assert_eq!(relative_half_width(&[1.0; 5]), None);
        assert!(estimate(&[]).is_none());
    }

    #[test]
    fn precision_is_half_the_interval_relative_to_the_median() {
        let values = [99.0, 99.5, 100.0, 100.0, 100.0, 100.0, 100.5, 101.0];
        let width = relative_half_width(&values).expect("eight values bear 95 %");
        assert!((0.003..0.01).contains(&width), "{width}");
        assert_eq!(relative_half_width(&[0.0; 8]), Some(0.0), "a value that never moves is exact");
    }
}
