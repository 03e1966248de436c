//! One benchmark's pairs, heard one by one: the group-sequential test over them, and what it shows in the end.

use std::sync::Arc;

use perfguard_stats::power::{pairs_still_needed, smallest_change};
use perfguard_stats::quantile::median;
use perfguard_stats::sequential::fastest::LOOKED_AT;
use perfguard_stats::sequential::{
    CountDecision, Decision, Design, Limits, NoiseLevel, Pair, Plan, Reason, SequentialTest, SignFlip, SlowStarts,
    Verdict as Shown, judge_counts, layout_share, pair_count, pair_deviation, processes_in_a_pair,
};

use super::LEVEL;
use crate::model::{Effect, Evidence, Interval, Observation, Verdict};

/// Equal counts a side that show that a metric has no spread.
const EQUAL_COUNTS: usize = 3;
/// Numbers of pairs that the budget may pay for where the noise asks for more.
const STEPS: [usize; 7] = [16, 20, 24, 32, 40, 48, 64];

/// How a benchmark is tested: fixed before the first look.
#[derive(Debug, Clone)]
pub struct TestPlan {
    design: Arc<Design>,
    /// Whether the deciding value is a count.
    counts: bool,
    /// Processes of each side that make one pair.
    repeats: usize,
    /// What it was planned by, where the first pairs may still say that several processes shall make one.
    known: Option<Known>,
}

/// What is known of a benchmark before it is tested.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// A change at least this large matters (0.03 is 3 %).
    pub threshold: f64,
    /// Standard deviation of the logarithm of a pair's ratio in earlier comparisons here.
    pub pair_spread: Option<f64>,
    /// Processes of each side that the budget can pay for.
    pub affordable: usize,
    /// Never more pairs than this.
    pub most_pairs: usize,
    /// Whether a disturbance can only make values larger, so that the fastest of several processes may make a pair.
    pub fastest_counts: bool,
    /// Whether all pairs run on one layout, so that a change may be the layout's.
    pub one_layout: bool,
    /// Whether the deciding value is a count.
    pub counts: bool,
}

/// Boundaries that were worked out: most benchmarks of a suite have the same.
#[derive(Debug, Default)]
pub struct Designs(Vec<Arc<Design>>);

impl Designs {
    fn get(&mut self, plan: Plan) -> Arc<Design> {
        let known = self.0.iter().find(|design| *design.plan() == plan);
        known.cloned().unwrap_or_else(|| {
            let fallback = Plan::first_stage(Limits::default(), 40);
            let design = Design::new(plan).or_else(|_| Design::new(fallback)).expect("the fallback is a valid plan");
            let design = Arc::new(design);
            self.0.push(Arc::clone(&design));
            design
        })
    }
}

impl TestPlan {
    /// The first pass. The number of pairs comes from the noise and from what the budget pays for.
    pub fn first(known: &Known, designs: &mut Designs) -> Self {
        Self::of_repeats(known, 1, designs)
    }

    /// The same, where so many processes of each side make one pair.
    fn of_repeats(known: &Known, repeats: usize, designs: &mut Designs) -> Self {
        let limits = Limits::from_threshold(known.threshold).unwrap_or_default();
        // Without layouts the margin makes room for what they may do.
        let limits = if known.one_layout { limits.without_layouts(None).unwrap_or(limits) } else { limits };
        let noise = known.pair_spread.map(|pair_deviation| NoiseLevel { pair_deviation, spike_share: 0.0 });
        let wanted = pair_count(limits, noise, None).map_or(STEPS[STEPS.len() - 1], |count| count.last);
        let affordable = (known.affordable / repeats).min(known.most_pairs);
        let last = match STEPS.into_iter().rev().find(|step| *step <= affordable) {
            Some(step) => step.min(wanted),
            None => STEPS[0],
        };
        let plan = Plan { pair_deviation: known.pair_spread, ..Plan::first_stage(limits, last) };
        let open = (repeats == 1 && known.fastest_counts && !known.counts).then_some(*known);
        Self { design: designs.get(plan), counts: known.counts, repeats, known: open }
    }

