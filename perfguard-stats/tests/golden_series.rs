//! Against statsmodels, `SciPy` and plain dynamic programming: values that `golden/series.py` wrote.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::LazyLock;

use perfguard_stats::changepoint::{Settings, change_points, segments, single_change};
use perfguard_stats::dependence::{autocorrelation, effective_size, lag_one, residual_correlation};
use perfguard_stats::trend::{
    adaptive_threshold, drift, least_squares, mann_kendall, memory_leak, prediction_interval, theil_sen,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    series: Vec<Series>,
    residuals: Vec<Residuals>,
    drifts: Vec<Drifting>,
    leaks: Vec<Leaking>,
    segments: Vec<Cut>,
    singles: Vec<Single>,
    histories: Vec<History>,
}

#[derive(Deserialize)]
struct Series {
    name: String,
    values: Vec<f64>,
    autocorrelation: Vec<f64>,
    lag_one: f64,
    sen: Sen,
    kendall: Kendall,
    line: Option<Line>,
    prediction: Option<[f64; 2]>,
    threshold: Option<f64>,
}

#[derive(Deserialize)]
struct Sen {
    slope: f64,
    intercept: f64,
    interval: Option<[f64; 2]>,
}

#[derive(Deserialize)]
struct Kendall {
    score: f64,
    z: f64,
    p_value: f64,
    effective_size: f64,
    corrected_z: f64,
    corrected_p_value: f64,
}

#[derive(Deserialize)]
struct Line {
    slope: f64,
    intercept: f64,
    standard_error: f64,
    p_value: f64,
    effective_size: f64,
    corrected_error: f64,
    corrected_p_value: f64,
    interval: [f64; 2],
}

#[derive(Deserialize)]
struct Residuals {
    values: Vec<f64>,
    correlation: f64,
}

#[derive(Deserialize)]
struct Drifting {
    values: Vec<f64>,
    margin: f64,
    change: f64,
    spread: f64,
    steady: bool,
    shown: bool,
}

#[derive(Deserialize)]
struct Leaking {
    name: String,
    values: Vec<f64>,
    least: f64,
    growth: f64,
    slope: f64,
    z: f64,
    floor_z: f64,
    suspected: bool,
}

#[derive(Deserialize)]
struct Cut {
    values: Vec<f64>,
    found: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    penalty: f64,
    shortest: usize,
    starts: Vec<usize>,
}

#[derive(Deserialize)]
struct Single {
    values: Vec<f64>,
    index: usize,
    z: f64,
    p_value: f64,
    effective_size: f64,
}

#[derive(Deserialize)]
struct History {
    name: String,
    values: Option<Vec<f64>>,
    spread: f64,
    correlation: f64,
    points: Vec<Point>,
}

#[derive(Deserialize)]
struct Point {
    index: usize,
    level_before: f64,
    level_after: f64,
    ratio: f64,
    interval: [f64; 2],
    p_value: f64,
}

/// Read once for all tests.
static GOLDEN: LazyLock<Golden> =
    LazyLock::new(|| serde_json::from_str(include_str!("../golden/series.json")).unwrap());

/// Closed forms agree to 1e-9 of themselves, or of `scale` where they are what large numbers leave of one another;
/// below the smallest normal number to two steps.
#[track_caller]
fn assert_within(name: &str, found: f64, expected: f64, scale: f64) {
    let allowed = (expected.abs().max(scale.abs()) * 1e-9).max(1e-323);
    assert!((found - expected).abs() <= allowed, "{name}: {found} rather than {expected}");
}

#[track_caller]
fn assert_close(name: &str, found: f64, expected: f64) {
    assert_within(name, found, expected, 0.0);
}

/// p-values agree to 1e-6 of themselves, since they magnify what their statistic is off by; those below 1e-250 are as
/// good as none.
#[track_caller]
fn assert_same_chance(name: &str, found: f64, expected: f64) {
    assert!((found - expected).abs() <= expected.abs() * 1e-6 + 1e-250, "{name}: {found} rather than {expected}");
}

/// How far apart the values lie, of which slopes and levels are what is left.
fn range(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::MIN, f64::max);
    let smallest = values.iter().copied().fold(f64::MAX, f64::min);
    // Halves cannot overflow.
    (largest / 2.0 - smallest / 2.0).max(largest.abs() * 1e-7)
}

