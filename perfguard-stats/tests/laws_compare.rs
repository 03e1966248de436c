//! Laws of comparing two sides that hold whatever the values.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use perfguard_stats::effect::dominance;
use perfguard_stats::equivalence::{equivalent_means, equivalent_pairs};
use perfguard_stats::interval::Interval;
use perfguard_stats::paired::{
    log_ratios, pseudo_median, pseudo_median_ratio, sign_flip, sign_test, signed_rank, trimmed_mean, trimmed_ratio,
    trimmed_t,
};
use perfguard_stats::random::Stream;
use perfguard_stats::resample::statistic::{mean, median, trimmed_mean_with_error};
use perfguard_stats::resample::{Bootstrap, Levels, Studentised};
use perfguard_stats::two_sample::{
    Alternative, LocationTest, Significance, difference_of_means, mann_whitney, permutation_test, ratio_interval,
    shift_interval, welch_t, yuen_t,
};
use proptest::prelude::*;

const ALTERNATIVES: [Alternative; 3] = [Alternative::Less, Alternative::Greater, Alternative::TwoSided];

/// Whole numbers with many ties: adding to them and doubling them is exact.
fn tied(least: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-12_i32..20).prop_map(f64::from), least..14)
}

/// Whole numbers, all different, also by magnitude.
fn untied(least: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::btree_set(1_i32..2_000, least..24)
        .prop_map(|values| {
            values.into_iter().map(|value| f64::from(if value % 3 == 0 { -value } else { value })).collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn positive(least: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0.5_f64..1e3, least..14)
}

/// Numbers of every kind, NaN and infinities among them.
fn anything() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(any::<f64>(), 0..9)
}

/// Finite numbers of every magnitude.
fn finite() -> impl Strategy<Value = Vec<f64>> {
    use prop::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    prop::collection::vec(POSITIVE | NEGATIVE | NORMAL | SUBNORMAL | ZERO, 1..9)
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}

fn map(values: &[f64], change: impl Fn(f64) -> f64) -> Vec<f64> {
    values.iter().map(|value| change(*value)).collect()
}

fn shuffled(values: &[f64], seed: u64) -> Vec<f64> {
    let mut values = values.to_vec();
    Stream::new(seed).shuffle(&mut values);
    values
}

fn mirrored(alternative: Alternative) -> Alternative {
    match alternative {
        Alternative::Less => Alternative::Greater,
        Alternative::Greater => Alternative::Less,
        Alternative::TwoSided => Alternative::TwoSided,
    }
}

fn mirror(interval: Interval) -> Interval {
    Interval { low: -interval.high, high: -interval.low }
}

fn alike(one: Interval, other: Interval) -> bool {
    close(one.low, other.low) && close(one.high, other.high)
}

/// All tests of two samples that give a p-value from ranks or arrangements.
fn two_sample_tests(base: &[f64], head: &[f64], alternative: Alternative) -> [Significance; 2] {
    [
        mann_whitney(base, head, alternative).unwrap(),
        permutation_test(base, head, alternative, 150, 3, difference_of_means).unwrap(),
    ]
}

fn paired_tests(differences: &[f64], alternative: Alternative) -> [Significance; 3] {
    [
        signed_rank(differences, alternative).unwrap(),
        sign_test(differences, alternative).unwrap(),
        sign_flip(differences, alternative, 150, 3).unwrap(),
    ]
}

fn t_tests(base: &[f64], head: &[f64], alternative: Alternative, level: f64) -> [LocationTest; 2] {
    [welch_t(base, head, alternative, level).unwrap(), yuen_t(base, head, alternative, level).unwrap()]
}

proptest! {
    // Fewer than usual, because each case runs every test there is.
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn moving_and_scaling_both_sides_scales_shifts_and_leaves_p_values_alone(
        base in tied(2), head in tied(2), shift in -50_i32..50, doublings in -3_i32..8,
    ) {
        let scale = 2.0_f64.powi(doublings);
        let change = |values: &[f64]| map(values, |value| value * scale + f64::from(shift));
        let (other_base, other_head) = (change(&base), change(&head));
        for alternative in ALTERNATIVES {
            let (before, after) = (mann_whitney(&base, &head, alternative).unwrap(), mann_whitney(&other_base, &other_head, alternative).unwrap());
            prop_assert_eq!(before, after);
            let (before, after) = (t_tests(&base, &head, alternative, 0.9), t_tests(&other_base, &other_head, alternative, 0.9));
            for (before, after) in before.into_iter().zip(after) {
                prop_assert!(close(before.estimate * scale, after.estimate) && close(before.p_value, after.p_value));
                prop_assert!(close(before.interval.low * scale, after.interval.low));
            }
        }
        let (before, after) = (shift_interval(&base, &head, 0.8).unwrap(), shift_interval(&other_base, &other_head, 0.8).unwrap());
        prop_assert!(close(before.shift * scale, after.shift));
        prop_assert_eq!(dominance(&base, &head, 0.9), dominance(&other_base, &other_head, 0.9));
    }

    #[test]
    fn moving_and_scaling_differences_moves_and_scales_their_location(
        values in tied(2), shift in -50_i32..50, doublings in -3_i32..8, seed in any::<u64>(),
    ) {
        let (scale, shift) = (2.0_f64.powi(doublings), f64::from(shift));
        let changed = map(&values, |value| value * scale + shift);
        let (before, after) = (trimmed_t(&values, 1.5, Alternative::Less, 0.9).unwrap(), trimmed_t(&changed, 1.5 * scale + shift, Alternative::Less, 0.9).unwrap());
        prop_assert!(close(before.estimate * scale + shift, after.estimate) && close(before.p_value, after.p_value));
        prop_assert!(close(before.interval.high * scale + shift, after.interval.high));
        let (before, after) = (pseudo_median(&values, 0.8).unwrap(), pseudo_median(&changed, 0.8).unwrap());
        prop_assert!(close(before.shift * scale + shift, after.shift));
        // The same seed draws the same places, so every interval follows.
        let bootstrap = |values: &[f64]| Bootstrap::of_sample(values, 60, seed, median).unwrap();
        let (before, after) = (bootstrap(&values), bootstrap(&changed));
        for (before, after) in [
            (before.percentile(0.9), after.percentile(0.9)), (before.basic(0.9), after.basic(0.9)),
            (before.accelerated(0.9), after.accelerated(0.9)),
        ] {
            let (before, after) = (before.unwrap(), after.unwrap());
            let moved = Interval { low: before.low * scale + shift, high: before.high * scale + shift };
            prop_assert!(alike(moved, after));
        }
    }

    #[test]
    fn swapping_the_sides_mirrors_everything(base in tied(2), head in tied(2)) {
        for alternative in ALTERNATIVES {
            let there = mann_whitney(&base, &head, alternative).unwrap();
            let back = mann_whitney(&head, &base, mirrored(alternative)).unwrap();
            prop_assert!(close(there.p_value, back.p_value) && close(there.smallest_p_value, back.smallest_p_value));
            let pairs = f64::from(u32::try_from(base.len() * head.len()).unwrap());
            prop_assert!(close(there.statistic + back.statistic, pairs));
            let (there, back) = (t_tests(&base, &head, alternative, 0.9), t_tests(&head, &base, mirrored(alternative), 0.9));
            for (there, back) in there.into_iter().zip(back) {
                prop_assert!(close(there.estimate, -back.estimate) && close(there.p_value, back.p_value));
                prop_assert!(alike(there.interval, mirror(back.interval)));
            }
        }
        let (there, back) = (shift_interval(&base, &head, 0.9).unwrap(), shift_interval(&head, &base, 0.9).unwrap());
        prop_assert!(close(there.shift, -back.shift));
        prop_assert!(there.interval.zip(back.interval).is_none_or(|(there, back)| alike(there, mirror(back))));
        let (there, back) = (dominance(&base, &head, 0.9).unwrap(), dominance(&head, &base, 0.9).unwrap());
        prop_assert!(close(there.delta, -back.delta) && close(there.superiority, 1.0 - back.superiority));
        prop_assert!(alike(there.delta_interval.unwrap(), mirror(back.delta_interval.unwrap())));
        let (there, back) = (equivalent_means(&base, &head, -3.0, 5.0, 0.1).unwrap(), equivalent_means(&head, &base, -5.0, 3.0, 0.1).unwrap());
        prop_assert!(close(there.above_low, back.below_high) && close(there.below_high, back.above_low));
        let exact = |base, head, alternative| permutation_test(base, head, alternative, 4_000, 1, difference_of_means).unwrap().p_value;
        if base.len() + head.len() < 12 {
            prop_assert!(close(exact(&base, &head, Alternative::Less), exact(&head, &base, Alternative::Greater)));
        }
    }

    #[test]
    fn turning_differences_round_mirrors_everything(values in tied(2)) {
        let turned = map(&values, |value| -value);
        for alternative in ALTERNATIVES {
            // Signs drawn at random are others for others, so only the tests that draw nothing.
            let (there, back) = (paired_tests(&values, alternative), paired_tests(&turned, mirrored(alternative)));
            for (there, back) in there.into_iter().zip(back) {
                prop_assert!(close(there.p_value, back.p_value));
            }
            let there = trimmed_t(&values, 2.0, alternative, 0.9).unwrap();
            let back = trimmed_t(&turned, -2.0, mirrored(alternative), 0.9).unwrap();
            prop_assert!(close(there.p_value, back.p_value) && alike(there.interval, mirror(back.interval)));
        }
        let (there, back) = (pseudo_median(&values, 0.8).unwrap(), pseudo_median(&turned, 0.8).unwrap());
        prop_assert!(close(there.shift, -back.shift));
        let (there, back) = (equivalent_pairs(&values, -3.0, 5.0, 0.1).unwrap(), equivalent_pairs(&turned, -5.0, 3.0, 0.1).unwrap());
        prop_assert!(close(there.p_value, back.p_value) && there.shown == back.shown);
    }

    #[test]
    fn swapping_the_sides_of_pairs_inverts_their_ratio(base in positive(6), seed in any::<u64>()) {
        let head = shuffled(&base, seed);
        for ratio in [trimmed_ratio, pseudo_median_ratio] {
            let (there, back) = (ratio(&base, &head, 0.9).unwrap(), ratio(&head, &base, 0.9).unwrap());
            prop_assert!(close(there.ratio, 1.0 / back.ratio));
            let (there, back) = (there.interval.unwrap(), back.interval.unwrap());
            prop_assert!(close(there.low * back.high, 1.0) && close(there.high * back.low, 1.0));
        }
    }

    #[test]
    fn a_larger_head_value_never_lowers_an_estimate(base in tied(2), head in tied(2), at in any::<prop::sample::Index>(), more in 1_i32..30) {
        let mut larger = head.clone();
        let at = at.index(head.len());
        larger[at] += f64::from(more);
        prop_assert!(shift_interval(&base, &head, 0.9).unwrap().shift <= shift_interval(&base, &larger, 0.9).unwrap().shift);
        prop_assert!(dominance(&base, &head, 0.9).unwrap().delta <= dominance(&base, &larger, 0.9).unwrap().delta);
        prop_assert!(pseudo_median(&head, 0.9).unwrap().shift <= pseudo_median(&larger, 0.9).unwrap().shift);
        prop_assert!(trimmed_mean(&head).unwrap().mean <= trimmed_mean(&larger).unwrap().mean + 1e-12);
        let statistic = |head: &[f64]| mann_whitney(&base, head, Alternative::Greater).unwrap().statistic;
        prop_assert!(statistic(&head) <= statistic(&larger));
    }

    #[test]
    fn a_harder_hypothesis_is_never_easier_to_show(values in tied(2), limit in -20.0_f64..20.0, more in 0.0_f64..10.0) {
        let p_value = |limit| trimmed_t(&values, limit, Alternative::Greater, 0.9).unwrap().p_value;
        prop_assert!(p_value(limit) <= p_value(limit + more) + 1e-12);
        let narrow = equivalent_pairs(&values, limit - 1.0, limit + 1.0, 0.05).unwrap();
        let wide = equivalent_pairs(&values, limit - 1.0 - more, limit + 1.0 + more, 0.05).unwrap();
        prop_assert!(wide.p_value <= narrow.p_value + 1e-12);
    }

    #[test]
    fn p_values_are_chances_and_none_is_below_the_smallest(base in tied(1), head in tied(1)) {
        for alternative in ALTERNATIVES {
            for found in two_sample_tests(&base, &head, alternative).into_iter().chain(paired_tests(&head, alternative)) {
                prop_assert!((0.0..=1.0).contains(&found.p_value), "{found:?}");
                prop_assert!(found.p_value >= found.smallest_p_value * (1.0 - 1e-12), "{found:?}");
                prop_assert_eq!(found.can_reach(found.smallest_p_value), true);
            }
        }
    }

    #[test]
    fn intervals_hold_their_estimate_and_those_of_lower_levels(base in tied(4), head in tied(4), seed in any::<u64>()) {
        let bootstrap = Bootstrap::of_sample(&head, 80, seed, mean).unwrap();
        let studentised = Studentised::of_sample(&head, 80, seed, trimmed_mean_with_error).unwrap();
        let all = |level: f64| {
            let [welch, yuen] = t_tests(&base, &head, Alternative::TwoSided, level);
            let shift = shift_interval(&base, &head, level).unwrap();
            let pseudo = pseudo_median(&head, level).unwrap();
            let trimmed = trimmed_t(&head, 0.0, Alternative::TwoSided, level).unwrap();
            let delta = dominance(&base, &head, level).unwrap();
            [
                (welch.estimate, Some(welch.interval)), (yuen.estimate, Some(yuen.interval)), (shift.shift, shift.interval),
                (pseudo.shift, pseudo.interval), (trimmed.estimate, Some(trimmed.interval)), (delta.delta, delta.delta_interval),
                (delta.superiority, delta.superiority_interval), (f64::NAN, bootstrap.percentile(level).ok()),
                (f64::NAN, bootstrap.basic(level).ok()), (f64::NAN, bootstrap.accelerated(level).ok()),
                (f64::NAN, studentised.interval(level).ok()),
            ]
        };
        let mut inner = all(0.3);
        for level in [0.6, 0.8, 0.95] {
            let outer = all(level);
            for ((estimate, outer), (_, inner)) in outer.into_iter().zip(inner) {
                let Some(outer) = outer else { continue };
                let slack = 1e-9 * outer.low.abs().max(outer.high.abs()).max(1.0);
                prop_assert!(estimate.is_nan() || (outer.low - slack <= estimate && estimate <= outer.high + slack));
                if let Some(inner) = inner {
                    prop_assert!(outer.low <= inner.low + slack && inner.high <= outer.high + slack, "{outer:?} {inner:?}");
                }
            }
            inner = outer;
        }
    }

    #[test]
    fn the_order_of_the_values_does_not_matter_even_where_numbers_are_drawn(base in tied(2), head in tied(2), seed in any::<u64>()) {
        let (other_base, other_head) = (shuffled(&base, seed), shuffled(&head, seed));
        for alternative in ALTERNATIVES {
            prop_assert_eq!(two_sample_tests(&base, &head, alternative), two_sample_tests(&other_base, &other_head, alternative));
            prop_assert_eq!(paired_tests(&head, alternative), paired_tests(&other_head, alternative));
            prop_assert_eq!(t_tests(&base, &head, alternative, 0.9), t_tests(&other_base, &other_head, alternative, 0.9));
        }
        prop_assert_eq!(shift_interval(&base, &head, 0.9), shift_interval(&other_base, &other_head, 0.9));
        prop_assert_eq!(pseudo_median(&head, 0.9), pseudo_median(&other_head, 0.9));
        prop_assert_eq!(trimmed_mean(&head), trimmed_mean(&other_head));
        prop_assert_eq!(dominance(&base, &head, 0.9), dominance(&other_base, &other_head, 0.9));
        let two = |base: &[f64], head: &[f64]| Bootstrap::of_two(base, head, 50, seed, |base, head| mean(head) - mean(base));
        prop_assert_eq!(two(&base, &head), two(&other_base, &other_head));
    }

    #[test]
    fn a_seed_gives_the_same_numbers_each_time_and_another_seed_others(values in untied(9), seed in any::<u64>()) {
        let of = |seed| Bootstrap::of_sample(&values, 50, seed, mean).unwrap();
        prop_assert_eq!(of(seed), of(seed));
        prop_assert_ne!(of(seed), of(seed.wrapping_add(1)));
    }

    #[test]
    fn an_interval_leaves_out_zero_just_where_its_test_is_significant(base in untied(4), values in untied(6), shift in -900.5_f64..900.0) {
        let head: Vec<f64> = map(&values, |value| value + shift.floor() + 0.5);
        for alpha in [0.2, 0.05, 0.01] {
            let outside = |interval: Option<Interval>| interval.is_some_and(|ends| ends.low > 0.0 || ends.high < 0.0);
            let test = mann_whitney(&base, &head, Alternative::TwoSided).unwrap();
            prop_assert_eq!(test.p_value <= alpha, outside(shift_interval(&base, &head, 1.0 - alpha).unwrap().interval));
            let test = signed_rank(&values, Alternative::TwoSided).unwrap();
            prop_assert_eq!(test.p_value <= alpha, outside(pseudo_median(&values, 1.0 - alpha).unwrap().interval));
        }
    }

    #[test]
    fn equivalence_is_shown_just_where_the_interval_lies_within_the_limits(values in untied(3), low in -900.0_f64..400.0, width in 1.0_f64..2_000.0) {
        let found = equivalent_pairs(&values, low, low + width, 0.05).unwrap();
        let (interval, high) = (found.interval, low + width);
        // Not where rounding decides.
        prop_assume!((interval.low - low).abs() > 1e-6 && (interval.high - high).abs() > 1e-6);
        prop_assert_eq!(found.shown, low < interval.low && interval.high < high);
    }

    #[test]
    fn whatever_comes_in_there_are_finite_numbers_or_an_error_and_no_panic(
        base in prop_oneof![anything(), finite()], head in prop_oneof![anything(), finite()], level in prop_oneof![any::<f64>(), 0.0_f64..1.0], seed in any::<u64>(),
    ) {
        let bad = |values: &[f64]| values.is_empty() || values.iter().any(|value| !value.is_finite());
        let both_bad = bad(&base) || bad(&head);
        let level_is_bad = !(level > 0.0 && level < 1.0);
        let sound = |interval: Interval| interval.low.is_finite() && interval.high.is_finite() && interval.low <= interval.high;
        for alternative in ALTERNATIVES {
            prop_assert_eq!(mann_whitney(&base, &head, alternative).is_err(), both_bad);
            prop_assert_eq!(signed_rank(&head, alternative).is_err(), bad(&head));
            prop_assert_eq!(sign_test(&head, alternative).is_err(), bad(&head));
            prop_assert_eq!(sign_flip(&head, alternative, 20, seed).is_err(), bad(&head));
            prop_assert!(permutation_test(&base, &head, alternative, 20, seed, difference_of_means).is_err() || !both_bad);
            for found in [welch_t(&base, &head, alternative, level), yuen_t(&base, &head, alternative, level), trimmed_t(&head, level, alternative, level)] {
                prop_assert!(found.is_err() || !(bad(&head) || level_is_bad));
                if let Ok(found) = found {
                    prop_assert!((0.0..=1.0).contains(&found.p_value) && sound(found.interval) && found.standard_error >= 0.0, "{found:?}");
                    prop_assert!(found.statistic.is_none_or(f64::is_finite) && found.degrees_of_freedom >= 1.0 - 1e-9, "{found:?}");
                }
            }
        }
        for found in [shift_interval(&base, &head, level), pseudo_median(&head, level)].into_iter().flatten() {
            prop_assert!(!(bad(&head) || level_is_bad) && found.shift.is_finite() && found.interval.is_none_or(sound));
        }
        for ratio in [ratio_interval, trimmed_ratio, pseudo_median_ratio] {
            let found = ratio(&base, &head, level);
            prop_assert!(found.is_err() || !(both_bad || level_is_bad));
            prop_assert!(found.is_err() || log_ratios(&base, &head).is_ok() || base.len() != head.len());
        }
        if let Ok(found) = dominance(&base, &head, level) {
            prop_assert!((-1.0..=1.0).contains(&found.delta) && found.delta_interval.is_none_or(sound));
        }
        for found in [equivalent_means(&base, &head, -level, level, level / 2.0), equivalent_pairs(&head, -level, level, level / 2.0)].into_iter().flatten() {
            prop_assert!(!level_is_bad && (0.0..=1.0).contains(&found.p_value) && sound(found.interval));
        }
        let groups = [base.as_slice(), head.as_slice(), base.as_slice()];
        let bootstraps = [
            Bootstrap::of_sample(&head, 20, seed, mean),
            Bootstrap::of_two(&base, &head, 20, seed, |base, head| median(head) / median(base)),
            Bootstrap::of_groups(&groups, Levels::GroupsAndValues, 20, seed, median),
            Bootstrap::of_summaries(&groups, 20, seed, median, mean),
        ];
        for bootstrap in bootstraps.into_iter().flatten() {
            prop_assert!(!bad(&head));
            for found in [bootstrap.percentile(level), bootstrap.basic(level), bootstrap.accelerated(level)] {
                prop_assert!(found.is_err() || !level_is_bad);
                prop_assert!(found.is_ok_and(sound) || found.is_err());
            }
        }
        if let Ok(found) = Studentised::of_sample(&head, 20, seed, trimmed_mean_with_error) {
            prop_assert!(found.interval(level).is_ok_and(sound) || found.interval(level).is_err());
        }
    }
}

#[test]
fn of_all_arrangements_no_more_than_alpha_are_significant_at_alpha() {
    let values = [1.0, 2.0, 2.0, 3.0, 5.0, 5.0, 5.0, 8.0, 9.0];
    for alternative in ALTERNATIVES {
        let mut p_values = [vec![], vec![]];
        for chosen in (0_u32..512).filter(|chosen| chosen.count_ones() == 4) {
            let side = |of_head: bool| -> Vec<f64> {
                values
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| (chosen >> at & 1 == 1) == of_head)
                    .map(|(_, value)| *value)
                    .collect()
            };
            for (found, test) in p_values.iter_mut().zip(two_sample_tests(&side(false), &side(true), alternative)) {
                found.push(test.p_value);
            }
        }
        for found in &p_values {
            assert_level_kept(found);
        }
    }
}

