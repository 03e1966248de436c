//! Laws that hold whatever the values.

use perfguard_stats::interval::median_interval;
use perfguard_stats::quantile::median;
use perfguard_stats::random::Stream;
use perfguard_stats::summary::{interquartile_range, scaled_mad};
use perfguard_stats::two_sample::ratio_interval;
use proptest::prelude::*;

fn values(least: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.5_f64..1e6, least..60)
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}

proptest! {
    #[test]
    fn moving_and_scaling_the_values_moves_and_scales_what_is_said_of_them(
        values in values(8), shift in -1e3_f64..1e3, scale in 0.1_f64..10.0,
    ) {
        let changed: Vec<f64> = values.iter().map(|value| value * scale + shift).collect();
        prop_assert!(close(median(&changed).unwrap(), median(&values).unwrap() * scale + shift));
        prop_assert!(close(scaled_mad(&changed).unwrap(), scaled_mad(&values).unwrap() * scale));
        prop_assert!(close(interquartile_range(&changed).unwrap(), interquartile_range(&values).unwrap() * scale));
        let (before, after) = (median_interval(&values, 0.95).unwrap(), median_interval(&changed, 0.95).unwrap());
        prop_assert!(close(after.low, before.low * scale + shift) && close(after.high, before.high * scale + shift));
    }

    #[test]
    fn the_order_of_the_values_does_not_matter(values in values(8), seed in any::<u64>()) {
        let mut shuffled = values.clone();
        Stream::new(seed).shuffle(&mut shuffled);
        prop_assert_eq!(median(&values), median(&shuffled));
        prop_assert_eq!(median_interval(&values, 0.95), median_interval(&shuffled, 0.95));
    }

    #[test]
    fn an_interval_holds_its_median_and_a_higher_level_holds_a_lower_ones(values in values(9)) {
        let middle = median(&values).unwrap();
        let mut inner = median_interval(&values, 0.8).unwrap();
        for level in [0.9, 0.95, 0.99] {
            let outer = median_interval(&values, level).unwrap();
            prop_assert!(outer.low <= inner.low && inner.low <= middle && middle <= inner.high && inner.high <= outer.high);
            inner = outer;
        }
    }

    #[test]
    fn swapping_the_sides_inverts_the_ratio_and_its_interval(base in values(4), head in values(4)) {
        let (there, back) = (ratio_interval(&base, &head, 0.95).unwrap(), ratio_interval(&head, &base, 0.95).unwrap());
        prop_assert!(close(there.ratio, 1.0 / back.ratio));
        if let (Some(there), Some(back)) = (there.interval, back.interval) {
            prop_assert!(close(there.low, 1.0 / back.high) && close(there.high, 1.0 / back.low));
        }
    }

    #[test]
    fn whatever_comes_in_there_is_a_value_or_an_error_and_no_panic(
        values in prop::collection::vec(any::<f64>(), 0..12), other in prop::collection::vec(any::<f64>(), 0..12), level in any::<f64>(),
    ) {
        let bad = values.is_empty() || values.iter().any(|value| !value.is_finite());
        prop_assert_eq!(median(&values).is_err(), bad);
        prop_assert_eq!(scaled_mad(&values).is_err(), bad);
        prop_assert_eq!(interquartile_range(&values).is_err(), bad);
        let level_is_bad = !(level > 0.0 && level < 1.0);
        prop_assert!(median_interval(&values, level).is_err() || !(bad || level_is_bad));
        prop_assert!(ratio_interval(&values, &other, level).is_err() || !(bad || level_is_bad));
    }
}
