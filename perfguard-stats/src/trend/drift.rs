//! Whether a regime drifts: several conditions that must hold together.

use crate::sample::{StatsError, check_amount, logarithms, real};
use crate::summary::scaled_mad;

use super::line::{Line, least_squares};
use super::pairs::{MannKendall, SenSlope, inflated_theil_sen, mann_kendall, residuals};

/// Fewer values show no drift: a wandering machine looks like a trend too easily.
const FEWEST: usize = 20;

/// The least squares' slope must be this unlikely without drift, its correlation considered.
const SIGNIFICANT: f64 = 0.001;

/// In all, the drift must exceed so many robust standard deviations of the values about their line.
const BEYOND_SPREAD: f64 = 2.0;

/// The slope must keep its sign whichever stretch of this share of the values is left out.
const LEFT_OUT: usize = 5;

/// The level of the intervals.
const LEVEL: f64 = 0.95;

/// How the values of one regime drift; all on natural logarithms, so that 0.01 is about 1 %.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// The Theil–Sen line; its 95 % interval is widened for correlated neighbours.
    pub sen: SenSlope,
    /// The line of least squares.
    pub line: Line,
    /// The trend by ranks.
    pub kendall: MannKendall,
    /// What the Theil–Sen slope comes to over all values: a log ratio of the end to the beginning.
    pub change: f64,
    /// The robust standard deviation about the Theil–Sen line.
    pub spread: f64,
    /// Whether the slope has the same sign with any fifth of the values, in one stretch, left out.
    pub steady: bool,
    /// Whether all conditions hold.
    pub shown: bool,
}

/// Whether the positive values of one regime drift, beyond doubt and by more than `margin`, a log ratio.
///
/// Shown are drifts for which all of these hold: the slope of least squares, corrected for correlation, has a p-value
/// below 0.001; the Theil–Sen slope times the number of values exceeds both the margin and twice the spread about the
/// line; and the slope has that sign whichever fifth of the values, in one stretch, is left out. Simulated with 40
/// values: none of 1,000 flat histories, one with a correlation of 0.4; where the machine itself wanders as a random
/// walk does, 15 % (a plain slope at 1 %: 34 %); and 53 % of those with one step, which belong split.
///
/// # Errors
/// When there are fewer than 20 values, one is not finite or not positive, or the margin is negative or not finite.
///
/// ```
/// # use perfguard_stats::trend::drift;
/// let creeping: Vec<f64> = (0..40).map(|n| 100.0 + 0.2 * f64::from(n) + f64::from(n * 7 % 5) * 0.1).collect();
/// let found = drift(&creeping, 0.01).unwrap();
/// assert!(found.shown && (0.06..0.10).contains(&found.change));
/// assert!(!drift(&creeping, 0.2).unwrap().shown);
/// assert!(drift(&creeping[..19], 0.01).is_err());
/// ```
pub fn drift(values: &[f64], margin: f64) -> Result<Drift, StatsError> {
    let margin = check_amount(margin)?;
    let logarithms = logarithms(values, FEWEST)?;
    let count = real(logarithms.len());
    let kendall = mann_kendall(&logarithms)?;
    let line = least_squares(&logarithms, LEVEL)?;
    let sen = inflated_theil_sen(&logarithms, LEVEL, count / kendall.effective_size)?;
    let change = sen.slope * count;
    let spread = scaled_mad(&residuals(&logarithms, sen.slope))?;
    let steady = keeps_its_sign(&logarithms, sen.slope);
    let beyond = change.abs() > margin.max(BEYOND_SPREAD * spread);
    let shown = line.corrected_p_value < SIGNIFICANT && beyond && steady;
    Ok(Drift { sen, line, kendall, change, spread, steady, shown })
}

/// Whether the slope of least squares has the sign of this one with any stretch of a fifth of the values left out.
fn keeps_its_sign(values: &[f64], slope: f64) -> bool {
    let first = values.first().copied().unwrap_or_default();
    let point = |(index, value): (usize, &f64)| Sums::of(real(index), value - first);
    let points: Vec<Sums> = values.iter().enumerate().map(point).collect();
    let width = values.len() / LEFT_OUT;
    let mut kept = points.iter().skip(width).fold(Sums::default(), |sums, point| sums.plus(point, 1.0));
    // The stretch moves on by one value: the one before it returns, the next is left out.
    let returned = std::iter::once(&Sums::NONE).chain(&points);
    let left_out = std::iter::once(&Sums::NONE).chain(points.iter().skip(width));
    returned.zip(left_out).all(|(returned, left_out)| {
        kept = kept.plus(returned, 1.0).plus(left_out, -1.0);
        kept.rise() * slope > 0.0
    })
}

/// The sums that make a line of least squares.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f64,
    positions: f64,
    values: f64,
    products: f64,
}

impl Sums {
    const NONE: Self = Self { count: 0.0, positions: 0.0, values: 0.0, products: 0.0 };

    fn of(position: f64, value: f64) -> Self {
        Self { count: 1.0, positions: position, values: value, products: position * value }
    }

    fn plus(self, other: &Self, times: f64) -> Self {
        Self {
            count: self.count + times * other.count,
            positions: self.positions + times * other.positions,
            values: self.values + times * other.values,
            products: self.products + times * other.products,
        }
    }

    /// Has the slope's sign.
    fn rise(self) -> f64 {
        self.products - self.positions * self.values / self.count
    }
}
