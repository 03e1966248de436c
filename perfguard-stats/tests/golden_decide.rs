//! Against `SciPy`, statsmodels and a second implementation of the decision: values that `golden/decide.py` wrote.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use perfguard_stats::multiplicity::{benjamini_hochberg, holm};
use perfguard_stats::power::{noncentral_t_tail, rate_interval, trimmed_power};
use perfguard_stats::sequential::boundary::{deviate_of_t, t_of_deviate};
use perfguard_stats::sequential::{Design, Limits, Pair, Plan, SequentialTest, Verdict, fisher_exact, layout_share};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    multiplicity: Vec<Adjusted>,
    fisher: Vec<Table>,
    noncentral_t: Vec<Noncentral>,
    power: Vec<PowerCase>,
    student: Vec<Student>,
    rates: Vec<Rate>,
    layouts: Vec<Variances>,
    sequential: Vec<Sequential>,
}

#[derive(Deserialize)]
struct Adjusted {
    p: Vec<f64>,
    holm: Vec<f64>,
    benjamini_hochberg: Vec<f64>,
}

#[derive(Deserialize)]
struct Table {
    table: [[usize; 2]; 2],
    p: f64,
}

#[derive(Deserialize)]
struct Noncentral {
    t: f64,
    degrees_of_freedom: f64,
    noncentrality: f64,
    tail: f64,
}

#[derive(Deserialize)]
struct PowerCase {
    pairs: usize,
    deviation: f64,
    shift: f64,
    level: f64,
    power: f64,
}

#[derive(Deserialize)]
struct Student {
    degrees_of_freedom: usize,
    deviate: f64,
    t: f64,
}

