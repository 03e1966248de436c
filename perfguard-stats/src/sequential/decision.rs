//! The test itself: fed with pairs, it looks when a look is due, and stops when something is shown.

use std::sync::Arc;

use crate::StatsError;
use crate::interval::Interval;
use crate::sequential::boundary::{FIRST_LOOK, LOOK_EVERY, deviate_of_t, level_reached, rise};
use crate::sequential::design::{Critical, Design};
use crate::sequential::outcome::{Decision, Look, PValues, Reason, Verdict};
use crate::sequential::pairs::{Location, Pair, Pairs};
use crate::sequential::plan::{FINEST_QUANTUM, Plan};
use crate::sequential::starts::{SLOW, SlowStarts, fisher_exact};

/// At most one pair in so many may be replaced.
const REPLACED_ONE_IN: usize = 5;
/// What rounding to a quantum adds to the standard deviation of a difference: `quantum / √6`.
const QUANTUM_TO_DEVIATION: f64 = 2.449_489_742_783_178;

/// One run as it ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Run {
    /// Its value, in any unit that both sides share.
    Value(f64),
    /// It took too long: it counts as twice the slowest value so far.
    TimedOut,
    /// It gave no value: its pair is replaced.
    Failed,
}

/// A comparison of base and head while it is measured.
///
/// ```
/// # use std::sync::Arc;
/// # use perfguard_stats::sequential::{Design, Limits, Pair, Plan, SequentialTest, Verdict};
/// let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 40)).unwrap());
/// let mut test = SequentialTest::new(design);
/// for noise in [0.1, -0.2, 0.3, -0.1, 0.2, -0.3, 0.15, -0.15] {
///     test.push(Pair::new(100.0, 106.0 + noise).unwrap());
/// }
/// let decision = test.decision().unwrap();
/// assert_eq!((decision.verdict, decision.pairs), (Verdict::Regressed, 8));
/// assert!((decision.estimate.unwrap().exp_m1() - 0.06).abs() < 0.001);
/// ```
#[derive(Debug, Clone)]
pub struct SequentialTest {
    design: Arc<Design>,
    pairs: Pairs,
    looks: Vec<Look>,
    shared: Option<Interval>,
    quantum: f64,
    replaced: usize,
    slow_starts: Option<SlowStarts>,
    decision: Option<Decision>,
}

impl SequentialTest {
    /// A test that has seen nothing. It takes the memory that most need here: there may be thousands. Where the quantum is
    /// too coarse for the limits it is decided already.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use perfguard_stats::sequential::{Design, Limits, Plan, SequentialTest};
    /// let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 24)).unwrap());
    /// assert_eq!(SequentialTest::new(design).decision(), None);
    /// ```
    pub fn new(design: Arc<Design>) -> Self {
        let quantum = design.plan.quantum.max(FINEST_QUANTUM);
        let mut test = Self {
            pairs: Pairs::with_capacity(FIRST_LOOK),
            looks: Vec::new(),
            design,
            shared: None,
            quantum: 0.0,
            replaced: 0,
            slow_starts: None,
            decision: None,
        };
        test.observe_quantum(quantum);
        test
    }

    /// Says that one value is only known to this relative resolution, if that is coarser than what was known.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Reason;
    /// # use std::sync::Arc;
    /// # use perfguard_stats::sequential::{Design, Limits, Pair, Plan, SequentialTest};
    /// # let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 24)).unwrap());
    /// # let mut test = SequentialTest::new(design);
    /// test.observe_quantum(0.001);
    /// assert_eq!(test.decision(), None);
    /// test.observe_quantum(0.02);
    /// assert_eq!(test.decision().unwrap().reason, Reason::TimerTooCoarse);
    /// ```
    pub fn observe_quantum(&mut self, quantum: f64) {
        if quantum > self.quantum {
            self.quantum = quantum;
        }
        let limits = self.design.plan.limits;
        if self.quantum > (limits.threshold() - limits.margin()) / 2.0 && self.decision.is_none() {
            self.stop(Verdict::Undecided, Reason::TimerTooCoarse);
        }
    }

