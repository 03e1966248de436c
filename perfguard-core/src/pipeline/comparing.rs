//! Measures benchmarks of two sides in pairs and writes each observation to the store as it is taken.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::extra::{Extra, Hands, Missing};
use super::layouts::{LayoutChoice, Pools, Wanted, link_pools};
use super::matching::Both;
use super::measuring::costly_set_up;
use super::metrics::Recorded;
use super::prepare::{Bench, limits};
use super::sides::PreparedSide;
use super::stamps::Stamps;
use super::watching::Watch;
use super::{PipelineError, TOOL_VERSION};
use crate::analyse::{Designs, Known, NullPairs, PairedTest, TestPlan};
use crate::build::Seat;
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::config::Tables;
use crate::environment;
use crate::event::EventSink;
use crate::judge::Rules;
use crate::measure::{
    Heard, Next, Pair, PairJob, PairSettings, PairSurroundings, PairTarget, PairsEnd, PlannedPairs, ProcessPairs,
    Sharing, Slowed, driver_for, measure_pairs,
};
use crate::model::{
    ArtifactHash, BenchmarkId, Fingerprint, Harness, Layouts, MetricId, NotMeasured, Note, PairRecord, Run, RunCommand,
    RunId, RunSettings, Side, Stage, Stopped, Weather,
};
use crate::process;
use crate::store::{MeasurementKey, Store, StoreError};

/// The first pass may take this part of the budget; the rest is for confirming what it suspects.
const FIRST_PART: f64 = 0.75;
/// One null pair for so many pairs, and never fewer than so many.
const NULL_EVERY: u32 = 16;
const NULL_LEAST: u32 = 8;

/// What is measured.
pub(super) struct Comparing<'a> {
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
    let (base_run, base_keys) = begin(what, what.base, |both| (both.base, &both.base_id), store, clock)?;
    let (head_run, head_keys) = begin(what, what.head, |both| (both.head, &both.id), store, clock)?;
    let copy = if what.benchmarks.is_empty() { None } else { Some(bench.workbench.keep_copy(what.base.seat())?) };
    let watch = Watch::new(Path::new("/"), bench.launcher.pid(), what.benchmarks.len(), clock);
    let recorder = RefCell::new(Recorder::new(store, base_keys, head_keys, watch, what.benchmarks.len()));

    let everything: Vec<usize> = (0..what.benchmarks.len()).collect();
    bench.launcher.count(what.extra.counters(&what.benchmarks.iter().map(|both| &both.id)));
    bench.launcher.sample(what.settings.timeline());
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
    let mut ends = pass.measure(bench, what, pools, true, clock, events, cancel, plan_all, &recorder)?;
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
        let again = pass.measure(bench, what, pools, false, clock, events, cancel, plan_suspects, &recorder)?;
        for (index, end) in suspects.iter().zip(again) {
            confirming[*index] = recorder.borrow_mut().tests[*index].take();
            ends[*index] = end;
        }
    }
    bench.launcher.count(Vec::new());
    bench.launcher.sample(None);
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
            let (target, id) = if number == 0 { (both.base, &both.base_id) } else { (both.head, &both.id) };
            let Some(measurement) = hands.store.measurement(run, id)? else { continue };
            let target = &side.prepared.targets[target];
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
    let Some(written) = Recorded::read(recorder.borrow().store, runs, both)? else { return Ok(false) };
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

impl Pools {
    /// The number of a benchmark's target.
    fn of(&self, what: &Comparing<'_>, index: usize) -> usize {
        let both = &what.benchmarks[index];
        self.number[&(both.base, both.head)]
    }
}

/// One pass over some of the benchmarks.
struct Pass<'a> {
    stage: Stage,
    /// Their numbers.
    members: &'a [usize],
    budget: Duration,
    seed: u64,
}

