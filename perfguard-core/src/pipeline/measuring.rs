//! Runs the selected benchmarks of a prepared tree and writes each observation to the store as it is taken.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::extra::{Extra, Hands, Missing};
use super::prepare::{Bench, Prepared, PreparedTarget, limits};
use super::stamps::Stamps;
use super::timelines::Timelines;
use super::watching::Watch;
use super::{PipelineError, TOOL_VERSION};
use crate::analyse::{estimate, relative_half_width};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::config::Tables;
use crate::environment;
use crate::event::{Event, EventSink};
use crate::measure::{self, Job, Planned, ProcessExecutor, Recorded, Sharing, Surroundings};
use crate::model::{
    Failure, Measurement, NotMeasured, Note, Run, RunCommand, RunId, RunSettings, Selected, Source, Stopped,
};
use crate::process;
use crate::report::format::{counted, duration};
use crate::store::{MeasurementKey, Store};

/// What to measure.
pub(super) struct Measuring<'a> {
    pub(super) command: RunCommand,
    pub(super) prepared: &'a Prepared,
    pub(super) selected: &'a [Selected],
    pub(super) settings: &'a RunSettings,
    pub(super) source: Source,
    /// What the configuration says of some benchmarks.
    pub(super) tables: &'a Tables,
    /// What is taken beyond what every process gives.
    pub(super) extra: Extra<'a>,
    /// Whether to go on with a run of the same that was not finished.
    pub(super) resume: bool,
}

/// What was recorded.
pub(super) struct Measured {
    pub(super) run: RunId,
    /// Metrics that were asked for and could not be had.
    pub(super) missing: Vec<Missing>,
    pub(super) interrupted: bool,
}

/// A run with a row for each benchmark, to which observations are added.
struct Begun {
    run: RunId,
    keys: Vec<MeasurementKey>,
    settings: RunSettings,
    /// What an earlier, killed part of it took, by the index of the selected benchmark.
    earlier: BTreeMap<usize, Measurement>,
}

