//! Around the single verdict: confirming it, whether the run can be trusted, the suite as a whole, and plain counts.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::StatsError;
use crate::interval::Interval;
use crate::sample::{real, sorted};
use crate::sequential::outcome::{Decision, Reason, Verdict};
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
    ///
    /// ```
    /// # use perfguard_stats::sequential::judge_counts;
    /// let decision = judge_counts(&[40.0; 3], &[45.0; 3], 0.01).unwrap().unwrap();
    /// assert_eq!(decision.difference(), 5.0);
    /// ```
    pub fn difference(&self) -> f64 {
        self.head - self.base
    }

    /// Head over base; `None` where base is 0.
    ///
    /// ```
    /// # use perfguard_stats::sequential::judge_counts;
    /// let ratio = |base, head| judge_counts(&[base; 3], &[head; 3], 0.01).unwrap().unwrap().ratio();
    /// assert_eq!((ratio(40.0, 50.0), ratio(0.0, 5.0)), (Some(1.25), None));
    /// ```
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sequential::boundary;

    #[test]
    fn only_what_both_stages_show_counts() {
        use Verdict::{Improved, Regressed, Unchanged, Undecided};
        let decision =
            |verdict, pairs| Decision { verdict, reason: Reason::Shown, pairs, estimate: None, interval: None };
        for (first, second, both) in [
            (Regressed, Regressed, Regressed),
            (Improved, Improved, Improved),
            (Regressed, Improved, Undecided),
            (Improved, Unchanged, Undecided),
            (Regressed, Undecided, Undecided),
            (Unchanged, Regressed, Unchanged),
            (Undecided, Regressed, Undecided),
        ] {
            let confirmed = confirm(decision(first, 8), decision(second, 10));
            assert_eq!(confirmed.verdict, both, "{first:?} then {second:?}");
            let suspected = matches!(first, Regressed | Improved);
            assert_eq!(confirmed.pairs, if suspected { 10 } else { 8 }, "it rests on the stage that counts");
            let expected = if suspected && both == Undecided { Reason::NotConfirmed } else { Reason::Shown };
            assert_eq!(confirmed.reason, expected, "{first:?} then {second:?}");
        }
    }

    #[test]
    fn one_null_pair_in_sixteen_is_taken_and_eight_at_least() {
        assert_eq!([0, 1, 128, 129, 144, 145].map(null_pairs), [8, 8, 8, 9, 9, 10]);
    }

    #[test]
    fn a_suite_wide_change_needs_three_benchmarks_and_two_thirds() {
        let intervals = |count| vec![Interval { low: 0.02, high: 0.04 }; count];
        for (regressed, measured, expected) in [(2, 2, false), (3, 3, true), (4, 6, true), (4, 7, false), (0, 0, false)]
        {
            let found = suite_wide(&intervals(regressed), measured).unwrap();
            assert_eq!(found.is_some(), expected, "{regressed} of {measured}");
        }
        // One that lies elsewhere does not hide what the others share.
        let mut apart = intervals(4);
        apart.push(Interval { low: 0.3, high: 0.4 });
        assert_eq!(suite_wide(&apart, 5).unwrap().unwrap().members, [0, 1, 2, 3]);
        assert!(suite_wide(&apart, 4).is_err());
    }

    #[test]
    fn what_is_no_interval_cannot_be_shared() {
        let sound = Interval { low: 0.02, high: 0.04 };
        for (low, high) in
            [(f64::NAN, 0.1), (0.1, f64::NAN), (f64::NEG_INFINITY, 0.1), (0.1, f64::INFINITY), (0.2, 0.1)]
        {
            let refused = suite_wide(&[sound, Interval { low, high }, sound], 3);
            assert_eq!(refused, Err(StatsError::NotFinite { index: 1 }), "{low} to {high}");
        }
        let point = Interval { low: 0.03, high: 0.03 };
        assert_eq!(suite_wide(&[sound, point, sound], 3).unwrap().unwrap().shared, point);
    }

    #[test]
    fn the_null_control_is_a_two_sided_t_test_at_one_in_a_thousand() {
        let around = |shift: f64| (0..20).map(|place| shift + 0.1 * f64::from(place % 5)).collect::<Vec<_>>();
        for shift in [-0.40, -0.28, -0.2, 0.0] {
            let judged = null_control(&around(shift)).unwrap();
            let one_sided = boundary::deviate_of_t(judged.t.abs(), 11);
            assert!((boundary::normal_deviate(judged.p / 2.0) - one_sided).abs() < 1e-6);
            assert_eq!(judged.trusted, judged.p >= 0.001);
        }
        // Between one in a hundred and one in a thousand it is still trusted.
        let close = null_control(&around(-0.09)).unwrap();
        assert!(close.trusted && (0.001..0.01).contains(&close.p), "{close:?}");
        assert!(null_control(&[0.0; 7]).is_err());
        assert!(null_control(&[0.0; 8]).unwrap().trusted && !null_control(&[0.1; 8]).unwrap().trusted);
    }

    #[test]
    fn counts_are_judged_by_the_ratio_itself() {
        let judged = |base: f64, head: f64| judge_counts(&[base; 3], &[head; 3], 0.01).unwrap().unwrap().verdict;
        assert_eq!(judged(1000.0, 1010.0), Verdict::Unchanged, "exactly the margin is not beyond it");
        assert_eq!(judged(1000.0, 1010.1), Verdict::Regressed);
        assert_eq!((judged(1005.0, 1000.0), judged(1011.0, 1000.0)), (Verdict::Unchanged, Verdict::Improved));
        assert_eq!(
            (judged(0.0, 0.0), judged(0.0, 1.0), judged(1.0, 0.0)),
            (Verdict::Unchanged, Verdict::Regressed, Verdict::Improved)
        );
        let counted = judge_counts(&[1000.0; 3], &[1500.0; 3], 0.01).unwrap().unwrap();
        assert!((counted.difference() - 500.0).abs() < 1e-12);
        assert!((counted.ratio().unwrap() - 1.5).abs() < 1e-15);
        assert_eq!(judge_counts(&[0.0; 3], &[1.0; 3], 0.01).unwrap().unwrap().ratio(), None);
        for margin in [-0.01, f64::NAN, f64::INFINITY] {
            assert!(judge_counts(&[1.0; 3], &[1.0; 3], margin).is_err(), "{margin}");
        }
        assert!(judge_counts(&[1.0; 3], &[1.0; 3], 0.0).is_ok());
        // The first that is negative is named, whatever is larger or smaller.
        assert_eq!(judge_counts(&[0.0, -1.0, -3.0], &[1.0; 3], 0.01), Err(StatsError::NotPositive { index: 1 }));
        assert_eq!(judge_counts(&[5.0, 6.0, 5.0], &[1.0; 3], 0.01), Ok(None), "a spread needs the test on pairs");
        assert!(
            judge_counts(&[1.0; 2], &[1.0; 3], 0.01).is_err() && judge_counts(&[-1.0; 3], &[1.0; 3], 0.01).is_err()
        );
    }
}
