//! Laws of the decision, of adjusted p-values and of power that hold whatever the values.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use perfguard_stats::StatsError;
use perfguard_stats::interval::Interval;
use perfguard_stats::multiplicity::{
    benjamini_hochberg, combine_e_values, e_benjamini_hochberg, holm, suite_error_rate,
};
use perfguard_stats::power::{
    comparisons_to_certify, highest_rate, minimum_detectable, noncentral_t_tail, pairs_needed, pairs_still_needed,
    rate_interval, smallest_change, trimmed_power,
};
use perfguard_stats::random::Stream;
use perfguard_stats::sequential::{
    Decision, Design, Limits, NoiseLevel, Pair, Plan, Reason, Run, Scale, SequentialTest, SignFlip, Verdict,
    boundary_constant, fisher_exact, judge_counts, layout_share, null_control, pair_count, suite_wide,
};
use proptest::prelude::*;

/// Logarithms of both sides in each pair.
fn pairs() -> impl Strategy<Value = Vec<(f64, f64)>> {
    (-0.06_f64..0.06, 0.001_f64..0.06, prop::collection::vec((-1.0_f64..1.0, -1.0_f64..1.0), 24))
        .prop_map(|(effect, spread, noise)| noise.iter().map(|(a, b)| (a * spread, effect + b * spread)).collect())
}

fn scale() -> impl Strategy<Value = Scale> {
    prop_oneof![Just(Scale::Yuen), Just(Scale::Pooled)]
}

fn run(scale: Scale, pairs: impl IntoIterator<Item = Pair>) -> SequentialTest {
    let plan = Plan { scale, ..Plan::first_stage(Limits::default(), 24) };
    let mut test = SequentialTest::new(Arc::new(Design::new(plan).unwrap()));
    for pair in pairs {
        test.push(pair);
    }
    test.finish();
    test
}

fn of(pairs: &[(f64, f64)]) -> Vec<Pair> {
    pairs.iter().map(|(base, head)| Pair::from_logarithms(*base, *head).unwrap()).collect()
}

fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}

fn same(one: &Decision, other: &Decision) -> bool {
    let (a, b) = (one.interval.unwrap(), other.interval.unwrap());
    (one.verdict, one.pairs) == (other.verdict, other.pairs) && close(a.low, b.low) && close(a.high, b.high)
}

