//! Laws of what describes one sample, whatever the values.

use perfguard_stats::StatsError;
use perfguard_stats::normality::{
    Methods, ShapeTest, anderson_darling, choose, jittered, kolmogorov_smirnov, kolmogorov_smirnov_between, lilliefors,
    shapiro_wilk, two_modes,
};
use perfguard_stats::outlier::{
    FAR_OUT, Label, OUTSIDE, USUAL_LIMIT, chauvenet, double_mad, double_mad_scores, modified_z, modified_z_scores,
    tukey, tukey_fences,
};
use perfguard_stats::quantile::{Definition, median, quantile, quantile_of_sorted, quantile_of_sorted_by};
use perfguard_stats::random::Stream;
use perfguard_stats::smoothing::{
    Window, control_chart, decay_weights, decayed, effective_count, exponential_average, rolling_mean, rolling_median,
    rolling_median_absolute_deviation, weight_of_newest, weighted_mean, weighted_median,
    weighted_median_absolute_deviation,
};
use perfguard_stats::summary::{
    coefficient_of_variation, interquartile_range, mean, mean_absolute_deviation, median_absolute_deviation,
    resolution_floor, robust_spread, scaled_mad, standard_deviation, trimmed_mean, variance, winsorised_mean,
    winsorised_variance,
};
use proptest::num::f64::ANY;
use proptest::prelude::*;

type Estimator = fn(&[f64]) -> Result<f64, StatsError>;
type Test = fn(&[f64]) -> Result<ShapeTest, StatsError>;
type Labeller = fn(&[f64]) -> Result<Vec<Label>, StatsError>;

/// Where values lie: moves and scales with them.
const PLACES: [Estimator; 6] = [
    mean,
    median,
    |values| trimmed_mean(values, 0.2),
    |values| winsorised_mean(values, 0.2),
    |values| quantile(values, 0.3, Definition::MedianUnbiased),
    |values| Ok(decayed(values, 5.0, 0.0)?.median),
];

/// How far values lie apart: scales with them and does not move.
const SPREADS: [Estimator; 8] = [
    standard_deviation,
    median_absolute_deviation,
    mean_absolute_deviation,
    scaled_mad,
    interquartile_range,
    |values| Ok(robust_spread(values, 0.0)?.value),
    |values| Ok(winsorised_variance(values, 0.2)?.sqrt()),
    |values| Ok(decayed(values, 5.0, 0.0)?.spread.value),
];

const LABELLERS: [Labeller; 4] = [
    chauvenet,
    |values| tukey(values, OUTSIDE),
    |values| modified_z(values, USUAL_LIMIT),
    |values| double_mad(values, USUAL_LIMIT),
];

const SHAPES: [Test; 3] = [shapiro_wilk, lilliefors, anderson_darling];

/// Whole numbers, with ties and a long tail: sums, differences and powers of two of them are exact.
fn whole_values(least: usize) -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![9 => -50_i32..50, 1 => -5_000_i32..5_000].prop_map(f64::from);
    prop::collection::vec(value, least..50)
}

fn values(least: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-1e3_f64..1e3, least..50)
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}

fn shuffled(values: &[f64], seed: u64) -> Vec<f64> {
    let mut shuffled = values.to_vec();
    Stream::new(seed).shuffle(&mut shuffled);
    shuffled
}

fn negated(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| -value).collect()
}

