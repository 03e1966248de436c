//! Whether differences lie more often on one side of zero.

use statrs::distribution::{Binomial, DiscreteCDF};

use crate::sample::{StatsError, check_finite};
use crate::two_sample::{Alternative, Basis, Significance};

/// The sign test: Dixon and Mood, *The statistical sign test*, Journal of the American Statistical Association 41 (1946).
///
/// The statistic is the number of differences above zero; those at zero say nothing and are left out. Exact at any number.
/// It asks nothing of the differences' distribution and sees least; the interval that belongs to it is that of the
/// median, [`median_interval`](crate::interval::median_interval).
///
/// # Errors
/// When there is no difference, or one is not finite.
///
/// ```
/// # use perfguard_stats::paired::{Alternative, sign_test};
/// let found = sign_test(&[1.0, 2.0, 0.5, 3.0, 0.0], Alternative::TwoSided).unwrap();
/// assert_eq!(found.statistic, 4.0);
/// assert!((found.p_value - 0.125).abs() < 1e-12, "two of the sixteen ways that four signs can fall");
/// ```
pub fn sign_test(differences: &[f64], alternative: Alternative) -> Result<Significance, StatsError> {
    check_finite(differences, 1)?;
    let above = differences.iter().filter(|difference| **difference > 0.0).count() as u64;
    let below = differences.iter().filter(|difference| **difference < 0.0).count() as u64;
    let signs = Binomial::new(0.5, above + below).map_err(|_| StatsError::NotAProbability(0.5))?;
    // By symmetry as many above as below: each chance is one of few.
    let p_value = alternative.p_value(signs.cdf(above), signs.cdf(below));
    let extreme = signs.cdf(0);
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let statistic = above as f64;
    let smallest_p_value = alternative.p_value(extreme, extreme);
    Ok(Significance { statistic, p_value, smallest_p_value, basis: Basis::Exact })
}