    /// Fresh pairs of a suspect, in a comparison of so many benchmarks.
    pub fn confirming(benchmarks: usize, first: &PairedTest) -> Self {
        let plan = first.plan.design.plan();
        let noise = first.pair_spread().zip(first.layout_share());
        let confirming = plan.confirming(benchmarks, noise);
        let design = Designs::default().get(confirming.unwrap_or(*plan));
        Self { design, counts: first.plan.counts, repeats: first.plan.repeats, known: None }
    }

    /// The most pairs.
    pub fn most(&self) -> usize {
        self.design.plan().last
    }
}

/// One benchmark's pairs in one stage of a comparison.
#[derive(Debug, Clone)]
pub struct PairedTest {
    plan: TestPlan,
    test: SequentialTest,
    /// The values of every process: base's, head's.
    runs: [Vec<f64>; 2],
    /// Those of the pairs.
    values: [Vec<f64>; 2],
    layouts: Vec<usize>,
    /// The fastest processes of the pair that is being taken, and how many it has.
    begun: Option<(f64, f64, usize)>,
    decided: Option<CountDecision>,
}

impl PairedTest {
    /// A test that has heard nothing.
    pub fn new(plan: &TestPlan) -> Self {
        Self {
            test: SequentialTest::new(Arc::clone(&plan.design)),
            plan: plan.clone(),
            runs: [Vec::new(), Vec::new()],
            values: [Vec::new(), Vec::new()],
            layouts: Vec::new(),
            begun: None,
            decided: None,
        }
    }

    /// Takes a process of each side. Gives whether the test is over.
    pub fn push(&mut self, base: &Observation, head: &Observation, layout: usize) -> bool {
        self.push_values([base.value, head.value], quantum_of(base, head), layout)
    }

    /// The same of values alone: base's, head's, and the step between two that can be told apart, relative to them.
    pub fn push_values(&mut self, [base, head]: [f64; 2], quantum: f64, layout: usize) -> bool {
        self.runs[0].push(base);
        self.runs[1].push(head);
        if self.plan.counts && self.runs[0].len() == EQUAL_COUNTS {
            let margin = self.test.plan().limits.margin().exp_m1();
            self.decided = judge_counts(&self.runs[0], &self.runs[1], margin).ok().flatten();
        }
        if quantum > 0.0 {
            self.test.observe_quantum(quantum);
        }
        if let Some(known) = self.plan.known.filter(|_| self.runs[0].len() == LOOKED_AT)
            && let repeats @ 2.. = processes_in_a_pair(&self.runs[0], &self.runs[1])
        {
            self.begin_again(&TestPlan::of_repeats(&known, repeats, &mut Designs::default()), layout);
        } else {
            self.take(base, head, layout);
        }
        self.is_over()
    }

    /// Whether the pair that is being taken needs further processes, on the same layout.
    pub fn is_within_a_pair(&self) -> bool {
        self.begun.is_some()
    }

    /// Makes pairs anew of the processes that there are, by another plan.
    fn begin_again(&mut self, plan: &TestPlan, layout: usize) {
        let [base, head] = std::mem::take(&mut self.runs);
        *self = Self::new(plan);
        for (base, head) in base.iter().zip(&head) {
            self.take(*base, *head, layout);
        }
        self.runs = [base, head];
    }

    fn take(&mut self, base: f64, head: f64, layout: usize) {
        let (fastest_base, fastest_head, count) = self.begun.take().unwrap_or((f64::INFINITY, f64::INFINITY, 0));
        let (base, head) = (base.min(fastest_base), head.min(fastest_head));
        if count + 1 < self.plan.repeats {
            self.begun = Some((base, head, count + 1));
            return;
        }
        self.values[0].push(base);
        self.values[1].push(head);
        // A value of zero has no logarithm: nothing is shown by it.
        if let Ok(pair) = Pair::new(base, head) {
            self.layouts.push(layout);
            self.test.push(pair);
        }
    }

