//! Comparing two sides against `SciPy` and statsmodels: values that `golden/compare.py` wrote.
//!
//! Closed forms agree to 1e-9, relative. P-values agree to 1e-6: both sides approximate tails of continuous distributions.
//! Exact ones agree to 1e-9 as well, and are held to it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use perfguard_stats::effect::dominance;
use perfguard_stats::equivalence::{equivalent_means, equivalent_pairs};
use perfguard_stats::interval::Interval;
use perfguard_stats::paired::{pseudo_median, sign_flip, sign_test, signed_rank, trimmed_mean, trimmed_t};
use perfguard_stats::resample::statistic::{mean, median, trimmed_mean as middle, trimmed_mean_with_error};
use perfguard_stats::resample::{Bootstrap, Levels, Studentised};
use perfguard_stats::two_sample::{
    Alternative, Basis, LocationTest, Significance, difference_of_means, mann_whitney, permutation_test,
    ratio_interval, shift_interval, welch_t, yuen_t,
};
use serde::Deserialize;

const LEVELS: [f64; 3] = [0.9, 0.95, 0.99];

#[derive(Deserialize)]
struct Golden {
    two_samples: Vec<TwoSamples>,
    pairs: Vec<Pairs>,
    sign_flips: Vec<Flips>,
    permutations: Vec<Permutation>,
    bootstraps: Vec<OfSample>,
    bootstraps_of_two: Vec<OfTwo>,
    bootstraps_of_groups: Vec<OfGroups>,
    studentised: Vec<InErrors>,
}

#[derive(Deserialize)]
struct TwoSamples {
    name: String,
    base: Values,
    head: Values,
    mann_whitney: Ranked,
    shift: Shift,
    ratio: Option<Ratio>,
    welch: Option<Location>,
    yuen: Option<Location>,
    dominance: Delta,
    two_one_sided: Vec<TwoOneSided>,
}

#[derive(Deserialize)]
struct Pairs {
    name: String,
    values: Values,
    signed_rank: Ranked,
    sign_test: Ranked,
    pseudo_median: Option<Shift>,
    trimmed_t: Trimmed,
}

/// Written down, or by a formula.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    Written(Vec<f64>),
    Formula { count: u32, multiplier: u32, modulus: u32, offset: f64, step: f64 },
}

impl Values {
    fn all(&self) -> Vec<f64> {
        match self {
            Self::Written(values) => values.clone(),
            Self::Formula { count, multiplier, modulus, offset, step } => {
                (0..*count).map(|index| offset + step * f64::from(index * multiplier % modulus)).collect()
            }
        }
    }
}

#[derive(Deserialize)]
struct PValues {
    less: f64,
    greater: f64,
    #[serde(rename = "two-sided")]
    two_sided: f64,
}

impl PValues {
    fn each(&self) -> [(Alternative, f64); 3] {
        [(Alternative::Less, self.less), (Alternative::Greater, self.greater), (Alternative::TwoSided, self.two_sided)]
    }
}

#[derive(Deserialize)]
struct Ranked {
    statistic: f64,
    p_values: PValues,
    smallest: Option<PValues>,
}

#[derive(Deserialize)]
struct Shift {
    shift: f64,
    intervals: Vec<Option<[f64; 2]>>,
}

#[derive(Deserialize)]
struct Ratio {
    ratio: f64,
    intervals: Vec<Option<[f64; 2]>>,
}

