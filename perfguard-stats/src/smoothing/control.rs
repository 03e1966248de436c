//! Exponentially weighted moving averages and their control limits: Roberts, *Control chart tests based on geometric
//! moving averages*, Technometrics 1 (1959); Lucas and Saccucci, *Exponentially weighted moving average control schemes*,
//! Technometrics 32 (1990).

use crate::interval::Interval;
use crate::sample::{StatsError, check_finite, check_range, check_result};

/// Averages that follow a series, and where they would stay while nothing changes.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlChart {
    /// The average after each value, in the values' own unit.
    pub averages: Vec<f64>,
    /// The control limits, in the values' own unit, the same for all.
    pub limits: Interval,
}

impl ControlChart {
    /// The index of the first value whose average lies beyond the limits; `None` while nothing is out of control.
    ///
    /// ```
    /// # use perfguard_stats::smoothing::control_chart;
    /// let chart = control_chart(&[0.1, -0.2, 0.3, 2.0, 2.5, 2.2], 0.2, 0.0, 1.0, 3.0).unwrap();
    /// assert_eq!(chart.first_beyond(), Some(5));
    /// ```
    pub fn first_beyond(&self) -> Option<usize> {
        self.averages.iter().position(|average| !(self.limits.low..=self.limits.high).contains(average))
    }
}

/// The weight of the newest value that makes an exponential average forget half of a value in `half_life` further ones:
/// `1 - 2^(-1 / half_life)`, above 0 and at most 1.
///
/// # Errors
/// When the half-life is not above zero and finite, or so long that the weight rounds to zero.
///
/// ```
/// # use perfguard_stats::smoothing::weight_of_newest;
/// assert_eq!(weight_of_newest(1.0).unwrap(), 0.5);
/// assert!((weight_of_newest(10.0).unwrap() - 0.067).abs() < 1e-3);
/// ```
pub fn weight_of_newest(half_life: f64) -> Result<f64, StatsError> {
    let half_life = check_range(half_life, f64::MIN_POSITIVE, f64::MAX)?;
    check_range(-(-std::f64::consts::LN_2 / half_life).exp_m1(), f64::MIN_POSITIVE, 1.0)
}

/// The exponentially weighted moving average after each value, in the values' own unit: the newest value has the weight
/// `weight`, all before it together the rest. It begins at the first value.
///
/// # Errors
/// When there is no value, one is not finite, or the weight is not above 0 and at most 1.
///
/// ```
/// # use perfguard_stats::smoothing::exponential_average;
/// assert_eq!(exponential_average(&[4.0, 8.0, 8.0], 0.5).unwrap(), [4.0, 6.0, 7.0]);
/// ```
pub fn exponential_average(values: &[f64], weight: f64) -> Result<Vec<f64>, StatsError> {
    check_finite(values, 1)?;
    averages_from(values[0], values, weight)
}

/// The exponentially weighted moving averages of a series that should lie about `centre` with standard deviation
/// `spread`, beginning at the centre, and their control limits `centre ± width · spread · √(weight / (2 - weight))`.
///
/// Centre, spread and values in one unit; the weight of the newest value is above 0 and at most 1, small ones see small
/// shifts that last. The width is in standard deviations of the average, 3 by custom. The limits are those the chart
/// settles to: at first the average varies less than they allow. With weight 0.067 (a half-life of ten) and width 3 an
/// average strays beyond them about once in 1,100 independent normal values.
///
/// # Errors
/// When there is no value, a number given is not finite, the weight is not above 0 and at most 1, spread or width is
/// negative, or a limit is too large for a number.
///
/// ```
/// # use perfguard_stats::smoothing::control_chart;
/// let chart = control_chart(&[10.0, 11.0, 9.0], 1.0, 10.0, 2.0, 3.0).unwrap();
/// assert_eq!((chart.limits.low, chart.limits.high), (4.0, 16.0));
/// assert_eq!(chart.averages, [10.0, 11.0, 9.0]);
/// assert_eq!(chart.first_beyond(), None);
/// ```
pub fn control_chart(
    values: &[f64],
    weight: f64,
    centre: f64,
    spread: f64,
    width: f64,
) -> Result<ControlChart, StatsError> {
    check_finite(values, 1)?;
    let centre = check_range(centre, f64::MIN, f64::MAX)?;
    let averages = averages_from(centre, values, weight)?;
    let deviation = check_range(spread, 0.0, f64::MAX)? * (weight / (2.0 - weight)).sqrt();
    let reach = check_result(check_range(width, 0.0, f64::MAX)? * deviation)?;
    let limits = Interval { low: check_result(centre - reach)?, high: check_result(centre + reach)? };
    Ok(ControlChart { averages, limits })
}

fn averages_from(start: f64, values: &[f64], weight: f64) -> Result<Vec<f64>, StatsError> {
    let weight = check_range(weight, f64::MIN_POSITIVE, 1.0)?;
    let follow = |average: &mut f64, value: &f64| {
        *average = value * weight + *average * (1.0 - weight);
        Some(*average)
    };
    Ok(values.iter().scan(start, follow).collect())
}
