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
    /// More values than the method is made for.
    #[error("at most {most} values can be taken, there are {given}")]
    TooMany {
        /// The most that would do.
        most: usize,
        /// How many there are.
        given: usize,
    },
    /// A setting is outside its range, or NaN.
    #[error("{given} is not between {low} and {high}")]
    NotInRange {
        /// The setting.
        given: f64,
        /// The smallest that would do.
        low: f64,
        /// The largest that would do.
        high: f64,
    },
    /// Two slices that belong together differ in length.
    #[error("there are {one} values here and {other} there, it must be as many")]
    LengthsDiffer {
        /// The length of the first.
        one: usize,
        /// The length of the second.
        other: usize,
    },
    /// All values are the same where the method divides by their spread.
    #[error("all values are the same")]
    NoSpread,
    /// The mean is zero where the method divides by it.
    #[error("the mean is zero")]
    ZeroMean,
    /// The result cannot be written as a finite number.
    #[error("the result is too large for a number")]
    TooLarge,
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
    check_finite(values, 1)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(sorted)
}

/// At least so many values, all of them finite.
pub(crate) fn check_finite(values: &[f64], needed: usize) -> Result<(), StatsError> {
    if values.len() < needed {
        return Err(StatsError::TooFew { needed, given: values.len() });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(StatsError::NotFinite { index }),
        None => Ok(()),
    }
}

/// A setting within its range, ends included.
pub(crate) fn check_range(given: f64, low: f64, high: f64) -> Result<f64, StatsError> {
    if (low..=high).contains(&given) { Ok(given) } else { Err(StatsError::NotInRange { given, low, high }) }
}

/// A result that may have grown beyond the largest number.
pub(crate) fn check_result(result: f64) -> Result<f64, StatsError> {
    if result.is_finite() { Ok(result) } else { Err(StatsError::TooLarge) }
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts of values in memory lie far below 2^53")]
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}

/// A level strictly between 0 and 1.
pub(crate) fn check_level(level: f64) -> Result<f64, StatsError> {
    if level > 0.0 && level < 1.0 { Ok(level) } else { Err(StatsError::NotAProbability(level)) }
}
