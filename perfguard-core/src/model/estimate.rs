//! What can be said of observations: one side's estimate, two sides' difference.

use serde::{Deserialize, Serialize};

use super::Interval;

/// What the observed values of one metric say, in the metric's own unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Estimate {
    /// Median over the observations (one value a process).
    pub median: f64,
    /// Distribution-free interval of the median; `None` below six observations, which cannot bear 95 %.
    pub interval: Option<Interval>,
    /// Scaled median absolute deviation over the median (0.01 is 1 %); `None` below two observations or at a median
    /// of zero.
    pub spread: Option<f64>,
    /// How many observations.
    pub observations: usize,
}

impl Estimate {
    /// Half the width of the interval, relative to the median (0.01 is 1 %); `None` without an interval. Zero where
    /// the values never move, whatever the median.
    pub fn relative_half_width(&self) -> Option<f64> {
        let half = self.interval.map(|interval| (interval.high - interval.low) / 2.0)?;
        Some(if half == 0.0 { 0.0 } else { half / self.median })
    }
}

/// Head over base, from process-level values of two separate stretches of time.
///
/// Drift between the two stretches is inside the ratio and not inside the interval: it is *not paired*, and never gates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Difference {
    /// Head over base: 1.05 is 5 % more of the metric.
    pub ratio: f64,
    /// Interval of the ratio; `None` where the observations are too few for the level.
    pub interval: Option<Interval>,
}
