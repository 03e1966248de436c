//! Every way in which a benchmark's pairs can end, from scripted values.

use super::*;
use crate::model::Summary;

fn known() -> Known {
    Known {
        threshold: 0.03,
        pair_spread: None,
        affordable: 1000,
        most_pairs: 1000,
        fastest_counts: true,
        one_layout: false,
        counts: false,
    }
}

/// Values that differ by up to this share, in a fixed pattern without any trend.
fn wobble(index: usize, share: f64) -> f64 {
    const PATTERN: [f64; 8] = [0.3, -0.8, 1.0, -0.2, 0.7, -1.0, 0.1, -0.1];
    1.0 + share * PATTERN[index % 8]
}

fn observation(value: f64) -> Observation {
    Observation::of_value(value)
}

/// A test that hears pairs of head over base until it is over.
fn heard(plan: &TestPlan, ratio: f64, share: f64) -> PairedTest {
    let mut test = PairedTest::new(plan);
    for index in 0..1000 {
        let base = 100.0 * wobble(index, share);
        let head = 100.0 * ratio * wobble(index * 3 + 1, share);
        if test.push(&observation(base), &observation(head), index % 12) {
            break;
        }
    }
    test
}

fn both(ratio: f64, share: f64, confirmed: f64) -> Conclusion {
    let plan = TestPlan::first(&known(), &mut Designs::default());
    let first = heard(&plan, ratio, share);
    let confirming = first.is_suspect().then(|| heard(&TestPlan::confirming(10, &first), confirmed, share));
    conclude(&first, confirming.as_ref(), true)
}

#[test]
fn a_clear_slowdown_is_regressed_after_it_was_confirmed() {
    let found = both(1.10, 0.005, 1.10);
    assert_eq!(found.verdict, Verdict::Regressed, "{found:?}");
    assert!(found.reason.contains("confirmed on 8 fresh pairs"), "{}", found.reason);
    let effect = found.effect.unwrap();
    assert!((effect.ratio - 1.10).abs() < 0.01);
    let interval = effect.interval.unwrap();
    assert!(interval.low > 1.05 && interval.low < 1.10 && interval.high > 1.10, "{interval:?}");
    assert_eq!((found.evidence.pairs, found.evidence.confirming, found.evidence.planned), (8, 8, 40));
    assert!(found.evidence.p_value.unwrap() < 0.01);
}

#[test]
fn a_speedup_is_improved_and_where_more_is_better_the_words_change_places() {
    assert_eq!(both(0.9, 0.005, 0.9).verdict, Verdict::Improved);
    let plan = TestPlan::first(&known(), &mut Designs::default());
    let (first, fresh) = (heard(&plan, 0.9, 0.005), heard(&plan, 0.9, 0.005));
    assert_eq!(conclude(&first, Some(&fresh), false).verdict, Verdict::Regressed);
}

#[test]
fn a_suspicion_that_fresh_pairs_do_not_show_is_undecided_and_never_unchanged() {
    let found = both(1.10, 0.005, 1.0);
    assert_eq!(found.verdict, Verdict::Undecided);
    assert!(found.reason.contains("not confirmed on 8 fresh pairs"), "{}", found.reason);
}

#[test]
fn the_same_within_the_threshold_is_unchanged() {
    let found = both(1.0, 0.005, 1.0);
    assert_eq!((found.verdict, found.reason.as_str()), (Verdict::Unchanged, "shown to differ by less than 3 %"));
    assert_eq!(found.evidence.confirming, 0);
}

#[test]
fn much_noise_is_undecided_and_says_what_it_would_have_seen_and_what_it_needs() {
    let single = Known { fastest_counts: false, ..known() };
    let found = conclude(&heard(&TestPlan::first(&single, &mut Designs::default()), 1.02, 0.2), None, true);
    assert_eq!(found.verdict, Verdict::Undecided);
    assert!(found.evidence.smallest_visible.unwrap() > 0.05, "{:?}", found.evidence);
    assert!(found.evidence.pairs_needed.unwrap() > 0, "{:?}", found.evidence);
}

#[test]
fn a_budget_that_ends_early_leaves_it_undecided() {
    let mut test = PairedTest::new(&TestPlan::first(&known(), &mut Designs::default()));
    for index in 0..5 {
        test.push(&observation(1.0), &observation(2.0), index);
    }
    test.finish();
    let found = conclude(&test, None, true);
    assert_eq!(found.verdict, Verdict::Undecided);
    assert!(found.reason.starts_with("the budget ended after 5 of 40 pairs"), "{}", found.reason);
    assert!(found.effect.is_some(), "what was seen is shown all the same");
}

#[test]
fn counts_without_spread_are_decided_after_three_pairs_by_the_ratio_itself() {
    let plan = TestPlan::first(&Known { counts: true, ..known() }, &mut Designs::default());
    let found = |head: f64| {
        let mut test = PairedTest::new(&plan);
        let pushed = (0..3).filter(|_| test.push(&observation(1000.0), &observation(head), 0)).count();
        assert_eq!((pushed, test.pairs()), (1, 3));
        assert!(!test.is_suspect());
        conclude(&test, None, true)
    };
    assert_eq!(found(1000.0).verdict, Verdict::Unchanged);
    assert_eq!(found(1005.0).verdict, Verdict::Unchanged);
    assert_eq!(found(1020.0).verdict, Verdict::Regressed);
    assert_eq!(found(970.0).verdict, Verdict::Improved);
    assert_eq!(found(1020.0).reason, "the count differs by 20, exactly");
}

