//! The bootstrap distribution of a statistic and the intervals that come from it.

use statrs::distribution::{ContinuousCDF, Normal};

use super::pool::Pool;
use crate::interval::Interval;
use crate::quantile::quantile_of_sorted;
use crate::random::Stream;
use crate::sample::{StatsError, check_level, check_result};
use crate::two_sample::Scale;

/// A statistic of a sample and of many resamples: Efron, *Bootstrap methods: another look at the jackknife*, Annals of
/// Statistics 7 (1979).
///
/// One set of resamples serves every interval and level. 1,999 do for a look, 9,999 for a report.
///
/// ```
/// # use perfguard_stats::resample::{Bootstrap, statistic::median};
/// let values: Vec<f64> = (1..=40).map(f64::from).collect();
/// let bootstrap = Bootstrap::of_sample(&values, 1_999, 7, median).unwrap();
/// let interval = bootstrap.accelerated(0.95).unwrap();
/// assert_eq!(bootstrap.estimate(), 20.5);
/// assert!(10.0 < interval.low && interval.low < 20.5 && 20.5 < interval.high && interval.high < 31.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Bootstrap {
    estimate: f64,
    /// Sorted.
    replicates: Vec<f64>,
    acceleration: f64,
}

impl Bootstrap {
    /// Of one sample: as many values are drawn from it, with replacement, `resamples` times. The statistic gets each
    /// resample sorted, and the sample without each of its values.
    ///
    /// # Errors
    /// When there are fewer than two values or resamples, a value is not finite, or the statistic is not.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Bootstrap, statistic::mean};
    /// let bootstrap = Bootstrap::of_sample(&[1.0, 2.0, 3.0], 99, 1, mean).unwrap();
    /// assert_eq!(bootstrap, Bootstrap::of_sample(&[3.0, 1.0, 2.0], 99, 1, mean).unwrap(), "in whichever order");
    /// assert!(Bootstrap::of_sample(&[1.0], 99, 1, mean).is_err());
    /// ```
    pub fn of_sample(
        values: &[f64],
        resamples: usize,
        seed: u64,
        mut statistic: impl FnMut(&[f64]) -> f64,
    ) -> Result<Self, StatsError> {
        let mut pool = at_least_two(values)?;
        let estimate = check_result(statistic(pool.all()))?;
        let mut stream = Stream::new(seed);
        let replicates = replicate(resamples, || statistic(pool.draw(&mut stream)))?;
        let influences = influences((0..pool.len()).map(|index| statistic(pool.without(index))))?;
        Ok(Self::new(estimate, replicates, acceleration(&influences)))
    }

    /// Of two samples that are drawn from apart, such as the ratio of their 99th percentiles. The statistic gets a
    /// resample of base and one of head, each sorted.
    ///
    /// # Errors
    /// When a sample has fewer than two values, there are fewer than two resamples, a value is not finite, or the
    /// statistic is not.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Bootstrap, statistic::mean};
    /// let (base, head) = ([10.0, 11.0, 9.0, 10.5, 9.5], [20.0, 22.0, 18.0, 21.0, 19.0]);
    /// let ratio = Bootstrap::of_two(&base, &head, 999, 1, |base, head| mean(head) / mean(base)).unwrap();
    /// assert_eq!(ratio.estimate(), 2.0);
    /// ```
    pub fn of_two(
        base: &[f64],
        head: &[f64],
        resamples: usize,
        seed: u64,
        mut statistic: impl FnMut(&[f64], &[f64]) -> f64,
    ) -> Result<Self, StatsError> {
        let (mut base, mut head) = (at_least_two(base)?, at_least_two(head)?);
        let estimate = check_result(statistic(base.all(), head.all()))?;
        let mut stream = Stream::new(seed);
        let replicates = replicate(resamples, || statistic(base.draw(&mut stream), head.draw(&mut stream)))?;
        let of_base = influences((0..base.len()).map(|index| statistic(base.without(index), head.all())))?;
        let of_head = influences((0..head.len()).map(|index| statistic(base.all(), head.without(index))))?;
        Ok(Self::new(estimate, replicates, acceleration(&[of_base, of_head].concat())))
    }

