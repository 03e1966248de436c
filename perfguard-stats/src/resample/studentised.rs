//! The bootstrap of a statistic in its own standard errors.

use super::bootstrap::at_least_two;
use crate::interval::Interval;
use crate::quantile::quantile_of_sorted;
use crate::random::Stream;
use crate::sample::{StatsError, check_level, check_result};

/// The bootstrap-t: Davison and Hinkley, *Bootstrap Methods and their Application* (1997), section 5.2.
///
/// It covers what it says from about ten values on; with fewer its intervals grow very wide.
///
/// ```
/// # use perfguard_stats::resample::{Studentised, statistic::trimmed_mean_with_error};
/// let values: Vec<f64> = (1..=20).map(f64::from).collect();
/// let interval = Studentised::of_sample(&values, 999, 7, trimmed_mean_with_error).unwrap().interval(0.95).unwrap();
/// assert!(5.0 < interval.low && interval.low < 10.5 && 10.5 < interval.high && interval.high < 16.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Studentised {
    estimate: f64,
    error: f64,
    /// Sorted; in standard errors, infinite where a resample had none.
    replicates: Vec<f64>,
}

impl Studentised {
    /// Of one sample. The statistic gets each resample sorted and gives an estimate and its standard error.
    ///
    /// # Errors
    /// When there are fewer than two values or resamples, a value is not finite, or the statistic or its error is not.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Studentised, statistic::trimmed_mean_with_error};
    /// let found = Studentised::of_sample(&[1.0, 2.0, 3.0, 4.0, 1000.0], 999, 7, trimmed_mean_with_error).unwrap();
    /// assert_eq!(found.estimate(), 3.0);
    /// ```
    pub fn of_sample(
        values: &[f64],
        resamples: usize,
        seed: u64,
        mut statistic: impl FnMut(&[f64]) -> (f64, f64),
    ) -> Result<Self, StatsError> {
        if resamples < 2 {
            return Err(StatsError::TooFewResamples { needed: 2, given: resamples });
        }
        let mut pool = at_least_two(values)?;
        let mut stream = Stream::new(seed);
        let finite = |(estimate, error): (f64, f64)| Ok((check_result(estimate)?, check_result(error)?));
        let (estimate, error) = finite(statistic(pool.all()))?;
        let replicates = (0..resamples).map(|_| {
            let (drawn, its_error) = finite(statistic(pool.draw(&mut stream)))?;
            let distance = drawn - estimate;
            // A resample of nothing but the estimate is no distance away, however many errors it is divided by.
            Ok(if distance.abs() > 0.0 { distance / its_error } else { 0.0 })
        });
        let mut replicates = replicates.collect::<Result<Vec<f64>, StatsError>>()?;
        replicates.sort_unstable_by(f64::total_cmp);
        Ok(Self { estimate, error, replicates })
    }

    /// The statistic of the sample itself, in its own unit.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Studentised, statistic::trimmed_mean_with_error};
    /// let found = Studentised::of_sample(&[1.0, 2.0, 3.0, 4.0, 5.0], 99, 7, trimmed_mean_with_error).unwrap();
    /// assert_eq!(found.estimate(), 3.0);
    /// ```
    pub fn estimate(&self) -> f64 {
        self.estimate
    }

    /// The two-sided interval, in the statistic's own unit.
    ///
    /// # Errors
    /// When the level is not between 0 and 1, or so many resamples had no standard error that the interval has no end.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Studentised, statistic::trimmed_mean_with_error};
    /// let values: Vec<f64> = (1..=20).map(f64::from).collect();
    /// let found = Studentised::of_sample(&values, 999, 7, trimmed_mean_with_error).unwrap();
    /// let (wide, narrow) = (found.interval(0.95).unwrap(), found.interval(0.5).unwrap());
    /// assert!(wide.low < narrow.low && narrow.high < wide.high);
    /// assert!(found.interval(1.5).is_err());
    /// ```
    pub fn interval(&self, level: f64) -> Result<Interval, StatsError> {
        let tail = (1.0 - check_level(level)?) / 2.0;
        if self.error <= 0.0 {
            return Ok(Interval { low: self.estimate, high: self.estimate });
        }
        let end = |p: f64| check_result(self.estimate - quantile_of_sorted(&self.replicates, p)? * self.error);
        let (low, high) = (end(1.0 - tail)?, end(tail)?);
        // Rounding between two neighbours must not put the ends beyond each other.
        Ok(Interval { low, high: high.max(low) })
    }
}
