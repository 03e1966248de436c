//! Measures benchmarks of two sides in pairs and writes each observation to the store as it is taken.

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use super::PipelineError;
use super::extra::{Extra, Hands, Missing};
use super::layouts::LayoutChoice;
use super::matching::Both;
use super::metrics::Recorded;
use super::pass::Pass;
use super::prepare::{Bench, limits};
use super::recorder::{Recorder, begin};
use super::sides::PreparedSide;
use super::watching::Watch;
use crate::analyse::{Designs, Known, NullPairs, PairedTest, TestPlan};
use crate::build::Seat;
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::config::Tables;
use crate::environment;
use crate::event::EventSink;
use crate::judge::Rules;
use crate::measure::{Heard, PairsEnd};
use crate::model::{Fingerprint, Layouts, MetricId, Note, RunCommand, RunId, RunSettings, Stage, Stopped, Weather};
use crate::process;
use crate::store::{MeasurementKey, Store};

/// The first pass may take this part of the budget; the rest is for confirming what it suspects.
const FIRST_PART: f64 = 0.75;

/// What is measured.
pub(super) struct Comparing<'a> {
    /// Which command's runs these are.
    pub(super) command: RunCommand,
    pub(super) base: &'a PreparedSide,
    pub(super) head: &'a PreparedSide,
    pub(super) benchmarks: &'a [Both],
    /// Of each benchmark.
    pub(super) rules: &'a [Rules],
    pub(super) settings: &'a RunSettings,
    pub(super) tables: &'a Tables,
    pub(super) layouts: LayoutChoice,
    /// Metrics that may fail the gate; none named: those that decide.
    pub(super) gate: &'a [String],
    /// Never more pairs of a benchmark than this in the first pass.
    pub(super) most_pairs: Option<usize>,
    /// What every time of head is multiplied by: 1, but for testing perfguard itself.
    pub(super) slowdown: f64,
    /// What is taken beyond what every process gives.
    pub(super) extra: Extra<'a>,
}

/// What came of one benchmark.
pub(super) struct Outcome {
    /// The first pass.
    pub(super) first: PairedTest,
    /// Fresh pairs, where something was suspected.
    pub(super) confirming: Option<PairedTest>,
    /// Why no further pair was taken.
    pub(super) end: PairsEnd,
    /// On which layouts it ran.
    pub(super) layouts: Layouts,
    /// The drivers' remarks.
    pub(super) notes: Vec<Note>,
    /// Whether and how the machine disturbed its observations.
    pub(super) disturbed: Option<Note>,
}

/// What was measured.
pub(super) struct Compared {
    pub(super) base_run: RunId,
    pub(super) head_run: RunId,
    /// Of each benchmark, in their order.
    pub(super) outcomes: Vec<Outcome>,
    pub(super) nulls: NullPairs,
    /// What the machine was like meanwhile.
    pub(super) weather: Weather,
    /// Metrics that were asked for and could not be had.
    pub(super) missing: Vec<Missing>,
    pub(super) interrupted: bool,
}

