//! What summaries promise, on cases that are known.

use super::*;
use crate::StatsError;
use crate::random::Stream;

#[test]
fn moments_of_values_far_from_zero_do_not_cancel() {
    let far: Vec<f64> = [1.0, 2.0, 3.0, 4.0].iter().map(|value| value + 1e15).collect();
    assert!((variance(&far).unwrap() - 5.0 / 3.0).abs() < 1e-15);
    assert!((mean(&far).unwrap() - (1e15 + 2.5)).abs() < f64::EPSILON);
}

#[test]
fn moments_of_the_largest_and_smallest_numbers_stay_in_range() {
    assert!((mean(&[f64::MAX, -f64::MAX, f64::MAX]).unwrap() / f64::MAX - 1.0 / 3.0).abs() < 1e-15);
    assert_eq!(variance(&[1e200, 3e200]), Err(StatsError::TooLarge));
    assert!((standard_deviation(&[1e200, 3e200]).unwrap() / 1e200 - 2.0_f64.sqrt()).abs() < 1e-15);
    assert_eq!(standard_deviation(&[-f64::MAX, f64::MAX]), Err(StatsError::TooLarge));
    let least = f64::from_bits(1);
    assert!(standard_deviation(&[least, 3.0 * least]).unwrap() > 0.0);
    assert!((coefficient_of_variation(&[least, 3.0 * least]).unwrap() - 0.5_f64.sqrt()).abs() < 1e-15);
}

#[test]
fn what_is_divided_by_must_not_be_zero() {
    assert_eq!(coefficient_of_variation(&[-1.0, 1.0]), Err(StatsError::ZeroMean));
    assert_eq!(variance(&[1.0]), Err(StatsError::TooFew { needed: 2, given: 1 }));
}

#[test]
fn however_much_is_trimmed_the_middle_stays() {
    let nearly_half = 0.5_f64.next_down();
    assert!((trimmed_mean(&[1.0, 2.0, 50.0], nearly_half).unwrap() - 2.0).abs() < f64::EPSILON);
    assert!((trimmed_mean(&[1.0, 3.0], nearly_half).unwrap() - 2.0).abs() < f64::EPSILON);
    assert!(trimmed_mean(&[1.0], 0.5).is_err());
    assert!(winsorised_variance(&[1.0, 2.0, 50.0], nearly_half).unwrap().abs() < f64::EPSILON);
}

#[test]
fn a_share_that_is_whole_but_for_rounding_trims_whole() {
    // 100 * 0.29 is 28.999999999999996: of 29 ones at each end none may stay.
    let values: Vec<f64> =
        (0..100).map(|index| if (29..71).contains(&index) { 0.0 } else { 1.0 } - f64::from(index)).collect();
    let middle: Vec<f64> = (29..71).map(|index| -f64::from(index)).collect();
    assert!((trimmed_mean(&values, 0.29).unwrap() - mean(&middle).unwrap()).abs() < 1e-12);
}

#[test]
fn the_spread_is_never_below_what_rounding_causes() {
    let one_tick = [5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 6.0];
    let found = robust_spread(&one_tick, 1.0).unwrap();
    assert_eq!(found.method, SpreadMethod::Resolution);
    assert!((found.value - 0.288_675).abs() < 1e-6);
    assert_eq!(robust_spread(&one_tick, 0.1).unwrap().method, SpreadMethod::MeanAbsoluteDeviation);
    assert!(robust_spread(&one_tick, f64::INFINITY).is_err());
}

#[test]
fn the_corrected_spread_of_normal_samples_of_any_size_is_one_on_average() {
    let mut stream = Stream::new(20);
    for count in [2, 3, 4, 5, 6, 7, 8, 9, 10, 25] {
        let spreads: Vec<f64> = (0..2_000)
            .map(|_| robust_spread(&(0..count).map(|_| stream.normal()).collect::<Vec<_>>(), 0.0).unwrap().value)
            .collect();
        let average = mean(&spreads).unwrap();
        let error = standard_deviation(&spreads).unwrap() / 2_000.0_f64.sqrt();
        // The published factors are right to about 1 %.
        assert!((average - 1.0).abs() < 0.012 + 4.0 * error, "{count} values: {average}");
    }
}
