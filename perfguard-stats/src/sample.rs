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
    /// More values than the method can take.
    #[error("at most {most} can be taken, there are {given}")]
    TooMany {
        /// The most that would do.
        most: usize,
        /// How many there are.
        given: usize,
    },
    /// Settings that make no sense, alone or together.
    #[error("{0}")]
    Impossible(&'static str),
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
    if values.is_empty() {
        return Err(StatsError::TooFew { needed: 1, given: 0 });
    }
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(StatsError::NotFinite { index });
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok(sorted)
}

/// A level strictly between 0 and 1.
pub(crate) fn check_level(level: f64) -> Result<f64, StatsError> {
    if level > 0.0 && level < 1.0 { Ok(level) } else { Err(StatsError::NotAProbability(level)) }
}

/// A count as a number to compute with.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}