#[test]
fn of_all_signs_no_more_than_alpha_are_significant_at_alpha() {
    let magnitudes = [0.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0, 7.0, 7.5];
    for alternative in ALTERNATIVES {
        let mut p_values = [vec![], vec![], vec![]];
        for signs in 0_u32..512 {
            let differences: Vec<f64> =
                magnitudes.iter().enumerate().map(|(at, one)| if signs >> at & 1 == 1 { *one } else { -one }).collect();
            for (found, test) in p_values.iter_mut().zip(paired_tests(&differences, alternative)) {
                found.push(test.p_value);
            }
        }
        for found in &p_values {
            assert_level_kept(found);
        }
    }
}

#[track_caller]
fn assert_level_kept(p_values: &[f64]) {
    let all = f64::from(u32::try_from(p_values.len()).unwrap());
    for alpha in p_values {
        let significant = p_values.iter().filter(|p_value| **p_value <= alpha + 1e-12).count();
        let share = f64::from(u32::try_from(significant).unwrap()) / all;
        assert!(share <= alpha + 1e-9, "{share} at {alpha}");
    }
}

/// How often something holds of so many normal samples of twelve, from one seed.
fn share_of_normal_samples(replicates: u32, holds: impl Fn(&[f64], u64) -> bool) -> f64 {
    let mut stream = Stream::new(20_261_124);
    let count = (0..replicates).filter(|_| {
        let values: Vec<f64> = (0..12).map(|_| stream.normal()).collect();
        holds(&values, stream.next_u64())
    });
    f64::from(u32::try_from(count.count()).unwrap()) / f64::from(replicates)
}