    /// Processes of each side that make one pair.
    pub fn repeats(&self) -> usize {
        self.plan.repeats
    }

    /// The values of every process: base's, head's.
    pub fn runs(&self) -> impl Iterator<Item = [f64; 2]> + '_ {
        self.runs[0].iter().zip(&self.runs[1]).map(|(base, head)| [*base, *head])
    }

    /// Whether no further pair is wanted.
    pub fn is_over(&self) -> bool {
        self.decided.is_some() || self.test.decision().is_some()
    }

    /// Ends the test, decided or not.
    pub fn finish(&mut self) {
        self.test.finish();
    }

    /// Pairs so far.
    pub fn pairs(&self) -> usize {
        self.values[0].len()
    }

    /// What is shown, or suspected, of the sign of a change.
    pub fn shown(&self) -> Shown {
        if let Some(count) = &self.decided {
            return count.verdict;
        }
        self.decision().map_or(Shown::Undecided, |decision| decision.verdict)
    }

    /// How the test ended. The fastest of several processes hides a start that is slow now and then: where one side has
    /// more of them, the sides are not the same.
    fn decision(&self) -> Option<Decision> {
        let decision = self.test.decision()?;
        let hidden = decision.verdict == Shown::Unchanged && self.hidden_starts().is_some_and(|starts| starts.differ());
        Some(if hidden {
            Decision { verdict: Shown::Undecided, reason: Reason::SlowStarts, ..decision }
        } else {
            decision
        })
    }

    /// Slow starts among the processes, where several make one pair.
    fn hidden_starts(&self) -> Option<SlowStarts> {
        /// Standard deviations of a pair, as the test itself has it.
        const SLOW: f64 = 4.0;
        if self.plan.repeats < 2 {
            return None;
        }
        let usual = [0, 1].map(|side| self.median(side).map_or(f64::NAN, f64::ln));
        let [base, head] = [0, 1].map(|side: usize| self.runs[side].iter().map(|value| value.ln()).collect::<Vec<_>>());
        let distance = (SLOW * self.pair_spread()?).max(self.test.plan().limits.threshold());
        SlowStarts::count([&base, &head], usual, distance).ok()
    }

    /// Standard deviation of the logarithm of the ratio of two single processes, robust.
    pub fn single_spread(&self) -> Option<f64> {
        let [base, head] = &self.runs;
        let differences: Vec<f64> = base.iter().zip(head).map(|(base, head)| (head / base).ln()).collect();
        pair_deviation(&differences).ok().or_else(|| self.pair_spread())
    }

    /// Whether what is shown needs fresh pairs: a count does not.
    pub fn is_suspect(&self) -> bool {
        self.decided.is_none() && matches!(self.shown(), Shown::Regressed | Shown::Improved)
    }

    /// Whether the two sides were shown to be the same within the threshold.
    pub fn is_unchanged(&self) -> bool {
        self.shown() == Shown::Unchanged
    }

    /// Standard deviation of the logarithm of one pair's ratio, robust.
    pub fn pair_spread(&self) -> Option<f64> {
        let look = self.test.looks().last()?;
        #[expect(clippy::cast_precision_loss, reason = "at most 1,024 pairs")]
        let pairs = look.pairs as f64;
        Some(look.location.standard_error * pairs.sqrt()).filter(|spread| spread.is_finite())
    }

    /// Which part of the noise is due to layouts.
    pub fn layout_share(&self) -> Option<f64> {
        let differences: Vec<f64> = self.test.pairs().iter().map(|pair| pair.difference()).collect();
        layout_share(&differences, &self.layouts[..differences.len().min(self.layouts.len())])
            .ok()
            .map(|found| found.share)
    }

    /// The differences of its pairs, logarithms of head over base.
    pub fn differences(&self) -> Vec<f64> {
        self.test.pairs().iter().map(|pair| pair.difference()).collect()
    }

    /// Median of a side's values: base 0, head 1.
    pub fn median(&self, side: usize) -> Option<f64> {
        median(&self.values[side]).ok()
    }

    /// Head over base, with the interval that holds over all looks.
    pub fn effect(&self) -> Option<Effect> {
        if let Some(count) = &self.decided {
            return count.ratio().map(|ratio| Effect { ratio, interval: None });
        }
        let decision = self.decision()?;
        let Some(estimate) = decision.estimate else {
            let middle = median(&self.differences()).ok()?;
            return Some(Effect { ratio: middle.exp(), interval: None });
        };
        // The interval holds over all looks: where noise moved, the last estimate may lie beyond what earlier ones allow.
        let interval = decision.interval.map(|ends| Interval {
            low: ends.low.min(estimate).exp(),
            high: ends.high.max(estimate).exp(),
            level: LEVEL,
        });
        Some(Effect { ratio: estimate.exp(), interval })
    }

    /// How sure it is, in numbers.
    pub fn evidence(&self) -> Evidence {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let plan = self.test.plan();
        let spread = self.pair_spread();
        let p = self.test.p_values();
        let undecided = self.shown() == Shown::Undecided;
        Evidence {
            pairs: count(self.pairs()),
            repeats: count(self.plan.repeats),
            planned: count(plan.last),
            confirming: 0,
            p_value: (self.decided.is_none() && !self.test.looks().is_empty()).then(|| p.change()),
            e_value: spread.and_then(|spread| self.e_value(spread)),
            pair_spread: spread,
            layout_share: self.layout_share(),
            smallest_visible: spread
                .and_then(|spread| smallest_change(plan.limits, spread, plan.last).ok())
                .map(f64::exp_m1),
            pairs_needed: spread.filter(|_| undecided).and_then(|spread| self.pairs_needed(spread)),
        }
    }

    /// Evidence against "no worse than the margin" that multiplies over repeated comparisons.
    fn e_value(&self, spread: f64) -> Option<f64> {
        let mut process = SignFlip::new(self.test.plan().limits.margin(), spread).ok()?;
        for difference in self.differences() {
            process.push(difference);
        }
        Some(process.value()).filter(|value| value.is_finite())
    }

    /// Pairs that a decision is likely to need, less those that were taken.
    fn pairs_needed(&self, spread: f64) -> Option<u32> {
        let needed = pairs_still_needed(self.test.plan().limits, spread, self.pairs()).ok()?;
        u32::try_from(needed).ok().filter(|missing| *missing > 0)
    }

    /// Why the first pass or a confirmation ended undecided, in words.
    fn why_undecided(&self, decision: &Decision) -> String {
        let planned = self.test.plan().last;
        match decision.reason {
            Reason::TooFewPairs if self.pairs() == 0 => "not reached within the budget".to_owned(),
            Reason::TooFewPairs => {
                format!("the budget ended after {} of {planned} pairs: too few to look at", self.pairs())
            }
            Reason::BudgetEnded => format!("the budget ended after {} of {planned} pairs", self.pairs()),
            Reason::TimerTooCoarse => {
                "one step of the printed time is too coarse: raise `--observation-time` or `--iterations`".to_owned()
            }
            Reason::TooManyFailures => "more than a fifth of its processes failed".to_owned(),
            Reason::SlowStarts => match self.hidden_starts().or_else(|| self.test.slow_starts()) {
                Some(starts) => {
                    let (more, less, side) = if starts.head >= starts.base {
                        (starts.head, starts.base, "head")
                    } else {
                        (starts.base, starts.head, "base")
                    };
                    format!("{side} has slow starts: {more} of {} against {less}", starts.runs)
                }
                None => "one side has slow starts".to_owned(),
            },
            Reason::AllPairs | Reason::Shown | Reason::NotConfirmed => {
                format!("neither a change nor its absence was shown in {} pairs", self.pairs())
            }
        }
    }
}

