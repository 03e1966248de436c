//! Around the single verdict: confirming it, whether the run can be trusted, the suite as a whole, and plain counts.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::StatsError;
use crate::interval::Interval;
use crate::sample::{real, sorted};
use crate::sequential::decision::{Decision, Reason, Verdict};
use crate::sequential::pairs::trimmed_location;

/// Equal runs a side that show a count to be without spread.
pub const EQUAL_RUNS: usize = 3;
/// The two-sided level of the null control.
const NULL_LEVEL: f64 = 0.001;
/// One null pair for so many pairs.
const NULL_ONE_IN: usize = 16;
/// The fewest null pairs of a run.
const FEWEST_NULL: usize = 8;
/// The fewest benchmarks that can make a change suite-wide.
const FEWEST_SUITE_WIDE: usize = 3;

/// What both stages say together: the second one's decision if it shows what the first suspected, else undecided. Never
/// *unchanged*: a suspicion that could not be shown again is not a proof of the opposite.
///
/// A first stage that suspects nothing keeps its decision.
///
/// ```
/// # use perfguard_stats::sequential::{Decision, Reason, Verdict, confirm};
/// let decision = |verdict| Decision { verdict, reason: Reason::Shown, pairs: 8, estimate: None, interval: None };
/// let both = confirm(decision(Verdict::Regressed), decision(Verdict::Unchanged));
/// assert_eq!((both.verdict, both.reason), (Verdict::Undecided, Reason::NotConfirmed));
/// ```
#[must_use]
pub fn confirm(first: Decision, second: Decision) -> Decision {
    match first.verdict {
        Verdict::Unchanged | Verdict::Undecided => first,
        suspected if suspected == second.verdict => second,
        Verdict::Regressed | Verdict::Improved => {
            Decision { verdict: Verdict::Undecided, reason: Reason::NotConfirmed, ..second }
        }
    }
}

/// What a run's own control says: a copy of base in head's place against base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NullControl {
    /// Yuen's t of the pooled differences.
    pub t: f64,
    /// Its two-sided p.
    pub p: f64,
    /// False if base in head's place differs from base: then it is the place or the machine that speaks, not the code.
    pub trusted: bool,
}

/// How many null pairs a run of so many pairs takes: one for 16, at least eight.
///
/// ```
/// # use perfguard_stats::sequential::null_pairs;
/// assert_eq!((null_pairs(24), null_pairs(800)), (8, 50));
/// ```
pub fn null_pairs(pairs: usize) -> usize {
    pairs.div_ceil(NULL_ONE_IN).max(FEWEST_NULL)
}

/// Judges the null pairs of a run, pooled over benchmarks: each difference divided by its benchmark's standard deviation of
/// a pair.
///
/// # Errors
/// When there are fewer than eight, or one is not finite.
///
/// ```
/// # use perfguard_stats::sequential::null_control;
/// assert!(null_control(&[0.5, -1.0, 0.2, 0.1, -0.4, 0.9, -0.3, 0.0]).unwrap().trusted);
/// assert!(!null_control(&[2.5, 1.9, 2.2, 2.1, 2.4, 2.9, 2.3, 2.0]).unwrap().trusted);
/// ```
pub fn null_control(differences: &[f64]) -> Result<NullControl, StatsError> {
    let sorted = sorted(differences)?;
    if sorted.len() < FEWEST_NULL {
        return Err(StatsError::TooFew { needed: FEWEST_NULL, given: sorted.len() });
    }
    let location = trimmed_location(&sorted, 0.0);
    if location.standard_error <= 0.0 {
        // All equal in the middle: compare exactly.
        let moved = location.estimate != 0.0;
        let (t, p) = if moved { (f64::INFINITY.copysign(location.estimate), 0.0) } else { (0.0, 1.0) };
        return Ok(NullControl { t, p, trusted: !moved });
    }
    let t = location.estimate / location.standard_error;
    let student = StudentsT::new(0.0, 1.0, real(location.degrees_of_freedom))
        .map_err(|_| StatsError::Impossible("no degrees of freedom"))?;
    // Sums of huge values may leave no number: then nothing can be trusted.
    let p = if t.is_nan() { 0.0 } else { (2.0 * student.sf(t.abs())).min(1.0) };
    Ok(NullControl { t, p, trusted: p >= NULL_LEVEL })
}

/// A change that most of the suite shares.
#[derive(Debug, Clone, PartialEq)]
pub struct SuiteWide {
    /// What the intervals have in common, in their own unit.
    pub shared: Interval,
    /// The indices of those that share it.
    pub members: Vec<usize>,
}

