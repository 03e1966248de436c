//! The mean of a sample whose ends are cut, with its standard error: Yuen, *The two-sample trimmed t for unequal
//! population variances*, Biometrika 61 (1974).

use super::scale::Scale;

/// How many of so many values are cut from each end: a fifth, rounded down, so none of up to four.
pub(crate) fn fifth(count: usize) -> usize {
    count / 5
}

/// The mean of the middle of a sample, in a scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trimmed {
    /// The mean of what is not cut.
    pub(crate) mean: f64,
    /// The standard deviation of the sample with what is cut set to the nearest value that is not.
    pub(crate) deviation: f64,
    /// The square of the standard error of the mean; 0 exactly where all that is not cut is one value.
    pub(crate) squared_error: f64,
    /// Degrees of freedom.
    pub(crate) degrees: f64,
}

impl Trimmed {
    /// Of sorted values, cutting `cut` from each end and leaving at least two.
    pub(crate) fn of(sorted: &[f64], cut: usize, scale: Scale) -> Self {
        let middle = &sorted[cut..sorted.len() - cut];
        let (count, kept, cut) = (number(sorted.len()), number(middle.len()), number(cut));
        let (first, last) = (scale.down(middle[0]), scale.down(middle[middle.len() - 1]));
        // From the first value on: equal values give exactly themselves, and a large offset costs no digits.
        let beyond = |value: &f64| scale.down(*value) - first;
        let total: f64 = middle.iter().map(beyond).sum();
        let centre = (total + cut * (last - first)) / count;
        let square = |value: f64| (value - centre) * (value - centre);
        let inner: f64 = middle.iter().map(|value| square(beyond(value))).sum();
        let squares = if last > first { inner + cut * (square(0.0) + square(last - first)) } else { 0.0 };
        Self {
            mean: first + total / kept,
            deviation: (squares / (count - 1.0)).sqrt(),
            squared_error: squares / (kept * (kept - 1.0)),
            degrees: kept - 1.0,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn number(count: usize) -> f64 {
    count as f64
}
