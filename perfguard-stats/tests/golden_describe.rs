//! Against `NumPy`, `SciPy`, statsmodels and pandas: values that `golden/describe.py` wrote.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use perfguard_stats::StatsError;
use perfguard_stats::normality::{
    Method, ShapeTest, anderson_darling, kolmogorov_smirnov, kolmogorov_smirnov_between, lilliefors, shapiro_wilk,
    two_modes,
};
use perfguard_stats::outlier::{Label, chauvenet, double_mad, double_mad_scores, modified_z, modified_z_scores, tukey};
use perfguard_stats::outlier::{USUAL_LIMIT, tukey_fences};
use perfguard_stats::quantile::{Definition, median, quantile};
use perfguard_stats::smoothing::{
    Window, decayed, exponential_average, rolling_mean, rolling_median, rolling_median_absolute_deviation,
};
use perfguard_stats::summary::{
    SpreadMethod, coefficient_of_variation, interquartile_range, mean, mean_absolute_deviation,
    median_absolute_deviation, robust_spread, standard_deviation, trimmed_mean, variance, winsorised_mean,
    winsorised_variance,
};
use serde::Deserialize;
use statrs::distribution::{ContinuousCDF, Normal};

#[derive(Deserialize)]
struct Golden {
    probabilities: Vec<f64>,
    samples: Vec<Sample>,
    between: Vec<Between>,
    between_large: Vec<BetweenLarge>,
    kolmogorov: Vec<Kolmogorov>,
}

#[derive(Deserialize)]
struct Sample {
    name: String,
    values: Option<Vec<f64>>,
    summary: Summary,
    outliers: Outliers,
    shape: Shape,
    smoothing: Option<Smoothing>,
}

#[derive(Deserialize)]
struct Summary {
    median: f64,
    mean: f64,
    quantiles: Vec<Vec<f64>>,
    mad: f64,
    mean_absolute_deviation: f64,
    iqr: f64,
    trimmed: Vec<f64>,
    winsorised: Vec<(f64, Option<f64>)>,
    variance: Option<f64>,
    standard_deviation: Option<f64>,
    coefficient_of_variation: Option<f64>,
    spreads: Option<Vec<(f64, f64, String)>>,
}

#[derive(Deserialize)]
struct Outliers {
    modified_z: Option<Vec<f64>>,
    double_mad: Option<Vec<f64>>,
    modified_z_labels: String,
    double_mad_labels: String,
    tukey: BTreeMap<String, (f64, f64, String)>,
    chauvenet: Option<String>,
}

#[derive(Deserialize)]
struct Shape {
    shapiro_wilk: Option<(f64, f64)>,
    shapiro_wilk_scipy: Option<(f64, f64)>,
    lilliefors: Option<(f64, f64)>,
    anderson_darling: Option<(f64, f64)>,
    two_modes: Option<Vec<Option<Modes>>>,
    kolmogorov_smirnov: Option<Vec<(f64, f64, f64, f64)>>,
}

#[derive(Deserialize)]
struct Modes {
    low: f64,
    high: f64,
    high_share: f64,
    separation: Option<f64>,
}

#[derive(Deserialize)]
struct Smoothing {
    decayed: Vec<Decay>,
    exponential_average: Vec<f64>,
    trailing_5: [Vec<f64>; 3],
    centred_3: [Vec<f64>; 3],
}

#[derive(Deserialize)]
struct Decay {
    half_life: f64,
    mean: f64,
    median: f64,
    mad: f64,
    spread: f64,
    method: String,
    effective_count: f64,
}

#[derive(Deserialize)]
struct Between {
    base: Vec<f64>,
    head: Vec<f64>,
    statistic: f64,
    p_value: f64,
}

#[derive(Deserialize)]
struct BetweenLarge {
    base: u32,
    head: u32,
    shift: f64,
    statistic: f64,
    p_value: f64,
}

#[derive(Deserialize)]
struct Kolmogorov {
    count: u32,
    moved: f64,
    statistic: f64,
    p_value: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/describe.json")).unwrap()
}

/// The values of a sample: stored, or made by the formula its name gives.
fn values(sample: &Sample) -> Vec<f64> {
    sample.values.clone().unwrap_or_else(|| {
        let (kind, count) = sample.name.split_once(':').unwrap();
        formula(kind, 1..=count.parse().unwrap())
    })
}