    /// Takes a pair, and looks if a look is due. Once decided, it takes nothing more.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Verdict;
    /// # use std::sync::Arc;
    /// # use perfguard_stats::sequential::{Design, Limits, Pair, Plan, SequentialTest};
    /// # let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 24)).unwrap());
    /// # let mut test = SequentialTest::new(design);
    /// let pair = Pair::new(100.0, 100.0).unwrap();
    /// let looks: Vec<bool> = (0..8).map(|_| test.push(pair).is_some()).collect();
    /// assert_eq!(looks, [false, false, false, false, false, false, false, true]);
    /// assert_eq!(test.decision().unwrap().verdict, Verdict::Unchanged);
    /// assert_eq!(test.push(pair), None, "it is decided");
    /// ```
    pub fn push(&mut self, pair: Pair) -> Option<Look> {
        if self.decision.is_some() {
            return None;
        }
        self.pairs.push(pair);
        let taken = self.pairs.count();
        let place = taken.checked_sub(FIRST_LOOK).filter(|after| after.is_multiple_of(LOOK_EVERY))? / LOOK_EVERY;
        let critical = *self.design.looks.get(place)?;
        let look = self.look(critical);
        self.looks.push(look);
        if let Some(verdict) = look.verdict {
            self.stop(verdict, Reason::Shown);
        } else if taken >= self.design.plan.last {
            self.stop(Verdict::Undecided, self.why_undecided());
        }
        Some(look)
    }

    /// Takes two runs as they ended. A pair with a failed run is left out and has to be replaced; when more than one in
    /// five was, the comparison is undecided.
    ///
    /// # Errors
    /// When a value is not finite or not positive.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Run;
    /// # use std::sync::Arc;
    /// # use perfguard_stats::sequential::{Design, Limits, Pair, Plan, SequentialTest};
    /// # let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 24)).unwrap());
    /// # let mut test = SequentialTest::new(design);
    /// test.push_runs(Run::Value(100.0), Run::Value(105.0)).unwrap();
    /// test.push_runs(Run::Value(100.0), Run::Failed).unwrap();
    /// test.push_runs(Run::Value(100.0), Run::TimedOut).unwrap();
    /// assert_eq!((test.pairs().len(), test.replaced()), (2, 1));
    /// assert!((test.pairs()[1].difference() - 2.1_f64.ln()).abs() < 1e-12, "twice the slowest so far");
    /// ```
    pub fn push_runs(&mut self, base: Run, head: Run) -> Result<Option<Look>, StatsError> {
        let known = |run| if let Run::Value(value) = run { Some(value) } else { None };
        let slowest = [known(base), known(head)]
            .into_iter()
            .flatten()
            .chain(self.pairs.taken().iter().map(|pair| pair.base().max(pair.head()).exp()))
            .fold(0.0, f64::max);
        let value = |run| match run {
            Run::Value(value) => Some(value),
            Run::TimedOut => Some((2.0 * slowest).min(f64::MAX)).filter(|_| slowest > 0.0),
            Run::Failed => None,
        };
        if let (Some(base), Some(head)) = (value(base), value(head)) {
            return Ok(self.push(Pair::new(base, head)?));
        }
        self.replaced += 1;
        if self.replaced > self.design.plan.last / REPLACED_ONE_IN && self.decision.is_none() {
            self.stop(Verdict::Undecided, Reason::TooManyFailures);
        }
        Ok(None)
    }

