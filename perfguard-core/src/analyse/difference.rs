//! Two sides that were not run in turn: the ratio of their values, with an interval, and no verdict.

use perfguard_stats::two_sample::ratio_interval;

use super::LEVEL;
use crate::model::{Difference, Interval};

/// The ratio of head to base by the Hodges–Lehmann shift of the logarithms; `None` where a side is empty or has a value
/// that is not positive.
pub fn unpaired_difference(base: &[f64], head: &[f64]) -> Option<Difference> {
    let found = ratio_interval(base, head, LEVEL).ok()?;
    let interval = found.interval.map(|ends| Interval { low: ends.low, high: ends.high, level: LEVEL });
    Some(Difference { ratio: found.ratio, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_that_is_a_tenth_slower_has_a_ratio_of_one_point_one() {
        let base: Vec<f64> = (0..10).map(|i| 100.0 + f64::from(i) * 0.1).collect();
        let head: Vec<f64> = base.iter().map(|value| value * 1.1).collect();
        let found = unpaired_difference(&base, &head).expect("both sides have values");
        assert!((found.ratio - 1.1).abs() < 1e-9);
        let interval = found.interval.expect("ten a side bear 95 %");
        assert!(interval.low < 1.1 && 1.1 < interval.high && interval.low > 1.08);
    }

    #[test]
    fn too_few_observations_give_a_ratio_without_interval() {
        let found = unpaired_difference(&[100.0], &[200.0]).expect("one value a side is a ratio");
        assert!((found.ratio - 2.0).abs() < 1e-12);
        assert_eq!(found.interval, None);
    }

    #[test]
    fn values_that_are_not_positive_have_no_ratio() {
        assert_eq!(unpaired_difference(&[0.0], &[1.0]), None);
        assert_eq!(unpaired_difference(&[], &[1.0]), None);
    }
}