/// Uses only operations that Rust and Python round alike.
fn formula(kind: &str, indices: std::ops::RangeInclusive<u32>) -> Vec<f64> {
    const STEPS: [f64; 6] = [
        0.618_033_988_749_894_9,
        0.414_213_562_373_095_15,
        0.732_050_807_568_877_2,
        0.236_067_977_499_789_8,
        0.645_751_311_064_590_6,
        0.718_281_828_459_045_1,
    ];
    let part = |index: f64, step: f64| index * step - (index * step).floor();
    let hump = |index: f64| STEPS.iter().skip(1).fold(part(index, STEPS[0]), |sum, step| sum + part(index, *step));
    indices
        .map(f64::from)
        .map(|index| match kind {
            "hump" => hump(index),
            "tail" => 1.0 / (0.02 + part(index, STEPS[0])),
            "ticks" => (hump(index) * 10.0).floor(),
            _ => unreachable!("no such formula"),
        })
        .collect()
}

/// Relative; below the smallest normal numbers to a few steps.
#[track_caller]
fn assert_within(name: &str, tolerance: f64, found: f64, expected: f64) {
    let allowed = (expected.abs() * tolerance).max(1.5e-323);
    assert!((found - expected).abs() <= allowed, "{name}: {found:e} rather than {expected:e}");
}

/// Closed forms agree to 1e-9.
#[track_caller]
fn assert_close(name: &str, found: f64, expected: f64) {
    assert_within(name, 1e-9, found, expected);
}

#[track_caller]
fn assert_all_close(name: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_close(&format!("{name} at {index}"), *found, *expected);
    }
}

/// A statistic to 1e-9, its p-value to 1e-6.
#[track_caller]
fn assert_test(name: &str, found: ShapeTest, (statistic, p_value): (f64, f64)) {
    assert_close(name, found.statistic, statistic);
    assert_within(name, 1e-6, found.p_value, p_value);
}

fn marks(labels: &[Label]) -> String {
    let mark = |label: &Label| match label {
        Label::Typical => '-',
        Label::Low => 'L',
        Label::High => 'H',
    };
    labels.iter().map(mark).collect()
}

fn method_of(name: &str) -> SpreadMethod {
    match name {
        "median" => SpreadMethod::MedianAbsoluteDeviation,
        "mean" => SpreadMethod::MeanAbsoluteDeviation,
        "resolution" => SpreadMethod::Resolution,
        _ => unreachable!("no such method"),
    }
}

#[test]
fn quantiles_by_all_nine_definitions_agree_with_numpy() {
    let golden = golden();
    assert!(golden.samples.len() >= 20);
    for sample in &golden.samples {
        let values = values(sample);
        for (definition, expected) in Definition::ALL.iter().zip(&sample.summary.quantiles) {
            for (p, expected) in golden.probabilities.iter().zip(expected) {
                let name = format!("{} {definition:?} at {p}", sample.name);
                assert_close(&name, quantile(&values, *p, *definition).unwrap(), *expected);
            }
        }
        assert_close(&sample.name, median(&values).unwrap(), sample.summary.median);
    }
}

#[test]
fn moments_agree_with_exact_fractions() {
    for sample in golden().samples {
        let (name, values, expected) = (&sample.name, values(&sample), &sample.summary);
        assert_close(name, mean(&values).unwrap(), expected.mean);
        match (variance(&values), expected.variance) {
            (Ok(found), Some(expected)) => assert_close(name, found, expected),
            (found, expected) => {
                assert_eq!(expected, None, "{name}");
                let error =
                    if values.len() < 2 { StatsError::TooFew { needed: 2, given: 1 } } else { StatsError::TooLarge };
                assert_eq!(found, Err(error), "{name}");
            }
        }
        if let Some(expected) = expected.standard_deviation {
            assert_close(name, standard_deviation(&values).unwrap(), expected);
        }
        match expected.coefficient_of_variation {
            Some(expected) => assert_close(name, coefficient_of_variation(&values).unwrap(), expected),
            None => assert!(coefficient_of_variation(&values).is_err(), "{name}"),
        }
    }
}

#[test]
fn trimmed_and_winsorised_moments_agree_with_scipy() {
    for sample in golden().samples {
        let (values, expected) = (values(&sample), &sample.summary);
        for (index, share) in [0.1, 0.2, 0.25].into_iter().enumerate() {
            let name = format!("{} trimmed by {share}", sample.name);
            assert_close(&name, trimmed_mean(&values, share).unwrap(), expected.trimmed[index]);
            let (expected_mean, expected_variance) = expected.winsorised[index];
            assert_close(&name, winsorised_mean(&values, share).unwrap(), expected_mean);
            match (winsorised_variance(&values, share), expected_variance) {
                (Ok(found), Some(expected)) => assert_close(&name, found, expected),
                (found, expected) => assert!(found.is_err() && expected.is_none(), "{name}"),
            }
        }
    }
}

