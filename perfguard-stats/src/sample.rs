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
    /// A cost is negative, NaN or infinite.
    #[error("{0} is not a cost")]
    NotACost(f64),
    /// A commit is not in the range.
    #[error("there is no commit {commit}, the last one is {last}")]
    NoSuchCommit {
        /// The commit.
        commit: usize,
        /// The last one of the range.
        last: usize,
    },
    /// What should differ does not.
    #[error("the two ends do not differ")]
    NoDifference,
    /// More values than the method can take.
    #[error("at most {most} can be taken, there are {given}")]
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
    /// A size, a spread or a factor is negative or not finite.
    #[error("{0} is not a finite amount of at least 0")]
    NotAnAmount(f64),
    /// Settings that make no sense, alone or together.
    #[error("{0}")]
    Impossible(&'static str),
    /// An error rate is outside its range.
    #[error("{0} is not between 0 and 1/2")]
    NotAnErrorRate(f64),
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

/// A result that may have grown beyond the largest number, or is none.
pub(crate) fn check_result(result: f64) -> Result<f64, StatsError> {
    if result.is_finite() { Ok(result) } else { Err(StatsError::TooLarge) }
}

/// A finite limit.
pub(crate) fn check_limit(limit: f64) -> Result<f64, StatsError> {
    if limit.is_finite() { Ok(limit) } else { Err(StatsError::NotALimit(limit)) }
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

/// An amount: finite, and not negative.
pub(crate) fn check_amount(amount: f64) -> Result<f64, StatsError> {
    if amount.is_finite() && amount >= 0.0 { Ok(amount) } else { Err(StatsError::NotAnAmount(amount)) }
}

/// The values, in their order, if there are enough and all are finite.
pub(crate) fn at_least(values: &[f64], needed: usize) -> Result<&[f64], StatsError> {
    check_finite(values, needed).map(|()| values)
}

/// The natural logarithms of the values, in their order, if there are enough and all are finite and positive.
pub(crate) fn logarithms(values: &[f64], needed: usize) -> Result<Vec<f64>, StatsError> {
    match at_least(values, needed)?.iter().position(|value| *value <= 0.0) {
        Some(index) => Err(StatsError::NotPositive { index }),
        None => Ok(values.iter().map(|value| value.ln()).collect()),
    }
}

/// The values times a power of two, and that power: 1, unless squares and sums of squares would leave the range of
/// `f64`.
///
/// A power of two changes no digit, so what is computed from the outcome is what the values themselves would have
/// given.
pub(crate) fn balanced(values: &[f64]) -> (Vec<f64>, f64) {
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let power = match largest {
        large if large > 2.0_f64.powi(400) => 2.0_f64.powi(-600),
        small if small > 0.0 && small < 2.0_f64.powi(-400) => 2.0_f64.powi(600),
        _ => 1.0,
    };
    (values.iter().map(|value| value * power).collect(), power)
}

/// Back from what [`balanced`] values gave; what would be beyond all numbers is the largest.
pub(crate) fn restored(outcome: f64, power: f64) -> f64 {
    (outcome / power).clamp(f64::MIN, f64::MAX)
}