/// What a comparison shows of one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct Conclusion {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in a sentence without final period.
    pub reason: String,
    /// Head over base.
    pub effect: Option<Effect>,
    /// How sure it is.
    pub evidence: Evidence,
}

/// What the first pass, and the confirmation where there was one, show together. `more_is_worse` says which way a metric
/// is bad.
pub fn conclude(first: &PairedTest, confirming: Option<&PairedTest>, more_is_worse: bool) -> Conclusion {
    let named = |shown: Shown| match (shown, more_is_worse) {
        (Shown::Regressed, true) | (Shown::Improved, false) => Verdict::Regressed,
        (Shown::Improved, true) | (Shown::Regressed, false) => Verdict::Improved,
        (Shown::Unchanged, _) => Verdict::Unchanged,
        (Shown::Undecided, _) => Verdict::Undecided,
    };
    let mut evidence = first.evidence();
    let effect = first.effect();
    if let Some(count) = &first.decided {
        let difference = count.difference();
        let reason = if difference == 0.0 {
            "the count is exactly the same".to_owned()
        } else {
            format!("the count differs by {difference}, exactly")
        };
        return Conclusion { verdict: named(count.verdict), reason, effect, evidence };
    }
    let threshold = percent(first.test.plan().limits.threshold());
    let decision = first.decision();
    let Some(confirming) = confirming else {
        let (verdict, reason) = match decision {
            Some(decision) if decision.verdict == Shown::Undecided => {
                (Verdict::Undecided, first.why_undecided(&decision))
            }
            Some(decision) if decision.verdict == Shown::Unchanged => {
                (Verdict::Unchanged, format!("shown to differ by less than {threshold}"))
            }
            Some(_) => (Verdict::Undecided, "suspected, and no fresh pairs could be taken to confirm it".to_owned()),
            None => (Verdict::Undecided, "no pairs were taken".to_owned()),
        };
        return Conclusion { verdict, reason, effect, evidence };
    };
    let fresh = confirming.evidence();
    evidence.confirming = fresh.pairs;
    let suspected = first.shown();
    if confirming.shown() == suspected {
        evidence.p_value = fresh.p_value;
        evidence.e_value = evidence.e_value.zip(fresh.e_value).map(|(one, other)| one * other);
        let margin = percent(first.test.plan().limits.margin());
        let reason = format!("shown to be beyond {margin}, and confirmed on {} fresh pairs", confirming.pairs());
        return Conclusion { verdict: named(suspected), reason, effect: confirming.effect(), evidence };
    }
    let sign = if suspected == Shown::Regressed { '+' } else { '-' };
    let size = effect.map(|effect| percent(effect.ratio.ln())).unwrap_or_default();
    let reason = format!("suspected ({sign}{size}), and not confirmed on {} fresh pairs", confirming.pairs());
    let effect = confirming.effect().or(effect);
    evidence.smallest_visible = fresh.smallest_visible;
    evidence.pairs_needed = fresh.pairs_needed;
    Conclusion { verdict: Verdict::Undecided, reason, effect, evidence }
}

/// A difference of logarithms as a share, without its sign: `3 %`.
fn percent(logarithm: f64) -> String {
    let share = logarithm.exp_m1().abs() * 100.0;
    let rounded = if share < 10.0 { (share * 10.0).round() / 10.0 } else { share.round() };
    format!("{rounded} %")
}

/// The step between two values that both observations' harness can tell apart, relative to the values.
pub fn quantum_of(base: &Observation, head: &Observation) -> f64 {
    quantum(base).max(quantum(head))
}

/// The step between two values that an observation's harness can tell apart, relative to the value.
fn quantum(observation: &Observation) -> f64 {
    /// One step of the system's clock, nanoseconds.
    const TICK_NS: f64 = 1.0;
    let samples = observation.samples.iter().map(|sample| sample.total_ns).fold(0.0, f64::max);
    if samples > 0.0 {
        return TICK_NS / samples;
    }
    // A summary tells half of its last step.
    observation.summary.map_or(0.0, |summary| 2.0 * summary.relative_quantum)
}

#[cfg(test)]
mod tests;
