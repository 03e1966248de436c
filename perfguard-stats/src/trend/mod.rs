//! Slow drift: slopes with significance, prediction of one new value, and an online watch.
//!
//! All of it belongs inside one regime: a single step of the level looks like a significant slope in 80 to 90 of 100
//! series, so split the series at its change points first ([`crate::changepoint`]) and ask of the last regime.
//! Positions are indices: a slope is per value.

mod drift;
mod leak;
mod line;
mod pairs;
mod prediction;
mod watch;

pub use drift::{Drift, drift};
pub use leak::{Leak, memory_leak};
pub use line::{Line, least_squares};
pub use pairs::{MannKendall, SenSlope, mann_kendall, theil_sen};
pub use prediction::{adaptive_threshold, environment_factor, prediction_interval};
pub use watch::{Departure, Watch};
