//! What a comparison shows as a whole: whether its null control held, and whether most benchmarks moved together.

use perfguard_stats::interval::Interval;
use perfguard_stats::sequential::{null_control, suite_wide as shared};

use crate::model::{Comparison, NullControl, SuiteWide, Verdict};

/// The null pairs of a comparison, by the number of their benchmark.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NullPairs(Vec<(usize, f64)>);

impl NullPairs {
    /// Takes a pair: base's value, and that of its copy in head's place.
    pub fn push(&mut self, benchmark: usize, base: f64, copy: f64) {
        if base > 0.0 && copy > 0.0 {
            self.0.push((benchmark, (copy / base).ln()));
        }
    }

    /// Whether base differed from its own copy. Each difference counts in units of its benchmark's spread; `spread` gives
    /// that, where the pairs told it. `None` where there were no null pairs.
    pub fn judged(&self, spread: &dyn Fn(usize) -> Option<f64>) -> Option<NullControl> {
        /// What a pair of an exactly repeatable benchmark is believed to vary by.
        const LEAST_SPREAD: f64 = 1e-4;
        if self.0.is_empty() {
            return None;
        }
        let scaled: Vec<f64> = self
            .0
            .iter()
            .filter_map(|(benchmark, difference)| Some(difference / spread(*benchmark)?.max(LEAST_SPREAD)))
            .collect();
        let found = null_control(&scaled).ok();
        Some(NullControl {
            pairs: u32::try_from(self.0.len()).unwrap_or(u32::MAX),
            p_value: found.map(|found| found.p),
            moved: found.is_some_and(|found| !found.trusted),
        })
    }
}

/// A regression that most benchmarks share, with the indices of its comparisons; `causes` are what changed for all of them.
pub fn suite_wide(comparisons: &[Comparison], causes: Vec<String>) -> Option<(SuiteWide, Vec<usize>)> {
    let regressed: Vec<(usize, Interval)> = comparisons
        .iter()
        .enumerate()
        .filter(|(_, one)| one.verdict == Verdict::Regressed)
        .filter_map(|(index, one)| {
            let ends = one.effect?.interval?;
            Some((index, Interval { low: ends.low, high: ends.high }))
        })
        .collect();
    let measured = comparisons.iter().filter(|one| one.evidence.pairs > 0).count();
    let intervals: Vec<Interval> = regressed.iter().map(|(_, interval)| *interval).collect();
    let found = shared(&intervals, measured.max(intervals.len())).ok().flatten()?;
    let ratio = f64::midpoint(found.shared.low, found.shared.high);
    let members: Vec<usize> = found.members.iter().map(|member| regressed[*member].0).collect();
    Some((SuiteWide { benchmarks: members.len(), ratio, causes }, members))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_that_is_like_base_is_trusted_and_one_that_is_not_is_not() {
        let judge = |shift: f64| {
            let mut pairs = NullPairs::default();
            for index in 0..16 {
                let wobble = [0.01, -0.01, 0.004, -0.006, 0.0, 0.008, -0.004, 0.002][index % 8];
                pairs.push(index % 4, 100.0, 100.0 * (1.0 + shift + wobble));
            }
            pairs.judged(&|_| Some(0.01)).unwrap()
        };
        assert!(!judge(0.0).moved);
        assert_eq!(judge(0.0).pairs, 16);
        assert!(judge(0.03).moved);
        assert!(judge(-0.03).moved);
        assert_eq!(NullPairs::default().judged(&|_| None), None);
    }

    #[test]
    fn too_few_null_pairs_say_nothing() {
        let mut pairs = NullPairs::default();
        pairs.push(0, 1.0, 5.0);
        let found = pairs.judged(&|_| Some(0.01)).unwrap();
        assert_eq!((found.moved, found.p_value), (false, None));
    }
}
