//! How noisy a series is, whatever its level does: its spread, the correlation of neighbours, and the series without
//! its spikes.

use std::f64::consts::SQRT_2;

use crate::dependence::{MEAN_CONSISTENCY, autocorrelation, inflation};
use crate::quantile::median;
use crate::sample::{StatsError, real};
use crate::summary::{NORMAL_CONSISTENCY, scaled_mad};

use super::segments::segments;

/// A spread below this, of natural logarithms, is taken for it: deterministic counts have none at all.
const LEAST_SPREAD: f64 = 1e-6;

/// Values further from the running median than so many spreads are drawn in.
const CLIP: f64 = 2.5;

/// The running median takes so many values on either side.
const HALF_WIDTH: usize = 5;

/// The penalty of the first, generous segmentation, which only serves to get the residuals.
const FIRST_PENALTY: f64 = 3.0;

/// Residuals are clipped at so many spreads before they are correlated.
const RESIDUAL_CLIP: f64 = 3.0;

/// The residuals' spread is believed to be at least this share of the one that neighbours show.
const LEAST_SHARE: f64 = 0.7;

/// No correlation above this is believed: steps that were not found look like one.
const STRONGEST: f64 = 0.6;

/// Segments have at least so many values.
pub(super) const SHORTEST: usize = 3;

/// The noise of a series of natural logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Noise {
    /// The robust standard deviation.
    pub(super) spread: f64,
    /// Of neighbours, 0 to 0.6.
    pub(super) correlation: f64,
}

impl Noise {
    pub(super) fn of(values: &[f64], running: &[f64]) -> Result<Self, StatsError> {
        let by_neighbours = spread_of_neighbours(values)?;
        let clipped = clipped(values, running, by_neighbours);
        let penalty = FIRST_PENALTY * by_neighbours * by_neighbours * real(values.len()).ln();
        let mut residuals = Vec::with_capacity(values.len());
        let found = segments(&clipped, penalty, SHORTEST)?;
        for segment in pieces(&clipped, &found) {
            let level = median(segment)?;
            residuals.extend(segment.iter().map(|value| value - level));
        }
        let middle = median(&residuals.iter().map(|residual| residual.abs()).collect::<Vec<_>>())?;
        let spread = (NORMAL_CONSISTENCY * middle).max(LEAST_SHARE * by_neighbours).max(LEAST_SPREAD);
        let limit = RESIDUAL_CLIP * spread;
        let residuals: Vec<f64> = residuals.iter().map(|residual| residual.clamp(-limit, limit)).collect();
        let correlation = autocorrelation(&residuals, 1)?[1].clamp(0.0, STRONGEST);
        Ok(Self { spread, correlation })
    }

    /// By how much correlated neighbours inflate the variance of a mean.
    pub(super) fn inflation(self) -> f64 {
        inflation(self.correlation)
    }

    /// The values, drawn in towards their running median.
    pub(super) fn clipped(self, values: &[f64], running: &[f64]) -> Vec<f64> {
        clipped(values, running, self.spread)
    }

    /// The values, drawn in towards one level.
    pub(super) fn clipped_about(self, values: &[f64], level: f64) -> Vec<f64> {
        let limit = CLIP * self.spread;
        values.iter().map(|value| value.clamp(level - limit, level + limit)).collect()
    }
}

fn clipped(values: &[f64], running: &[f64], spread: f64) -> Vec<f64> {
    let limit = CLIP * spread;
    values.iter().zip(running).map(|(value, middle)| value.clamp(middle - limit, middle + limit)).collect()
}

/// The robust standard deviation that differences of neighbours show: a step is in one of them only.
///
/// Where more than half of the differences are the same — counts, coarse timers — their median deviation is 0, and
/// their mean size takes its place, each no larger than three of the usual ones that are not 0.
fn spread_of_neighbours(values: &[f64]) -> Result<f64, StatsError> {
    let differences: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut spread = scaled_mad(&differences)?;
    if spread == 0.0 {
        let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
        let some: Vec<f64> = sizes.iter().copied().filter(|size| *size > 0.0).collect();
        let largest = if some.is_empty() { 0.0 } else { 3.0 * median(&some)? };
        let mean = sizes.iter().map(|size| size.min(largest)).sum::<f64>() / real(sizes.len());
        spread = mean * MEAN_CONSISTENCY;
    }
    Ok((spread / SQRT_2).max(LEAST_SPREAD))
}

/// The median of each value and its neighbours; beyond the ends, the end values are repeated.
pub(super) fn running_median(values: &[f64]) -> Vec<f64> {
    let last = values.len().saturating_sub(1);
    let mut window = Vec::with_capacity(2 * HALF_WIDTH + 1);
    let middle = |index: usize| {
        window.clear();
        window.extend((0..=2 * HALF_WIDTH).map(|place| values[(index + place).saturating_sub(HALF_WIDTH).min(last)]));
        *window.select_nth_unstable_by(HALF_WIDTH, f64::total_cmp).1
    };
    (0..values.len()).map(middle).collect()
}

/// The values between boundaries.
pub(super) fn pieces<'a>(values: &'a [f64], boundaries: &[usize]) -> impl Iterator<Item = &'a [f64]> {
    let starts = std::iter::once(0).chain(boundaries.iter().copied());
    let ends = boundaries.iter().copied().chain(std::iter::once(values.len()));
    starts.zip(ends).map(|(start, end)| &values[start..end]).collect::<Vec<_>>().into_iter()
}
