//! What every method asks of its values, and how it says no.

/// Why a method gives no value.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum StatsError {
    /// Fewer values than the method needs.
    #[error("{needed} values are needed, there are {given}")]
    TooFew {
        /// The fewest that would do.
        needed: usize,
        /// How many there are.
        given: usize,
    },
    /// A value is NaN or infinite.
    #[error("the value at index {index} is not finite")]
    NotFinite {
        /// Its index.
        index: usize,
    },
    /// A value is zero or negative where logarithms are taken.
    #[error("the value at index {index} is not positive")]
    NotPositive {
        /// Its index.
        index: usize,
    },
    /// A level or probability is outside its range.
    #[error("{0} is not between 0 and 1")]
    NotAProbability(f64),
    /// An error rate is outside its range.
    #[error("{0} is not between 0 and 1/2")]
    NotAnErrorRate(f64),
    /// The two sides cannot be pairs.
    #[error("{base} base values and {head} head values do not make pairs")]
    UnequalLengths {
        /// How many base values there are.
        base: usize,
        /// How many head values there are.
        head: usize,
    },
    /// A limit or a hypothesis is NaN or infinite.
    #[error("{0} is not finite and cannot be a limit")]
    NotALimit(f64),
    /// The lower limit is not below the upper one.
    #[error("from {low} to {high} is no range")]
    NotARange {
        /// The lower limit.
        low: f64,
        /// The upper limit.
        high: f64,
    },
    /// Too few resamples to say anything.
    #[error("{needed} resamples are needed, {given} were asked for")]
    TooFewResamples {
        /// The fewest that would do.
        needed: usize,
        /// How many were asked for.
        given: usize,
    },
    /// What was to be computed is no finite number: the values lie too far apart, or a statistic gave none.
    #[error("the result is not finite")]
    ResultNotFinite,
}

/// A sorted copy of the values.
///
/// # Errors
/// When there is no value, or one is not finite.
///
/// ```
/// # use perfguard_stats::sample::sorted;
/// assert_eq!(sorted(&[2.0, 1.0]).unwrap(), [1.0, 2.0]);
/// assert!(sorted(&[]).is_err());
/// assert!(sorted(&[f64::NAN]).is_err());
/// ```
pub fn sorted(values: &[f64]) -> Result<Vec<f64>, StatsError> {
    check_finite(values)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(sorted)
}

/// The logarithms of positive values, in the order given.
pub(crate) fn logarithms(values: &[f64]) -> Result<Vec<f64>, StatsError> {
    check_finite(values)?;
    match values.iter().position(|value| *value <= 0.0) {
        Some(index) => Err(StatsError::NotPositive { index }),
        None => Ok(values.iter().map(|value| value.ln()).collect()),
    }
}

/// At least one value, and all of them finite.
pub(crate) fn check_finite(values: &[f64]) -> Result<(), StatsError> {
    if values.is_empty() {
        return Err(StatsError::TooFew { needed: 1, given: 0 });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(StatsError::NotFinite { index }),
        None => Ok(()),
    }
}

/// A finite result.
pub(crate) fn check_result(result: f64) -> Result<f64, StatsError> {
    if result.is_finite() { Ok(result) } else { Err(StatsError::ResultNotFinite) }
}

/// A finite limit.
pub(crate) fn check_limit(limit: f64) -> Result<f64, StatsError> {
    if limit.is_finite() { Ok(limit) } else { Err(StatsError::NotALimit(limit)) }
}

/// A level strictly between 0 and 1.
pub(crate) fn check_level(level: f64) -> Result<f64, StatsError> {
    if level > 0.0 && level < 1.0 { Ok(level) } else { Err(StatsError::NotAProbability(level)) }
}