impl Pass<'_> {
    fn link(
        &self,
        bench: &mut Bench,
        what: &Comparing<'_>,
        copy: Option<&str>,
        clock: &dyn Clock,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Pools {
        let benchmarks: Vec<Both> = self.members.iter().map(|index| what.benchmarks[*index].clone()).collect();
        let wanted = Wanted {
            base: what.base,
            head: what.head,
            benchmarks: &benchmarks,
            choice: match (self.stage, what.layouts) {
                // Whether a change is the layout's is shown over layouts.
                (Stage::Confirmation, LayoutChoice::Exactly(1)) => LayoutChoice::Auto,
                (_, choice) => choice,
            },
            budget: what.settings.budget,
            seed: self.seed,
            copy,
            extra: &what.extra,
        };
        link_pools(bench, &wanted, clock, events, cancel)
    }

    #[expect(clippy::too_many_arguments, reason = "one call of a private step")]
    fn measure(
        &self,
        bench: &mut Bench,
        what: &Comparing<'_>,
        pools: Pools,
        warm_up: bool,
        clock: &dyn Clock,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
        costs: &mut dyn FnMut(&[Option<Duration>]),
        recorder: &RefCell<Recorder<'_>>,
    ) -> Result<Vec<PairsEnd>, PipelineError> {
        let (planned, jobs) = self.plan(what, &pools);
        let programs: Vec<Vec<(Side, PathBuf)>> = pools.targets.iter().map(programs).collect();
        let targets: Vec<usize> = jobs.iter().map(|job| job.target).collect();
        let stamps = Stamps::of(programs.iter().flatten().map(|(_, program)| program.as_path()));
        let settings = PairSettings {
            control: what.settings.control.clone(),
            budget: self.budget,
            warm_up,
            null_every: (self.stage == Stage::First && pools.targets.iter().all(|target| target.sides.len() > 2))
                .then_some(NULL_EVERY),
            null_least: NULL_LEAST,
            seed: self.seed,
        };
        let workbench = &mut bench.workbench;
        let mut seat = |key: &str| workbench.seat(Seat::Kept(key)).map(drop).map_err(|error| error.to_string());
        let mut executor = ProcessPairs {
            launcher: &mut bench.launcher,
            scratch: bench.scratch.path(),
            limits: limits(what.settings),
            cancel,
            clock,
            seat: &mut seat,
            targets: pools.targets,
            jobs,
        };
        let mut slowed = Slowed { inner: &mut executor, factor: what.slowdown };
        let surroundings = PairSurroundings { executor: &mut slowed, clock, cancel, events };
        let hear = &mut |job: usize, heard: Heard<'_>| recorder.borrow_mut().hear(self.stage, self.members[job], heard);
        let mut ends = measure_pairs(planned, &settings, surroundings, costs, hear)?;
        for (end, target) in ends.iter_mut().zip(targets) {
            let mut of_target = programs[target].iter();
            if let Some((side, failure)) =
                of_target.find_map(|(side, program)| Some((*side, stamps.broken([program.as_path()])?)))
            {
                *end = PairsEnd::Failed(side, failure);
            }
        }
        Ok(ends)
    }

    /// What is planned of each benchmark, and how it is observed.
    fn plan(&self, what: &Comparing<'_>, pools: &Pools) -> (Vec<PlannedPairs>, Vec<PairJob>) {
        let (mut planned, mut jobs) = (Vec::new(), Vec::new());
        let mut units: std::collections::BTreeMap<(usize, String), usize> = std::collections::BTreeMap::new();
        let mut next = 0;
        for index in self.members {
            let both = &what.benchmarks[*index];
            let number = pools.of(what, *index);
            let target = &what.head.prepared.targets[both.head];
            let harness = target.harness.as_ref().expect("a listed benchmark has a harness");
            let driver = driver_for(harness.kind).expect("a listed benchmark has a driver");
            let group = match driver.sharing(&both.id.name) {
                Sharing::Always(group) => Some(group),
                Sharing::WhereSetUpIsCostly => costly_set_up(target, what.settings).map(|_| ""),
                Sharing::Never => None,
            };
            let unit = match group {
                Some(group) => *units.entry((number, group.to_owned())).or_insert(next),
                None => next,
            };
            next = next.max(unit + 1);
            let layouts = pools.targets[number].sides[0].layouts.len();
            planned.push(PlannedPairs { id: both.id.clone(), unit, layouts });
            let statistic = what.tables.of(&both.id, "statistic").and_then(|name| name.parse().ok());
            jobs.push(PairJob {
                target: number,
                names: [both.base_id.name.clone(), both.id.name.clone()],
                statistic: statistic.unwrap_or_default(),
                memories: [None, None],
            });
        }
        (planned, jobs)
    }
}

/// The files of a target, each with whose they are.
fn programs(target: &PairTarget) -> Vec<(Side, PathBuf)> {
    // The copy of base stands for base.
    let sides = target.sides.iter().zip([Side::Base, Side::Head, Side::Base]);
    sides.flat_map(|(program, side)| program.layouts.iter().map(move |file| (side, file.clone()))).collect()
}