/// A regression that is suite-wide: at least three benchmarks and two thirds of those measured, with intervals that share
/// a value.
///
/// `regressed` holds the intervals of the regressed benchmarks, `measured` counts all that were measured. Where not all
/// intervals share a value, the value that most of them share counts.
///
/// # Errors
/// When an end is not finite, an interval's ends are the wrong way round, or fewer were measured than regressed.
///
/// ```
/// # use perfguard_stats::interval::Interval;
/// # use perfguard_stats::sequential::suite_wide;
/// let interval = |low, high| Interval { low, high };
/// let regressed = [interval(0.02, 0.06), interval(0.04, 0.08), interval(0.03, 0.05)];
/// let found = suite_wide(&regressed, 4).unwrap().unwrap();
/// assert_eq!(found.shared, interval(0.04, 0.05));
/// assert_eq!(suite_wide(&regressed, 5).unwrap(), None);
/// ```
pub fn suite_wide(regressed: &[Interval], measured: usize) -> Result<Option<SuiteWide>, StatsError> {
    let fine =
        |interval: &Interval| interval.low.is_finite() && interval.high.is_finite() && interval.low <= interval.high;
    if let Some(index) = regressed.iter().position(|interval| !fine(interval)) {
        return Err(StatsError::NotFinite { index });
    }
    if measured < regressed.len() {
        return Err(StatsError::TooFew { needed: regressed.len(), given: measured });
    }
    // The value that most intervals hold can be taken to be the lower end of one of them.
    let holding = |value: f64| {
        let holds = move |interval: &Interval| interval.low <= value && value <= interval.high;
        (0..regressed.len()).filter(move |index| regressed.get(*index).is_some_and(holds))
    };
    let Some(best) = regressed.iter().max_by_key(|interval| holding(interval.low).count()) else {
        return Ok(None);
    };
    let members: Vec<usize> = holding(best.low).collect();
    if members.len() < FEWEST_SUITE_WIDE || members.len() * 3 < measured * 2 {
        return Ok(None);
    }
    let high = holding(best.low).filter_map(|index| regressed.get(index)).map(|interval| interval.high);
    let shared = Interval { low: best.low, high: high.fold(f64::INFINITY, f64::min) };
    Ok(Some(SuiteWide { shared, members }))
}

/// The comparison of two counts without spread, such as instructions or allocations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountDecision {
    /// Regressed, improved or unchanged.
    pub verdict: Verdict,
    /// Base's count.
    pub base: f64,
    /// Head's count.
    pub head: f64,
}

impl CountDecision {
    /// Head less base, exactly.
    pub fn difference(&self) -> f64 {
        self.head - self.base
    }

    /// Head over base; `None` where base is 0.
    pub fn ratio(&self) -> Option<f64> {
        (self.base > 0.0).then(|| self.head / self.base)
    }
}

/// Judges counts that are the same in every run of a side: by the ratio itself, beyond the margin (a ratio less one) or
/// not. More is worse. `None` where a side's runs differ: such a metric has a spread and needs the test on pairs.
///
/// # Errors
/// When a side has fewer than three runs, a count is negative or not finite, or the margin is.
///
/// ```
/// # use perfguard_stats::sequential::{Verdict, judge_counts};
/// let judged = judge_counts(&[1000.0; 3], &[1011.0; 3], 0.01).unwrap().unwrap();
/// assert_eq!((judged.verdict, judged.difference()), (Verdict::Regressed, 11.0));
/// assert_eq!(judge_counts(&[1000.0, 1001.0, 1000.0], &[1011.0; 3], 0.01).unwrap(), None);
/// ```
pub fn judge_counts(base: &[f64], head: &[f64], margin: f64) -> Result<Option<CountDecision>, StatsError> {
    if !(margin >= 0.0 && margin.is_finite()) {
        return Err(StatsError::Impossible("the margin must be a number from 0 up"));
    }
    let (Some(base), Some(head)) = (only_value(base)?, only_value(head)?) else {
        return Ok(None);
    };
    let verdict = if head > base * (1.0 + margin) {
        Verdict::Regressed
    } else if base > head * (1.0 + margin) {
        Verdict::Improved
    } else {
        Verdict::Unchanged
    };
    Ok(Some(CountDecision { verdict, base, head }))
}

/// The value that all runs have, if they have one.
fn only_value(runs: &[f64]) -> Result<Option<f64>, StatsError> {
    let sorted = sorted(runs)?;
    if sorted.len() < EQUAL_RUNS {
        return Err(StatsError::TooFew { needed: EQUAL_RUNS, given: sorted.len() });
    }
    match (sorted.first(), sorted.last()) {
        (Some(least), _) if *least < 0.0 => {
            Err(StatsError::NotPositive { index: runs.iter().position(|value| *value < 0.0).unwrap_or_default() })
        }
        (Some(least), Some(most)) if least >= most => Ok(Some(*least)),
        _ => Ok(None),
    }
}
