//! Which kind of method fits a sample: parametric or by ranks.

use super::shapiro_wilk::MOST;
use super::{anderson_darling, shapiro_wilk};
use crate::sample::{StatsError, check_finite, check_level};

/// A kind of method, and why it was chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// The kind of method.
    pub methods: Methods,
    /// Why.
    pub reason: Reason,
}

/// A kind of method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Methods {
    /// Means, standard deviations, t-tests.
    Parametric,
    /// Medians, ranks, order statistics.
    Rank,
}

/// Why a kind of method was chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// No sample's test rejects normality: parametric.
    NormalNotRejected {
        /// The test of the sample that came nearest to rejection.
        test: NormalityTest,
        /// Its p-value.
        p_value: f64,
    },
    /// A sample's test rejects normality: by ranks.
    NormalRejected {
        /// The test that rejects most clearly.
        test: NormalityTest,
        /// Its p-value.
        p_value: f64,
    },
    /// A sample is too small to be tested: by ranks.
    TooFew {
        /// The fewest that can be tested.
        needed: usize,
        /// How many there are.
        given: usize,
    },
    /// All values of a sample are the same, so that there is no spread to divide by: by ranks.
    NoSpread,
}

/// A test of normality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NormalityTest {
    /// [`shapiro_wilk()`], for up to 5,000 values.
    ShapiroWilk,
    /// [`anderson_darling()`], for more.
    AndersonDarling,
}

/// Parametric methods where no sample is shown not to be normal at significance `alpha`, methods by ranks otherwise.
///
/// One sample for pairs (their differences), two for two sides. `alpha` holds for each sample; 0.05 is usual. To choose
/// by a test on the same values keeps the level of what follows (0.7 to 1.5 % where 1 % is asked, by simulation) and never
/// gains on a robust method used always: what it chooses is for reports. Values made equal by rounding should be
/// [`jittered`](super::jittered) first.
///
/// # Errors
/// When there is no sample, one is empty, a value is not finite, or `alpha` is not between 0 and 1.
///
/// ```
/// # use perfguard_stats::normality::{Methods, Reason, choose};
/// let (smooth, spiky) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 2.0, 3.0, 4.0, 5.0, 60.0]);
/// assert_eq!(choose(&[&smooth], 0.05).unwrap().methods, Methods::Parametric);
/// let chosen = choose(&[&smooth, &spiky], 0.05).unwrap();
/// assert_eq!(chosen.methods, Methods::Rank);
/// assert!(matches!(chosen.reason, Reason::NormalRejected { p_value, .. } if p_value < 0.001));
/// ```
pub fn choose(samples: &[&[f64]], alpha: f64) -> Result<Choice, StatsError> {
    let alpha = check_level(alpha)?;
    if samples.is_empty() {
        return Err(StatsError::TooFew { needed: 1, given: 0 });
    }
    for values in samples {
        check_finite(values, 1)?;
    }
    let mut least = (NormalityTest::ShapiroWilk, 1.0);
    for values in samples {
        match tested(values) {
            Ok(found) if found.1 <= least.1 => least = found,
            Ok(_) => {}
            Err(reason) => return Ok(Choice { methods: Methods::Rank, reason }),
        }
    }
    let (test, p_value) = least;
    Ok(if p_value < alpha {
        Choice { methods: Methods::Rank, reason: Reason::NormalRejected { test, p_value } }
    } else {
        Choice { methods: Methods::Parametric, reason: Reason::NormalNotRejected { test, p_value } }
    })
}

/// A sample's test and p-value, or why it cannot be tested.
fn tested(values: &[f64]) -> Result<(NormalityTest, f64), Reason> {
    let (test, found) = if values.len() > MOST {
        (NormalityTest::AndersonDarling, anderson_darling(values))
    } else {
        (NormalityTest::ShapiroWilk, shapiro_wilk(values))
    };
    match found {
        Ok(found) => Ok((test, found.p_value)),
        Err(StatsError::TooFew { needed, given }) => Err(Reason::TooFew { needed, given }),
        // The values are finite and not too many: a spread is all that can be missing.
        Err(_) => Err(Reason::NoSpread),
    }
}