    pub(super) fn new(estimate: f64, mut replicates: Vec<f64>, acceleration: f64) -> Self {
        replicates.sort_unstable_by(f64::total_cmp);
        Self { estimate, replicates, acceleration }
    }

    /// The statistic of the sample itself, in its own unit.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Bootstrap, statistic::median};
    /// assert_eq!(Bootstrap::of_sample(&[1.0, 2.0, 9.0], 99, 1, median).unwrap().estimate(), 2.0);
    /// ```
    pub fn estimate(&self) -> f64 {
        self.estimate
    }

    /// The statistic of each resample, sorted, in its own unit.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Bootstrap, statistic::median};
    /// let bootstrap = Bootstrap::of_sample(&[1.0, 2.0, 9.0], 99, 1, median).unwrap();
    /// assert_eq!(bootstrap.replicates().len(), 99);
    /// assert!(bootstrap.replicates().is_sorted());
    /// ```
    pub fn replicates(&self) -> &[f64] {
        &self.replicates
    }

    /// The standard deviation of the replicates, in the statistic's own unit.
    ///
    /// # Errors
    /// When it is beyond what a double holds.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Bootstrap, statistic::mean};
    /// let bootstrap = Bootstrap::of_sample(&[1.0, 2.0, 3.0, 4.0], 9_999, 1, mean).unwrap();
    /// // That of the mean, with the variance over n: sqrt(1.25 / 4).
    /// assert!((bootstrap.standard_error().unwrap() - 0.559).abs() < 0.02);
    /// ```
    pub fn standard_error(&self) -> Result<f64, StatsError> {
        let scale = Scale::of(&self.replicates);
        let count = number(self.replicates.len());
        let scaled = || self.replicates.iter().map(|replicate| scale.down(*replicate));
        let centre = scaled().sum::<f64>() / count;
        let squares: f64 = scaled().map(|replicate| (replicate - centre) * (replicate - centre)).sum();
        check_result(scale.up((squares / (count - 1.0)).sqrt()))
    }

    /// The quantiles of the replicates: Efron and Tibshirani, *An Introduction to the Bootstrap* (1993), chapter 13.
    ///
    /// # Errors
    /// When the level is not between 0 and 1.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Bootstrap, statistic::median};
    /// let bootstrap = Bootstrap::of_sample(&[1.0, 2.0, 3.0, 4.0, 50.0], 999, 1, median).unwrap();
    /// let ends = bootstrap.percentile(0.95).unwrap();
    /// assert_eq!((ends.low, ends.high), (1.0, 50.0));
    /// ```
    pub fn percentile(&self, level: f64) -> Result<Interval, StatsError> {
        let tail = (1.0 - check_level(level)?) / 2.0;
        self.between(tail, 1.0 - tail)
    }

    /// The quantiles mirrored at the estimate: Davison and Hinkley, *Bootstrap Methods and their Application* (1997),
    /// section 5.2.
    ///
    /// # Errors
    /// When the level is not between 0 and 1, or an end is beyond what a double holds.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Bootstrap, statistic::median};
    /// let bootstrap = Bootstrap::of_sample(&[1.0, 2.0, 3.0, 4.0, 50.0], 999, 1, median).unwrap();
    /// let ends = bootstrap.basic(0.95).unwrap();
    /// assert_eq!((ends.low, ends.high), (-44.0, 5.0), "3 - (50 - 3) and 3 + (3 - 1)");
    /// ```
    pub fn basic(&self, level: f64) -> Result<Interval, StatsError> {
        let ends = self.percentile(level)?;
        let mirrored = |end: f64| check_result(self.estimate + (self.estimate - end));
        Ok(Interval { low: mirrored(ends.high)?, high: mirrored(ends.low)? })
    }

