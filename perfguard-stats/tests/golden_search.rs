//! The search agrees with posteriors computed from the definitions by an independent script (`golden/search.py`).

use perfguard_stats::search::{Direction, Search, Settings};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    prior: Vec<f64>,
    down: bool,
    noise: f64,
    bias: f64,
    identical: Vec<(usize, usize)>,
    ends: Vec<f64>,
    observed: Vec<(usize, Vec<f64>)>,
    noise_found: f64,
    posterior: Vec<f64>,
    effect: f64,
    deviation: f64,
    stretches: Vec<(usize, usize, f64)>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/search.json")).expect("what the script wrote")
}

fn search(case: &Case) -> Search {
    let settings = Settings { noise: case.noise, bias: case.bias, ..Settings::default() };
    let direction = if case.down { Direction::Down } else { Direction::Up };
    let mut search = Search::new(settings, &case.prior, Some(direction), &case.ends).expect("a sound case");
    for (one, other) in &case.identical {
        search.identical(*one, *other).expect("a sound case");
    }
    for (commit, blocks) in &case.observed {
        search.observed(*commit, blocks).expect("a sound case");
    }
    search
}

/// Products of a few hundred densities whose neighbours follow from each other: nine digits remain.
fn assert_close(name: &str, found: f64, expected: f64) {
    let tolerance = 1e-9 * expected.abs().max(1e-3);
    assert!((found - expected).abs() <= tolerance, "{name}: {found} instead of {expected}");
}

#[test]
fn posteriors_agree_with_the_definition() {
    let cases = golden().cases;
    assert!(cases.len() >= 20);
    for case in cases {
        let search = search(&case);
        assert_close(&case.name, search.noise(), case.noise_found);
        let posterior = search.posterior();
        assert_eq!(posterior.len(), case.posterior.len());
        for (commit, (found, expected)) in posterior.iter().zip(&case.posterior).enumerate() {
            assert_close(&format!("{}, commit {}", case.name, commit + 1), *found, *expected);
        }
    }
}

#[test]
fn effects_agree_with_the_definition() {
    for case in golden().cases {
        let change = search(&case).outcome().changes.remove(0);
        assert_close(&case.name, change.effect, case.effect);
        // A variance is the small difference of two means of squares.
        assert!((change.deviation - case.deviation).abs() < 1e-7 * case.deviation, "{}", case.name);
    }
}

#[test]
fn probabilities_of_several_changes_agree_with_a_sum_over_every_way_to_cut() {
    for case in golden().cases {
        let stretches = search(&case).stretches();
        assert_eq!(stretches.len(), case.stretches.len(), "{}", case.name);
        for (found, (after, until, change)) in stretches.iter().zip(&case.stretches) {
            assert_eq!((found.after, found.until), (*after, *until), "{}", case.name);
            assert_close(&format!("{}, {after} to {until}", case.name), found.change, *change);
        }
    }
}