#[test]
fn a_print_out_that_is_too_coarse_decides_nothing() {
    let mut test = PairedTest::new(&TestPlan::first(&known(), &mut Designs::default()));
    let summary = Some(Summary { relative_quantum: 0.02, ..Summary::default() });
    let coarse = Observation { summary, ..observation(1.0) };
    assert!(test.push(&coarse, &coarse, 0));
    assert!(conclude(&test, None, true).reason.contains("too coarse"));
}

#[test]
fn the_budget_and_the_known_noise_choose_the_number_of_pairs() {
    let most = |pair_spread, affordable| {
        TestPlan::first(&Known { pair_spread, affordable, ..known() }, &mut Designs::default()).most()
    };
    assert_eq!(most(None, 1000), 40);
    assert_eq!(most(Some(0.02), 1000), 24);
    assert_eq!(most(Some(0.10), 1000), 64);
    assert_eq!(most(Some(0.10), 30), 24, "what the budget pays for");
    assert_eq!(most(None, 3), 16, "never planned smaller: it ends undecided");
}

#[test]
fn on_one_layout_the_margin_makes_room_for_what_layouts_may_do() {
    let plan = TestPlan::first(&Known { one_layout: true, ..known() }, &mut Designs::default());
    assert!(
        plan.design.plan().limits.threshold()
            > TestPlan::first(&known(), &mut Designs::default()).design.plan().limits.threshold() - 1e-12
    );
    assert!(heard(&plan, 1.012, 0.001).shown() != Shown::Regressed);
}

/// A machine of two speeds: every second or third process takes a third longer, on neither side's account.
fn two_speeds(index: usize, side: usize) -> f64 {
    const SLOW: [[bool; 7]; 2] =
        [[false, true, false, true, true, false, false], [true, false, false, false, true, true, false]];
    if SLOW[side][index % 7] { 1.35 } else { 1.0 }
}

fn on_two_speeds(plan: &TestPlan, ratio: f64) -> (PairedTest, usize) {
    let mut test = PairedTest::new(plan);
    for index in 0..1000 {
        let base = 100.0 * wobble(index, 0.005) * two_speeds(index, 0);
        let head = 100.0 * ratio * wobble(index * 3 + 1, 0.005) * two_speeds(index, 1);
        if test.push(&observation(base), &observation(head), index % 12) {
            return (test, index + 1);
        }
    }
    panic!("it never ended");
}

#[test]
fn on_a_machine_of_two_speeds_the_fastest_of_three_processes_makes_a_pair() {
    let (same, processes) = on_two_speeds(&TestPlan::first(&known(), &mut Designs::default()), 1.0);
    assert!(same.is_unchanged());
    assert_eq!((same.evidence().repeats, processes), (3, 3 * same.pairs()));
    let (slower, _) = on_two_speeds(&TestPlan::first(&known(), &mut Designs::default()), 1.05);
    assert_eq!(slower.shown(), Shown::Regressed);
    let (fresh, _) = on_two_speeds(&TestPlan::confirming(10, &slower), 1.05);
    assert_eq!(fresh.evidence().repeats, 3);
    assert_eq!(conclude(&slower, Some(&fresh), true).verdict, Verdict::Regressed);
    // Single processes tell nothing, whatever their number.
    let single = Known { fastest_counts: false, ..known() };
    assert_eq!(on_two_speeds(&TestPlan::first(&single, &mut Designs::default()), 1.05).0.shown(), Shown::Undecided);
}

#[test]
fn several_processes_cost_the_budget_as_many_pairs() {
    let scarce = Known { affordable: 60, ..known() };
    let (test, _) = on_two_speeds(&TestPlan::first(&scarce, &mut Designs::default()), 1.0);
    assert_eq!(test.evidence().planned, 20);
    let few = Known { most_pairs: 24, ..known() };
    assert_eq!(on_two_speeds(&TestPlan::first(&few, &mut Designs::default()), 1.0).0.evidence().planned, 24);
}

#[test]
fn within_a_pair_the_next_processes_are_wanted_on_the_same_layout() {
    let mut test = PairedTest::new(&TestPlan::first(&known(), &mut Designs::default()));
    let mut within = Vec::new();
    for value in [100.0, 140.0, 100.0, 140.0, 100.0, 140.0, 100.0, 140.0, 100.0] {
        test.push(&observation(value), &observation(100.0), 0);
        within.push(test.is_within_a_pair());
    }
    assert_eq!(within, [false, false, false, false, false, false, true, true, false]);
    assert_eq!(test.pairs(), 3);
}

#[test]
fn starts_that_only_head_has_slow_are_not_hidden_by_the_fastest_of_three() {
    let mut test = PairedTest::new(&TestPlan::first(&known(), &mut Designs::default()));
    for index in 0..1000 {
        let slow = if matches!(index % 4, 1 | 2) { 1.5 } else { 1.0 };
        let base = 100.0 * wobble(index, 0.005);
        if test.push(&observation(base), &observation(100.0 * slow * wobble(index * 3 + 1, 0.005)), 0) {
            break;
        }
    }
    let found = conclude(&test, None, true);
    assert_eq!(found.verdict, Verdict::Undecided, "{found:?}");
    assert!(found.reason.starts_with("head has slow starts"), "{}", found.reason);
}