#[test]
fn robust_spreads_agree_with_scipys_and_fall_back_in_the_same_order() {
    for sample in golden().samples {
        let (name, values, expected) = (&sample.name, values(&sample), &sample.summary);
        assert_close(name, median_absolute_deviation(&values).unwrap(), expected.mad);
        assert_close(name, mean_absolute_deviation(&values).unwrap(), expected.mean_absolute_deviation);
        assert_close(name, interquartile_range(&values).unwrap(), expected.iqr);
        for (resolution, value, method) in expected.spreads.iter().flatten() {
            let name = format!("{name} in steps of {resolution}");
            let found = robust_spread(&values, *resolution).unwrap();
            assert_close(&name, found.value, *value);
            assert_eq!(found.method, method_of(method), "{name}");
        }
    }
}

#[test]
fn labels_of_outliers_agree_with_their_definitions() {
    for sample in golden().samples {
        let (name, values, expected) = (&sample.name, values(&sample), &sample.outliers);
        if let Some(expected) = &expected.modified_z {
            assert_all_close(name, &modified_z_scores(&values).unwrap(), expected);
        }
        if let Some(expected) = &expected.double_mad {
            assert_all_close(name, &double_mad_scores(&values).unwrap(), expected);
        }
        assert_eq!(marks(&modified_z(&values, USUAL_LIMIT).unwrap()), expected.modified_z_labels, "{name}");
        assert_eq!(marks(&double_mad(&values, USUAL_LIMIT).unwrap()), expected.double_mad_labels, "{name}");
        assert_eq!(chauvenet(&values).ok().map(|labels| marks(&labels)), expected.chauvenet, "{name}");
        for (factor, (low, high, expected)) in &expected.tukey {
            let factor = factor.parse().unwrap();
            let fences = tukey_fences(&values, factor).unwrap();
            assert_close(name, fences.low, *low);
            assert_close(name, fences.high, *high);
            assert_eq!(marks(&tukey(&values, factor).unwrap()), *expected, "{name}");
        }
    }
}

#[test]
fn shapiro_and_wilks_test_agrees_with_roystons_algorithm_and_with_scipys() {
    let mut compared = 0;
    for sample in golden().samples {
        let (name, values) = (&sample.name, values(&sample));
        let (Some(expected), Some(scipy)) = (sample.shape.shapiro_wilk, sample.shape.shapiro_wilk_scipy) else {
            assert!(shapiro_wilk(&values).is_err(), "{name}");
            continue;
        };
        compared += 1;
        let found = shapiro_wilk(&values).unwrap();
        assert_test(name, found, expected);
        // SciPy takes normal quantiles of seven digits.
        assert_within(name, 1e-7, found.statistic, scipy.0);
        assert!((found.p_value - scipy.1).abs() < 1e-5, "{name}: {} rather than {}", found.p_value, scipy.1);
    }
    assert!(compared >= 20);
}

#[test]
fn lilliefors_test_agrees_with_statsmodels_and_nortest() {
    let expected = golden().samples.into_iter().filter_map(|sample| Some((sample.shape.lilliefors?, sample)));
    let compared = expected.map(|(expected, sample)| {
        assert_test(&sample.name, lilliefors(&values(&sample)).unwrap(), expected);
    });
    assert!(compared.count() >= 20);
}

#[test]
fn anderson_and_darlings_test_agrees_with_statsmodels() {
    let expected = golden().samples.into_iter().filter_map(|sample| Some((sample.shape.anderson_darling?, sample)));
    let compared = expected.map(|(expected, sample)| {
        let found = anderson_darling(&values(&sample)).unwrap();
        // A small rest of sums as large as the sample: the 1e-10 of the normal distribution in statrs show.
        assert_within(&sample.name, 1e-8, found.statistic, expected.0);
        assert_within(&sample.name, 1e-6, found.p_value, expected.1);
    });
    assert!(compared.count() >= 20);
}

