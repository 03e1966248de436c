//! What the test does at its edges, and its error rates.

use std::sync::Arc;

use super::*;
use crate::random::Stream;

fn design(last: usize) -> Arc<Design> {
    Arc::new(Design::new(Plan::first_stage(Limits::default(), last)).unwrap())
}

fn fed(last: usize, differences: impl IntoIterator<Item = f64>) -> SequentialTest {
    let mut test = SequentialTest::new(design(last));
    for difference in differences {
        test.push(Pair::from_logarithms(0.0, difference).unwrap());
    }
    test
}

/// Differences that lie evenly about a middle and decide nothing when they are wide.
fn wide(middle: f64) -> impl Iterator<Item = f64> {
    (0_u32..).map(move |place| middle + if place.is_multiple_of(2) { 0.05 } else { -0.05 })
}

#[test]
fn looks_come_after_eight_pairs_and_then_after_every_second() {
    let mut test = SequentialTest::new(design(24));
    let looked: Vec<usize> = wide(0.0)
        .take(24)
        .enumerate()
        .filter_map(|(place, d)| test.push(Pair::from_logarithms(0.0, d).unwrap()).map(|_| place + 1))
        .collect();
    assert_eq!(looked, (8..=24).step_by(2).collect::<Vec<_>>());
    let decision = test.decision().unwrap();
    assert_eq!((decision.verdict, decision.reason, decision.pairs), (Verdict::Undecided, Reason::AllPairs, 24));
}

#[test]
fn nothing_is_taken_after_the_decision() {
    let mut test = fed(24, [0.05; 8]);
    let decision = test.decision().unwrap();
    assert_eq!((decision.verdict, decision.reason), (Verdict::Regressed, Reason::Shown));
    assert_eq!(test.push(Pair::from_logarithms(0.0, -1.0).unwrap()), None);
    assert_eq!((test.decision().unwrap(), test.pairs().len(), test.finish()), (decision, 8, decision));
}

#[test]
fn a_faster_head_is_an_improvement_and_an_equal_one_is_unchanged() {
    assert_eq!(fed(24, [-0.05; 8]).decision().unwrap().verdict, Verdict::Improved);
    assert_eq!(fed(24, [0.0; 8]).decision().unwrap().verdict, Verdict::Unchanged);
}

#[test]
fn a_budget_that_ends_early_leaves_the_comparison_undecided() {
    assert_eq!(fed(24, [0.05; 7]).finish().reason, Reason::TooFewPairs);
    let mut test = fed(24, wide(0.0).take(11));
    let decision = test.finish();
    assert_eq!((decision.reason, decision.verdict, decision.pairs), (Reason::BudgetEnded, Verdict::Undecided, 11));
    assert!(decision.interval.is_some());
    assert_eq!(SequentialTest::new(design(24)).finish().estimate, None);
}

#[test]
fn a_timer_that_is_too_coarse_decides_nothing() {
    let plan = Plan { quantum: 0.02, ..Plan::first_stage(Limits::default(), 24) };
    let test = SequentialTest::new(Arc::new(Design::new(plan).unwrap()));
    assert_eq!(test.decision().unwrap().reason, Reason::TimerTooCoarse);
    let mut test = SequentialTest::new(design(24));
    test.observe_quantum(0.009);
    assert_eq!(test.decision(), None);
    test.observe_quantum(0.01);
    assert_eq!(test.decision().unwrap().reason, Reason::TimerTooCoarse);
    // Half the distance of the limits is not yet too coarse.
    let limits = Limits::default();
    let mut test = SequentialTest::new(design(24));
    test.observe_quantum((limits.threshold() - limits.margin()) / 2.0);
    assert_eq!(test.decision(), None);
    // What was decided stays.
    let mut test = fed(24, [0.0; 8]);
    test.observe_quantum(0.5);
    assert_eq!(test.decision().unwrap().verdict, Verdict::Unchanged);
}

#[test]
fn the_quantum_keeps_equal_differences_from_looking_certain() {
    let mut test = SequentialTest::new(design(24));
    test.observe_quantum(0.009);
    let look = (0..8).find_map(|_| test.push(Pair::from_logarithms(0.0, 0.0205).unwrap())).unwrap();
    let expected = 0.009 / 6.0_f64.sqrt() * (7.0_f64 / 30.0).sqrt();
    assert!((look.location.standard_error - expected).abs() < 1e-15);
    assert_eq!(look.verdict, None);
}