/// Measures the selected benchmarks as one run, recording as it goes. A run that the user ends early stays unfinished.
pub(super) fn measure_and_record(
    bench: &mut Bench,
    what: &Measuring<'_>,
    store: &mut Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<Measured, PipelineError> {
    let Begun { run, keys, settings, earlier } = match if what.resume { resumed(what, store, events)? } else { None } {
        Some(begun) => begun,
        None => begin_run(what, store, clock)?,
    };
    // Those that had ended already are not planned at all.
    let open: Vec<usize> = (0..what.selected.len()).filter(|index| !has_ended(earlier.get(index))).collect();
    let mut taken: Vec<usize> = open.iter().map(|index| earlier.get(index).map_or(0, observations)).collect();
    let (planned, jobs) = plan(what, &open, &earlier, &settings);
    let program = |index: usize| {
        let artifact = what.prepared.targets[what.selected[index].target].artifact.as_ref();
        artifact.expect("a listed benchmark has an executable").program.as_path()
    };
    let stamps = Stamps::of(open.iter().map(|index| program(*index)));
    let mut watch = Watch::new(Path::new("/"), bench.launcher.pid(), open.len(), clock);
    let selected = open.iter().map(|index| &what.selected[*index].id);
    bench.launcher.count(what.extra.counters(&selected));
    bench.launcher.sample(settings.timeline());
    let mut timelines = Timelines::new(settings.timeline(), open.len());
    let mut executor = ProcessExecutor {
        launcher: &mut bench.launcher,
        scratch: bench.scratch.path(),
        limits: limits(&settings),
        cancel,
        clock,
        jobs,
    };
    let surroundings =
        Surroundings { executor: &mut executor, clock, cancel, events, relative_half_width: &relative_half_width };
    // Building and listing needed more than what follows, and benches should have the machine for themselves.
    process::settle();
    let start = clock.monotonic();
    let mut ended: Vec<Option<Ended>> = Vec::new();
    ended.resize_with(open.len(), || None);
    let mut ends = measure::measure_rounds(planned, &settings, surroundings, &mut |job, recorded| {
        let key = keys[open[job]];
        match recorded {
            Recorded::Observation(observation) => {
                taken[job] += 1;
                watch.observed(job, observation.process_ns);
                timelines.observed(job, observation);
                store.add_observation(key, taken[job] - 1, observation)
            }
            Recorded::End { stopped, failure, notes } => {
                let notes: Vec<Note> =
                    notes.iter().cloned().chain(watch.note(job)).chain(timelines.note(job)).collect();
                store.finish_measurement(key, stopped, failure, &notes)?;
                ended[job] = Some(Ended { stopped, failure: failure.cloned(), notes });
                Ok(())
            }
        }
    })?;
    bench.launcher.count(Vec::new());
    bench.launcher.sample(None);
    for ((end, index), ended) in ends.iter_mut().zip(&open).zip(&mut ended) {
        if let Some(failure) = stamps.broken([program(*index)]) {
            store.finish_measurement(keys[*index], Stopped::Failed, Some(&failure), &[])?;
            *end = Stopped::Failed;
            *ended = None;
        }
    }
    if let Some(remark) = watch.remark() {
        events.event(remark);
    }
    if let Some(message) = budget_remark(&ends, &taken, settings.observations.min) {
        let spent = clock.monotonic().saturating_sub(start);
        let needed = minutes_for_all(spent, &taken, settings.observations.min);
        let hint = Some(format!("all of them need about `--budget {needed}m`; a filter chooses some"));
        events.event(Event::Remark { message, hint });
    }
    let interrupted = ends.contains(&Stopped::Interrupted);
    let mut missing = Vec::new();
    if !interrupted {
        let mut hands = Hands {
            launcher: &mut bench.launcher,
            scratch: bench.scratch.path(),
            limits: limits(&settings),
            store: &mut *store,
            events: &mut *events,
            cancel,
        };
        for (index, key) in keys.iter().enumerate() {
            let ended = open.iter().position(|known| *known == index).and_then(|job| ended[job].take());
            missing.extend(take_extra(&mut hands, what, (run, index, *key), ended)?);
        }
    }
    let interrupted = interrupted || cancel.is_cancelled();
    if interrupted {
        store.checkpoint();
    } else {
        store.finish_run(run, clock.unix_ns())?;
    }
    Ok(Measured { run, missing, interrupted })
}

/// How a benchmark ended in this part of the run.
struct Ended {
    stopped: Stopped,
    failure: Option<Failure>,
    notes: Vec<Note>,
}

/// Takes of one benchmark what is taken after its observations; what is missing is noted. Gives what is.
fn take_extra(
    hands: &mut Hands<'_>,
    what: &Measuring<'_>,
    (run, index, key): (RunId, usize, MeasurementKey),
    ended: Option<Ended>,
) -> Result<Vec<Missing>, PipelineError> {
    let Selected { id, target } = &what.selected[index];
    let Some(measurement) = hands.store.measurement(run, id)? else { return Ok(Vec::new()) };
    let iteration_ns = estimate(&measurement.observations.iter().map(|one| one.value).collect::<Vec<_>>());
    let iteration_ns = iteration_ns.map_or(0.0, |estimate| estimate.median);
    let target = &what.prepared.targets[*target];
    let taken = what.extra.after(hands, target, (key, &measurement), iteration_ns)?;
    // Those that ended in an earlier part of the run are as they were read.
    let read = || {
        Some(Ended {
            stopped: measurement.stopped?,
            failure: measurement.failure.clone(),
            notes: measurement.notes.clone(),
        })
    };
    if let Some(Ended { stopped, failure, mut notes }) = ended.or_else(read)
        && !taken.notes.is_empty()
    {
        notes.extend(taken.notes.into_iter().filter(|note| !notes.contains(note)).collect::<Vec<_>>());
        hands.store.finish_measurement(key, stopped, failure.as_ref(), &notes)?;
    }
    Ok(taken.missing)
}

/// What is to be said where the budget ended before every benchmark had its fewest observations.
fn budget_remark(ends: &[Stopped], taken: &[usize], fewest: u32) -> Option<String> {
    let cut_short = || ends.iter().zip(taken).filter(|(end, _)| **end == Stopped::Budget).map(|(_, taken)| *taken);
    let unreached = cut_short().filter(|taken| *taken == 0).count();
    let few = cut_short().filter(|taken| *taken > 0 && *taken < fewest as usize).count();
    let of = counted(ends.len(), "benchmark");
    let too_few = format!("fewer than {fewest} observations");
    match (unreached, few) {
        (0, 0) => None,
        (0, few) => Some(format!("{too_few} within the budget: {few} of {of}")),
        (unreached, 0) => Some(format!("not reached within the budget: {unreached} of {of}")),
        (unreached, few) => Some(format!("not reached within the budget: {unreached} of {of}; {too_few}: {few}")),
    }
}

/// Minutes in which every benchmark would have its fewest observations, at the pace so far.
fn minutes_for_all(spent: Duration, taken: &[usize], fewest: u32) -> u64 {
    let (benchmarks, observed) = (taken.len() as u64, taken.iter().map(|count| *count as u64).sum::<u64>());
    // A warm-up process each, as if it were an observation.
    let wanted = benchmarks.saturating_mul(u64::from(fewest) + 1);
    let needed = u128::from(wanted) * spent.as_nanos() / u128::from(observed.max(1));
    u64::try_from(needed.div_ceil(60_000_000_000)).unwrap_or(u64::MAX).max(1)
}

fn observations(measurement: &Measurement) -> usize {
    measurement.observations.len()
}

/// Whether an earlier part of a run ended a benchmark by itself, rather than was ended.
fn has_ended(earlier: Option<&Measurement>) -> bool {
    let stopped = earlier.and_then(|measurement| measurement.stopped);
    stopped.is_some_and(|stopped| stopped != Stopped::Interrupted)
}

/// Writes the run's own row, one for each target that is not measured, and one for each benchmark.
fn begin_run(what: &Measuring<'_>, store: &mut Store, clock: &dyn Clock) -> Result<Begun, PipelineError> {
    let started_at_ns = clock.unix_ns();
    let run = Run {
        id: RunId::at(started_at_ns),
        started_at_ns,
        finished_at_ns: None,
        command: what.command,
        source: what.source.clone(),
        build: what.prepared.build.context.clone(),
        environment: environment::detect(),
        settings: what.settings.clone(),
        tool_version: TOOL_VERSION.to_owned(),
    };
    let mut not_measured = Vec::new();
    for (index, target) in what.prepared.targets.iter().enumerate() {
        let reason = match &target.benchmarks {
            Err(reason) => reason.clone(),
            Ok(_) if what.selected.iter().all(|selected| selected.target != index) => NotMeasured::FilteredOut,
            Ok(_) => continue,
        };
        not_measured.push((target.id.clone(), target.harness.clone(), reason));
    }
    let measurements = what.selected.iter().map(|Selected { id, target }| {
        let target = &what.prepared.targets[*target];
        let artifact = target.artifact.as_ref().expect("a listed benchmark has an executable");
        (id.clone(), artifact.hash.clone(), target.harness.clone().expect("a listed benchmark has a harness"))
    });
    let measurements: Vec<_> = measurements.collect();
    let keys = store.begin_run(&run, &not_measured, &measurements)?;
    Ok(Begun { run: run.id, keys, settings: run.settings, earlier: BTreeMap::new() })
}

/// The newest run of the same, measured in the same way, that was not finished; `None`, and a remark, where there is none.
fn resumed(what: &Measuring<'_>, store: &Store, events: &mut dyn EventSink) -> Result<Option<Begun>, PipelineError> {
    let context = &what.prepared.build.context;
    let fingerprint = environment::detect().fingerprint();
    let unfinished =
        store.unfinished_runs(what.command, &what.source, &fingerprint, &context.profile, &context.features)?;
    let mut reason = "there is no unfinished run of this";
    for id in unfinished {
        let Some(run) = store.run(id)? else { continue };
        if (RunSettings { seed: run.settings.seed, ..what.settings.clone() }) != run.settings {
            reason = "the unfinished run was measured with other options";
            continue;
        }
        let known = store.measurements_to_resume(id)?;
        let Some((keys, earlier)) = matched(what, known) else {
            reason = "what is measured has changed since the unfinished run";
            continue;
        };
        let taken: usize = earlier.values().map(observations).sum();
        events.event(Event::Remark {
            message: format!("goes on with run {id}: {} there", counted(taken, "observation")),
            hint: None,
        });
        let spent = earlier.values().flat_map(|measurement| &measurement.observations);
        let spent = Duration::from_nanos(spent.map(|observation| observation.process_ns).sum());
        let settings = RunSettings { budget: run.settings.budget.saturating_sub(spent), ..run.settings };
        return Ok(Some(Begun { run: id, keys, settings, earlier }));
    }
    events.event(Event::Remark { message: format!("{reason}: a new one begins"), hint: None });
    Ok(None)
}

/// The keys of the selected benchmarks and what there is of each, if a run has just these, of the same executables.
fn matched(
    what: &Measuring<'_>,
    known: Vec<(MeasurementKey, Measurement)>,
) -> Option<(Vec<MeasurementKey>, BTreeMap<usize, Measurement>)> {
    let mut by_id: BTreeMap<_, _> = known.into_iter().map(|(key, found)| (found.id.clone(), (key, found))).collect();
    let (mut keys, mut earlier) = (Vec::new(), BTreeMap::new());
    for (index, Selected { id, target }) in what.selected.iter().enumerate() {
        let (key, measurement) = by_id.remove(id)?;
        let artifact = what.prepared.targets[*target].artifact.as_ref()?;
        if measurement.artifact != artifact.hash {
            return None;
        }
        keys.push(key);
        earlier.insert(index, measurement);
    }
    by_id.is_empty().then_some((keys, earlier))
}

/// What is planned of each open benchmark, and how it is observed.
fn plan<'a>(
    what: &Measuring<'a>,
    open: &[usize],
    earlier: &BTreeMap<usize, Measurement>,
    settings: &RunSettings,
) -> (Vec<Planned>, Vec<Job<'a>>) {
    let (mut planned, mut jobs) = (Vec::new(), Vec::new());
    let mut units: BTreeMap<(usize, String), usize> = BTreeMap::new();
    let mut next = 0;
    for index in open {
        let Selected { id, target: number } = &what.selected[*index];
        let target = &what.prepared.targets[*number];
        let artifact = target.artifact.as_ref().expect("a listed benchmark has an executable");
        let harness = target.harness.as_ref().expect("a listed benchmark has a harness");
        let driver = measure::driver_for(harness.kind).expect("a listed benchmark has a driver");
        let set_up = costly_set_up(target, settings);
        let group = match driver.sharing(&id.name) {
            Sharing::Always(group) => Some(group),
            Sharing::WhereSetUpIsCostly => set_up.map(|_| ""),
            Sharing::Never => None,
        };
        let unit = match group {
            Some(group) => *units.entry((*number, group.to_owned())).or_insert(next),
            None => next,
        };
        next = next.max(unit + 1);
        let mut notes = earlier.get(index).map(|measurement| measurement.notes.clone()).unwrap_or_default();
        let mut note = |text: String| {
            if !notes.iter().any(|known| known.0 == text) {
                notes.push(Note(text));
            }
        };
        if let (Some(set_up), Sharing::WhereSetUpIsCostly) = (set_up, driver.sharing(&id.name)) {
            #[expect(clippy::cast_precision_loss, reason = "a time to be shown")]
            let took = duration(set_up.as_nanos() as f64);
            note(format!("the set-up takes {took}: the target's benchmarks run in one process"));
        }
        if target.repeated.contains(&id.name) {
            note("the target lists this name more than once: the first is measured".to_owned());
        }
        let values = earlier.get(index).map(|known| known.observations.iter().map(|one| one.value).collect());
        let exact = harness.kind.counts();
        planned.push(Planned { id: id.clone(), unit, exact, values: values.unwrap_or_default(), notes });
        let statistic = what.tables.of(id, "statistic").map(|name| name.parse().expect("the configuration checks it"));
        let statistic = statistic.unwrap_or_default();
        jobs.push(Job {
            artifact,
            version: harness.version.as_deref(),
            driver,
            name: &id.name,
            statistic,
            memory: None,
            fixed: what.extra.of_executable(artifact, &std::iter::once(id)),
        });
    }
    (planned, jobs)
}