#[test]
fn autocorrelations_agree_with_statsmodels() {
    let series = &GOLDEN.series;
    assert!(series.len() >= 20);
    for case in series {
        let name = &case.name;
        let found = autocorrelation(&case.values, case.autocorrelation.len() - 1).unwrap();
        for (found, expected) in found.iter().zip(&case.autocorrelation) {
            assert_within(name, *found, *expected, 1.0);
        }
        assert_within(name, lag_one(&case.values).unwrap(), case.lag_one, 1.0);
    }
}

#[test]
fn correlations_of_residuals_agree_with_their_formula() {
    let residuals = &GOLDEN.residuals;
    assert!(residuals.len() >= 20);
    for Residuals { values, correlation } in residuals {
        assert_within(&values.len().to_string(), residual_correlation(values).unwrap(), *correlation, 1.0);
    }
}

#[test]
fn slopes_by_pairs_and_their_intervals_agree_with_scipy() {
    for case in &GOLDEN.series {
        let name = &case.name;
        let found = theil_sen(&case.values, 0.95).unwrap();
        let scale = range(&case.values) * 1e-3;
        assert_within(name, found.slope, case.sen.slope, scale);
        assert_within(name, found.intercept, case.sen.intercept, range(&case.values));
        match (found.interval, case.sen.interval) {
            (Some(found), Some([low, high])) => {
                assert_within(name, found.low, low, scale);
                assert_within(name, found.high, high, scale);
            }
            (found, expected) => assert_eq!(found.is_some(), expected.is_some(), "{name}"),
        }
    }
}

#[test]
fn trends_by_ranks_agree_with_pymannkendall() {
    for Series { name, values, kendall, .. } in &GOLDEN.series {
        let found = mann_kendall(values).unwrap();
        assert_close(name, found.score, kendall.score);
        assert_close(name, found.z, kendall.z);
        assert_same_chance(name, found.p_value, kendall.p_value);
        assert_close(name, found.effective_size, kendall.effective_size);
        assert_close(name, found.corrected_z, kendall.corrected_z);
        assert_same_chance(name, found.corrected_p_value, kendall.corrected_p_value);
    }
}

#[test]
fn lines_of_least_squares_agree_with_scipy() {
    let mut compared = 0;
    for case in &GOLDEN.series {
        let (name, Some(line)) = (&case.name, &case.line) else { continue };
        compared += 1;
        let found = least_squares(&case.values, 0.95).unwrap();
        let scale = range(&case.values) * 1e-3;
        assert_within(name, found.slope, line.slope, scale);
        assert_within(name, found.intercept, line.intercept, range(&case.values));
        assert_within(name, found.standard_error, line.standard_error, scale);
        assert_close(name, found.effective_size, line.effective_size);
        assert_within(name, found.corrected_error, line.corrected_error, scale);
        assert_within(name, found.interval.low, line.interval[0], scale);
        assert_within(name, found.interval.high, line.interval[1], scale);
        // A line without any error is left with what rounding makes of it.
        if name != "line" {
            assert_same_chance(name, found.p_value, line.p_value);
            assert_same_chance(name, found.corrected_p_value, line.corrected_p_value);
        }
    }
    assert!(compared >= 20);
}

#[test]
fn predictions_and_thresholds_agree_with_their_formulas() {
    let (mut predicted, mut limited) = (0, 0);
    for case in &GOLDEN.series {
        if let Some([low, high]) = case.prediction {
            predicted += 1;
            let found = prediction_interval(&case.values, 0.95).unwrap();
            assert_within(&case.name, found.low, low, range(&case.values));
            assert_within(&case.name, found.high, high, range(&case.values));
        }
        if let Some(threshold) = case.threshold {
            limited += 1;
            assert_close(&case.name, adaptive_threshold(&case.values, 1.5, 0.01).unwrap(), threshold);
        }
    }
    assert!(predicted >= 20 && limited >= 20);
}

#[test]
fn the_drift_rule_decides_as_written_out() {
    let drifts = &GOLDEN.drifts;
    assert!(drifts.len() >= 20 && drifts.iter().any(|case| case.shown) && drifts.iter().any(|case| !case.shown));
    for (number, case) in drifts.iter().enumerate() {
        let name = &number.to_string();
        let found = drift(&case.values, case.margin).unwrap();
        assert_within(name, found.change, case.change, 1.0);
        assert_within(name, found.spread, case.spread, 1.0);
        assert_eq!((found.steady, found.shown), (case.steady, case.shown), "{name}");
    }
}