fn extremes(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn moving_and_scaling_the_values_moves_and_scales_places_and_scales_spreads(
        values in values(2), shift in -1e3_f64..1e3, scale in 0.1_f64..10.0,
    ) {
        let changed: Vec<f64> = values.iter().map(|value| value * scale + shift).collect();
        for place in PLACES {
            prop_assert!(close(place(&changed).unwrap(), place(&values).unwrap() * scale + shift));
        }
        for spread in SPREADS {
            prop_assert!((spread(&changed).unwrap() - spread(&values).unwrap() * scale).abs() < 1e-6);
        }
    }

    #[test]
    fn a_power_of_two_scales_exactly_from_the_smallest_numbers_to_the_largest(
        values in whole_values(2), power in -900_i32..900,
    ) {
        let scale = 2.0_f64.powi(power);
        let changed: Vec<f64> = values.iter().map(|value| value * scale).collect();
        for estimator in PLACES.iter().chain(&SPREADS[..6]) {
            let expected = estimator(&values).unwrap() * scale;
            prop_assert!((estimator(&changed).unwrap() - expected).abs() <= 1e-12 * expected.abs());
        }
        for labeller in LABELLERS {
            prop_assert_eq!(labeller(&changed), labeller(&values));
        }
        for test in SHAPES {
            prop_assert_eq!(test(&changed), test(&values));
        }
    }

    #[test]
    fn the_order_of_the_values_does_not_matter_where_it_has_no_meaning(values in values(8), seed in any::<u64>()) {
        let other = shuffled(&values, seed);
        for estimator in PLACES[..5].iter().chain(&SPREADS[..7]) {
            prop_assert!(close(estimator(&other).unwrap(), estimator(&values).unwrap()));
        }
        for test in SHAPES {
            prop_assert!(close(test(&other).unwrap().p_value, test(&values).unwrap().p_value));
        }
        prop_assert_eq!(jittered(&other, 0.5, seed), jittered(&values, 0.5, seed));
        prop_assert_eq!(
            kolmogorov_smirnov_between(&other, &values[..5]), kolmogorov_smirnov_between(&values, &values[..5])
        );
    }

    #[test]
    fn places_lie_between_the_extremes_and_spreads_are_not_negative(values in values(2)) {
        let (low, high) = extremes(&values);
        for place in PLACES {
            let place = place(&values).unwrap();
            prop_assert!(low <= place && place <= high, "{place} between {low} and {high}");
        }
        for spread in SPREADS {
            prop_assert!(spread(&values).unwrap() >= 0.0);
        }
        prop_assert!(winsorised_variance(&values, 0.2).unwrap() <= variance(&values).unwrap() * (1.0 + 1e-12));
        prop_assert!(mean_absolute_deviation(&values).unwrap() <= standard_deviation(&values).unwrap() * (1.0 + 1e-12));
    }

    #[test]
    fn a_quantile_grows_with_p_from_the_smallest_value_to_the_largest(
        values in whole_values(1), one in 0.0_f64..=1.0, other in 0.0_f64..=1.0,
    ) {
        let (low, high) = extremes(&values);
        for definition in Definition::ALL {
            let at = |p| quantile(&values, p, definition).unwrap();
            prop_assert!(at(one.min(other)) <= at(one.max(other)) + 1e-9);
            prop_assert!(low <= at(one) && at(one) <= high);
            prop_assert!(close(at(0.0), low) && close(at(1.0), high));
        }
    }

    #[test]
    fn a_symmetric_definition_sees_the_mirror_image(values in whole_values(1), p in 0.0_f64..=1.0) {
        // All but the inverse of the distribution, its interpolation, and the closest observation.
        for definition in [1, 4, 5, 6, 7, 8].map(|index| Definition::ALL[index]) {
            let there = quantile(&values, p, definition).unwrap();
            let back = quantile(&negated(&values), 1.0 - p, definition).unwrap();
            // A rank that rounding puts to the other side of a whole number may take the neighbour.
            let rank = p * f64::from(u32::try_from(values.len()).unwrap());
            let whole = (rank - rank.round()).abs() < 1e-9;
            prop_assert!(close(there, -back) || whole);
        }
        let sorted = perfguard_stats::sample::sorted(&values).unwrap();
        prop_assert_eq!(quantile_of_sorted(&sorted, p), quantile_of_sorted_by(&sorted, p, Definition::Linear));
    }

    #[test]
    fn a_coarser_resolution_never_lessens_a_spread(values in whole_values(2), one in 0.0_f64..9.0, other in 0.0_f64..9.0) {
        let spread = |resolution| robust_spread(&values, resolution).unwrap().value;
        prop_assert!(spread(one.min(other)) <= spread(one.max(other)));
        prop_assert!(spread(one) >= resolution_floor(one).unwrap());
    }

    #[test]
    fn labels_move_with_their_values_and_turn_over_with_their_signs(values in whole_values(5), seed in any::<u64>()) {
        for labeller in LABELLERS {
            let labels = labeller(&values).unwrap();
            prop_assert_eq!(labels.len(), values.len());
            let turned: Vec<Label> = labeller(&negated(&values)).unwrap().iter().map(|label| match label {
                Label::Typical => Label::Typical,
                Label::Low => Label::High,
                Label::High => Label::Low,
            }).collect();
            prop_assert_eq!(&turned, &labels);
            let moved: Vec<f64> = values.iter().map(|value| value * 4.0 + 64.0).collect();
            prop_assert_eq!(&labeller(&moved).unwrap(), &labels);

            // The label belongs to the value, wherever it stands.
            let mut indices: Vec<usize> = (0..values.len()).collect();
            Stream::new(seed).shuffle(&mut indices);
            let elsewhere: Vec<f64> = indices.iter().map(|index| values[*index]).collect();
            for (label, index) in labeller(&elsewhere).unwrap().iter().zip(indices) {
                prop_assert_eq!(*label, labels[index]);
            }
        }
    }

    #[test]
    fn chauvenet_labels_a_tenth_at_most_and_wider_fences_label_less(values in whole_values(5), factor in 0.0_f64..5.0) {
        let far = |labels: Vec<Label>| labels.iter().filter(|label| **label != Label::Typical).count();
        prop_assert!(far(chauvenet(&values).unwrap()) <= (values.len() / 10).max(1));
        prop_assert!(far(tukey(&values, factor + 0.5).unwrap()) <= far(tukey(&values, factor).unwrap()));
        prop_assert!(far(tukey(&values, FAR_OUT).unwrap()) <= far(tukey(&values, OUTSIDE).unwrap()));
        let fences = tukey_fences(&values, factor).unwrap();
        prop_assert!(fences.low <= median(&values).unwrap() && median(&values).unwrap() <= fences.high);
    }

    #[test]
    fn a_test_of_shape_knows_neither_place_nor_scale_nor_side(
        values in values(8), shift in -1e3_f64..1e3, scale in 0.1_f64..10.0,
    ) {
        let changed: Vec<f64> = values.iter().map(|value| -value * scale + shift).collect();
        for test in SHAPES {
            let (there, back) = (test(&values).unwrap(), test(&changed).unwrap());
            prop_assert!((0.0..=1.0).contains(&there.p_value) && there.statistic >= 0.0);
            prop_assert!((there.statistic - back.statistic).abs() < 1e-7, "{there:?} {back:?}");
            prop_assert!((there.p_value - back.p_value).abs() < 1e-5, "{there:?} {back:?}");
        }
    }

    #[test]
    fn two_samples_are_as_far_apart_from_either_side_and_on_any_scale_that_keeps_their_order(
        base in whole_values(1), head in whole_values(1),
    ) {
        let there = kolmogorov_smirnov_between(&base, &head).unwrap();
        let back = kolmogorov_smirnov_between(&head, &base).unwrap();
        prop_assert!(close(there.statistic, back.statistic) && close(there.p_value, back.p_value));
        prop_assert!((0.0..=1.0).contains(&there.p_value) && (0.0..=1.0).contains(&there.statistic));
        let stretched = |values: &[f64]| -> Vec<f64> { values.iter().map(|value| (value / 100.0).exp()).collect() };
        prop_assert_eq!(kolmogorov_smirnov_between(&stretched(&base), &stretched(&head)), Ok(there));
        let same = kolmogorov_smirnov_between(&base, &base).unwrap();
        prop_assert!(close(same.statistic, 0.0) && close(same.p_value, 1.0));
    }

    #[test]
    fn the_farther_a_sample_is_moved_from_its_distribution_the_smaller_the_p_value(
        count in 1_u32..80, one in 0.0_f64..0.6, other in 0.0_f64..0.6,
    ) {
        let moved = |by: f64| {
            let values: Vec<f64> = (0..count).map(|index| (f64::from(index) + 0.5) / f64::from(count) + by).collect();
            kolmogorov_smirnov(&values, |value| value.clamp(0.0, 1.0)).unwrap()
        };
        let (near, far) = (moved(one.min(other)), moved(one.max(other)));
        prop_assert!(near.statistic <= far.statistic);
        // Where one formula takes over from another they agree to 2e-8.
        prop_assert!(far.p_value <= near.p_value * (1.0 + 1e-7) + 1e-15);
    }

    #[test]
    fn the_choice_is_parametric_where_no_sample_is_rejected(one in values(3), other in values(3), alpha in 0.001_f64..0.5) {
        let rejected = [&one, &other].iter().any(|values| shapiro_wilk(values).unwrap().p_value < alpha);
        let expected = if rejected { Methods::Rank } else { Methods::Parametric };
        prop_assert_eq!(choose(&[&one, &other], alpha).unwrap().methods, expected);
        prop_assert_eq!(choose(&[&other, &one], alpha), choose(&[&one, &other], alpha));
    }

    #[test]
    fn two_modes_stay_two_on_any_place_and_scale(values in whole_values(20), shift in -99_i32..99) {
        let changed: Vec<f64> = values.iter().map(|value| value * 8.0 + f64::from(shift)).collect();
        match (two_modes(&values, 0.0).unwrap(), two_modes(&changed, 0.0).unwrap()) {
            (Some(there), Some(back)) => {
                prop_assert!(there.low < there.high && (0.2..=0.8).contains(&there.high_share));
                prop_assert!(close(back.low, there.low * 8.0 + f64::from(shift)) && close(back.high_share, there.high_share));
            }
            (there, back) => prop_assert_eq!(there, back),
        }
    }

    #[test]
    fn equal_weights_change_nothing_and_the_scale_of_weights_does_not_matter(
        values in values(1), weight in 1e-3_f64..1e3, seed in any::<u64>(),
    ) {
        let equal = vec![weight; values.len()];
        prop_assert!(close(weighted_mean(&values, &equal).unwrap(), mean(&values).unwrap()));
        prop_assert!(close(weighted_median(&values, &equal).unwrap(), median(&values).unwrap()));
        prop_assert!(close(
            weighted_median_absolute_deviation(&values, &equal).unwrap(), median_absolute_deviation(&values).unwrap()
        ));
        let mut stream = Stream::new(seed);
        let weights: Vec<f64> = values.iter().map(|_| stream.unit()).collect();
        let scaled: Vec<f64> = weights.iter().map(|one| one * weight).collect();
        prop_assert!(close(weighted_mean(&values, &weights).unwrap(), weighted_mean(&values, &scaled).unwrap()));
        prop_assert!(close(weighted_median(&values, &weights).unwrap(), weighted_median(&values, &scaled).unwrap()));
        let effective = effective_count(&weights).unwrap();
        prop_assert!(1.0 <= effective && effective <= f64::from(u32::try_from(values.len()).unwrap()));
    }

    #[test]
    fn a_half_life_goes_from_the_newest_value_alone_to_all_alike(values in values(1)) {
        let newest = decayed(&values, 0.01, 0.0).unwrap();
        prop_assert!(close(newest.mean, values[values.len() - 1]) && close(newest.effective_count, 1.0));
        let all = decayed(&values, 1e16, 0.0).unwrap();
        prop_assert!(close(all.mean, mean(&values).unwrap()) && close(all.median, median(&values).unwrap()));
        let mut before = 0.0;
        for half_life in [0.5, 1.0, 4.0, 20.0] {
            let count = effective_count(&decay_weights(values.len(), half_life).unwrap()).unwrap();
            prop_assert!(count >= before);
            before = count;
        }
    }

    #[test]
    fn averages_follow_within_the_extremes_and_wider_limits_hold_narrower_ones(
        values in values(1), weight in 0.01_f64..=1.0, width in 0.0_f64..5.0,
    ) {
        let (low, high) = extremes(&values);
        for average in exponential_average(&values, weight).unwrap() {
            prop_assert!(low - 1e-9 <= average && average <= high + 1e-9);
        }
        let inner = control_chart(&values, weight, 3.0, 2.0, width).unwrap();
        let outer = control_chart(&values, weight, 3.0, 2.0, width + 0.5).unwrap();
        prop_assert!(outer.limits.low < inner.limits.low && inner.limits.high < outer.limits.high);
        prop_assert!(close(inner.limits.high - 3.0, 3.0 - inner.limits.low));
        if let (Some(first), Some(later)) = (inner.first_beyond(), outer.first_beyond()) {
            prop_assert!(first <= later);
        }
    }

    #[test]
    fn a_window_of_one_is_the_series_and_a_centred_one_has_no_direction(values in values(1), half in 0_usize..8) {
        prop_assert_eq!(&rolling_median(&values, Window::Trailing(1)).unwrap(), &values);
        prop_assert_eq!(rolling_mean(&values, Window::Trailing(99)).unwrap().pop(), mean(&values).ok());
        let backwards: Vec<f64> = values.iter().rev().copied().collect();
        let mut found = rolling_median_absolute_deviation(&backwards, Window::Centred(half)).unwrap();
        found.reverse();
        prop_assert_eq!(found, rolling_median_absolute_deviation(&values, Window::Centred(half)).unwrap());
    }

    #[test]
    fn a_series_smoothed_by_its_half_life_has_the_decayed_weights(values in values(1), half_life in 0.5_f64..20.0) {
        // A start at zero that is forgotten: the average over what of the weight is taken.
        let weight = weight_of_newest(half_life).unwrap();
        let last = control_chart(&values, weight, 0.0, 1.0, 3.0).unwrap().averages.pop().unwrap();
        let weights = decay_weights(values.len(), half_life).unwrap();
        let taken = weights.iter().sum::<f64>() * weight;
        prop_assert!(close(last, weighted_mean(&values, &weights).unwrap() * taken));
    }
}