/// Writes down what is heard, and feeds the tests.
struct Recorder<'a> {
    store: &'a mut Store,
    base_keys: Vec<MeasurementKey>,
    head_keys: Vec<MeasurementKey>,
    /// Observations written so far: base's, head's; and pairs.
    written: Vec<[u32; 3]>,
    tests: Vec<Option<PairedTest>>,
    nulls: NullPairs,
    notes: Vec<Vec<Note>>,
    watch: Watch<'a>,
}

impl<'a> Recorder<'a> {
    fn new(
        store: &'a mut Store,
        base_keys: Vec<MeasurementKey>,
        head_keys: Vec<MeasurementKey>,
        watch: Watch<'a>,
        benchmarks: usize,
    ) -> Self {
        Self {
            store,
            base_keys,
            head_keys,
            written: vec![[0; 3]; benchmarks],
            tests: std::iter::repeat_with(|| None).take(benchmarks).collect(),
            nulls: NullPairs::default(),
            notes: vec![Vec::new(); benchmarks],
            watch,
        }
    }

    fn hear(&mut self, stage: Stage, index: usize, heard: Heard<'_>) -> Result<Next, StoreError> {
        match heard {
            Heard::Pair(pair) => {
                self.write(stage, index, &pair)?;
                let test = self.tests[index].as_mut().expect("planned before its first pair");
                let over = test.push(pair.base, pair.head, pair.layout);
                return Ok(match (over, test.is_within_a_pair()) {
                    (true, _) => Next::Enough,
                    (false, true) => Next::SameLayout,
                    (false, false) => Next::More,
                });
            }
            Heard::Null(pair) => {
                self.write(Stage::NullControl, index, &pair)?;
                self.nulls.push(index, pair.base.value, pair.head.value);
            }
            Heard::End(_, notes) => {
                if let Some(test) = &mut self.tests[index] {
                    test.finish();
                }
                let known = &mut self.notes[index];
                known.extend(notes.iter().filter(|note| !known.contains(note)).cloned().collect::<Vec<_>>());
            }
        }
        Ok(Next::More)
    }

    /// Writes both observations of a pair, and that they are one.
    fn write(&mut self, stage: Stage, index: usize, pair: &Pair<'_>) -> Result<(), StoreError> {
        self.watch.observed(index, pair.base.process_ns + pair.head.process_ns);
        let keys = [self.base_keys[index], self.head_keys[index]];
        let written = &mut self.written[index];
        // The next number of base's observations, of head's, or of pairs.
        let mut next = |of: usize| {
            written[of] += 1;
            written[of] - 1
        };
        // A null pair is two observations of base.
        let other = usize::from(stage != Stage::NullControl);
        let (base, head, sequence) = (next(0), next(other), next(2));
        let layout = u32::try_from(pair.layout).unwrap_or(u32::MAX);
        let record = PairRecord { stage, layout, head_first: pair.head_first, base, head };
        self.store.as_one(|store| {
            store.add_observation(keys[0], base as usize, pair.base)?;
            store.add_observation(keys[other], head as usize, pair.head)?;
            store.add_pair(keys[1], sequence as usize, &record)
        })
    }
}

/// Writes a side's run, with a row for each benchmark and for each target that is not measured.
fn begin(
    what: &Comparing<'_>,
    side: &PreparedSide,
    of_side: impl Fn(&Both) -> (usize, &BenchmarkId),
    store: &mut Store,
    clock: &dyn Clock,
) -> Result<(RunId, Vec<MeasurementKey>), PipelineError> {
    let started_at_ns = clock.unix_ns();
    let run = Run {
        id: RunId::at(started_at_ns),
        started_at_ns,
        finished_at_ns: None,
        command: RunCommand::Compare,
        source: side.source.clone(),
        build: side.prepared.build.context.clone(),
        environment: environment::detect(),
        settings: what.settings.clone(),
        tool_version: TOOL_VERSION.to_owned(),
    };
    let not_measured = side.prepared.targets.iter().filter_map(|target| {
        let reason: &NotMeasured = target.benchmarks.as_ref().err()?;
        Some((target.id.clone(), target.harness.clone(), reason.clone()))
    });
    let not_measured: Vec<_> = not_measured.collect();
    let measured: Vec<(BenchmarkId, ArtifactHash, Harness)> = what
        .benchmarks
        .iter()
        .map(|both| {
            let (target, id) = of_side(both);
            let target = &side.prepared.targets[target];
            let artifact = target.artifact.as_ref().expect("a listed benchmark has an executable");
            let harness = target.harness.clone().expect("a listed benchmark has a harness");
            (id.clone(), artifact.hash.clone(), harness)
        })
        .collect();
    Ok((run.id, store.begin_run(&run, &not_measured, &measured)?))
}
