//! A plan with its boundaries worked out.

use crate::StatsError;
use crate::sequential::boundary::{FIRST_LOOK, LOOK_EVERY, Scale, boundary_constant, check_last, rise, t_of_deviate};
use crate::sequential::pairs::trimmed;
use crate::sequential::plan::Plan;

/// The one-sided level of the repeated intervals: 95 % over all looks.
const INTERVAL_LEVEL: f64 = 0.025;

/// Critical values of one look, for `estimate / standard_error` as Student's t.
#[derive(Debug, Clone, Copy)]
pub(super) struct Critical {
    pub(super) change: f64,
    pub(super) same: f64,
    pub(super) interval: f64,
}

/// A plan with its boundaries worked out, one number a look and question. Make it once and share it.
#[derive(Debug, Clone)]
pub struct Design {
    pub(super) plan: Plan,
    pub(super) looks: Vec<Critical>,
}

impl Design {
    /// Works out the boundaries.
    ///
    /// # Errors
    /// When the number of pairs is odd, below 8 or above 1,024, a level is not above 0 and at most 0.05, or the quantum or
    /// the stored deviation is negative or not finite.
    ///
    /// ```
    /// # use perfguard_stats::sequential::{Design, Limits, Plan};
    /// assert!(Design::new(Plan::first_stage(Limits::default(), 24)).is_ok());
    /// assert!(Design::new(Plan::first_stage(Limits::default(), 25)).is_err());
    /// ```
    pub fn new(plan: Plan) -> Result<Self, StatsError> {
        let last = check_last(plan.last)?;
        let number = |value: f64| value >= 0.0 && value.is_finite();
        if !(number(plan.quantum) && plan.pair_deviation.is_none_or(number)) {
            return Err(StatsError::Impossible("quantum and deviation must be numbers from 0 up"));
        }
        let constant = |level| boundary_constant(plan.scale, last, level);
        let (change, same) = (constant(plan.levels.change)?, constant(plan.levels.same)?);
        let interval = constant(INTERVAL_LEVEL)?;
        let looks = (FIRST_LOOK..=last).step_by(LOOK_EVERY).map(|pairs| {
            let degrees = degrees_of_freedom(plan.scale, pairs);
            let critical = |constant: f64| t_of_deviate(constant * rise(pairs, last), degrees);
            Critical { change: critical(change), same: critical(same), interval: critical(interval) }
        });
        Ok(Self { plan, looks: looks.collect() })
    }

    /// The plan.
    ///
    /// ```
    /// # use perfguard_stats::sequential::{Design, Limits, Plan};
    /// let plan = Plan::first_stage(Limits::default(), 24);
    /// assert_eq!(*Design::new(plan).unwrap().plan(), plan);
    /// ```
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// Degrees of freedom after so many pairs.
pub(crate) fn degrees_of_freedom(scale: Scale, pairs: usize) -> usize {
    match scale {
        Scale::Yuen => pairs - 2 * trimmed(pairs) - 1,
        // Three contrasts in two pairs, three tenths of them cut.
        Scale::Pooled => {
            let contrasts = pairs / 2 * 3;
            contrasts - contrasts * 3 / 10 - 1
        }
    }
}
