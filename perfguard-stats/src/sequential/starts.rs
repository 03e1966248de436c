//! Starts that are slow on one side only: what a trimmed mean would not see.
//!
//! A change that doubles the time of one start in ten leaves the trimmed mean where it was. It is no reason for a verdict,
//! but a reason against *unchanged*.

use statrs::function::factorial::ln_factorial;

use crate::StatsError;

/// A run this many standard deviations of a pair's difference above its side's median is a slow start, if it lies above it
/// by the threshold too: a smaller one could not matter.
pub(crate) const SLOW: f64 = 4.0;
/// Below this p the sides differ.
pub(crate) const DIFFERENT: f64 = 0.01;
/// The most runs of one table.
const MOST_RUNS: usize = 1 << 20;

/// Slow starts on both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlowStarts {
    /// Slow starts of base.
    pub base: usize,
    /// Slow starts of head.
    pub head: usize,
    /// Runs on each side.
    pub runs: usize,
    /// Fisher's exact p, two-sided, of as uneven a table without a difference.
    pub p: f64,
}

impl SlowStarts {
    /// Counts the runs (logarithms) that lie more than `distance` above what is usual on their side; as many runs a side.
    ///
    /// # Errors
    /// When the sides have different numbers of runs, or more than 2^19 each.
    ///
    /// ```
    /// # use perfguard_stats::sequential::SlowStarts;
    /// let starts = SlowStarts::count([&[0.0, 0.1, 0.7], &[0.0, 0.0, 0.1]], [0.0, 0.0], 0.5).unwrap();
    /// assert_eq!((starts.base, starts.head, starts.runs), (1, 0, 3));
    /// ```
    pub fn count(sides: [&[f64]; 2], usual: [f64; 2], distance: f64) -> Result<Self, StatsError> {
        let [base, head] = sides;
        if base.len() != head.len() {
            return Err(StatsError::LengthsDiffer { one: base.len(), other: head.len() });
        }
        let slow = |side: &[f64], usual: f64| side.iter().filter(|value| **value - usual > distance).count();
        let (runs, slow_base, slow_head) = (base.len(), slow(base, usual[0]), slow(head, usual[1]));
        let p = fisher_exact([[slow_head, runs - slow_head], [slow_base, runs - slow_base]])?;
        Ok(Self { base: slow_base, head: slow_head, runs, p })
    }

    /// True if one side has slow starts that the other has not: such a comparison is not *unchanged*.
    ///
    /// ```
    /// # use perfguard_stats::sequential::SlowStarts;
    /// let starts = |head: f64| SlowStarts::count([&[0.0; 40], &[head; 40]], [0.0, 0.0], 0.5).unwrap();
    /// assert!(starts(0.7).differ() && !starts(0.3).differ());
    /// ```
    pub fn differ(&self) -> bool {
        self.p < DIFFERENT
    }
}

/// The two-sided p of Fisher's exact test for the table `[[a, b], [c, d]]`: of all tables with the same margins, the chance
/// of those that are at most as likely.
///
/// Fisher, *On the interpretation of χ² from contingency tables, and the calculation of P*, Journal of the Royal
/// Statistical Society 85 (1922).
///
/// # Errors
/// When there are more than 2^20 runs.
///
/// ```
/// # use perfguard_stats::sequential::fisher_exact;
/// // Seven slow starts of 24 against none of 24.
/// assert!((fisher_exact([[7, 17], [0, 24]]).unwrap() - 0.009_401).abs() < 1e-6);
/// assert_eq!(fisher_exact([[3, 5], [3, 5]]).unwrap(), 1.0);
/// ```
pub fn fisher_exact(table: [[usize; 2]; 2]) -> Result<f64, StatsError> {
    let [[a, b], [c, d]] = table;
    let runs = [a, b, c, d].into_iter().fold(0_usize, usize::saturating_add);
    if runs > MOST_RUNS {
        return Err(StatsError::TooMany { most: MOST_RUNS, given: runs });
    }
    let (row, other_row, column) = (a + b, c + d, a + c);
    let factorial = |count: usize| ln_factorial(count as u64);
    let margins = factorial(row) + factorial(other_row) + factorial(column) + factorial(b + d) - factorial(runs);
    let chance = |x: usize| {
        let cells = factorial(x) + factorial(row - x) + factorial(column - x) + factorial(other_row + x - column);
        margins - cells
    };
    let lowest = column.saturating_sub(other_row);
    let highest = row.min(column);
    // Equal chances must count as equal although they are rounded.
    let seen = chance(a) + 1e-9 * (1.0 + chance(a).abs());
    let tail: f64 = (lowest..=highest).map(chance).filter(|logarithm| *logarithm <= seen).map(f64::exp).sum();
    Ok(tail.min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_starts_are_counted_from_what_is_usual_on_their_own_side() {
        let base = [1.0, 1.0, 1.5, 1.0, 1.0, 1.0, 1.0, 1.6];
        let head = [2.0, 2.6, 2.7, 2.6, 2.0, 2.6, 2.9, 2.6];
        let starts = SlowStarts::count([&base, &head], [1.0, 2.0], 0.5).unwrap();
        assert_eq!((starts.base, starts.head, starts.runs), (1, 6, 8), "at the distance is not beyond it");
        let expected = fisher_exact([[6, 2], [1, 7]]).unwrap();
        assert!((starts.p - expected).abs() < 1e-15 && (0.01..0.05).contains(&expected), "{expected}");
        let lengths = SlowStarts::count([&base, &head[1..]], [1.0, 2.0], 0.5);
        assert_eq!(lengths, Err(StatsError::LengthsDiffer { one: 8, other: 7 }));
    }

    #[test]
    fn one_in_a_hundred_is_not_yet_a_difference() {
        let differ = |p| SlowStarts { base: 0, head: 0, runs: 24, p }.differ();
        assert!(differ(0.009_999) && !differ(0.01));
    }

    #[test]
    fn a_table_holds_a_million_runs_and_no_more() {
        assert!((fisher_exact([[MOST_RUNS, 0], [0, 0]]).unwrap() - 1.0).abs() < 1e-9);
        let refused = Err(StatsError::TooMany { most: MOST_RUNS, given: MOST_RUNS + 1 });
        assert_eq!(fisher_exact([[MOST_RUNS, 0], [1, 0]]), refused);
        assert!(fisher_exact([[usize::MAX, 1], [1, 1]]).is_err());
    }

    #[test]
    fn both_tails_of_a_symmetric_table_count_however_large_the_table() {
        for apart in [3, 6, 9] {
            let (many, few) = (20_000 + 40 * apart, 20_000 - 40 * apart);
            let one = fisher_exact([[many, few], [few, many]]).unwrap();
            let other = fisher_exact([[few, many], [many, few]]).unwrap();
            assert!((one / other - 1.0).abs() < 1e-6, "{many} and {few}: {one} and {other}");
        }
    }
}
