//! Laws about series that hold whatever the values.

use perfguard_stats::changepoint::{Settings, change_points, segments, single_change};
use perfguard_stats::dependence::{autocorrelation, effective_size, lag_one, residual_correlation};
use perfguard_stats::random::Stream;
use perfguard_stats::trend::{
    Departure, Watch, adaptive_threshold, drift, environment_factor, least_squares, mann_kendall, memory_leak,
    prediction_interval, theil_sen,
};
use proptest::prelude::*;

fn values(least: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.5_f64..1e6, least..60)
}

/// A history with noise of 2 % and up to three steps.
fn history() -> impl Strategy<Value = Vec<f64>> {
    (prop::collection::vec((0_usize..150, -0.3_f64..0.3), 0..4), 12_usize..150, any::<u64>()).prop_map(
        |(steps, count, seed)| {
            let mut stream = Stream::new(seed);
            let level = |index| -> f64 { steps.iter().filter(|step| step.0 <= index).map(|step| step.1).sum() };
            (0..count).map(|index| (4.0 + level(index) + 0.02 * stream.normal()).exp()).collect()
        },
    )
}

fn finite() -> impl Strategy<Value = f64> {
    prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}

/// Close in comparison with values of this size, of which slopes are what is left.
fn close_at(one: f64, other: f64, size: f64) -> bool {
    (one - other).abs() <= 1e-9 * size
}

fn reversed(values: &[f64]) -> Vec<f64> {
    values.iter().rev().copied().collect()
}