    /// Ends the test early because the budget is spent, and says how it ended. The plan stays as it was: what was not shown
    /// is undecided.
    ///
    /// ```
    /// # use perfguard_stats::sequential::{Reason, Verdict};
    /// # use std::sync::Arc;
    /// # use perfguard_stats::sequential::{Design, Limits, Pair, Plan, SequentialTest};
    /// # let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 24)).unwrap());
    /// # let mut test = SequentialTest::new(design);
    /// test.push(Pair::new(100.0, 105.0).unwrap());
    /// let decision = test.finish();
    /// assert_eq!((decision.verdict, decision.reason), (Verdict::Undecided, Reason::TooFewPairs));
    /// ```
    pub fn finish(&mut self) -> Decision {
        if let Some(decision) = self.decision {
            return decision;
        }
        let early = if self.looks.is_empty() { Reason::TooFewPairs } else { Reason::BudgetEnded };
        self.stop(Verdict::Undecided, early)
    }

    /// How it ended, if it has.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Verdict;
    /// # use std::sync::Arc;
    /// # use perfguard_stats::sequential::{Design, Limits, Pair, Plan, SequentialTest};
    /// # let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 24)).unwrap());
    /// # let mut test = SequentialTest::new(design);
    /// assert_eq!(test.decision(), None);
    /// for _ in 0..8 {
    ///     test.push(Pair::new(100.0, 90.0).unwrap());
    /// }
    /// assert_eq!(test.decision().unwrap().verdict, Verdict::Improved);
    /// ```
    pub fn decision(&self) -> Option<Decision> {
        self.decision
    }

    /// The looks so far.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use perfguard_stats::sequential::{Design, Limits, Pair, Plan, SequentialTest};
    /// # let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 24)).unwrap());
    /// # let mut test = SequentialTest::new(design);
    /// for _ in 0..8 {
    ///     test.push(Pair::new(100.0, 110.0).unwrap());
    /// }
    /// assert_eq!(test.looks().iter().map(|look| look.pairs).collect::<Vec<_>>(), [8]);
    /// ```
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// The pairs so far, in the order they were taken.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use perfguard_stats::sequential::{Design, Limits, Pair, Plan, SequentialTest};
    /// # let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 24)).unwrap());
    /// # let mut test = SequentialTest::new(design);
    /// let pair = Pair::new(100.0, 110.0).unwrap();
    /// test.push(pair);
    /// assert_eq!(test.pairs(), [pair]);
    /// ```
    pub fn pairs(&self) -> &[Pair] {
        self.pairs.taken()
    }

    /// Pairs that had to be replaced.
    ///
    /// ```
    /// # use perfguard_stats::sequential::Run;
    /// # use std::sync::Arc;
    /// # use perfguard_stats::sequential::{Design, Limits, Pair, Plan, SequentialTest};
    /// # let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 24)).unwrap());
    /// # let mut test = SequentialTest::new(design);
    /// test.push_runs(Run::Failed, Run::Value(100.0)).unwrap();
    /// assert_eq!(test.replaced(), 1);
    /// ```
    pub fn replaced(&self) -> usize {
        self.replaced
    }

    /// Slow starts, if they were counted; they are when *unchanged* would be shown otherwise.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use perfguard_stats::sequential::{Design, Limits, Pair, Plan, SequentialTest};
    /// # let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 24)).unwrap());
    /// # let mut test = SequentialTest::new(design);
    /// for _ in 0..8 {
    ///     test.push(Pair::new(100.0, 100.0).unwrap());
    /// }
    /// let starts = test.slow_starts().unwrap();
    /// assert_eq!((starts.base, starts.head, starts.runs), (0, 0, 8));
    /// ```
    pub fn slow_starts(&self) -> Option<SlowStarts> {
        self.slow_starts
    }

    /// The plan.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use perfguard_stats::sequential::{Design, Limits, Plan, SequentialTest};
    /// # let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 24)).unwrap());
    /// let test = SequentialTest::new(design);
    /// assert_eq!(test.plan().last, 24);
    /// ```
    pub fn plan(&self) -> &Plan {
        &self.design.plan
    }

