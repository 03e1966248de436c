//! A location, or a difference of two, with a standard error: its t test and its interval.

use super::scale::Scale;
use super::significance::Alternative;
use super::student::Student;
use crate::interval::Interval;
use crate::sample::{StatsError, check_level, check_limit, check_result};

/// What a t test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LocationTest {
    /// The location, or the difference head less base, in the values' own unit.
    pub estimate: f64,
    /// Its standard error, in the values' own unit; 0 where the values do not differ.
    pub standard_error: f64,
    /// Degrees of freedom of the t distribution, at least 1.
    pub degrees_of_freedom: f64,
    /// The estimate less its hypothesis, in standard errors; `None` where the values do not differ, and the p-value
    /// comes from comparing them.
    pub statistic: Option<f64>,
    /// The chance, were the hypothesis true, of a statistic at least as extreme; 0 to 1.
    pub p_value: f64,
    /// The two-sided interval of the estimate at the level asked for, in the values' own unit.
    pub interval: Interval,
}

/// An estimate and its standard error, in a scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Located {
    pub(crate) scale: Scale,
    pub(crate) estimate: f64,
    pub(crate) error: f64,
    pub(crate) degrees: f64,
}

impl Located {
    pub(crate) fn test(
        &self,
        hypothesis: f64,
        alternative: Alternative,
        level: f64,
    ) -> Result<LocationTest, StatsError> {
        let hypothesis = check_limit(hypothesis)?;
        let (at_most, at_least) = self.tails(hypothesis)?;
        Ok(LocationTest {
            estimate: check_result(self.scale.up(self.estimate))?,
            standard_error: check_result(self.scale.up(self.error))?,
            degrees_of_freedom: self.degrees,
            statistic: self.statistic(hypothesis),
            p_value: alternative.p_value(at_most, at_least),
            interval: self.interval(level)?,
        })
    }

    /// The chances, were the hypothesis true, of an estimate at most, and at least, as large.
    pub(crate) fn tails(&self, hypothesis: f64) -> Result<(f64, f64), StatsError> {
        if let Some(statistic) = self.statistic(hypothesis) {
            return Ok(Student::new(self.degrees)?.tails(statistic));
        }
        let estimate = self.scale.up(self.estimate);
        let chance = |possible: bool| if possible { 1.0 } else { 0.0 };
        Ok((chance(estimate >= hypothesis), chance(estimate <= hypothesis)))
    }

    /// The two-sided interval of the estimate.
    pub(crate) fn interval(&self, level: f64) -> Result<Interval, StatsError> {
        let tail = (1.0 - check_level(level)?) / 2.0;
        let half = if self.error > 0.0 { Student::new(self.degrees)?.exceeded_with(tail) * self.error } else { 0.0 };
        let end = |end: f64| check_result(self.scale.up(end));
        Ok(Interval { low: end(self.estimate - half)?, high: end(self.estimate + half)? })
    }

    /// The largest double stands in for a statistic beyond it.
    fn statistic(&self, hypothesis: f64) -> Option<f64> {
        let statistic = (self.estimate - self.scale.down(hypothesis)) / self.error;
        (self.error > 0.0).then(|| statistic.clamp(-f64::MAX, f64::MAX))
    }
}
