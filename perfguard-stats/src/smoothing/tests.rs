//! What weighted and rolling summaries promise, on cases that are known.

use super::*;
use crate::StatsError;
use crate::random::Stream;
use crate::summary::SpreadMethod;

#[test]
fn weights_without_weight_or_of_another_length_are_rejected() {
    assert_eq!(weighted_mean(&[1.0, 2.0], &[1.0]), Err(StatsError::LengthsDiffer { one: 2, other: 1 }));
    assert_eq!(weighted_median(&[1.0], &[0.0]), Err(StatsError::TooFew { needed: 1, given: 0 }));
    assert!(weighted_mean(&[1.0], &[-1.0]).is_err());
    assert!(effective_count(&[]).is_err());
}

#[test]
fn values_without_weight_do_not_count() {
    assert!((weighted_median(&[100.0, 1.0, 3.0], &[0.0, 1.0, 1.0]).unwrap() - 2.0).abs() < f64::EPSILON);
    assert!((effective_count(&[0.0, 1.0, 1.0]).unwrap() - 2.0).abs() < f64::EPSILON);
}

#[test]
fn equal_weights_that_do_not_add_up_exactly_still_give_the_middle() {
    // Ten times 0.1 is not 1.
    let values: Vec<f64> = (0..10).map(f64::from).collect();
    assert!((weighted_median(&values, &[0.1; 10]).unwrap() - 4.5).abs() < f64::EPSILON);
}

#[test]
fn the_effective_count_of_a_long_series_tends_to_2_9_half_lives() {
    let weights = decay_weights(1_000, 10.0).unwrap();
    assert!((effective_count(&weights).unwrap() - 2.0 * 10.0 / std::f64::consts::LN_2).abs() < 0.1);
}

#[test]
fn a_decayed_spread_falls_back_like_any_other() {
    let steady = [5.0; 12];
    assert_eq!(decayed(&steady, 4.0, 1.0).unwrap().spread.method, SpreadMethod::Resolution);
    let one_off = [5.0, 5.0, 5.0, 5.0, 5.0, 9.0, 5.0, 5.0];
    assert_eq!(decayed(&one_off, 4.0, 0.0).unwrap().spread.method, SpreadMethod::MeanAbsoluteDeviation);
}

#[test]
fn the_decayed_spread_of_normal_values_is_about_one() {
    let mut stream = Stream::new(21);
    let spreads = (0..1_000).map(|_| {
        let values: Vec<f64> = (0..40).map(|_| stream.normal()).collect();
        decayed(&values, 10.0, 0.0).unwrap().spread.value
    });
    let average = spreads.sum::<f64>() / 1_000.0;
    assert!((average - 1.0).abs() < 0.03, "{average}");
}

#[test]
fn a_half_life_too_long_for_a_number_is_rejected() {
    assert!(weight_of_newest(1e300).is_ok());
    assert!(weight_of_newest(f64::INFINITY).is_err());
    assert!(weight_of_newest(0.0).is_err());
    assert!(decay_weights(3, f64::NAN).is_err());
}

#[test]
fn an_average_of_what_stays_normal_leaves_its_limits_once_in_1_100_values() {
    let mut stream = Stream::new(22);
    let weight = weight_of_newest(10.0).unwrap();
    let mut lengths = 0;
    for _ in 0..60 {
        let values: Vec<f64> = (0..4_000).map(|_| stream.normal()).collect();
        let chart = control_chart(&values, weight, 0.0, 1.0, 3.0).unwrap();
        lengths += chart.first_beyond().unwrap_or(values.len());
    }
    // Cut at 4,000 the waiting time is 1,080 on average, and that of 60 runs known to 130: four of these either way.
    assert!((560..1_600).contains(&(lengths / 60)), "{}", lengths / 60);
}

#[test]
fn a_window_without_length_is_rejected_and_a_huge_one_holds_everything() {
    assert!(rolling_median(&[1.0], Window::Trailing(0)).is_err());
    assert_eq!(rolling_median(&[1.0, 3.0], Window::Centred(usize::MAX)).unwrap(), [2.0, 2.0]);
    assert_eq!(rolling_mean(&[1.0, 3.0], Window::Trailing(usize::MAX)).unwrap(), [1.0, 2.0]);
}