    /// The smallest levels at which the looks so far would have shown a change.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use perfguard_stats::sequential::{Design, Limits, Pair, Plan, SequentialTest};
    /// # let design = Arc::new(Design::new(Plan::first_stage(Limits::default(), 24)).unwrap());
    /// # let mut test = SequentialTest::new(design);
    /// assert_eq!(test.p_values().change(), 1.0, "nothing was seen");
    /// for noise in [0.1, -0.2, 0.3, -0.1, 0.2, -0.3, 0.15, -0.15] {
    ///     test.push(Pair::new(100.0, 106.0 + noise).unwrap());
    /// }
    /// let p = test.p_values();
    /// assert!(p.regressed < 0.005 && p.improved > 0.99);
    /// ```
    pub fn p_values(&self) -> PValues {
        let Plan { limits, scale, last, .. } = *self.plan();
        let level = |sign: f64| {
            let furthest = self.looks.iter().map(|look| {
                let t = (sign * look.location.estimate - limits.margin()) / look.location.standard_error;
                if t > 0.0 { deviate_of_t(t, look.location.degrees_of_freedom) / rise(look.pairs, last) } else { 0.0 }
            });
            level_reached(scale, last, furthest.fold(0.0, f64::max))
        };
        PValues { regressed: level(1.0), improved: level(-1.0) }
    }

    fn look(&mut self, critical: Critical) -> Look {
        let Plan { limits, scale, .. } = self.design.plan;
        let location = self.pairs.location(scale, self.quantum / QUANTUM_TO_DEVIATION);
        let Location { estimate, standard_error, .. } = location;
        let reach = critical.interval * standard_error;
        let interval = Interval { low: estimate - reach, high: estimate + reach };
        self.shared = Some(match self.shared {
            Some(before) => Interval { low: before.low.max(interval.low), high: before.high.min(interval.high) },
            None => interval,
        });
        let shown = |distance: f64, critical: f64| distance >= critical * standard_error;
        let verdict = if self.failing() {
            None
        } else if shown(estimate - limits.margin(), critical.change) {
            Some(Verdict::Regressed)
        } else if shown(-estimate - limits.margin(), critical.change) {
            Some(Verdict::Improved)
        } else if shown(limits.threshold() - estimate.abs(), critical.same) && !self.one_side_starts_slowly() {
            Some(Verdict::Unchanged)
        } else {
            None
        };
        Look { pairs: self.pairs.count(), location, interval, verdict }
    }

    /// True while more than one pair in five had to be replaced: nothing is decided meanwhile.
    fn failing(&self) -> bool {
        self.replaced * REPLACED_ONE_IN > self.replaced + self.pairs.count()
    }

    /// Counts runs far above the median of their side. Not of both sides together: where there is hardly any noise, a change
    /// well below the margin would make slow starts of all of head's runs.
    fn one_side_starts_slowly(&mut self) -> bool {
        let deviation = match self.design.plan.pair_deviation {
            Some(stored) => stored,
            None => self.pairs.robust_deviation(),
        };
        let distance = (SLOW * deviation).max(self.design.plan.limits.threshold());
        let runs = self.pairs.count();
        let (base, head) = (self.pairs.far_above(Pair::base, distance), self.pairs.far_above(Pair::head, distance));
        // The table is far below the size that is refused.
        let p = fisher_exact([[head, runs - head], [base, runs - base]]).unwrap_or(1.0);
        let starts = SlowStarts { base, head, runs, p };
        self.slow_starts = Some(starts);
        starts.differ()
    }

    fn why_undecided(&self) -> Reason {
        if self.failing() {
            return Reason::TooManyFailures;
        }
        let counted = self.slow_starts.filter(|starts| starts.runs == self.pairs.count());
        if counted.is_some_and(|starts| starts.differ()) { Reason::SlowStarts } else { Reason::AllPairs }
    }

    fn stop(&mut self, verdict: Verdict, reason: Reason) -> Decision {
        let last = self.looks.last();
        let interval = self.shared.filter(|shared| shared.low <= shared.high).or(last.map(|look| look.interval));
        let decision = Decision {
            verdict,
            reason,
            pairs: self.pairs.count(),
            estimate: last.map(|look| look.location.estimate),
            interval,
        };
        self.decision = Some(decision);
        decision
    }
}