#[derive(Deserialize)]
struct Rate {
    events: u64,
    trials: u64,
    level: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct Variances {
    differences: Vec<f64>,
    layouts: Vec<usize>,
    between: f64,
    between_at_most: f64,
    within: f64,
}

#[derive(Deserialize)]
struct Sequential {
    last: usize,
    differences: Vec<f64>,
    quantum: f64,
    verdict: String,
    pairs: usize,
    estimate: f64,
    standard_error: f64,
    low: f64,
    high: f64,
    p_regressed: f64,
    p_improved: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/decide.json")).unwrap()
}

#[track_caller]
fn assert_close(name: &str, found: f64, expected: f64, relative: f64) {
    let allowed = (expected.abs() * relative).max(1e-300);
    assert!((found - expected).abs() <= allowed, "{name}: {found} rather than {expected}");
}

#[test]
fn adjusted_p_values_agree_with_statsmodels() {
    for case in golden().multiplicity {
        let name = format!("{} p-values", case.p.len());
        for (found, expected) in holm(&case.p).unwrap().into_iter().zip(case.holm) {
            assert_close(&name, found, expected, 1e-9);
        }
        for (found, expected) in benjamini_hochberg(&case.p).unwrap().into_iter().zip(case.benjamini_hochberg) {
            assert_close(&name, found, expected, 1e-9);
        }
    }
}

#[test]
fn fishers_exact_test_agrees_with_scipy() {
    for case in golden().fisher {
        // Logarithms of factorials of thousands lose some of the sixteen digits.
        assert_close(&format!("{:?}", case.table), fisher_exact(case.table).unwrap(), case.p, 1e-8);
    }
}

#[test]
fn tails_of_the_noncentral_t_agree_with_scipy() {
    for case in golden().noncentral_t {
        let name = format!("t {} df {} shift {}", case.t, case.degrees_of_freedom, case.noncentrality);
        let found = noncentral_t_tail(case.t, case.degrees_of_freedom, case.noncentrality).unwrap();
        // The far upper tail is a difference from 1: absolute there, as power needs it.
        assert!((found - case.tail).abs() <= 1e-10, "{name}: {found} rather than {}", case.tail);
    }
}

#[test]
fn the_power_of_the_trimmed_t_agrees_with_scipys_noncentral_t() {
    for case in golden().power {
        let name = format!("{} pairs, shift {}, level {}", case.pairs, case.shift, case.level);
        let found = trimmed_power(case.pairs, case.deviation, case.shift, case.level).unwrap();
        // The library's quantile is right to 1e-9, relative.
        assert!((found - case.power).abs() <= 1e-8, "{name}: {found} rather than {}", case.power);
    }
}

#[test]
fn beyond_the_series_the_tail_of_the_noncentral_t_is_nearly_right() {
    // By `SciPy`'s nct.sf. With few degrees of freedom the approximation is off by two hundredths.
    for (t, freedom, shift, tail, allowed) in
        [(50.0, 23.0, 45.0, 0.2793, 0.01), (60.0, 39.0, 50.0, 0.0773, 0.01), (45.0, 5.0, 41.0, 0.4720, 0.03)]
    {
        let found = noncentral_t_tail(t, freedom, shift).unwrap();
        assert!((found - tail).abs() < allowed, "{found} rather than {tail}");
    }
}

#[test]
fn t_values_and_normal_deviates_agree_with_scipy() {
    for case in golden().student {
        let name = format!("deviate {} df {}", case.deviate, case.degrees_of_freedom);
        assert_close(&name, t_of_deviate(case.deviate, case.degrees_of_freedom), case.t, 1e-8);
        assert_close(&name, deviate_of_t(case.t, case.degrees_of_freedom), case.deviate, 1e-9);
    }
}

#[test]
fn intervals_of_rates_agree_with_scipy() {
    for case in golden().rates {
        let name = format!("{} of {} at {}", case.events, case.trials, case.level);
        let found = rate_interval(case.events, case.trials, case.level).unwrap();
        assert_close(&name, found.low, case.low, 1e-8);
        assert_close(&name, found.high, case.high, 1e-8);
    }
}

#[test]
fn variances_of_layouts_agree_with_scipys_analysis_of_variance() {
    for case in golden().layouts {
        let found = layout_share(&case.differences, &case.layouts).unwrap();
        for (name, found, expected) in [
            ("between", found.between, case.between),
            ("at most", found.between_at_most, case.between_at_most),
            ("within", found.within, case.within),
        ] {
            // A variance between that is nearly 0 is a difference of nearly equal numbers.
            assert!((found - expected).abs() <= 1e-7, "{name}: {found} rather than {expected}");
        }
    }
}

#[test]
fn decisions_agree_with_a_second_implementation() {
    for (place, case) in golden().sequential.into_iter().enumerate() {
        let name = format!("case {place} of {} pairs", case.last);
        let plan = Plan { quantum: case.quantum, ..Plan::first_stage(Limits::default(), case.last) };
        let mut test = SequentialTest::new(Arc::new(Design::new(plan).unwrap()));
        for difference in &case.differences {
            test.push(Pair::from_logarithms(0.0, *difference).unwrap());
        }
        let decision = test.finish();
        let verdict = match decision.verdict {
            Verdict::Regressed => "regressed",
            Verdict::Improved => "improved",
            Verdict::Unchanged => "unchanged",
            Verdict::Undecided => "undecided",
        };
        assert_eq!((verdict, decision.pairs), (case.verdict.as_str(), case.pairs), "{name}");
        let (interval, p) = (decision.interval.unwrap(), test.p_values());
        let location = test.looks().last().unwrap().location;
        assert!((location.estimate - case.estimate).abs() <= 1e-12, "{name}");
        assert_close(&name, location.standard_error, case.standard_error, 1e-9);
        assert!((interval.low - case.low).abs() <= 1e-9 && (interval.high - case.high).abs() <= 1e-9, "{name}");
        assert_close(&name, p.regressed, case.p_regressed, 1e-6);
        assert_close(&name, p.improved, case.p_improved, 1e-6);
    }
}