/// Any answer will do, as long as there is one.
fn answered<T>(_answer: Result<T, StatsError>) {}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn exchanging_the_sides_mirrors_the_decision(pairs in pairs(), scale in scale()) {
        let there = run(scale, of(&pairs));
        let back = run(scale, of(&pairs).into_iter().map(Pair::swapped));
        let (one, mut other) = (there.decision().unwrap(), back.decision().unwrap());
        other.verdict = match other.verdict {
            Verdict::Regressed => Verdict::Improved,
            Verdict::Improved => Verdict::Regressed,
            verdict @ (Verdict::Unchanged | Verdict::Undecided) => verdict,
        };
        other.interval = other.interval.map(|interval| Interval { low: -interval.high, high: -interval.low });
        prop_assert!(same(&one, &other));
        prop_assert!(close(there.p_values().regressed, back.p_values().improved));
    }

    #[test]
    fn the_unit_of_the_values_does_not_matter(pairs in pairs(), unit in -20.0_f64..20.0, scale in scale()) {
        let moved: Vec<(f64, f64)> = pairs.iter().map(|(base, head)| (base + unit, head + unit)).collect();
        prop_assert!(same(&run(scale, of(&pairs)).decision().unwrap(), &run(scale, of(&moved)).decision().unwrap()));
    }

    #[test]
    fn the_order_of_pairs_before_the_first_look_does_not_matter(pairs in pairs(), seed in any::<u64>()) {
        let mut shuffled = pairs.clone();
        Stream::new(seed).shuffle(&mut shuffled[..8]);
        prop_assert!(same(
            &run(Scale::Yuen, of(&pairs)).decision().unwrap(),
            &run(Scale::Yuen, of(&shuffled)).decision().unwrap(),
        ));
    }

    #[test]
    fn a_slower_head_never_makes_a_regression_go_away(pairs in pairs(), more in 0.0_f64..0.1) {
        let before = run(Scale::Yuen, of(&pairs));
        let slower: Vec<(f64, f64)> = pairs.iter().map(|(base, head)| (*base, head + more)).collect();
        let after = run(Scale::Yuen, of(&slower));
        if before.decision().unwrap().verdict == Verdict::Regressed {
            prop_assert_eq!(after.decision().unwrap().verdict, Verdict::Regressed);
            prop_assert!(after.decision().unwrap().pairs <= before.decision().unwrap().pairs);
        }
        for (one, other) in before.looks().iter().zip(after.looks()) {
            prop_assert!(close(one.location.estimate + more, other.location.estimate));
            prop_assert!(close(one.location.standard_error, other.location.standard_error));
        }
    }

    #[test]
    fn the_interval_is_no_wider_than_any_looks_unless_they_share_nothing(pairs in pairs()) {
        let test = run(Scale::Yuen, of(&pairs));
        let decision = test.decision().unwrap();
        let interval = decision.interval.unwrap();
        let ordered = interval.low <= interval.high;
        prop_assert!(ordered);
        let last = test.looks().last().unwrap().interval;
        let within = |look: Interval| look.low <= interval.low && interval.high <= look.high;
        prop_assert!(interval == last || test.looks().iter().all(|look| within(look.interval)));
        // A change that is shown is not one that the interval holds possible to be none.
        match decision.verdict {
            Verdict::Regressed => prop_assert!(interval.low > 0.0),
            Verdict::Improved => prop_assert!(interval.high < 0.0),
            Verdict::Unchanged | Verdict::Undecided => {}
        }
    }

    #[test]
    fn p_values_show_what_was_decided(pairs in pairs(), scale in scale()) {
        let test = run(scale, of(&pairs));
        let p = test.p_values();
        for p in [p.regressed, p.improved, p.change()] {
            prop_assert!((0.0..=1.0).contains(&p));
        }
        let verdict = test.decision().unwrap().verdict;
        prop_assert_eq!(p.regressed <= 0.005 * (1.0 + 1e-6), verdict == Verdict::Regressed);
        prop_assert_eq!(p.improved <= 0.005 * (1.0 + 1e-6), verdict == Verdict::Improved);
    }

    #[test]
    fn any_numbers_at_all_give_a_decision_and_no_panic(
        runs in prop::collection::vec((any::<f64>(), any::<f64>(), 0_u8..9), 0..60), quantum in any::<f64>(), scale in scale(),
    ) {
        let plan = Plan { scale, ..Plan::first_stage(Limits::default(), 40) };
        let mut test = SequentialTest::new(Arc::new(Design::new(plan).unwrap()));
        for (base, head, kind) in runs {
            let ended = |value: f64, kind: u8| match kind {
                0 => Run::Failed,
                1 => Run::TimedOut,
                _ => Run::Value(value),
            };
            let pair = test.push_runs(ended(base, kind), ended(head.abs(), kind / 3));
            prop_assert!(pair.is_ok() || base.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) || !base.is_finite() || !head.is_finite() || head == 0.0);
            if kind == 5 {
                test.observe_quantum(quantum);
            }
        }
        let decision = test.finish();
        prop_assert!(decision.reason != Reason::Shown || decision.verdict != Verdict::Undecided);
        let p = test.p_values();
        prop_assert!((0.0..=1.0).contains(&p.regressed) && (0.0..=1.0).contains(&p.improved));
    }

    #[test]
    fn any_settings_give_a_design_or_an_error(
        last in any::<usize>(), quantum in any::<f64>(), deviation in any::<f64>(), change in any::<f64>(), margin in any::<f64>(), threshold in any::<f64>(),
    ) {
        let limits = Limits::new(margin, threshold);
        prop_assert_eq!(limits.is_ok(), limits.is_ok_and(|limits| 0.0 < limits.margin() && limits.margin() < limits.threshold()));
        let limits = limits.unwrap_or_default();
        let plan = Plan { quantum, pair_deviation: Some(deviation), ..Plan::first_stage(limits, last % 100) };
        if let Ok(design) = Design::new(plan) {
            prop_assert!(last % 2 == 0 && quantum >= 0.0);
            let mut test = SequentialTest::new(Arc::new(design));
            test.push(Pair::new(1.0, 2.0).unwrap());
            prop_assert_eq!(test.finish().verdict, Verdict::Undecided);
        }
        let noise = NoiseLevel { pair_deviation: deviation, spike_share: quantum };
        if let Ok(count) = pair_count(limits, Some(noise), Some(change)) {
            prop_assert!([24, 32, 40, 48, 64].contains(&count.last));
        }
        answered(boundary_constant(Scale::Pooled, last, change));
        answered(limits.without_layouts(Some(deviation)));
    }

    #[test]
    fn adjusted_p_values_keep_the_order_and_never_fall(p in prop::collection::vec(0.0_f64..=1.0, 1..40), seed in any::<u64>()) {
        for adjust in [holm, benjamini_hochberg] {
            let adjusted = adjust(&p).unwrap();
            for (one, a) in p.iter().zip(&adjusted) {
                prop_assert!(one <= a && *a <= 1.0);
                for (other, b) in p.iter().zip(&adjusted) {
                    prop_assert!(one > other || a <= b);
                }
            }
            let mut order: Vec<usize> = (0..p.len()).collect();
            Stream::new(seed).shuffle(&mut order);
            let shuffled: Vec<f64> = order.iter().map(|place| p[*place]).collect();
            let expected: Vec<f64> = order.iter().map(|place| adjusted[*place]).collect();
            prop_assert_eq!(adjust(&shuffled).unwrap(), expected);
        }
        // Holm guards against more than Benjamini and Hochberg do.
        let pairs = holm(&p).unwrap().into_iter().zip(benjamini_hochberg(&p).unwrap()).collect::<Vec<_>>();
        prop_assert!(pairs.iter().all(|(holm, rate)| *holm >= rate - 1e-12));
    }

    #[test]
    fn larger_e_values_are_rejected_first(e in prop::collection::vec(0.0_f64..1e4, 1..40), rate in 0.001_f64..0.5) {
        let rejected = e_benjamini_hochberg(&e, rate).unwrap();
        let count = rejected.iter().filter(|reject| **reject).count();
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let needed = e.len() as f64 / (count.max(1) as f64 * rate);
        for (e, reject) in e.iter().zip(&rejected) {
            prop_assert_eq!(*reject, count > 0 && *e >= needed);
        }
    }

    #[test]
    fn fishers_p_does_not_depend_on_how_the_table_is_turned(a in 0_usize..60, b in 0_usize..60, c in 0_usize..60, d in 0_usize..60) {
        let p = fisher_exact([[a, b], [c, d]]).unwrap();
        prop_assert!(p > 0.0 && p <= 1.0);
        for turned in [[[c, d], [a, b]], [[b, a], [d, c]], [[a, c], [b, d]]] {
            prop_assert!(close(p, fisher_exact(turned).unwrap()));
        }
    }

    #[test]
    fn layouts_explain_the_same_whatever_their_names_and_the_unit(
        values in prop::collection::vec(-1.0_f64..1.0, 24), unit in 0.1_f64..10.0, shift in -10.0_f64..10.0,
    ) {
        let layouts: Vec<usize> = (0..24).map(|place| place % 12).collect();
        let renamed: Vec<usize> = layouts.iter().map(|layout| 1_000 - 7 * layout).collect();
        let changed: Vec<f64> = values.iter().map(|value| value * unit + shift).collect();
        let (one, other) = (layout_share(&values, &layouts).unwrap(), layout_share(&changed, &renamed).unwrap());
        prop_assert!((one.share - other.share).abs() < 1e-6);
        prop_assert!((one.within * unit - other.within).abs() < 1e-9);
        prop_assert!((0.0..=1.0).contains(&one.share) && one.between <= one.between_at_most);
    }

    #[test]
    fn evidence_against_one_side_is_none_for_the_other(d in prop::collection::vec(-0.1_f64..0.1, 1..40), deviation in 0.001_f64..0.1) {
        let mut up = SignFlip::new(0.0, deviation).unwrap();
        let mut down = SignFlip::new(0.0, deviation).unwrap();
        for d in d {
            up.push(d);
            down.push(-d);
        }
        // Products of 1 + x and of 1 - x.
        prop_assert!(up.value() * down.value() <= 1.0 + 16.0 * up.value().min(down.value()));
        prop_assert!(up.value() >= 0.0 && (up.logarithm().exp() - up.value()).abs() <= 1e-9 * up.value());
    }

    #[test]
    fn power_grows_with_the_shift_and_the_pairs_and_falls_with_the_noise(
        pairs in 8_usize..100, deviation in 0.005_f64..0.1, shift in 0.0_f64..0.1, level in 0.001_f64..0.05,
    ) {
        let power = trimmed_power(pairs, deviation, shift, level).unwrap();
        prop_assert!(power >= level * (1.0 - 1e-6) && power <= 1.0);
        prop_assert!(trimmed_power(pairs, deviation, shift + 0.01, level).unwrap() >= power - 1e-9);
        prop_assert!(trimmed_power(pairs + 5, deviation, shift, level).unwrap() >= power - 1e-9);
        prop_assert!(trimmed_power(pairs, deviation * 2.0, shift, level).unwrap() <= power + 1e-9);
        let found = minimum_detectable(pairs, deviation, level, 0.9).unwrap();
        prop_assert!(found > 0.0);
        let limits = Limits::default();
        let change = smallest_change(limits, deviation, pairs).unwrap();
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let back = (pairs_needed(limits, deviation, change).unwrap() - pairs as f64).abs();
        prop_assert!(back < 1e-6);
    }

    #[test]
    fn a_rates_interval_holds_it_and_a_higher_level_holds_a_lower_ones(events in 0_u64..50, more in 0_u64..500) {
        let trials = events + more.max(1);
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let rate = events as f64 / trials as f64;
        let (inner, outer) = (rate_interval(events, trials, 0.8).unwrap(), rate_interval(events, trials, 0.99).unwrap());
        prop_assert!(0.0 <= outer.low && outer.low <= inner.low && inner.low <= rate);
        prop_assert!(rate <= inner.high && inner.high <= outer.high && outer.high <= 1.0);
        prop_assert!(highest_rate(events, trials, 0.995).unwrap() >= outer.high - 1e-9);
    }

    #[test]
    fn no_number_makes_these_panic(one in any::<f64>(), two in any::<f64>(), three in any::<f64>(), values in prop::collection::vec(any::<f64>(), 0..20), count in any::<u64>(), small in 0_usize..2000) {
        answered(trimmed_power(small, one, two, three));
        answered(minimum_detectable(small, one, two, three));
        answered(noncentral_t_tail(one, two.abs().min(1e6), three.clamp(-100.0, 100.0)));
        answered(smallest_change(Limits::default(), one, small));
        answered(pairs_needed(Limits::default(), one, two));
        answered(pairs_still_needed(Limits::default(), one, small));
        answered(rate_interval(count % 1000, count / 1000, one));
        answered(comparisons_to_certify(one, count % 5, two));
        answered(suite_error_rate(one, two, small));
        answered(holm(&values));
        answered(benjamini_hochberg(&values));
        answered(e_benjamini_hochberg(&values, one));
        answered(combine_e_values(&values));
        answered(null_control(&values));
        answered(judge_counts(&values, &[one; 3], two));
        answered(layout_share(&values, &vec![small; values.len()]));
        answered(suite_wide(&values.iter().map(|low| Interval { low: *low, high: low + one }).collect::<Vec<_>>(), small));
        let mut process = SignFlip::new(0.0, 1.0).unwrap();
        for value in &values {
            process.push(*value);
        }
        prop_assert!(!process.value().is_nan());
    }
}