/// Measures in pairs: a first pass over all, then fresh pairs on fresh layouts of what it suspects.
pub(super) fn compare_and_record(
    bench: &mut Bench,
    what: &Comparing<'_>,
    store: &mut Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<Compared, PipelineError> {
    let fingerprint = environment::detect().fingerprint();
    let (base_run, base_keys) = begin(what, what.base, |both| both.base, store, clock)?;
    let (head_run, head_keys) = begin(what, what.head, |both| both.head, store, clock)?;
    let copy = if what.benchmarks.is_empty() { None } else { Some(bench.workbench.keep_copy(what.base.seat())?) };
    let watch = Watch::new(Path::new("/"), bench.launcher.pid(), what.benchmarks.len(), clock);
    let recorder = RefCell::new(Recorder::new(store, base_keys, head_keys, watch, what.benchmarks.len()));

    let everything: Vec<usize> = (0..what.benchmarks.len()).collect();
    let first_budget = what.settings.budget.mul_f64(FIRST_PART);
    let mut pass = Pass { stage: Stage::First, members: &everything, budget: first_budget, seed: what.settings.seed };
    let pools = pass.link(bench, what, copy.as_deref(), clock, events, cancel);
    pass.budget = pass.budget.min(left_for(cancel, FIRST_PART));
    let layouts: Vec<Layouts> = everything.iter().map(|index| pools.layouts[pools.of(what, *index)].clone()).collect();
    let plan_all = &mut |costs: &[Option<Duration>]| {
        let mut recorder = recorder.borrow_mut();
        let mut designs = Designs::default();
        for (index, cost) in costs.iter().enumerate() {
            let known = known(what, index, *cost, &layouts[index], &fingerprint, recorder.store);
            recorder.tests[index] = Some(PairedTest::new(&TestPlan::first(&known, &mut designs)));
        }
        process::settle();
    };
    let start = clock.monotonic();
    let hear = &mut |job: usize, heard: Heard<'_>| Ok(recorder.borrow_mut().hear(Stage::First, job, heard)?);
    let mut ends = pass.measure(bench, what, pools, true, clock, events, cancel, plan_all, hear)?;
    let spent = clock.monotonic().saturating_sub(start);
    let firsts: Vec<PairedTest> = recorder.borrow_mut().tests.iter_mut().map(taken).collect();

    // What the first pass suspects is shown again, on pairs and layouts that nobody has seen.
    let mut suspects: Vec<usize> = Vec::new();
    for index in everything {
        if ends[index] == PairsEnd::Enough
            && (firsts[index].is_suspect()
                || suspected_by_another_metric(what, index, &recorder, (base_run, head_run))?)
        {
            suspects.push(index);
        }
    }
    let mut confirming: Vec<Option<PairedTest>> = vec![None; what.benchmarks.len()];
    if !suspects.is_empty() && !cancel.is_cancelled() {
        let budget = what.settings.budget.saturating_sub(spent).max(what.settings.budget.mul_f64(1.0 - FIRST_PART));
        let seed = what.settings.seed.wrapping_add(1);
        let mut pass = Pass { stage: Stage::Confirmation, members: &suspects, budget, seed };
        let pools = pass.link(bench, what, None, clock, events, cancel);
        pass.budget = pass.budget.min(left_for(cancel, 1.0));
        let plan_suspects = &mut |_: &[Option<Duration>]| {
            let mut recorder = recorder.borrow_mut();
            for index in &suspects {
                let plan = TestPlan::confirming(what.benchmarks.len(), &firsts[*index]);
                recorder.tests[*index] = Some(PairedTest::new(&plan));
            }
        };
        let hear = &mut |job: usize, heard: Heard<'_>| {
            Ok(recorder.borrow_mut().hear(Stage::Confirmation, suspects[job], heard)?)
        };
        let again = pass.measure(bench, what, pools, false, clock, events, cancel, plan_suspects, hear)?;
        for (index, end) in suspects.iter().zip(again) {
            confirming[*index] = recorder.borrow_mut().tests[*index].take();
            ends[*index] = end;
        }
    }
    let Recorder { store, base_keys, head_keys, mut notes, nulls, watch, .. } = recorder.into_inner();
    let sides = [(what.base, base_run, &base_keys), (what.head, head_run, &head_keys)];
    let missing = if is_ended(cancel) {
        Vec::new()
    } else {
        take_extra(bench, what, sides, &firsts, &mut notes, store, events, cancel)?
    };
    bench.workbench.seat(Seat::Builder)?;
    process::settle();
    if cancel.is_out_of_time() {
        // A time limit is a budget, too.
        ends.iter_mut().filter(|end| **end == PairsEnd::Interrupted).for_each(|end| *end = PairsEnd::Budget);
    }
    // Whoever ends a command of theirs has not everything that was asked for.
    let interrupted = ends.contains(&PairsEnd::Interrupted) || is_ended(cancel);
    for (index, end) in ends.iter().enumerate() {
        let (stopped, failure) = match end {
            PairsEnd::Enough => (Stopped::Decided, None),
            PairsEnd::Budget => (Stopped::Budget, None),
            PairsEnd::Interrupted => (Stopped::Interrupted, None),
            PairsEnd::Failed(_, failure) | PairsEnd::TooManyFailures(_, failure) => (Stopped::Failed, Some(failure)),
        };
        let notes: Vec<Note> = notes[index].iter().cloned().chain(watch.note(index)).collect();
        store.finish_measurement(base_keys[index], stopped, failure, &notes)?;
        store.finish_measurement(head_keys[index], stopped, failure, &notes)?;
    }
    if interrupted {
        store.checkpoint();
    } else {
        store.finish_run(base_run, clock.unix_ns())?;
        store.finish_run(head_run, clock.unix_ns())?;
    }
    let parts = firsts.into_iter().zip(confirming).zip(ends).zip(layouts).zip(notes).enumerate();
    let outcomes = parts
        .map(|(index, ((((first, confirming), end), layouts), notes))| {
            let disturbed = watch.note(index);
            Outcome { first, confirming, end, layouts, notes, disturbed }
        })
        .collect();
    Ok(Compared { base_run, head_run, outcomes, nulls, weather: watch.weather(), missing, interrupted })
}