#[derive(Deserialize)]
struct Location {
    estimate: f64,
    error: f64,
    degrees: Option<f64>,
    statistic: Option<f64>,
    p_values: PValues,
    intervals: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct Delta {
    delta: f64,
    intervals: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct TwoOneSided {
    low: f64,
    high: f64,
    p_value: f64,
    above_low: f64,
    below_high: f64,
}

#[derive(Deserialize)]
struct Trimmed {
    mean: f64,
    deviation: f64,
    error: f64,
    degrees: f64,
    intervals: Vec<[f64; 2]>,
    tests: Vec<Hypothesis>,
}

#[derive(Deserialize)]
struct Hypothesis {
    #[serde(rename = "hypothesis")]
    limit: f64,
    statistic: Option<f64>,
    p_values: PValues,
}

#[derive(Deserialize)]
struct Flips {
    values: Vec<f64>,
    #[serde(flatten)]
    expected: Ranked,
}

#[derive(Deserialize)]
struct Permutation {
    base: Vec<f64>,
    head: Vec<f64>,
    draws: usize,
    seed: u64,
    p_values: PValues,
    exact: bool,
}

#[derive(Deserialize)]
struct OfSample {
    values: Vec<f64>,
    statistic: String,
    resamples: usize,
    seed: u64,
    standard_error: f64,
    intervals: Intervals,
}

#[derive(Deserialize)]
struct OfTwo {
    base: Vec<f64>,
    head: Vec<f64>,
    resamples: usize,
    seed: u64,
    intervals: Intervals,
}

#[derive(Deserialize)]
struct Intervals {
    percentile: Vec<[f64; 2]>,
    basic: Vec<[f64; 2]>,
    accelerated: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct OfGroups {
    groups: Vec<Vec<f64>>,
    resamples: usize,
    seed: u64,
    percentile_90: ByLevels,
}

#[derive(Deserialize)]
struct ByLevels {
    groups: [f64; 2],
    groups_and_values: [f64; 2],
    summaries: [f64; 2],
}

#[derive(Deserialize)]
struct InErrors {
    values: Vec<f64>,
    resamples: usize,
    seed: u64,
    interval_90: [f64; 2],
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/compare.json")).unwrap()
}

/// Within a relative distance, or of one part in 10^12 of `unit` where a difference nearly cancels; below the smallest
/// normal number within a step.
#[track_caller]
fn assert_near(name: &str, found: f64, expected: f64, relative: f64, unit: f64) {
    let allowed = (expected.abs() * relative).max(unit.abs() * 1e-12).max(5e-324);
    assert!((found - expected).abs() <= allowed, "{name}: {found} rather than {expected}");
}

#[track_caller]
fn assert_ends(name: &str, found: Interval, [low, high]: [f64; 2], unit: f64) {
    assert_near(name, found.low, low, 1e-9, unit);
    assert_near(name, found.high, high, 1e-9, unit);
}

#[track_caller]
fn assert_maybe(name: &str, found: Option<Interval>, expected: Option<[f64; 2]>) {
    match (found, expected) {
        (Some(found), Some(expected)) => assert_ends(name, found, expected, 0.0),
        (found, expected) => assert_eq!(found.is_some(), expected.is_some(), "{name}"),
    }
}

/// Exact distributions agree to 1e-9; the normal one, as far as its tail is above 1e-300, to 1e-6.
#[track_caller]
fn assert_ranked(name: &str, expected: &Ranked, test: impl Fn(Alternative) -> Significance) {
    let smallest = expected.smallest.as_ref().map(PValues::each);
    for (at, (alternative, p_value)) in expected.p_values.each().into_iter().enumerate() {
        let found = test(alternative);
        let name = format!("{name}, {alternative:?}");
        assert_near(&name, found.statistic, expected.statistic, 1e-12, 0.0);
        assert_near(&name, found.p_value, p_value, if found.basis == Basis::Exact { 1e-9 } else { 1e-6 }, 1e-288);
        assert!(found.p_value >= found.smallest_p_value * (1.0 - 1e-12), "{name}");
        if let Some(smallest) = smallest {
            assert_near(&name, found.smallest_p_value, smallest[at].1, 1e-9, 0.0);
        }
    }
}

/// A difference of large means is known to their digits: `unit` is what they are counted in.
#[track_caller]
fn assert_location(name: &str, expected: &Location, unit: f64, test: impl Fn(Alternative, f64) -> LocationTest) {
    for (alternative, p_value) in expected.p_values.each() {
        let found = test(alternative, 0.95);
        let name = format!("{name}, {alternative:?}");
        assert_near(&name, found.estimate, expected.estimate, 1e-9, unit);
        assert_near(&name, found.standard_error, expected.error, 1e-9, 0.0);
        assert_near(&name, found.p_value, p_value, 1e-6, 0.0);
        assert_eq!(found.statistic.is_some(), expected.statistic.is_some(), "{name}");
        if let (Some(found), Some(expected)) = (found.statistic, expected.statistic) {
            assert_near(&name, found, expected, 1e-9, 1.0);
        }
        if let Some(degrees) = expected.degrees {
            assert_near(&name, found.degrees_of_freedom, degrees, 1e-9, 0.0);
        }
    }
    for (level, ends) in LEVELS.into_iter().zip(&expected.intervals) {
        assert_ends(&format!("{name} at {level}"), test(Alternative::TwoSided, level).interval, *ends, unit);
    }
}

#[test]
fn rank_tests_of_two_samples_agree_with_scipy_and_with_whole_numbers() {
    let cases = golden().two_samples;
    assert!(cases.len() >= 30);
    for case in cases {
        let (base, head) = (case.base.all(), case.head.all());
        assert_ranked(&case.name, &case.mann_whitney, |alternative| mann_whitney(&base, &head, alternative).unwrap());
    }
}

#[test]
fn shifts_and_ratios_agree_with_writing_all_differences_down() {
    for case in golden().two_samples {
        let (base, head) = (case.base.all(), case.head.all());
        for (at, level) in LEVELS.into_iter().enumerate() {
            let name = format!("{} at {level}", case.name);
            let found = shift_interval(&base, &head, level).unwrap();
            assert_near(&name, found.shift, case.shift.shift, 1e-9, 0.0);
            assert_maybe(&name, found.interval, case.shift.intervals[at]);
            if let Some(expected) = &case.ratio {
                let found = ratio_interval(&base, &head, level).unwrap();
                assert_near(&name, found.ratio, expected.ratio, 1e-9, 0.0);
                assert_maybe(&name, found.interval, expected.intervals[at]);
            }
        }
    }
}

#[test]
fn t_tests_of_means_and_trimmed_means_agree_with_scipy() {
    for case in golden().two_samples {
        let (base, head) = (case.base.all(), case.head.all());
        let unit = base.iter().chain(&head).fold(0.0_f64, |unit, value| unit.max(value.abs()));
        let (welch, yuen) = (case.welch.unwrap(), case.yuen.unwrap());
        assert_location(&format!("Welch, {}", case.name), &welch, unit, |alternative, level| {
            welch_t(&base, &head, alternative, level).unwrap()
        });
        assert_location(&format!("Yuen, {}", case.name), &yuen, unit, |alternative, level| {
            yuen_t(&base, &head, alternative, level).unwrap()
        });
    }
}

#[test]
fn dominance_agrees_with_cliffs_formulas_over_all_pairs() {
    for case in golden().two_samples {
        let (base, head) = (case.base.all(), case.head.all());
        for (level, expected) in LEVELS.into_iter().zip(&case.dominance.intervals) {
            let found = dominance(&base, &head, level).unwrap();
            assert_near(&case.name, found.delta, case.dominance.delta, 1e-9, 1.0);
            assert_near(&case.name, found.superiority, f64::midpoint(1.0, case.dominance.delta), 1e-9, 1.0);
            assert_ends(&case.name, found.delta_interval.unwrap(), *expected, 1.0);
        }
    }
}

#[test]
fn equivalence_of_means_agrees_with_statsmodels() {
    let mut checked = 0;
    for case in golden().two_samples {
        let (base, head) = (case.base.all(), case.head.all());
        for TwoOneSided { low, high, p_value, above_low, below_high } in case.two_one_sided {
            let found = equivalent_means(&base, &head, low, high, 0.05).unwrap();
            assert_near(&case.name, found.p_value, p_value, 1e-6, 0.0);
            assert_near(&case.name, found.above_low, above_low, 1e-6, 0.0);
            assert_near(&case.name, found.below_high, below_high, 1e-6, 0.0);
            checked += 1;
        }
    }
    assert!(checked >= 40);
}

#[test]
fn rank_and_sign_tests_of_pairs_agree_with_scipy_and_with_whole_numbers() {
    let cases = golden().pairs;
    assert!(cases.len() >= 30);
    for case in cases {
        let values = case.values.all();
        assert_ranked(&case.name, &case.signed_rank, |alternative| signed_rank(&values, alternative).unwrap());
        assert_ranked(&case.name, &case.sign_test, |alternative| sign_test(&values, alternative).unwrap());
    }
}

#[test]
fn pseudo_medians_agree_with_writing_all_averages_down() {
    for case in golden().pairs {
        let Some(expected) = case.pseudo_median else { continue };
        for (at, level) in LEVELS.into_iter().enumerate() {
            let found = pseudo_median(&case.values.all(), level).unwrap();
            assert_near(&case.name, found.shift, expected.shift, 1e-9, 0.0);
            assert_maybe(&format!("{} at {level}", case.name), found.interval, expected.intervals[at]);
        }
    }
}

#[test]
fn trimmed_t_tests_of_pairs_agree_with_scipys_yuen_test_against_a_constant() {
    for case in golden().pairs {
        let (name, values, expected) = (&case.name, case.values.all(), case.trimmed_t);
        let unit = values.iter().fold(0.0_f64, |unit, value| unit.max(value.abs()));
        let found = trimmed_mean(&values).unwrap();
        assert_near(name, found.mean, expected.mean, 1e-9, unit);
        assert_near(name, found.winsorised_deviation, expected.deviation, 1e-9, 0.0);
        assert_near(name, found.standard_error, expected.error, 1e-9, 0.0);
        assert_near(name, found.degrees_of_freedom, expected.degrees, 1e-12, 0.0);
        for (level, ends) in LEVELS.into_iter().zip(&expected.intervals) {
            let found = trimmed_t(&values, 0.0, Alternative::TwoSided, level).unwrap();
            assert_ends(&format!("{name} at {level}"), found.interval, *ends, unit);
        }
        for Hypothesis { limit, statistic, p_values } in &expected.tests {
            for (alternative, p_value) in p_values.each() {
                let found = trimmed_t(&values, *limit, alternative, 0.95).unwrap();
                let name = format!("{name} against {limit}, {alternative:?}");
                assert_eq!(found.statistic.is_some(), statistic.is_some(), "{name}");
                assert_near(&name, found.statistic.unwrap_or(0.0), statistic.unwrap_or(0.0), 1e-9, 1.0);
                assert_near(&name, found.p_value, p_value, 1e-6, 0.0);
            }
        }
    }
}

#[test]
fn equivalence_of_pairs_is_the_two_one_sided_tests() {
    for case in golden().pairs {
        let (values, width) = (case.values.all(), case.trimmed_t.error * 3.0);
        let (low, high) = (case.trimmed_t.mean - width, case.trimmed_t.mean + width);
        let Ok(found) = equivalent_pairs(&values, low, high, 0.05) else { continue };
        let one_sided = |limit, alternative| trimmed_t(&values, limit, alternative, 0.9).unwrap().p_value;
        let (above_low, below_high) = (one_sided(low, Alternative::Greater), one_sided(high, Alternative::Less));
        assert_near(&case.name, found.p_value, above_low.max(below_high), 1e-12, 0.0);
    }
}

#[test]
fn sign_flips_agree_with_scipy_and_with_whole_numbers() {
    let cases = golden().sign_flips;
    assert!(cases.len() >= 20);
    for Flips { values, expected } in cases {
        assert_ranked(&format!("{values:?}"), &expected, |alternative| sign_flip(&values, alternative, 0, 0).unwrap());
    }
}

#[test]
fn permutations_agree_with_scipy_and_those_drawn_with_the_same_stream_in_python() {
    let cases = golden().permutations;
    assert!(cases.len() >= 20);
    for Permutation { base, head, draws, seed, p_values, exact } in cases {
        for (alternative, p_value) in p_values.each() {
            let found = permutation_test(&base, &head, alternative, draws, seed, difference_of_means).unwrap();
            let name = format!("{} against {}, {alternative:?}", head.len(), base.len());
            assert_near(&name, found.p_value, p_value, 1e-9, 0.0);
            assert_eq!(found.basis, if exact { Basis::Exact } else { Basis::Drawn });
        }
    }
}

#[track_caller]
fn assert_bootstrap(name: &str, found: &Bootstrap, expected: &Intervals) {
    for (at, level) in LEVELS.into_iter().enumerate() {
        assert_ends(&format!("percentile, {name}"), found.percentile(level).unwrap(), expected.percentile[at], 0.0);
        assert_ends(&format!("basic, {name}"), found.basic(level).unwrap(), expected.basic[at], 0.0);
        assert_ends(&format!("accelerated, {name}"), found.accelerated(level).unwrap(), expected.accelerated[at], 0.0);
    }
}

#[test]
fn bootstrap_intervals_agree_with_scipys_on_the_same_stream_in_python() {
    let cases = golden().bootstraps;
    assert!(cases.len() >= 20);
    for OfSample { values, statistic, resamples, seed, standard_error, intervals } in cases {
        let function = match statistic.as_str() {
            "mean" => mean,
            "median" => median,
            _ => middle,
        };
        let found = Bootstrap::of_sample(&values, resamples, seed, function).unwrap();
        let name = format!("{statistic} of {}", values.len());
        assert_near(&name, found.standard_error().unwrap(), standard_error, 1e-9, 0.0);
        assert_bootstrap(&name, &found, &intervals);
    }
}

#[test]
fn bootstraps_of_two_samples_agree_with_scipys() {
    for OfTwo { base, head, resamples, seed, intervals } in golden().bootstraps_of_two {
        let found = Bootstrap::of_two(&base, &head, resamples, seed, |base, head| mean(head) / mean(base)).unwrap();
        assert_bootstrap(&format!("{} over {}", head.len(), base.len()), &found, &intervals);
    }
}

#[test]
fn bootstraps_of_groups_agree_with_writing_them_out_in_python() {
    for OfGroups { groups, resamples, seed, percentile_90 } in golden().bootstraps_of_groups {
        let groups: Vec<&[f64]> = groups.iter().map(Vec::as_slice).collect();
        let of =
            |levels| Bootstrap::of_groups(&groups, levels, resamples, seed, mean).unwrap().percentile(0.9).unwrap();
        assert_ends("groups", of(Levels::Groups), percentile_90.groups, 0.0);
        assert_ends("groups and values", of(Levels::GroupsAndValues), percentile_90.groups_and_values, 0.0);
        let summaries = Bootstrap::of_summaries(&groups, resamples, seed, median, mean).unwrap();
        assert_ends("summaries", summaries.percentile(0.9).unwrap(), percentile_90.summaries, 0.0);
    }
}

#[test]
fn studentised_intervals_agree_with_writing_them_out_in_python() {
    for InErrors { values, resamples, seed, interval_90 } in golden().studentised {
        let found = Studentised::of_sample(&values, resamples, seed, trimmed_mean_with_error).unwrap();
        assert_ends(&format!("{}", values.len()), found.interval(0.9).unwrap(), interval_90, 0.0);
    }
}