    /// The quantiles corrected for bias and acceleration, `BCa`: Efron, *Better bootstrap confidence intervals*, Journal
    /// of the American Statistical Association 82 (1987), with the acceleration from the jackknife.
    ///
    /// Where all replicates lie on one side of the estimate, the bias is that of half a replicate on the other.
    ///
    /// # Errors
    /// When the level is not between 0 and 1.
    ///
    /// ```
    /// # use perfguard_stats::resample::{Bootstrap, statistic::mean};
    /// let skewed = [1.0, 1.1, 1.2, 1.0, 1.3, 1.1, 1.2, 1.0, 1.4, 5.0];
    /// let bootstrap = Bootstrap::of_sample(&skewed, 1_999, 1, mean).unwrap();
    /// let (plain, corrected) = (bootstrap.percentile(0.95).unwrap(), bootstrap.accelerated(0.95).unwrap());
    /// assert!(corrected.low > plain.low && corrected.high > plain.high, "towards the long tail");
    /// ```
    pub fn accelerated(&self, level: f64) -> Result<Interval, StatsError> {
        let tail = (1.0 - check_level(level)?) / 2.0;
        let normal = Normal::standard();
        let all = number(self.replicates.len());
        let below = number(self.replicates.partition_point(|replicate| *replicate < self.estimate));
        let up_to = number(self.replicates.partition_point(|replicate| *replicate <= self.estimate));
        let share = f64::midpoint(below, up_to) / all;
        let bias = normal.inverse_cdf(share.clamp(0.5 / all, 1.0 - 0.5 / all));
        let corrected = |z: f64| {
            let shifted = bias + z;
            let room = 1.0 - self.acceleration * shifted;
            // Past this point the correction has no end: the outermost replicate.
            if room > 0.0 { normal.cdf(bias + shifted / room) } else { f64::from(shifted > 0.0) }
        };
        let normal_tail = normal.inverse_cdf(tail);
        self.between(corrected(normal_tail), corrected(-normal_tail))
    }

    fn between(&self, low: f64, high: f64) -> Result<Interval, StatsError> {
        let (low, high) = (quantile_of_sorted(&self.replicates, low)?, quantile_of_sorted(&self.replicates, high)?);
        // Rounding between two neighbours must not put the ends beyond each other.
        Ok(Interval { low, high: high.max(low) })
    }
}

/// A sixth of the skewness of how much each value moves the statistic; 0 where none does. Of independent samples the
/// influences are put together.
pub(super) fn acceleration(influences: &[f64]) -> f64 {
    let scale = Scale::of(influences);
    let power = |exponent| influences.iter().map(|influence| scale.down(*influence).powi(exponent)).sum::<f64>();
    let squares = power(2);
    if squares > 0.0 { power(3) / (6.0 * squares.powf(1.5)) } else { 0.0 }
}

/// How much each value moves the statistic, by the jackknife: from the statistic without each of them.
pub(super) fn influences(without_each: impl Iterator<Item = f64>) -> Result<Vec<f64>, StatsError> {
    let without: Vec<f64> = without_each.map(check_result).collect::<Result<_, _>>()?;
    let count = number(without.len());
    // From the first on: where no value matters, the centre must be exactly theirs, or rounding has a skewness.
    let first = without.first().copied().unwrap_or(0.0);
    let centre = first + without.iter().map(|without| (without - first) / count).sum::<f64>();
    without.iter().map(|without| check_result((count - 1.0) * ((centre - without) / count))).collect()
}

/// Evaluates a statistic so many times.
pub(super) fn replicate(resamples: usize, mut statistic: impl FnMut() -> f64) -> Result<Vec<f64>, StatsError> {
    if resamples < 2 {
        return Err(StatsError::TooFewResamples { needed: 2, given: resamples });
    }
    (0..resamples).map(|_| check_result(statistic())).collect()
}

pub(super) fn at_least_two(values: &[f64]) -> Result<Pool, StatsError> {
    let pool = Pool::new(values, values.len())?;
    if pool.len() < 2 { Err(StatsError::TooFew { needed: 2, given: pool.len() }) } else { Ok(pool) }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}