#[test]
fn the_leak_rule_decides_as_written_out() {
    let leaks = &GOLDEN.leaks;
    assert!(leaks.len() >= 20 && leaks.iter().any(|case| case.suspected));
    for case in leaks {
        let name = &format!("{} of {}", case.name, case.values.len());
        let found = memory_leak(&case.values, case.least).unwrap();
        assert_within(name, found.growth, case.growth, range(&case.values));
        assert_within(name, found.slope, case.slope, range(&case.values) * 1e-3);
        assert_close(name, found.z, case.z);
        assert_close(name, found.floor_z, case.floor_z);
        assert_eq!(found.suspected, case.suspected, "{name}");
    }
}

#[test]
fn segments_are_those_of_plain_dynamic_programming() {
    let cuts = &GOLDEN.segments;
    assert!(cuts.len() >= 20);
    for Cut { values, found } in cuts {
        for Found { penalty, shortest, starts } in found {
            let name = format!("{} values at {penalty}", values.len());
            assert_eq!(&segments(values, *penalty, *shortest).unwrap(), starts, "{name}");
        }
    }
}

#[test]
fn single_changes_agree_with_scipys_mann_whitney_and_owens_t() {
    let singles = &GOLDEN.singles;
    assert!(singles.len() >= 20);
    for (number, case) in singles.iter().enumerate() {
        let name = &format!("{number}, {} values", case.values.len());
        let found = single_change(&case.values).unwrap();
        assert_eq!(found.index, case.index, "{name}");
        assert_close(name, found.effective_size, case.effective_size);
        // SciPy's statistic was read back from its p-value.
        assert!((found.z - case.z).abs() < 1e-7, "{name}: {} rather than {}", found.z, case.z);
        assert!((found.p_value - case.p_value).abs() <= 1e-6 * case.p_value, "{name}");
    }
}

#[test]
fn change_points_are_those_of_the_detector_written_out() {
    let histories = &GOLDEN.histories;
    assert!(histories.len() >= 20);
    for case in histories {
        let name = &case.name;
        let values = case.values.clone().unwrap_or_else(|| public(name));
        let found = change_points(&values, Settings::default()).unwrap();
        assert_close(name, found.spread, case.spread);
        assert_within(name, found.correlation, case.correlation, 1.0);
        let indices: Vec<usize> = found.points.iter().map(|point| point.index).collect();
        assert_eq!(indices, case.points.iter().map(|point| point.index).collect::<Vec<_>>(), "{name}");
        for (found, expected) in found.points.iter().zip(&case.points) {
            assert_close(name, found.level_before, expected.level_before);
            assert_close(name, found.level_after, expected.level_after);
            assert_close(name, found.ratio, expected.ratio);
            assert_close(name, found.interval.low, expected.interval[0]);
            assert_close(name, found.interval.high, expected.interval[1]);
            assert_same_chance(name, found.p_value, expected.p_value);
        }
    }
}

/// What is known of the public series, whatever the script says.
#[test]
fn the_changes_of_public_series_are_found() {
    let found = |name| -> Vec<usize> {
        change_points(&public(name), Settings::default()).unwrap().points.iter().map(|point| point.index).collect()
    };
    assert_eq!(found("otava/tigerbeetle"), [15, 61, 71, 95, 131, 192]);
    assert_eq!(found("mongodb_spa/robust_series"), [25, 68, 114]);
    assert!(found("mongodb_spa/real_series").is_empty());
    assert!(found("mongodb_spa/mad_series").is_empty());
}

fn public(name: &str) -> Vec<f64> {
    #[derive(Deserialize)]
    struct Otava {
        series: Vec<f64>,
    }
    match name {
        "otava/tigerbeetle" => {
            serde_json::from_str::<Otava>(include_str!("../golden/data/otava/tigerbeetle.json")).unwrap().series
        }
        "mongodb_spa/robust_series" => {
            serde_json::from_str(include_str!("../golden/data/mongodb_spa/robust_series.json")).unwrap()
        }
        "mongodb_spa/real_series" => {
            serde_json::from_str(include_str!("../golden/data/mongodb_spa/real_series.json")).unwrap()
        }
        _ => serde_json::from_str(include_str!("../golden/data/mongodb_spa/mad_series.json")).unwrap(),
    }
}

#[test]
fn the_effective_size_follows_its_formula_and_keeps_its_ends() {
    for count in [1, 2, 5, 6, 20, 100, 5_000] {
        for (correlation, expected) in [(0.0, 1.0), (0.2, 0.8 / 1.2), (0.5, 1.0 / 3.0), (0.9, 0.1 / 1.9), (-0.3, 1.0)] {
            #[expect(clippy::cast_precision_loss, reason = "small counts")]
            let (expected, least) = (count as f64 * expected, count.min(5) as f64);
            assert_close(&format!("{count} at {correlation}"), effective_size(count, correlation), expected.max(least));
        }
    }
}