#[test]
fn a_failed_pair_is_replaced_and_many_leave_the_comparison_undecided() {
    let mut test = SequentialTest::new(design(24));
    for _ in 0..2 {
        assert_eq!(test.push_runs(Run::Value(1.0), Run::Failed), Ok(None));
    }
    // With eight pairs two replaced are one in five: a decision may be taken.
    for _ in 0..8 {
        test.push_runs(Run::Value(1.0), Run::Value(1.06)).unwrap();
    }
    assert_eq!((test.replaced(), test.decision().unwrap().verdict), (2, Verdict::Regressed));

    let mut test = SequentialTest::new(design(24));
    for _ in 0..4 {
        test.push_runs(Run::Failed, Run::Value(1.0)).unwrap();
    }
    for _ in 0..16 {
        // Four replaced need sixteen pairs beside them.
        assert_eq!(test.decision(), None);
        test.push_runs(Run::Value(1.0), Run::Value(1.06)).unwrap();
    }
    assert_eq!(test.decision().unwrap().pairs, 16);

    let mut test = SequentialTest::new(design(24));
    for _ in 0..5 {
        assert_eq!(test.decision(), None);
        test.push_runs(Run::Failed, Run::Failed).unwrap();
    }
    assert_eq!(test.decision().unwrap().reason, Reason::TooManyFailures);

    // One in five of those planned, whatever their number.
    let mut test = SequentialTest::new(design(40));
    for _ in 0..8 {
        test.push_runs(Run::Failed, Run::Failed).unwrap();
        assert_eq!(test.decision(), None);
    }
    test.push_runs(Run::Failed, Run::Failed).unwrap();
    assert_eq!(test.decision().unwrap().reason, Reason::TooManyFailures);

    // What was decided stays, whatever fails afterwards.
    let mut test = fed(24, [0.05; 8]);
    for _ in 0..9 {
        test.push_runs(Run::Failed, Run::Failed).unwrap();
    }
    assert_eq!(test.decision().unwrap().verdict, Verdict::Regressed);
    assert!(test.push_runs(Run::Value(-1.0), Run::Value(1.0)).is_err());
}

#[test]
fn a_run_that_took_too_long_counts_as_the_slowest() {
    let mut test = SequentialTest::new(design(24));
    test.push_runs(Run::Value(3.0), Run::Value(2.0)).unwrap();
    test.push_runs(Run::Value(2.0), Run::TimedOut).unwrap();
    assert!((test.pairs()[1].head() - 6.0_f64.ln()).abs() < 1e-12);
    test.push_runs(Run::TimedOut, Run::TimedOut).unwrap();
    assert!(test.pairs()[2].difference().abs() < 1e-12);
    let mut test = SequentialTest::new(design(24));
    test.push_runs(Run::TimedOut, Run::TimedOut).unwrap();
    assert_eq!((test.pairs().len(), test.replaced()), (0, 1), "nothing is known of how slow that is");
}

/// Forty pairs, with slow starts of head in every second pair until there are so many.
fn with_slow_starts(count: u32, by: f64) -> SequentialTest {
    let mut test = SequentialTest::new(design(40));
    for place in 0_u32..40 {
        let slow = place < 2 * count && matches!(place % 4, 0 | 3);
        let head = if slow { by } else { 0.0 };
        let noise = if place.is_multiple_of(2) { 0.01 } else { -0.01 };
        test.push(Pair::from_logarithms(-noise / 2.0, noise / 2.0 + head).unwrap());
    }
    test
}

