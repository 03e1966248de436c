//! Public behaviour by hand-made histories, and the parts that only the detector sees.

use super::evidence::around;
use super::noise::running_median;
use super::search::p_value_of_best_split;
use super::*;
use crate::random::Stream;

/// Noise of 2 % about 100, and 20 % more from each of these places on.
fn history(count: usize, steps: &[usize], seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed);
    let level = |index: usize| 100.0 * 1.2_f64.powi(steps.iter().filter(|step| **step <= index).map(|_| 1).sum());
    (0..count).map(|index| level(index) * (0.02 * stream.normal()).exp()).collect()
}

fn found(values: &[f64]) -> Changes {
    change_points(values, Settings::default()).unwrap()
}

fn indices(changes: &Changes) -> Vec<usize> {
    changes.points.iter().map(|point| point.index).collect()
}

/// The least cost of all segmentations, by trying them all.
fn least_cost(values: &[f64], penalty: f64, shortest: usize) -> f64 {
    let cost = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / crate::sample::real(values.len());
        values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() + penalty
    };
    let mut least = vec![f64::INFINITY; values.len() + 1];
    least[0] = 0.0;
    for end in shortest..=values.len() {
        least[end] =
            (0..=end - shortest).map(|start| least[start] + cost(&values[start..end])).fold(f64::MAX, f64::min);
    }
    least[values.len()]
}

#[test]
fn no_segmentation_costs_less_than_the_one_found() {
    let mut stream = Stream::new(4);
    for round in 0..120 {
        let count = 3 + usize::try_from(stream.below(60)).unwrap();
        // Every third series has many equal values.
        let values: Vec<f64> = (0..count)
            .map(|index| stream.normal() + if index > count / 2 { 2.0 } else { 0.0 })
            .map(|value| if round % 3 == 0 { value.round() } else { value })
            .collect();
        let (penalty, shortest) = (10.0 * stream.unit(), 1 + round % 3);
        let starts = segments(&values, penalty, shortest).unwrap();
        let cost: f64 = noise::pieces(&values, &starts).map(|piece| least_cost(piece, penalty, piece.len())).sum();
        let least = least_cost(&values, penalty, shortest);
        assert!((cost - least).abs() < 1e-9 * least.max(1.0), "{cost} rather than {least}");
    }
}

#[test]
fn a_step_is_pending_with_three_or_four_values_and_shown_with_five() {
    for after in 3..8 {
        let changes = found(&history(60 + after, &[60], 8));
        assert_eq!(indices(&changes).len(), usize::from(after >= 5), "{after}");
        assert_eq!(changes.pending.map(|point| point.index), (after < 5).then_some(60), "{after}");
    }
}

#[test]
fn a_spike_is_no_change_wherever_it_is() {
    for place in 0..40 {
        let mut values = history(40, &[], 3);
        values[place] *= 5.0;
        let changes = found(&values);
        assert!(changes.points.is_empty() && changes.pending.is_none(), "{place}");
    }
}

#[test]
fn exact_counts_show_every_step_beyond_the_smallest_and_none_below() {
    let level = |index: usize| match index {
        0..20 => 1_000_000.0,
        20..45 => 1_030_000.0,
        // Half a per cent.
        45..70 => 1_035_000.0,
        _ => 3_000_000.0,
    };
    let values: Vec<f64> = (0..90).map(level).collect();
    let changes = found(&values);
    assert_eq!(indices(&changes), [20, 70]);
    assert!((changes.points[0].ratio - 1.03).abs() < 0.005);
    let finer = change_points(&values, Settings { smallest_step: 0.001, ..Settings::default() }).unwrap();
    assert_eq!(indices(&finer), [20, 45, 70]);
}

#[test]
fn values_that_never_change_have_one_regime() {
    let changes = found(&[7.0; 30]);
    assert_eq!(changes.regimes, [Regime { start: 0, end: 30, level: 7.0 }]);
    assert!(changes.points.is_empty() && changes.pending.is_none());
    assert!(single_change(&[7.0; 30]).unwrap().p_value >= 1.0);
}

