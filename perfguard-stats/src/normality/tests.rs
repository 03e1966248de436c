//! What the tests of normality promise, on cases that are known.

use super::shape::ln_upper_tail;
use super::*;
use crate::StatsError;
use crate::random::Stream;

type Test = fn(&[f64]) -> Result<ShapeTest, StatsError>;

fn normal_sample(stream: &mut Stream, count: usize) -> Vec<f64> {
    (0..count).map(|_| stream.normal()).collect()
}

/// The log-ratio of two process starts as the specification's noise model has it: layout, skewed residual, and now and
/// then a slow start.
fn noisy_pair(stream: &mut Stream) -> f64 {
    let mut run = || {
        let (centre, deviation) = (0.18_f64.exp(), 0.18_f64.exp() * 0.36_f64.exp_m1().sqrt());
        let residual = ((0.6 * stream.normal()).exp() - centre) / deviation;
        let spike = if stream.unit() < 0.03 { 0.15 * stream.exponential() } else { 0.0 };
        0.01 * stream.normal() + 0.01 * residual + spike
    };
    run() - run()
}

#[test]
fn a_sample_without_spread_has_no_shape() {
    let same = [3.0; 10];
    assert_eq!(shapiro_wilk(&same), Err(StatsError::NoSpread));
    assert_eq!(lilliefors(&same), Err(StatsError::NoSpread));
    assert_eq!(anderson_darling(&same), Err(StatsError::NoSpread));
}

#[test]
fn samples_beyond_what_a_test_was_made_for_are_rejected() {
    assert_eq!(shapiro_wilk(&[1.0, 2.0]), Err(StatsError::TooFew { needed: 3, given: 2 }));
    assert_eq!(shapiro_wilk(&vec![1.0; 5_001]), Err(StatsError::TooMany { most: 5_000, given: 5_001 }));
    assert_eq!(lilliefors(&[1.0, 2.0]), Err(StatsError::TooFew { needed: 5, given: 2 }));
    assert_eq!(anderson_darling(&[1.0, 2.0]), Err(StatsError::TooFew { needed: 8, given: 2 }));
}

#[test]
fn anderson_and_darlings_p_value_does_not_rise_again_for_what_fits_worst() {
    let two_points: Vec<f64> = (0..2_000).map(|index| f64::from(index % 2)).collect();
    let found = anderson_darling(&two_points).unwrap();
    assert!(found.statistic > 153.0 && found.p_value < 1e-180, "{found:?}");
}

#[test]
fn an_outlier_whose_tail_is_below_every_number_has_a_finite_distance() {
    let mut values = normal_sample(&mut Stream::new(5), 5_000);
    values.push(1e9);
    let found = anderson_darling(&values).unwrap();
    assert!(found.statistic.is_finite() && found.p_value < 1e-100);
}

#[test]
fn the_logarithm_of_the_upper_tail_is_right_from_end_to_end() {
    // By mpmath to forty digits.
    let known = [
        (-8.5, -9.479_534_822_203_318e-18),
        (-3.0, -0.001_350_809_964_748_193_8),
        (0.0, -std::f64::consts::LN_2),
        (1.0, -1.841_021_645_009_263_5),
        (5.9, -20.125_799_580_203_174),
        (6.0, -20.736_768_949_974_706),
        (6.1, -21.357_498_419_215_557),
        (12.5, -81.575_967_870_743_88),
        (40.0, -804.608_442_013_753_8),
        (1_000.0, -500_007.826_694_812_2),
    ];
    for (score, expected) in known {
        let found = ln_upper_tail(score);
        assert!((found - expected).abs() <= 1e-9 * expected.abs(), "at {score}: {found} rather than {expected}");
    }
}

#[test]
fn equal_values_reject_until_they_are_moved_within_their_tick() {
    let mut stream = Stream::new(11);
    let mut rejected = [0, 0];
    for seed in 0..200 {
        let ticks: Vec<f64> = normal_sample(&mut stream, 60).iter().map(|value| (value * 0.7).round()).collect();
        rejected[0] += usize::from(shapiro_wilk(&ticks).unwrap().p_value < 0.05);
        rejected[1] += usize::from(shapiro_wilk(&jittered(&ticks, 1.0, seed).unwrap()).unwrap().p_value < 0.05);
    }
    assert!(rejected[0] > 190 && rejected[1] < 25, "{rejected:?}");
}

#[test]
fn without_a_resolution_nothing_is_moved() {
    assert_eq!(jittered(&[2.0, 1.0], 0.0, 1).unwrap(), [1.0, 2.0]);
    assert!(jittered(&[f64::MAX], f64::MAX, 1).is_err() || jittered(&[f64::MAX], f64::MAX, 2).is_err());
}