#[test]
fn slow_starts_on_one_side_are_not_unchanged() {
    let test = with_slow_starts(8, 1.0);
    let decision = test.decision().unwrap();
    assert_eq!((decision.verdict, decision.reason, decision.pairs), (Verdict::Undecided, Reason::SlowStarts, 40));
    let starts = test.slow_starts().unwrap();
    assert_eq!((starts.base, starts.head, starts.runs), (0, 8, 40));
    assert!(starts.differ() && starts.p > 0.005);
    let expected = fisher_exact([[8, 32], [0, 40]]).unwrap();
    assert!((starts.p - expected).abs() < 1e-15);
    // Base's own count as much.
    let mut exchanged = SequentialTest::new(design(40));
    for pair in test.pairs() {
        exchanged.push(pair.swapped());
    }
    let starts = exchanged.slow_starts().unwrap();
    assert_eq!((starts.base, starts.head, exchanged.decision().unwrap().reason), (8, 0, Reason::SlowStarts));
    assert!((starts.p - expected).abs() < 1e-12);
}

#[test]
fn few_slow_starts_prove_nothing() {
    let test = with_slow_starts(5, 1.0);
    assert_eq!(test.decision().unwrap().verdict, Verdict::Unchanged);
    let starts = test.slow_starts().unwrap();
    assert!(starts.head >= 4 && !starts.differ());
}

#[test]
fn slow_is_by_the_noise_and_by_the_threshold() {
    // 4 × 1.4826 × 0.01 is 0.059.
    assert_eq!(with_slow_starts(8, 0.05).slow_starts().unwrap().head, 0);
    // Hardly any noise, and a change below the margin: head is slower as a whole, and none of its starts is slow.
    let plan = Plan { pair_deviation: Some(1e-5), ..Plan::first_stage(Limits::default(), 24) };
    let mut test = SequentialTest::new(Arc::new(Design::new(plan).unwrap()));
    for place in 0_u32..8 {
        test.push(Pair::from_logarithms(0.0, 0.009 + 1e-4 * f64::from(place % 3)).unwrap());
    }
    assert_eq!(test.decision().unwrap().verdict, Verdict::Unchanged);
}

#[test]
fn the_margin_and_the_threshold_are_where_they_are_said_to_be() {
    let limits = Limits::from_threshold(0.06).unwrap();
    assert!((limits.margin().exp_m1() - 0.02).abs() < 1e-12);
    for (threshold, bad) in [(0.0, true), (-0.1, true), (f64::NAN, true), (f64::INFINITY, true), (0.001, false)] {
        assert_eq!(Limits::from_threshold(threshold).is_err(), bad, "{threshold}");
    }
    assert!(Limits::default().without_layouts(Some(f64::NAN)).is_err());
    let unknown = Limits::default().without_layouts(None).unwrap();
    assert!((unknown.margin() - 0.012_374).abs() < 1e-6);
}

#[test]
fn the_number_of_pairs_follows_the_noise() {
    let limits = Limits::default();
    let last = |pair_deviation, spike_share| {
        pair_count(limits, Some(NoiseLevel { pair_deviation, spike_share }), None).unwrap().last
    };
    assert_eq!([0.0, 0.02, 0.033, 0.04, 0.045, 0.05, 0.06].map(|s| last(s, 0.0)), [24, 24, 24, 40, 40, 64, 64]);
    assert_eq!([0.0, 0.04, 0.06].map(|s| last(s, 0.05)), [32, 48, 64]);
    assert_eq!(last(0.0, 0.04), 24, "four per cent are not yet many");
    assert!(pair_count(limits, None, Some(0.01)).is_err());
    assert!(pair_count(limits, Some(NoiseLevel { pair_deviation: -1.0, spike_share: 0.0 }), None).is_err());
    assert!(pair_count(limits, Some(NoiseLevel { pair_deviation: 0.1, spike_share: 2.0 }), None).is_err());
    let far = Limits::from_threshold(0.10).unwrap();
    let loud = NoiseLevel { pair_deviation: 0.08, spike_share: 0.0 };
    assert_eq!(pair_count(far, Some(loud), None).unwrap().last, 48, "a wide threshold asks for no more than itself");
}

#[test]
fn a_confirmation_takes_more_pairs_only_where_layouts_are_the_noise() {
    let first = Plan::first_stage(Limits::default(), 24);
    let last = |noise| first.confirming(50, noise).unwrap().last;
    assert_eq!([None, Some((0.1, 0.5)), Some((0.1, 0.51)), Some((0.5, 1.0))].map(last), [24, 24, 192, 256]);
    assert_eq!(Plan::first_stage(Limits::default(), 8).confirming(1, None).unwrap().last, 24);
    assert!(first.confirming(50, Some((0.1, 1.5))).is_err());
}