/// Everything that gives numbers, as all the numbers it gives.
fn everything(values: &[f64], other: &[f64], setting: f64, seed: u64) -> Vec<Result<Vec<f64>, StatsError>> {
    let one = |found: Result<f64, StatsError>| found.map(|found| vec![found]);
    let test = |found: Result<ShapeTest, StatsError>| found.map(|found| vec![found.statistic, found.p_value]);
    let mut found: Vec<_> = Definition::ALL.iter().map(|kind| one(quantile(values, setting, *kind))).collect();
    found.extend(PLACES.iter().chain(&SPREADS).map(|estimator| one(estimator(values))));
    found.extend(SHAPES.iter().map(|shape| test(shape(values))));
    for window in [Window::Trailing(values.len()), Window::Centred(3)] {
        found.push(rolling_median(values, window));
        found.push(rolling_mean(values, window));
        found.push(rolling_median_absolute_deviation(values, window));
    }
    found.extend([
        one(variance(values)),
        one(coefficient_of_variation(values)),
        one(trimmed_mean(values, setting)),
        one(winsorised_mean(values, setting)),
        one(winsorised_variance(values, setting)),
        one(robust_spread(values, setting).map(|spread| spread.value)),
        tukey_fences(values, setting).map(|fences| vec![fences.low, fences.high]),
        modified_z_scores(values),
        double_mad_scores(values),
        jittered(values, setting, seed),
        test(kolmogorov_smirnov(values, |value| value.abs().min(1.0))),
        test(kolmogorov_smirnov_between(values, other)),
        one(weighted_mean(values, other)),
        one(weighted_median(values, other)),
        one(weighted_median_absolute_deviation(values, other)),
        decayed(values, setting, setting).map(|found| {
            vec![found.mean, found.median, found.median_absolute_deviation, found.spread.value, found.effective_count]
        }),
        exponential_average(values, setting),
        control_chart(values, setting, setting, setting, setting).map(|chart| chart.averages),
    ]);
    found
}

