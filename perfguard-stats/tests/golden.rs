//! Against `NumPy` and `SciPy`: values that `golden/generate.py` wrote.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use perfguard_stats::interval::median_interval;
use perfguard_stats::quantile::{median, quantile_of_sorted};
use perfguard_stats::sample::sorted;
use perfguard_stats::summary::{interquartile_range, median_absolute_deviation, scaled_mad};
use perfguard_stats::two_sample::ratio_interval;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    samples: Vec<Case>,
    ratios: Vec<Ratio>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    values: Vec<f64>,
    median: f64,
    quantiles: BTreeMap<String, f64>,
    mad: f64,
    scaled_mad: f64,
    iqr: f64,
    median_interval_95: Option<[f64; 2]>,
    median_interval_99: Option<[f64; 2]>,
}

#[derive(Deserialize)]
struct Ratio {
    base: Vec<f64>,
    head: Vec<f64>,
    #[serde(rename = "ratio")]
    expected: f64,
    interval_95: Option<[f64; 2]>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/golden.json")).unwrap()
}

/// Closed forms agree to 1e-9, relative; below the smallest normal number to one step.
#[track_caller]
fn assert_close(name: &str, found: f64, expected: f64) {
    let allowed = (expected.abs() * 1e-9).max(5e-324);
    assert!((found - expected).abs() <= allowed, "{name}: {found} rather than {expected}");
}

#[test]
fn quantiles_and_spreads_agree_with_numpy_and_scipy() {
    let samples = golden().samples;
    assert!(samples.len() >= 20);
    for case in samples {
        let name = &case.name;
        let values = sorted(&case.values).unwrap();
        assert_close(name, median(&case.values).unwrap(), case.median);
        for (p, expected) in &case.quantiles {
            assert_close(
                &format!("{name} at {p}"),
                quantile_of_sorted(&values, p.parse().unwrap()).unwrap(),
                *expected,
            );
        }
        assert_close(name, median_absolute_deviation(&case.values).unwrap(), case.mad);
        assert_close(name, scaled_mad(&case.values).unwrap(), case.scaled_mad);
        assert_close(name, interquartile_range(&case.values).unwrap(), case.iqr);
    }
}

#[test]
fn intervals_of_the_median_agree_with_scipys_binomial() {
    for case in golden().samples {
        for (level, expected) in [(0.95, case.median_interval_95), (0.99, case.median_interval_99)] {
            let name = format!("{} at {level}", case.name);
            match (median_interval(&case.values, level), expected) {
                (Ok(found), Some([low, high])) => {
                    assert_close(&name, found.low, low);
                    assert_close(&name, found.high, high);
                }
                (found, expected) => assert_eq!(found.is_ok(), expected.is_some(), "{name}"),
            }
        }
    }
}

#[test]
fn ratios_and_their_intervals_agree_with_scipys_exact_mann_whitney() {
    let ratios = golden().ratios;
    assert!(ratios.len() >= 20);
    for Ratio { base, head, expected, interval_95 } in ratios {
        let name = format!("{} against {}", head.len(), base.len());
        let found = ratio_interval(&base, &head, 0.95).unwrap();
        assert_close(&name, found.ratio, expected);
        match (found.interval, interval_95) {
            (Some(found), Some([low, high])) => {
                assert_close(&name, found.low, low);
                assert_close(&name, found.high, high);
            }
            (found, expected) => assert_eq!(found.is_some(), expected.is_some(), "{name}"),
        }
    }
}