#[test]
fn kolmogorov_and_smirnovs_test_agrees_with_scipys() {
    let mut compared = 0;
    for sample in golden().samples {
        let values = values(&sample);
        for (place, scale, statistic, p_value) in sample.shape.kolmogorov_smirnov.into_iter().flatten() {
            let name = format!("{} against {place} ± {scale}", sample.name);
            let normal = Normal::new(place, scale).unwrap();
            let found = kolmogorov_smirnov(&values, |value| normal.cdf(value)).unwrap();
            assert_close(&name, found.statistic, statistic);
            // Beyond 500 values the limit with its correction stands for the exact distribution.
            let tolerance = if found.method == Method::Exact { 1e-6 } else { 3e-3 };
            assert_within(&name, tolerance, found.p_value, p_value);
            compared += 1;
        }
    }
    assert!(compared >= 60);
}

#[test]
fn kolmogorovs_distribution_agrees_with_scipys_from_one_value_to_five_thousand() {
    for Kolmogorov { count, moved, statistic, p_value } in golden().kolmogorov {
        let name = format!("{count} moved by {moved}");
        let values: Vec<f64> = (0..count).map(|index| (f64::from(index) + 0.5) / f64::from(count) + moved).collect();
        let found = kolmogorov_smirnov(&values, |value| value.clamp(0.0, 1.0)).unwrap();
        assert_close(&name, found.statistic, statistic);
        let tolerance = if found.method == Method::Exact { 1e-6 } else { 3e-3 };
        assert_within(&name, tolerance, found.p_value, p_value);
    }
}

#[test]
fn the_two_sample_test_agrees_with_scipy_and_among_ties_with_counting_all_arrangements() {
    let between = golden().between;
    assert!(between.len() >= 20);
    for Between { base, head, statistic, p_value } in between {
        let found = kolmogorov_smirnov_between(&base, &head).unwrap();
        assert_eq!(found.method, Method::Exact);
        assert_test(&format!("{base:?} and {head:?}"), found, (statistic, p_value));
    }
}

#[test]
fn the_two_sample_test_of_large_samples_agrees_with_kolmogorovs_limit() {
    for BetweenLarge { base, head, shift, statistic, p_value } in golden().between_large {
        let one = formula("hump", 1..=base);
        let other = if shift > 0.5 { formula("tail", 1..=head) } else { formula("hump", base + 1..=base + head) };
        let other: Vec<f64> = other.iter().map(|value| value + shift).collect();
        let found = kolmogorov_smirnov_between(&one, &other).unwrap();
        assert_eq!(found.method, Method::Approximate);
        assert_test(&format!("{base} and {head}"), found, (statistic, p_value));
    }
}

#[test]
fn two_modes_are_found_where_their_definition_finds_them() {
    let mut found_some = 0;
    for sample in golden().samples {
        let (name, values) = (&sample.name, values(&sample));
        for (expected, resolution) in sample.shape.two_modes.into_iter().flatten().zip([0.0, 3.0]) {
            let found = two_modes(&values, resolution).unwrap();
            assert_eq!(found.is_some(), expected.is_some(), "{name}");
            if let (Some(found), Some(expected)) = (found, expected) {
                found_some += 1;
                assert_close(name, found.low, expected.low);
                assert_close(name, found.high, expected.high);
                assert_close(name, found.high_share, expected.high_share);
                assert_eq!(found.separation.is_finite(), expected.separation.is_some(), "{name}");
                assert_close(name, found.separation.min(1e300), expected.separation.unwrap_or(1e300));
            }
        }
    }
    assert!(found_some >= 3);
}

#[test]
fn decayed_and_rolling_summaries_agree_with_statsmodels_and_pandas() {
    let mut compared = 0;
    for sample in golden().samples {
        let (name, values) = (&sample.name, values(&sample));
        let Some(expected) = sample.smoothing else { continue };
        compared += 1;
        for expected in expected.decayed {
            let found = decayed(&values, expected.half_life, 0.0).unwrap();
            assert_close(name, found.mean, expected.mean);
            assert_close(name, found.median, expected.median);
            assert_close(name, found.median_absolute_deviation, expected.mad);
            assert_close(name, found.spread.value, expected.spread);
            assert_eq!(found.spread.method, method_of(&expected.method), "{name}");
            assert_close(name, found.effective_count, expected.effective_count);
        }
        assert_all_close(name, &exponential_average(&values, 0.2).unwrap(), &expected.exponential_average);
        for (window, [medians, means, mads]) in
            [(Window::Trailing(5), expected.trailing_5), (Window::Centred(3), expected.centred_3)]
        {
            assert_all_close(name, &rolling_median(&values, window).unwrap(), &medians);
            assert_all_close(name, &rolling_mean(&values, window).unwrap(), &means);
            assert_all_close(name, &rolling_median_absolute_deviation(&values, window).unwrap(), &mads);
        }
    }
    assert!(compared >= 20);
}