/// The same of what is given no values.
fn settings(weights: &[f64], setting: f64) -> [Result<Vec<f64>, StatsError>; 4] {
    [
        effective_count(weights).map(|found| vec![found]),
        decay_weights(weights.len(), setting),
        weight_of_newest(setting).map(|found| vec![found]),
        resolution_floor(setting).map(|found| vec![found]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_comes_in_there_are_finite_numbers_or_an_error_and_no_panic(
        values in prop::collection::vec(ANY, 0..24), other in prop::collection::vec(ANY, 0..24),
        setting in prop_oneof![ANY, 0.0_f64..1.0], seed in any::<u64>(),
    ) {
        let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        for values in [&values, &finite] {
            let bad = values.iter().any(|value| !value.is_finite());
            for (index, found) in everything(values, &other, setting, seed).into_iter().enumerate() {
                prop_assert!(found.iter().flatten().all(|number| number.is_finite()), "{index}: {found:?}");
                prop_assert!(found.is_err() || !bad, "{index}: {found:?}");
            }
            for found in settings(values, setting) {
                prop_assert!(found.iter().flatten().all(|number| number.is_finite()), "{found:?}");
            }
            for labeller in LABELLERS {
                prop_assert!(labeller(values).is_err() || !bad);
            }
            prop_assert!(two_modes(values, setting).is_err() || !bad);
            prop_assert!(choose(&[values, &other], setting).is_err() || !bad);
        }
        // Not sorted, not finite: still no panic.
        for definition in Definition::ALL {
            let _ = quantile_of_sorted_by(&values, setting, definition);
        }
    }
}
