//! Runs the selected benchmarks of a prepared tree and writes each observation to the store as it is taken.

use super::prepare::{Bench, Prepared, limits};
use super::{PipelineError, TOOL_VERSION};
use crate::analyse::relative_half_width;
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::environment;
use crate::event::{Event, EventSink};
use crate::measure::{self, Job, ProcessExecutor, Recorded, Surroundings};
use crate::model::{BenchmarkId, NotMeasured, Run, RunId, RunSettings, Selected, Source, Stopped};
use crate::store::{MeasurementKey, Store, StoreError};

/// What to measure.
pub(super) struct Measuring<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) selected: &'a [Selected],
    pub(super) settings: &'a RunSettings,
    pub(super) source: Source,
}

/// What was recorded.
pub(super) struct Measured {
    pub(super) run: RunId,
    pub(super) interrupted: bool,
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
    let run = begin_run(what, store, clock)?;
    let (jobs, keys) = begin_measurements(what, run, store)?;
    let ids: Vec<BenchmarkId> = what.selected.iter().map(|selected| selected.id.clone()).collect();
    let mut executor = ProcessExecutor {
        launcher: &mut bench.launcher,
        scratch: bench.scratch.path(),
        limits: limits(what.settings),
        cancel,
        clock,
        jobs,
    };
    let surroundings =
        Surroundings { executor: &mut executor, clock, cancel, events, relative_half_width: &relative_half_width };
    let mut taken = vec![0; ids.len()];
    let ends = measure::measure_rounds(&ids, what.settings, surroundings, &mut |job, recorded| match recorded {
        Recorded::Observation(observation) => {
            taken[job] += 1;
            store.add_observation(keys[job], taken[job] - 1, observation)
        }
        Recorded::End { stopped, failure, notes } => store.finish_measurement(keys[job], stopped, failure, notes),
    })?;
    let unreached = ends.iter().zip(&taken).filter(|(end, taken)| **end == Stopped::Budget && **taken == 0).count();
    if unreached > 0 {
        events.event(Event::Remark {
            message: format!("{unreached} of {} benchmarks were not reached within the budget", ids.len()),
            hint: Some("give more time with `--budget`, or choose with a filter".to_owned()),
        });
    }
    let interrupted = ends.contains(&Stopped::Interrupted);
    if interrupted {
        store.checkpoint();
    } else {
        store.finish_run(run, clock.unix_ns())?;
    }
    Ok(Measured { run, interrupted })
}

/// Writes the run's own row, and one for each target that is not measured.
fn begin_run(what: &Measuring<'_>, store: &mut Store, clock: &dyn Clock) -> Result<RunId, PipelineError> {
    let started_at_ns = clock.unix_ns();
    let run = Run {
        id: RunId::at(started_at_ns),
        started_at_ns,
        finished_at_ns: None,
        source: what.source.clone(),
        build: what.prepared.build.context.clone(),
        environment: environment::detect(),
        settings: what.settings.clone(),
        tool_version: TOOL_VERSION.to_owned(),
    };
    store.begin_run(&run)?;
    for (index, target) in what.prepared.targets.iter().enumerate() {
        let filtered_out = NotMeasured::FilteredOut;
        let reason = match &target.benchmarks {
            Err(reason) => reason,
            Ok(_) if what.selected.iter().all(|selected| selected.target != index) => &filtered_out,
            Ok(_) => continue,
        };
        store.add_not_measured(run.id, &target.id, target.harness.as_ref(), reason)?;
    }
    Ok(run.id)
}

/// Writes a row for each selected benchmark, and says how each is observed.
fn begin_measurements<'a>(
    what: &Measuring<'a>,
    run: RunId,
    store: &mut Store,
) -> Result<(Vec<Job<'a>>, Vec<MeasurementKey>), StoreError> {
    let (mut jobs, mut keys) = (Vec::new(), Vec::new());
    for Selected { id, target } in what.selected {
        let target = &what.prepared.targets[*target];
        let artifact = target.artifact.as_ref().expect("a listed benchmark has an executable");
        let harness = target.harness.as_ref().expect("a listed benchmark has a harness");
        let driver = measure::driver_for(harness.kind).expect("a listed benchmark has a driver");
        keys.push(store.begin_measurement(run, id, &artifact.hash, harness)?);
        jobs.push(Job { artifact, driver, name: &id.name, memory: None });
    }
    Ok((jobs, keys))
}