#[test]
fn p_values_of_normal_samples_are_uniform() {
    let mut stream = Stream::new(12);
    for count in [8, 20] {
        let samples: Vec<Vec<f64>> = (0..2_000).map(|_| normal_sample(&mut stream, count)).collect();
        let tests: [Test; 3] = [shapiro_wilk, lilliefors, anderson_darling];
        for (index, test) in tests.iter().enumerate() {
            for level in [0.01, 0.05, 0.2, 0.5] {
                let below = samples.iter().filter(|values| test(values).unwrap().p_value <= level).count();
                let expected = level * 2_000.0;
                // Four standard deviations of a binomial, and the approximations' own error.
                let allowed = 4.0 * (expected * (1.0 - level)).sqrt() + 0.08 * expected;
                let apart = (crate::sample::real(below) - expected).abs();
                assert!(apart < allowed, "test {index}, {count} values, {below} below {level}");
            }
        }
    }
}

#[test]
fn shapiro_and_wilks_test_sees_slow_starts_as_often_as_the_specification_says() {
    let mut stream = Stream::new(13);
    for (count, share) in [(8, 0.27), (20, 0.55), (40, 0.79)] {
        let seen = (0..500).filter(|_| {
            let pairs: Vec<f64> = (0..count).map(|_| noisy_pair(&mut stream)).collect();
            shapiro_wilk(&pairs).unwrap().p_value < 0.05
        });
        let seen = crate::sample::real(seen.count()) / 500.0;
        assert!((seen - share).abs() < 0.08, "{count} pairs: {seen} rather than {share}");
    }
}

#[test]
fn the_exact_two_sample_test_keeps_its_level_with_and_without_ties() {
    let mut stream = Stream::new(14);
    for ticks in [0.0, 2.0] {
        let rejected = (0..4_000).filter(|_| {
            let mut drawn = |count| -> Vec<f64> {
                let values = normal_sample(&mut stream, count);
                values.iter().map(|value| if ticks > 0.0 { (value * ticks).round() } else { *value }).collect()
            };
            kolmogorov_smirnov_between(&drawn(7), &drawn(9)).unwrap().p_value <= 0.05
        });
        // At most 200 are expected; four standard deviations more are chance.
        let rejected = rejected.count();
        assert!((60..=256).contains(&rejected), "{rejected} in steps of {ticks}");
    }
}

#[test]
fn one_tick_apart_is_not_two_modes() {
    let ticks: Vec<f64> = (0..24).map(|index| f64::from(index % 2)).collect();
    assert_eq!(two_modes(&ticks, 1.0).unwrap(), None);
    let found = two_modes(&ticks, 0.0).unwrap().unwrap();
    assert!(found.separation.is_infinite());
    assert_eq!(two_modes(&[5.0; 24], 0.0).unwrap(), None);
}

#[test]
fn two_modes_are_seldom_seen_where_there_is_one_and_mostly_where_there_are_two() {
    let mut stream = Stream::new(15);
    let mut labelled = |count: usize, apart: f64| {
        let found = (0..300).filter(|_| {
            let moved = |value: f64, second: bool| if second { value + apart } else { value };
            let values: Vec<f64> = (0..count).map(|_| moved(stream.normal(), stream.coin())).collect();
            two_modes(&values, 0.0).unwrap().is_some()
        });
        found.count()
    };
    assert!(labelled(20, 0.0) <= 32 && labelled(40, 0.0) <= 10 && labelled(100, 0.0) <= 2);
    assert!(labelled(20, 7.0) >= 280 && labelled(100, 7.0) >= 297);
}

#[test]
fn the_choice_names_its_reason() {
    assert_eq!(choose(&[], 0.05), Err(StatsError::TooFew { needed: 1, given: 0 }));
    let smooth = [1.0, 2.0, 3.0, 4.0, 5.0];
    let reason = |other: &[f64]| choose(&[&smooth, other], 0.05).unwrap();
    assert_eq!(reason(&[1.0, 2.0]), Choice { methods: Methods::Rank, reason: Reason::TooFew { needed: 3, given: 2 } });
    assert_eq!(reason(&[4.0; 6]), Choice { methods: Methods::Rank, reason: Reason::NoSpread });
    let many = normal_sample(&mut Stream::new(16), 5_001);
    let chosen = reason(&many);
    assert_eq!(chosen.methods, Methods::Parametric);
    assert!(matches!(chosen.reason, Reason::NormalNotRejected { test: NormalityTest::AndersonDarling, .. }));
}