#[test]
fn p_values_are_as_small_as_what_was_shown() {
    let shown = fed(24, (0_u32..8).map(|place| 0.06 + 0.001 * f64::from(place))).p_values();
    assert!(shown.regressed <= 0.005 && shown.improved > 0.99);
    assert!((shown.change() - 2.0 * shown.regressed).abs() < 1e-15);
    let nothing = fed(24, wide(0.0).take(24)).p_values();
    assert_eq!((nothing.regressed, nothing.improved, nothing.change()), (1.0, 1.0, 1.0));
    for last in [8, 24, 30, 64, 300] {
        for level in [1e-5, 0.0003, 0.005, 0.02, 0.05] {
            let constant = boundary_constant(Scale::Yuen, last, level).unwrap();
            assert!((boundary::level_reached(Scale::Yuen, last, constant) / level - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn the_tabled_constants_come_out_of_the_simulation_again() {
    // The standard error of a constant at level a from n tails is about sqrt(a / n) / density.
    for (scale, last) in [(Scale::Yuen, 16), (Scale::Yuen, 24), (Scale::Pooled, 24)] {
        let found = boundary_constants(scale, last, &[0.01, 0.05], 6_000, 5).unwrap();
        for (level, found) in [0.01, 0.05].into_iter().zip(found) {
            let tabled = boundary_constant(scale, last, level).unwrap();
            assert!((found - tabled).abs() < 0.12, "{scale:?} {last} {level}: {found}, tabled {tabled}");
        }
    }
    assert!(boundary_constants(Scale::Yuen, 24, &[1e-5], 100, 1).is_err());
    assert!(boundary_constants(Scale::Yuen, 7, &[0.05], 100, 1).is_err());
}

#[test]
fn constants_fall_with_the_level_whatever_the_number_of_pairs() {
    for scale in [Scale::Yuen, Scale::Pooled] {
        for last in (8..300).step_by(6) {
            let levels = [1e-7, 1e-6, 1e-5, 3e-5, 1e-4, 0.001, 0.004, 0.01, 0.03, 0.05];
            let constants = levels.map(|level| boundary_constant(scale, last, level).unwrap());
            assert!(constants.windows(2).all(|two| two[0] > two[1]), "{scale:?} {last}: {constants:?}");
        }
        for level in [0.0, -0.1, 0.051, f64::NAN] {
            assert!(boundary_constant(scale, 24, level).is_err());
        }
    }
    for last in [0, 7, 9, 1_026] {
        assert!(Design::new(Plan::first_stage(Limits::default(), last)).is_err());
    }
}

#[test]
fn the_pooled_scale_finds_the_same_with_fewer_pairs() {
    let mut stream = Stream::new(4);
    let mut taken = [0, 0];
    for _ in 0..300 {
        let pairs: Vec<(f64, f64)> =
            (0..24).map(|_| (0.014 * stream.normal(), 0.05 + 0.014 * stream.normal())).collect();
        for (count, scale) in taken.iter_mut().zip([Scale::Yuen, Scale::Pooled]) {
            let plan = Plan { scale, ..Plan::first_stage(Limits::default(), 24) };
            let mut test = SequentialTest::new(Arc::new(Design::new(plan).unwrap()));
            for (base, head) in &pairs {
                test.push(Pair::from_logarithms(*base, *head).unwrap());
            }
            assert_eq!(test.finish().verdict, Verdict::Regressed);
            *count += test.pairs().len();
        }
    }
    let [yuen, pooled] = taken;
    assert!(pooled * 10 < yuen * 9, "{pooled} pairs rather than {yuen}");
}

#[test]
fn the_pooled_scale_is_what_its_description_says() {
    let mut stream = Stream::new(6);
    // Two modes between blocks and hardly any noise within: the pooled scale alone would say too little.
    for modes in [0.0, 0.2] {
        let mut pairs = pairs::Pairs::with_capacity(64);
        for place in 0_u32..64 {
            let shift = if place % 4 < 2 { modes } else { 0.0 };
            pairs.push(Pair::from_logarithms(0.01 * stream.normal(), shift + 0.01 * stream.normal()).unwrap());
            if place < 7 || place.is_multiple_of(2) {
                continue;
            }
            let (robust, pooled) = (pairs.location(Scale::Yuen, 0.0), pairs.location(Scale::Pooled, 0.0));
            let taken = pairs.taken();
            let mut contrasts: Vec<f64> = taken
                .chunks_exact(2)
                .flat_map(|two| {
                    let mean = f64::midpoint(two[0].difference(), two[1].difference()) - robust.estimate;
                    [two[0].base() - two[1].base(), two[0].head() - two[1].head(), 2.0_f64.sqrt() * mean]
                })
                .map(f64::abs)
                .collect();
            contrasts.sort_unstable_by(f64::total_cmp);
            let kept = contrasts.len() - contrasts.len() * 3 / 10;
            let squares: f64 = contrasts.iter().map(|contrast| contrast.min(contrasts[kept - 1]).powi(2)).sum();
            let count = u32::try_from(taken.len()).unwrap();
            let middle = f64::from(count - 2 * (count / 5));
            let of_mean = ((f64::from(count) - 1.0) / (middle * (middle - 1.0))).sqrt();
            let alone = (squares / (f64::from(count) * 1.5 - 1.0)).sqrt() * of_mean;
            let expected = alone.max(0.7 * robust.standard_error);
            assert!((pooled.standard_error / expected - 1.0).abs() < 1e-9);
            assert_eq!(pooled.degrees_of_freedom, kept - 1);
            assert_eq!(design::degrees_of_freedom(Scale::Pooled, taken.len()), kept - 1);
            assert_eq!(design::degrees_of_freedom(Scale::Yuen, taken.len()), robust.degrees_of_freedom);
        }
    }
}

#[test]
fn five_values_are_the_fewest_to_be_trimmed() {
    assert_eq!([1, 4, 5, 9, 10, 24, 40].map(pairs::trimmed), [0, 0, 1, 1, 2, 4, 8]);
}

#[test]
fn the_smallest_tabled_level_and_those_below_it_meet() {
    let at = |level| boundary_constant(Scale::Yuen, 24, level).unwrap();
    assert!((at(0.999e-5) - at(1e-5)).abs() < 1e-3);
}

#[test]
fn evidence_needs_a_margin_and_a_deviation_and_is_never_infinite() {
    assert_eq!(SignFlip::new(f64::INFINITY, 0.02).err(), Some(crate::StatsError::NotFinite { index: 0 }));
    for deviation in [0.0, -0.02, f64::NAN, f64::INFINITY] {
        assert_eq!(
            SignFlip::new(0.01, deviation).err(),
            Some(crate::StatsError::NotPositive { index: 1 }),
            "{deviation}"
        );
    }
    let mut process = SignFlip::new(0.01, 0.02).unwrap();
    for _ in 0..2_000 {
        process.push(1.0);
    }
    // Two thousand bets won at the most that is staked: 1.92 to that power, in all but the shyest too.
    assert!((process.logarithm() - 2_000.0 * 1.92_f64.ln()).abs() < 1e-6);
    assert!(process.value() >= f64::MAX && process.value().is_finite());
}

#[test]
fn a_quantum_or_a_deviation_that_is_no_number_plans_nothing() {
    let plan = Plan::first_stage(Limits::default(), 24);
    for number in [-1e-9, f64::NAN, f64::INFINITY] {
        assert!(Design::new(Plan { quantum: number, ..plan }).is_err(), "{number}");
        assert!(Design::new(Plan { pair_deviation: Some(number), ..plan }).is_err(), "{number}");
    }
    assert!(Design::new(Plan { quantum: 0.0, pair_deviation: Some(0.0), ..plan }).is_ok());
}

#[test]
fn nothing_seen_is_no_evidence() {
    let mut process = SignFlip::new(0.01, 0.02).unwrap();
    process.push(0.01);
    process.push(f64::NAN);
    assert!((process.value() - 1.0).abs() < 1e-12);
    process.push(0.03);
    let expected = [0.5_f64, 1.0, 2.0, 4.0].map(|stake| stake.tanh().min(0.92)).iter().sum::<f64>() / 4.0;
    assert!((process.value() - 1.0 - expected).abs() < 1e-12);
}