/// A target's set-up, where it costs more than an observation.
pub(super) fn costly_set_up(target: &PreparedTarget, settings: &RunSettings) -> Option<Duration> {
    target.set_up.filter(|set_up| *set_up > settings.control.warm_up + settings.control.observation_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_was_too_short_is_told_with_what_it_left_undone() {
        use Stopped::{Budget, Failed, Precise};
        let told = |ends: &[Stopped], taken: &[usize]| budget_remark(ends, taken, 8).unwrap_or_default();
        assert_eq!(told(&[Precise, Failed, Budget], &[8, 0, 9]), "");
        assert_eq!(told(&[Budget, Precise], &[7, 8]), "fewer than 8 observations within the budget: 1 of 2 benchmarks");
        assert_eq!(told(&[Budget], &[0]), "not reached within the budget: 1 of 1 benchmark");
        let both = "not reached within the budget: 1 of 2 benchmarks; fewer than 8 observations: 1";
        assert_eq!(told(&[Budget, Budget], &[0, 7]), both);
    }

    #[test]
    fn the_time_that_all_would_need_is_told_in_whole_minutes() {
        let minute = Duration::from_mins(1);
        assert_eq!(minutes_for_all(minute, &[1, 1, 0, 0], 8), 18);
        assert_eq!(minutes_for_all(Duration::from_secs(1), &[8], 8), 1);
        assert_eq!(minutes_for_all(minute, &[0, 0], 1), 4);
    }
}
