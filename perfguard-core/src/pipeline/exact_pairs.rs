//! So many pairs of each benchmark, no more and no fewer: what a search asks for. Nothing is tested here.

use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use super::PipelineError;
use super::comparing::Comparing;
use super::pass::Pass;
use super::prepare::Bench;
use super::recorder::{Recorder, begin};
use super::watching::Watch;
use crate::build::Seat;
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::EventSink;
use crate::measure::{Heard, Next, Pair, PairsEnd};
use crate::model::{Failure, Side, Stage, Stopped};
use crate::process;
use crate::store::Store;

/// What came of the pairs that were asked for.
pub(super) struct Taken {
    /// Of each benchmark: the side that failed and why, where one did.
    pub(super) failures: Vec<Option<(Side, Failure)>>,
    /// Measuring time of all of them together.
    pub(super) spent: Duration,
    /// Pairs of all of them together.
    pub(super) pairs: u32,
}

/// Who is told of each pair, by the number of the benchmark.
pub(super) type Each<'a> = dyn FnMut(usize, &Pair<'_>) -> Result<(), PipelineError> + 'a;

/// Takes `wanted` pairs, at least one, of each benchmark of two sides, each written to the store and then told to `each`.
#[expect(clippy::too_many_arguments, reason = "one call of a whole way through")]
pub(super) fn take_pairs(
    bench: &mut Bench,
    what: &Comparing<'_>,
    wanted: &[usize],
    warm_up: bool,
    each: &mut Each<'_>,
    store: &mut Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<Taken, PipelineError> {
    let (base_run, base_keys) = begin(what, what.base, |both| both.base, store, clock)?;
    let (head_run, head_keys) = begin(what, what.head, |both| both.head, store, clock)?;
    let watch = Watch::new(Path::new("/"), bench.launcher.pid(), what.benchmarks.len(), clock);
    let recorder = RefCell::new(Recorder::new(store, base_keys, head_keys, watch, what.benchmarks.len()));
    let members: Vec<usize> = (0..what.benchmarks.len()).collect();
    let mut left = wanted.to_vec();
    let mut pairs = 0;
    let pass = Pass { stage: Stage::First, members: &members, budget: Duration::MAX, seed: what.settings.seed };
    let pools = pass.link(bench, what, None, clock, events, cancel);
    let start = clock.monotonic();
    let hear = &mut |job: usize, heard: Heard<'_>| {
        let Heard::Pair(pair) = heard else { return Ok(recorder.borrow_mut().hear(Stage::First, job, heard)?) };
        recorder.borrow_mut().write(Stage::First, job, &pair)?;
        each(job, &pair)?;
        pairs += 1;
        left[job] = left[job].saturating_sub(1);
        Ok(if left[job] == 0 { Next::Enough } else { Next::More })
    };
    let nothing = &mut |_: &[Option<Duration>]| process::settle();
    let ends = pass.measure(bench, what, pools, warm_up, clock, events, cancel, nothing, hear)?;
    let spent = clock.monotonic().saturating_sub(start);
    let Recorder { store, base_keys, head_keys, notes, watch, .. } = recorder.into_inner();
    bench.workbench.seat(Seat::Builder)?;
    process::settle();
    let mut failures = Vec::with_capacity(members.len());
    for (index, end) in ends.into_iter().enumerate() {
        let (stopped, failure) = match end {
            PairsEnd::Enough => (Stopped::Decided, None),
            PairsEnd::Budget => (Stopped::Budget, None),
            PairsEnd::Interrupted => (Stopped::Interrupted, None),
            PairsEnd::Failed(side, failure) | PairsEnd::TooManyFailures(side, failure) => {
                (Stopped::Failed, Some((side, failure)))
            }
        };
        let said = failure.as_ref().map(|(_, failure)| failure);
        let notes: Vec<_> = notes[index].iter().cloned().chain(watch.note(index)).collect();
        store.finish_measurement(base_keys[index], stopped, said, &notes)?;
        store.finish_measurement(head_keys[index], stopped, said, &notes)?;
        failures.push(failure);
    }
    if cancel.is_cancelled() {
        store.checkpoint();
    } else {
        store.finish_run(base_run, clock.unix_ns())?;
        store.finish_run(head_run, clock.unix_ns())?;
    }
    Ok(Taken { failures, spent, pairs })
}
