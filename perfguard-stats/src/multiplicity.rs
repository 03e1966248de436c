//! Many tests at once: what their p-values and e-values say together.
//!
//! The gate itself is family-wise and needs none of this: it confirms. These are for reports.

use crate::StatsError;
use crate::sample::real;

/// P-values adjusted so that rejecting all below a level keeps the chance of even one false rejection below it, under any
/// dependence: Holm, *A simple sequentially rejective multiple test procedure*, Scandinavian Journal of Statistics 6 (1979).
///
/// In the order given, each at least its p and at most 1.
///
/// # Errors
/// When there is no p-value, or one is not from 0 to 1.
///
/// ```
/// # use perfguard_stats::multiplicity::holm;
/// assert_eq!(holm(&[0.01, 0.04, 0.03]).unwrap(), [0.03, 0.06, 0.06]);
/// ```
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, StatsError> {
    let order = ascending(p_values)?;
    let count = p_values.len();
    let mut adjusted = vec![1.0; count];
    let mut largest = 0.0_f64;
    for (place, (index, p)) in order.into_iter().enumerate() {
        largest = largest.max(p * real(count - place)).min(1.0);
        if let Some(slot) = adjusted.get_mut(index) {
            *slot = largest;
        }
    }
    Ok(adjusted)
}

/// P-values adjusted so that of all rejected below a level at most that share is false on average, if the tests are
/// independent or positively dependent: Benjamini and Hochberg, *Controlling the false discovery rate*, Journal of the
/// Royal Statistical Society B 57 (1995).
///
/// In the order given, each at least its p and at most 1.
///
/// # Errors
/// When there is no p-value, or one is not from 0 to 1.
///
/// ```
/// # use perfguard_stats::multiplicity::benjamini_hochberg;
/// assert_eq!(benjamini_hochberg(&[0.01, 0.04, 0.03]).unwrap(), [0.03, 0.04, 0.04]);
/// ```
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>, StatsError> {
    let order = ascending(p_values)?;
    let count = p_values.len();
    let mut adjusted = vec![1.0; count];
    let mut smallest = 1.0_f64;
    for (place, (index, p)) in order.into_iter().enumerate().rev() {
        smallest = smallest.min(p * real(count) / real(place + 1));
        if let Some(slot) = adjusted.get_mut(index) {
            // Multiplying and dividing must not round below the p itself.
            *slot = smallest.max(p);
        }
    }
    Ok(adjusted)
}

/// Which e-values to reject so that at most the share `rate` of the rejected is false on average, under any dependence:
/// the `k` largest, for the largest `k` whose `k`-th is at least `count / (k rate)`: Wang and Ramdas, *False discovery rate
/// control with e-values*, Journal of the Royal Statistical Society B 84 (2022).
///
/// In the order given.
///
/// # Errors
/// When there is no e-value, one is negative or NaN, or the rate is not between 0 and 1.
///
/// ```
/// # use perfguard_stats::multiplicity::e_benjamini_hochberg;
/// assert_eq!(e_benjamini_hochberg(&[300.0, 0.5, 40.0], 0.05).unwrap(), [true, false, true]);
/// ```
pub fn e_benjamini_hochberg(e_values: &[f64], rate: f64) -> Result<Vec<bool>, StatsError> {
    let rate = crate::sample::check_level(rate)?;
    if e_values.is_empty() {
        return Err(StatsError::TooFew { needed: 1, given: 0 });
    }
    if let Some(index) = e_values.iter().position(|value| value.is_nan() || *value < 0.0) {
        return Err(StatsError::NotPositive { index });
    }
    let mut order: Vec<usize> = (0..e_values.len()).collect();
    let value = |index: usize| e_values.get(index).copied().unwrap_or(0.0);
    order.sort_by(|one, other| value(*other).total_cmp(&value(*one)));
    let enough = |place: usize| real(e_values.len()) / (real(place + 1) * rate);
    let rejected = order.iter().enumerate().rposition(|(place, index)| value(*index) >= enough(place));
    let mut reject = vec![false; e_values.len()];
    for index in order.iter().take(rejected.map_or(0, |place| place + 1)) {
        if let Some(slot) = reject.get_mut(*index) {
            *slot = true;
        }
    }
    Ok(reject)
}