/// Takes on both sides what is taken after all observations; what is missing is noted. Gives what is.
#[expect(clippy::too_many_arguments, reason = "one call of a private step")]
fn take_extra(
    bench: &mut Bench,
    what: &Comparing<'_>,
    sides: [(&PreparedSide, RunId, &Vec<MeasurementKey>); 2],
    firsts: &[PairedTest],
    notes: &mut [Vec<Note>],
    store: &mut Store,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<Vec<Missing>, PipelineError> {
    let mut missing = Vec::new();
    for (number, (side, run, keys)) in sides.into_iter().enumerate() {
        if what.extra.runs_anything() && !cancel.is_cancelled() {
            bench.workbench.seat(Seat::Kept(side.seat()))?;
        }
        let mut hands = Hands {
            launcher: &mut bench.launcher,
            scratch: bench.scratch.path(),
            limits: limits(what.settings),
            store: &mut *store,
            events: &mut *events,
            cancel,
        };
        for (index, both) in what.benchmarks.iter().enumerate() {
            let Some(measurement) = hands.store.measurement(run, &both.id)? else { continue };
            let target = &side.prepared.targets[if number == 0 { both.base } else { both.head }];
            let iteration_ns = firsts[index].median(0).unwrap_or(UNKNOWN_NS);
            let taken = what.extra.after(&mut hands, target, (keys[index], &measurement), iteration_ns)?;
            notes[index]
                .extend(taken.notes.into_iter().filter(|note| !notes[index].contains(note)).collect::<Vec<_>>());
            missing.extend(taken.missing);
        }
    }
    Ok(missing)
}

/// Whether the user ended it, rather than a time limit.
fn is_ended(cancel: &CancellationToken) -> bool {
    cancel.is_cancelled() && !cancel.is_out_of_time()
}

/// Nanoseconds of an iteration of which nothing is known.
const UNKNOWN_NS: f64 = 1_000.0;

/// This part of what a time limit leaves; linking layouts has taken some.
fn left_for(cancel: &CancellationToken, part: f64) -> Duration {
    cancel.time_left().map_or(Duration::MAX, |left| left.mul_f64(part))
}

/// Whether a metric that may fail the gate, besides the one that decides, is suspected.
fn suspected_by_another_metric(
    what: &Comparing<'_>,
    index: usize,
    recorder: &RefCell<Recorder<'_>>,
    runs: (RunId, RunId),
) -> Result<bool, PipelineError> {
    let both = &what.benchmarks[index];
    let harness = what.head.prepared.targets[both.head].harness.as_ref();
    let decides = harness.map(|harness| harness.kind.decides());
    let gated: Vec<MetricId> = what.gate.iter().map(|name| MetricId(name.clone().into())).collect();
    let others: Vec<_> = gated.into_iter().filter(|metric| Some(metric) != decides.as_ref()).collect();
    if others.is_empty() {
        return Ok(false);
    }
    let Some(written) = Recorded::read(recorder.borrow().store, runs, &both.id)? else { return Ok(false) };
    let suspected = |metric: &MetricId| {
        written.test(metric, what.rules[index].threshold, Stage::First).is_some_and(|test| test.is_suspect())
    };
    Ok(others.iter().any(suspected))
}

/// A test that was heard to its end.
fn taken(test: &mut Option<PairedTest>) -> PairedTest {
    let mut test = test.take().expect("each benchmark was planned before its first pair");
    // Those for which the budget had no time ended before they were planned.
    test.finish();
    test
}

/// What is known of a benchmark before it is tested.
fn known(
    what: &Comparing<'_>,
    index: usize,
    cost: Option<Duration>,
    layouts: &Layouts,
    fingerprint: &Fingerprint,
    store: &Store,
) -> Known {
    let both = &what.benchmarks[index];
    let count = u32::try_from(what.benchmarks.len()).unwrap_or(u32::MAX).max(1);
    let share = what.settings.budget.mul_f64(FIRST_PART) / count;
    // Most benchmarks end after half of their pairs: what they leave pays for those that do not.
    let affordable = cost
        .map_or(usize::MAX, |cost| usize::try_from(share.as_nanos() / cost.as_nanos().max(1)).unwrap_or(usize::MAX));
    let harness = what.head.prepared.targets[both.head].harness.as_ref();
    Known {
        threshold: what.rules[index].threshold,
        // A spread that cannot be read is one that is not known.
        pair_spread: store.pair_spread(&both.id, fingerprint).ok().flatten(),
        affordable,
        most_pairs: what.most_pairs.unwrap_or(usize::MAX),
        fastest_counts: true,
        one_layout: !matches!(layouts, Layouts::Common { .. }),
        counts: harness.is_some_and(|harness| harness.kind.counts()),
    }
}