#[test]
fn regimes_lie_between_the_change_points_and_levels_beside_them() {
    let changes = found(&history(100, &[30, 60], 5));
    assert_eq!(indices(&changes), [30, 60]);
    let ends: Vec<(usize, usize)> = changes.regimes.iter().map(|regime| (regime.start, regime.end)).collect();
    assert_eq!(ends, [(0, 30), (30, 60), (60, 100)]);
    for (point, sides) in changes.points.iter().zip(changes.regimes.windows(2)) {
        assert!((point.level_before / sides[0].level - 1.0).abs() < 0.02);
        assert!((point.level_after / sides[1].level - 1.0).abs() < 0.02);
        assert!(point.p_value < 1e-6 && point.interval.low < 1.2 && 1.2 < point.interval.high);
    }
}

#[test]
fn old_change_points_stay_when_new_values_come() {
    let values = history(200, &[30, 60, 90, 120, 190], 6);
    let early = found(&values[..150]);
    assert_eq!(indices(&early), [30, 60, 90, 120]);
    let late = early.extended(&values, Settings::default()).unwrap();
    assert_eq!(indices(&late), [30, 60, 90, 120, 190]);
    assert_eq!(late.points[..2], early.points[..2]);
    assert_eq!(late.regimes.iter().map(|regime| regime.end).collect::<Vec<_>>(), [30, 60, 90, 120, 190, 200]);
    // Fewer values than before are a series of their own.
    assert_eq!(early.extended(&values[..40], Settings::default()).unwrap(), found(&values[..40]));
}

#[test]
fn the_place_of_a_small_step_is_a_range_and_of_a_large_one_a_point() {
    let step = |size: f64| {
        let mut values = history(80, &[], 9);
        values[40..].iter_mut().for_each(|value| *value *= size);
        let changes = found(&values);
        let [point] = changes.points[..] else { panic!("one step of {size}") };
        assert!(point.earliest <= 40 && 40 <= point.latest);
        point.latest - point.earliest
    };
    assert!(step(1.04) > step(1.5));
    assert_eq!(step(1.5), 0);
}

#[test]
fn a_search_makes_a_difference_less_surprising_but_never_more_than_its_number_of_places_would() {
    let once = 2.0 * statrs::distribution::ContinuousCDF::sf(&statrs::distribution::Normal::standard(), 4.0);
    let searched = p_value_of_best_split(4.0, 100, 5);
    assert!(once < searched && searched < 91.0 * once);
    assert!(p_value_of_best_split(0.0, 100, 5) >= 1.0);
    assert!(p_value_of_best_split(f64::INFINITY, 100, 5) <= 0.0);
}

#[test]
fn the_running_median_repeats_the_ends() {
    let mut values = [1.0; 12];
    values[6] = 9.0;
    assert_eq!(running_median(&values), [1.0; 12]);
    assert_eq!(running_median(&[1.0, 2.0]), [1.0, 2.0]);
    assert!(running_median(&[]).is_empty());
    assert_eq!(around(&[3, 7], 1, 10), (3, 7, 10));
}

#[test]
fn what_cannot_be_searched_is_said() {
    use crate::StatsError;
    let refused =
        |values: &[f64], smallest_step, level| change_points(values, Settings { smallest_step, level }).unwrap_err();
    assert_eq!(refused(&[1.0; 11], 0.01, 0.95), StatsError::TooFew { needed: 12, given: 11 });
    assert_eq!(refused(&[0.0; 12], 0.01, 0.95), StatsError::NotPositive { index: 0 });
    assert_eq!(refused(&[1.0; 12], -0.01, 0.95), StatsError::NotAnAmount(-0.01));
    assert_eq!(refused(&[1.0; 12], 0.01, 1.0), StatsError::NotAProbability(1.0));
}