fn is_chance(p: f64) -> bool {
    (0.0..=1.0).contains(&p)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn correlation_does_not_depend_on_unit_level_or_direction(
        values in values(4), shift in -1e3_f64..1e3, scale in 0.1_f64..10.0,
    ) {
        let found = autocorrelation(&values, 3).unwrap();
        let moved: Vec<f64> = values.iter().map(|value| value * scale + shift).collect();
        let backwards = autocorrelation(&reversed(&values), 3).unwrap();
        for ((one, other), back) in found.iter().zip(autocorrelation(&moved, 3).unwrap()).zip(backwards) {
            prop_assert!((-1.0..=1.0).contains(one) && close(*one, other) && close(*one, back));
        }
    }

    #[test]
    fn the_more_values_repeat_one_another_the_fewer_they_are_worth(
        count in 1_usize..500, one in -1.0_f64..1.0, other in -1.0_f64..1.0,
    ) {
        let (less, more) = (one.min(other), one.max(other));
        let (many, few) = (effective_size(count, less), effective_size(count, more));
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let most = count as f64;
        prop_assert!(few <= many && many <= most && few >= most.min(5.0));
    }

    #[test]
    fn slopes_follow_the_unit_and_take_a_line_that_is_added(
        values in values(3), shift in -1e3_f64..1e3, scale in 0.1_f64..10.0, slope in -1e3_f64..1e3,
    ) {
        let changed = |(value, index): (&f64, u32)| value * scale + shift + slope * f64::from(index);
        let changed: Vec<f64> = values.iter().zip(0..).map(changed).collect();
        let (before, after) = (theil_sen(&values, 0.9).unwrap(), theil_sen(&changed, 0.9).unwrap());
        prop_assert!(close_at(after.slope, before.slope * scale + slope, 1e7));
        if let (Some(before), Some(after)) = (before.interval, after.interval) {
            prop_assert!(close_at(after.low, before.low * scale + slope, 1e7));
            prop_assert!(close_at(after.high, before.high * scale + slope, 1e7));
        }
        let (before, after) = (least_squares(&values, 0.9).unwrap(), least_squares(&changed, 0.9).unwrap());
        prop_assert!(close_at(after.slope, before.slope * scale + slope, 1e7));
        prop_assert!(close_at(after.standard_error, before.standard_error * scale, 1e7));
    }

    #[test]
    fn backwards_every_trend_is_the_opposite(values in values(6)) {
        let back = reversed(&values);
        prop_assert!(close_at(theil_sen(&values, 0.9).unwrap().slope, -theil_sen(&back, 0.9).unwrap().slope, 1e6));
        let (line, line_back) = (least_squares(&values, 0.9).unwrap(), least_squares(&back, 0.9).unwrap());
        prop_assert!(close_at(line.slope, -line_back.slope, 1e6) && (line.p_value - line_back.p_value).abs() < 1e-6);
        let (kendall, kendall_back) = (mann_kendall(&values).unwrap(), mann_kendall(&back).unwrap());
        prop_assert!(close(kendall.score, -kendall_back.score) && close(kendall.z, -kendall_back.z));
    }

    #[test]
    fn a_trend_by_ranks_knows_only_the_order(values in values(4)) {
        let bent: Vec<f64> = values.iter().map(|value| value.ln()).collect();
        let (one, other) = (mann_kendall(&values).unwrap(), mann_kendall(&bent).unwrap());
        prop_assert!(close(one.score, other.score) && close(one.p_value, other.p_value));
    }

    #[test]
    fn correlation_never_makes_a_trend_more_significant(values in values(6)) {
        let kendall = mann_kendall(&values).unwrap();
        prop_assert!(kendall.corrected_z.abs() <= kendall.z.abs() && kendall.corrected_p_value >= kendall.p_value);
        let line = least_squares(&values, 0.9).unwrap();
        prop_assert!(line.corrected_error >= line.standard_error && line.corrected_p_value >= line.p_value);
        let chances = [kendall.p_value, kendall.corrected_p_value, line.p_value, line.corrected_p_value];
        prop_assert!(chances.into_iter().all(is_chance));
    }

    #[test]
    fn intervals_hold_their_estimate_and_a_higher_level_holds_a_lower_ones(values in values(12)) {
        let at = |level| {
            let (pairs, line) = (theil_sen(&values, level).unwrap(), least_squares(&values, level).unwrap());
            let slopes = [(pairs.slope, pairs.interval.unwrap()), (line.slope, line.interval)];
            (slopes, prediction_interval(&values, level).unwrap())
        };
        let (mut inner_slopes, mut inner_next) = at(0.5);
        for level in [0.8, 0.95] {
            let (slopes, next) = at(level);
            for ((slope, outer), (_, inner)) in slopes.into_iter().zip(inner_slopes) {
                prop_assert!(outer.low <= inner.low && inner.low <= slope && slope <= inner.high && inner.high <= outer.high);
            }
            prop_assert!(next.low <= inner_next.low && inner_next.high <= next.high);
            (inner_slopes, inner_next) = (slopes, next);
        }
    }

    #[test]
    fn thresholds_rise_with_noise_and_certainty_and_follow_the_unit(
        values in values(5), scale in 0.1_f64..10.0, more in 1.0_f64..4.0,
    ) {
        let threshold = |environment, alpha| adaptive_threshold(&values, environment, alpha).unwrap();
        prop_assert!(threshold(1.0, 0.01) <= threshold(more, 0.01) && threshold(1.0, 0.05) <= threshold(1.0, 0.01));
        let scaled: Vec<f64> = values.iter().map(|value| value * scale).collect();
        // Thresholds of values that lie powers of ten apart are as far again above them.
        let (one, other) = (threshold(1.0, 0.05).ln(), adaptive_threshold(&scaled, 1.0, 0.05).unwrap().ln());
        prop_assert!(one > 700.0 || close(one + scale.ln(), other));
    }

    #[test]
    fn an_environment_factor_lies_between_one_and_five(now in 0.0_f64..1e300, reference in 0.0_f64..1e300) {
        prop_assert!((1.0..=5.0).contains(&environment_factor(now, reference).unwrap()));
        prop_assert!((1.0..=5.0).contains(&environment_factor(now, 0.0).unwrap()));
        prop_assert!((1.0..=5.0).contains(&environment_factor(0.0, reference).unwrap()));
    }

    #[test]
    fn a_watch_is_the_same_upside_down_and_one_spike_is_not_enough(
        values in prop::collection::vec(-4.0_f64..4.0, 1..40), spike in -1e9_f64..1e9,
    ) {
        let (mut watch, mut mirrored) = (Watch::new(0.0, 1.0).unwrap(), Watch::new(0.0, 1.0).unwrap());
        for value in values {
            let there = watch.push(value).unwrap();
            let back = mirrored.push(-value).unwrap().map(|departure| match departure {
                Departure::Above { values } => Departure::Below { values },
                Departure::Below { values } => Departure::Above { values },
            });
            prop_assert_eq!(there, back);
        }
        let mut calm = Watch::new(5.0, 0.3).unwrap();
        for value in [5.0, 5.0 + spike, 5.0, 5.0] {
            prop_assert_eq!(calm.push(value).unwrap(), None);
        }
    }

    #[test]
    fn what_falls_is_no_leak_and_a_leak_is_one_in_every_unit(seed in any::<u64>(), power in -300_i32..300) {
        let mut stream = Stream::new(seed);
        let growing: Vec<f64> = (0..100).map(|index| 1e6 + 5e3 * f64::from(index) + 2e3 * stream.normal()).collect();
        prop_assert!(memory_leak(&growing, 1.0).unwrap().suspected);
        prop_assert!(!memory_leak(&reversed(&growing), 1.0).unwrap().suspected);
        let unit = 2.0_f64.powi(power);
        let scaled: Vec<f64> = growing.iter().map(|value| value * unit).collect();
        let (there, here) = (memory_leak(&scaled, unit).unwrap(), memory_leak(&growing, 1.0).unwrap());
        prop_assert_eq!(there.growth.to_bits(), (here.growth * unit).to_bits());
    }

    #[test]
    fn segments_are_long_enough_and_a_higher_penalty_gives_no_more_of_them(
        values in values(1), penalty in 0.0_f64..1e12, shortest in 0_usize..6,
    ) {
        let found = segments(&values, penalty, shortest).unwrap();
        let mut ends = vec![0];
        ends.extend(&found);
        ends.push(values.len());
        prop_assert!(found.is_empty() || ends.windows(2).all(|pair| pair[1] - pair[0] >= shortest.max(1)));
        prop_assert!(segments(&values, 2.0 * penalty, shortest).unwrap().len() <= found.len());
    }

    #[test]
    fn change_points_do_not_depend_on_the_unit_and_invert_with_the_values(values in history(), scale in 1e-9_f64..1e9) {
        let found = change_points(&values, Settings::default()).unwrap();
        let scaled: Vec<f64> = values.iter().map(|value| value * scale).collect();
        let scaled = change_points(&scaled, Settings::default()).unwrap();
        let inverted: Vec<f64> = values.iter().map(|value| 1.0 / value).collect();
        let inverted = change_points(&inverted, Settings::default()).unwrap();
        prop_assert_eq!(found.points.len(), scaled.points.len());
        prop_assert_eq!(found.points.len(), inverted.points.len());
        for ((one, other), back) in found.points.iter().zip(&scaled.points).zip(&inverted.points) {
            prop_assert_eq!((one.index, one.index), (other.index, back.index));
            prop_assert!(close(one.ratio, other.ratio) && close(one.level_after * scale, other.level_after));
            prop_assert!(close(one.ratio, 1.0 / back.ratio) && close(one.interval.low, 1.0 / back.interval.high));
        }
    }

    #[test]
    fn change_points_are_told_consistently(values in history()) {
        let found = change_points(&values, Settings::default()).unwrap();
        prop_assert_eq!(found.regimes.len(), found.points.len() + 1);
        prop_assert_eq!((found.regimes[0].start, found.regimes[found.points.len()].end), (0, values.len()));
        for (point, pair) in found.points.iter().zip(found.regimes.windows(2)) {
            prop_assert_eq!((pair[0].end, pair[1].start), (point.index, point.index));
        }
        for point in found.points.iter().chain(&found.pending) {
            prop_assert!(point.earliest <= point.index && point.index <= point.latest && point.latest < values.len());
            prop_assert!(point.interval.low <= point.ratio && point.ratio <= point.interval.high);
            prop_assert!(is_chance(point.p_value) && close(point.ratio, point.level_after / point.level_before));
        }
        let wider = change_points(&values, Settings { level: 0.99, ..Settings::default() }).unwrap();
        for (inner, outer) in found.points.iter().zip(&wider.points) {
            prop_assert!(outer.interval.low <= inner.interval.low && inner.interval.high <= outer.interval.high);
        }
    }

    #[test]
    fn a_single_change_is_where_the_order_says_and_turns_with_the_values(values in history()) {
        let found = single_change(&values).unwrap();
        let bent: Vec<f64> = values.iter().map(|value| value.ln()).collect();
        prop_assert_eq!(found.index, single_change(&bent).unwrap().index);
        let turned: Vec<f64> = values.iter().map(|value| -value).collect();
        let turned = single_change(&turned).unwrap();
        prop_assert!(found.index == turned.index && close(found.z, -turned.z) && close(found.p_value, turned.p_value));
        prop_assert!(is_chance(found.p_value) && 5 <= found.index && found.index + 5 <= values.len());
    }

    #[test]
    fn whatever_comes_in_there_is_a_value_or_an_error_and_no_panic(
        wild in prop::collection::vec(any::<f64>(), 0..70),
        positive in prop::collection::vec(prop::num::f64::POSITIVE, 0..70),
        few in prop::collection::vec(prop::sample::select(vec![1.0, 5e-324, 1.7e308, 1e-160, 2.0]), 0..100),
        number in any::<f64>(),
        size in 0_usize..80,
    ) {
        for values in [wild, positive, few] {
            let finite = values.iter().all(|value| value.is_finite());
            prop_assert_eq!(autocorrelation(&values, size).is_ok(), finite && values.len() > size);
            prop_assert_eq!(lag_one(&values).is_ok(), finite && values.len() >= 2);
            prop_assert_eq!(residual_correlation(&values).is_ok(), finite && values.len() >= 2);
            prop_assert!(effective_size(size, number) <= 80.0);
            prop_assert_eq!(mann_kendall(&values).is_ok(), finite && values.len() >= 2);
            prop_assert_eq!(theil_sen(&values, 0.9).is_ok(), finite && values.len() >= 2);
            prop_assert_eq!(least_squares(&values, 0.9).is_ok(), finite && values.len() >= 3);
            prop_assert_eq!(prediction_interval(&values, 0.9).is_ok(), finite && values.len() >= 5);
            prop_assert_eq!(memory_leak(&values, 1.0).is_ok(), finite && values.len() >= 64);
            prop_assert_eq!(segments(&values, 1.0, size).is_ok(), finite && !values.is_empty());
            prop_assert_eq!(single_change(&values).is_ok(), finite && values.len() >= 12);
            let positive = finite && values.iter().all(|value| *value > 0.0);
            prop_assert_eq!(drift(&values, 0.01).is_ok(), positive && values.len() >= 20);
            prop_assert_eq!(adaptive_threshold(&values, 2.0, 0.01).is_ok(), positive && values.len() >= 5);
            let found = change_points(&values, Settings::default());
            prop_assert_eq!(found.is_ok(), positive && values.len() >= 12);
            if let Ok(found) = found {
                prop_assert!(found.extended(&values, Settings::default()).is_ok());
                let finite = found.points.iter().all(|point| point.ratio.is_finite() && point.interval.high.is_finite());
                prop_assert!(finite);
            }
            // Whatever the settings.
            let settings = Settings { smallest_step: number, level: number };
            let level_is_good = number > 0.0 && number < 1.0;
            prop_assert_eq!(change_points(&values, settings).is_ok(), positive && values.len() >= 12 && level_is_good);
            prop_assert!(theil_sen(&values, number).is_err() || level_is_good);
            prop_assert!(least_squares(&values, number).is_err() || level_is_good);
            prop_assert!(prediction_interval(&values, number).is_err() || level_is_good);
            prop_assert!(adaptive_threshold(&values, number, number).is_err() || level_is_good);
            prop_assert!(segments(&values, number, size).is_err() || number >= 0.0);
            prop_assert!(drift(&values, number).is_err() || number >= 0.0);
            if let (Ok(mut watch), Some(last)) = (Watch::new(number, number.abs()), values.last()) {
                prop_assert_eq!(watch.push(*last).is_ok(), last.is_finite());
            }
        }
    }

    #[test]
    fn whatever_finite_values_come_in_what_comes_out_is_finite(
        values in prop::collection::vec(finite(), 5..70),
    ) {
        let slope = theil_sen(&values, 0.8).unwrap();
        let line = least_squares(&values, 0.8).unwrap();
        let kendall = mann_kendall(&values).unwrap();
        let next = prediction_interval(&values, 0.8).unwrap();
        let all = [
            slope.slope, slope.intercept, line.slope, line.intercept, line.standard_error, line.corrected_error,
            line.p_value, line.interval.low, line.interval.high, kendall.z, kendall.corrected_z, next.low, next.high,
        ];
        prop_assert!(all.into_iter().all(f64::is_finite), "{all:?}");
        prop_assert!(slope.interval.is_none_or(|ends| ends.low <= ends.high));
        prop_assert!(lag_one(&values).unwrap().abs() <= 1.0 && residual_correlation(&values).unwrap().abs() <= 1.0);
    }
}