#[test]
fn t_tests_of_normal_samples_reject_as_often_as_they_say() {
    // Five standard deviations of 3,000 draws at 0.05 are 0.02; Yuen's test is an approximation itself.
    let trimmed = share_of_normal_samples(3_000, |values, _| {
        trimmed_t(values, 0.0, Alternative::TwoSided, 0.95).unwrap().p_value <= 0.05
    });
    let welch = share_of_normal_samples(3_000, |values, _| {
        welch_t(&values[..5], &values[5..], Alternative::TwoSided, 0.95).unwrap().p_value <= 0.05
    });
    assert!((0.03..0.075).contains(&trimmed) && (0.03..0.07).contains(&welch), "{trimmed} {welch}");
}

#[test]
fn bootstrap_intervals_of_normal_samples_cover_nearly_as_often_as_they_say() {
    let covers = |interval: Interval| interval.low <= 0.0 && 0.0 <= interval.high;
    let accelerated = share_of_normal_samples(500, |values, seed| {
        covers(Bootstrap::of_sample(values, 199, seed, mean).unwrap().accelerated(0.9).unwrap())
    });
    let studentised = share_of_normal_samples(500, |values, seed| {
        covers(Studentised::of_sample(values, 199, seed, trimmed_mean_with_error).unwrap().interval(0.9).unwrap())
    });
    // Of the mean of twelve BCa covers a little less than 90 %.
    assert!((0.81..0.95).contains(&accelerated) && (0.85..0.96).contains(&studentised), "{accelerated} {studentised}");
}