/// The e-value of several runs with data of their own, against the same hypothesis: their product. Never infinite unless
/// one is.
///
/// # Errors
/// When there is none, or one is negative or NaN.
///
/// ```
/// # use perfguard_stats::multiplicity::combine_e_values;
/// assert_eq!(combine_e_values(&[4.0, 0.5, 10.0]).unwrap(), 20.0);
/// ```
pub fn combine_e_values(e_values: &[f64]) -> Result<f64, StatsError> {
    if e_values.is_empty() {
        return Err(StatsError::TooFew { needed: 1, given: 0 });
    }
    if let Some(index) = e_values.iter().position(|value| value.is_nan() || *value < 0.0) {
        return Err(StatsError::NotPositive { index });
    }
    if e_values.contains(&0.0) {
        return Ok(0.0);
    }
    let product: f64 = e_values.iter().product();
    Ok(if e_values.iter().all(|value| value.is_finite()) { product.min(f64::MAX) } else { product })
}

/// The chance that a suite of so many benchmarks without a change fails, when a false alarm must pass two stages with
/// data of their own: `1 - (1 - first × second)^count`.
///
/// # Errors
/// When a rate is not from 0 to 1.
///
/// ```
/// # use perfguard_stats::multiplicity::suite_error_rate;
/// assert!(suite_error_rate(0.0113, 0.0087, 50).unwrap() < 0.01);
/// ```
pub fn suite_error_rate(first: f64, second: f64, count: usize) -> Result<f64, StatsError> {
    for rate in [first, second] {
        if !(0.0..=1.0).contains(&rate) {
            return Err(StatsError::NotAProbability(rate));
        }
    }
    if count == 0 {
        return Ok(0.0);
    }
    Ok(-(real(count) * (-first * second).ln_1p()).exp_m1())
}

/// P-values with their indices, smallest first.
fn ascending(p_values: &[f64]) -> Result<Vec<(usize, f64)>, StatsError> {
    if p_values.is_empty() {
        return Err(StatsError::TooFew { needed: 1, given: 0 });
    }
    if let Some(p) = p_values.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(StatsError::NotAProbability(*p));
    }
    let mut order: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    order.sort_by(|one, other| one.1.total_cmp(&other.1));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_e_value_that_is_just_enough_is_rejected() {
        assert_eq!(e_benjamini_hochberg(&[20.0], 0.05).unwrap(), [true]);
        assert_eq!(e_benjamini_hochberg(&[19.9], 0.05).unwrap(), [false]);
    }

    #[test]
    fn a_product_beyond_all_numbers_is_the_largest() {
        assert!(combine_e_values(&[1e200, 1e200]).unwrap().is_finite());
        assert!(combine_e_values(&[1.0, f64::INFINITY]).unwrap().is_infinite());
        assert_eq!(combine_e_values(&[0.0, f64::INFINITY]).unwrap().to_bits(), 0);
    }

    #[test]
    fn what_is_no_p_or_e_value_is_an_error() {
        for p in [-1e-300, 1.0 + 1e-15, f64::NAN] {
            assert_eq!(holm(&[0.5, p]).is_err(), benjamini_hochberg(&[p]).is_err());
            assert!(holm(&[0.5, p]).is_err(), "{p}");
        }
        for e in [-1e-300, f64::NAN] {
            assert_eq!(e_benjamini_hochberg(&[1.0, e], 0.05), Err(StatsError::NotPositive { index: 1 }), "{e}");
            assert_eq!(combine_e_values(&[1.0, e]), Err(StatsError::NotPositive { index: 1 }), "{e}");
        }
        assert!(holm(&[]).is_err() && e_benjamini_hochberg(&[], 0.05).is_err() && combine_e_values(&[]).is_err());
        assert_eq!(e_benjamini_hochberg(&[0.0, f64::INFINITY], 0.05).unwrap(), [false, true]);
        assert!(e_benjamini_hochberg(&[1.0], 1.0).is_err());
    }

    #[test]
    fn a_suite_of_nothing_never_fails_and_one_of_sure_alarms_always_does() {
        assert_eq!(suite_error_rate(1.0, 1.0, 0).unwrap().to_bits(), 0);
        assert!((suite_error_rate(1.0, 1.0, 3).unwrap() - 1.0).abs() < 1e-15);
        let both = 1.0 - (1.0 - 0.25 * 0.5_f64).powi(3);
        assert!((suite_error_rate(0.25, 0.5, 3).unwrap() - both).abs() < 1e-15);
        for rate in [-0.1, 1.1, f64::NAN] {
            assert!(suite_error_rate(rate, 0.5, 3).is_err() && suite_error_rate(0.5, rate, 3).is_err(), "{rate}");
        }
    }
}
