//! Metrics beyond those that every process gives: of executables, instructions, and the user's own. Whatever was asked for
//! and is not there is a remark of its row.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::compare::CompareRules;
use super::prepare::{Bench, BuildOptions, Prepared, PreparedTarget};
use super::{PipelineError, Place};
use crate::cancel::CancellationToken;
use crate::config::{OwnMetric, Tables};
use crate::environment;
use crate::event::{Event, EventSink};
use crate::measure::{
    COUNTER_EVENTS, Command, Driver, Executable, INSTALL_VALGRIND, NotCounted, Observed, Provider, Session,
    count_alone, count_heap, driver_for, find_valgrind, offer_of,
};
use crate::model::{Artifact, ArtifactHash, BenchmarkId, Measurement, MetricId, Note, RunSettings};
use crate::process::{CounterEvent, Launcher, Limits};
use crate::report::format::counted;
use crate::store::{MeasurementKey, Store};

/// A process under Valgrind may take so many times as long as any other.
const PATIENCE: u32 = 10;

/// What there always is where neither the processor nor Valgrind counts.
const STANDS_IN: &str = "`user-time` stands in for it";
/// Why nothing is known of a process's benchmarks.
const SHARED_PROCESS: &str = "its processes run other benchmarks too";
/// Why nothing is taken any more at the end of a time limit.
const NO_TIME: &str = "no time was left";

/// Tries a counter; says why it cannot be had.
type Probe = fn(CounterEvent) -> Result<(), String>;

/// What is wanted beyond the usual metrics.
pub(super) struct Extra<'a> {
    /// By name.
    asked: &'a [MetricId],
    /// Because they may fail the gate.
    gate: &'a [String],
    /// Because they have limits.
    tables: &'a Tables,
    own: &'a [OwnMetric],
    /// Asks the kernel for a counter.
    probe: Probe,
    /// The workspace's root, where every path leads while benches run.
    root: PathBuf,
    /// What was read of executables: each once.
    read: RefCell<BTreeMap<ArtifactHash, Vec<(MetricId, f64)>>>,
}

/// What the commands of one benchmark are run with.
pub(super) struct Hands<'a> {
    pub(super) launcher: &'a mut Launcher,
    pub(super) scratch: &'a Path,
    pub(super) limits: Limits,
    pub(super) store: &'a mut Store,
    pub(super) events: &'a mut dyn EventSink,
    pub(super) cancel: &'a CancellationToken,
}

/// A metric that was asked for and could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) metric: MetricId,
    /// Why, in words.
    pub(super) reason: String,
}

impl Missing {
    /// As a remark of a row.
    pub(super) fn in_a_row(&self) -> Note {
        Note(format!("`{}` was not taken: {}", self.metric, self.reason))
    }
}

impl From<Missing> for PipelineError {
    fn from(Missing { metric, reason }: Missing) -> Self {
        Self::NoMetric { metric, reason }
    }
}

/// What came of one benchmark.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) notes: Vec<Note>,
    pub(super) missing: Vec<Missing>,
}

impl<'a> Extra<'a> {
    pub(super) fn new(
        bench: &Bench,
        place: &Place,
        options: &'a BuildOptions,
        settings: &'a RunSettings,
        gate: &'a [String],
    ) -> Self {
        let root = bench.workbench.tree().join(place.relative(place.workspace.root()));
        Self {
            asked: &settings.metrics,
            gate,
            tables: &options.tables,
            own: &options.own_metrics,
            probe: environment::counter,
            root,
            read: RefCell::default(),
        }
    }

    /// Nothing.
    pub(super) fn none(tables: &'a Tables) -> Self {
        let probe = environment::counter;
        Self { asked: &[], gate: &[], tables, own: &[], probe, root: PathBuf::new(), read: RefCell::default() }
    }

    fn is_wanted(&self, metric: &str, id: &BenchmarkId) -> bool {
        let is_limited =
            || self.tables.limits(id).keys().any(|key| key.rsplit_once('.').is_some_and(|(name, _)| name == metric));
        self.asked.iter().any(|asked| *asked.0 == *metric)
            || self.gate.iter().any(|gated| gated == metric)
            || is_limited()
    }

    /// What the processor is to count of processes of any of these benchmarks: what is wanted and granted.
    pub(super) fn counters<'i>(&self, ids: &(impl Iterator<Item = &'i BenchmarkId> + Clone)) -> Vec<CounterEvent> {
        let is_wanted = |metric: &MetricId| {
            // What Valgrind may have to count costs more than a limit or a gate asks for by itself.
            if *metric == MetricId::INSTRUCTIONS {
                self.counts_instructions()
            } else {
                ids.clone().any(|id| self.is_wanted(&metric.0, id))
            }
        };
        let wanted = COUNTER_EVENTS.into_iter().filter(|(metric, _)| is_wanted(metric));
        wanted.map(|(_, event)| event).filter(|event| (self.probe)(*event).is_ok()).collect()
    }

    /// What is wanted of an executable itself, for any of these benchmarks of it.
    pub(super) fn of_executable<'i>(
        &self,
        artifact: &Artifact,
        ids: &(impl Iterator<Item = &'i BenchmarkId> + Clone),
    ) -> BTreeMap<MetricId, f64> {
        let wanted = |metric: &str| ids.clone().any(|id| self.is_wanted(metric, id));
        // What a program of `[[target]]` runs is no executable that was built here.
        if !artifact.program.is_absolute() || !Executable.offers().iter().any(|offer| wanted(offer.metric)) {
            return BTreeMap::new();
        }
        let mut read = self.read.borrow_mut();
        let known = read.entry(artifact.hash.clone()).or_insert_with(|| Executable.of_executable(&artifact.program));
        known.iter().filter(|(metric, _)| wanted(&metric.0)).cloned().collect()
    }

    /// Whether anything is run after a benchmark's observations.
    pub(super) fn runs_anything(&self) -> bool {
        let is_of_heap = |metric: &MetricId| MetricId::OF_HEAP.contains(metric);
        !self.own.is_empty() || self.counts_instructions() || self.asked.iter().any(is_of_heap)
    }

    fn counts_instructions(&self) -> bool {
        self.asked.contains(&MetricId::INSTRUCTIONS)
    }

    /// Takes what is taken after a benchmark's observations, and names what was asked for and is not there. `iteration_ns`
    /// is what one iteration takes: the same for both sides of a comparison.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(super) fn after(
        &self,
        hands: &mut Hands<'_>,
        target: &PreparedTarget,
        (key, measurement): (MeasurementKey, &Measurement),
        iteration_ns: f64,
    ) -> Result<Taken, PipelineError> {
        let mut taken = Taken::default();
        // That there is nothing of it at all is said by its row.
        if measurement.observations.is_empty() {
            return Ok(taken);
        }
        for own in self.own.iter().filter(|own| own.is_of(&measurement.id)) {
            if hands.cancel.is_cancelled() {
                if hands.cancel.is_out_of_time() {
                    taken.miss(own.metric.id.clone(), NO_TIME.to_owned());
                }
                continue;
            }
            self.by_command(hands, own, target, (key, measurement), &mut taken)?;
        }
        let decides = measurement.harness.kind.decides();
        if self.counts_instructions() && decides != MetricId::INSTRUCTIONS {
            self.instructions(hands, target, (key, measurement), iteration_ns, &mut taken)?;
        }
        self.heap(hands, target, (key, measurement), iteration_ns, &mut taken)?;
        for metric in self.asked.iter().filter(|metric| **metric != decides && !metric.may_be_counted_once()) {
            let own = self.own.iter().find(|own| own.metric.id == *metric);
            if own.is_some_and(|own| !own.is_of(&measurement.id)) {
                taken.notes.push(Note(format!("`{metric}` was not taken: its `benchmarks` leave this one out")));
            }
            if own.is_none() && !has(measurement, metric) && *metric != MetricId::WALL_TIME {
                taken.miss(metric.clone(), self.why_not(metric, measurement));
            }
        }
        Ok(taken)
    }

    /// Instructions: by the processor, which counted them already, else by Valgrind.
    fn instructions(
        &self,
        hands: &mut Hands<'_>,
        target: &PreparedTarget,
        (key, measurement): (MeasurementKey, &Measurement),
        iteration_ns: f64,
        taken: &mut Taken,
    ) -> Result<(), PipelineError> {
        let why_not_counters = match (self.probe)(CounterEvent::INSTRUCTIONS) {
            Ok(()) if has(measurement, &MetricId::INSTRUCTIONS) => {
                let text = "instructions were counted by the processor: those of the whole process in user space";
                taken.notes.push(Note(text.to_owned()));
                return Ok(());
            }
            Ok(()) => SHARED_PROCESS.to_owned(),
            Err(reason) => reason,
        };
        let what = "its instructions";
        let count = |session: &mut Session<'_>, driver: &dyn Driver| {
            count_alone(session, driver, &measurement.id.name, iteration_ns)
        };
        match by_valgrind(hands, target, measurement, what, count) {
            Ok(counted) => {
                let of = if counted.per_iteration { "one iteration" } else { "the whole process" };
                let known = MetricId::INSTRUCTIONS.built_in().expect("it is built in");
                hands.store.attach(key, &known, &[counted.instructions])?;
                let note = format!(
                    "instructions were counted by Valgrind: those of {of}; not by the processor: {why_not_counters}"
                );
                taken.notes.push(Note(note));
            }
            Err(_) if hands.cancel.is_out_of_time() => taken.miss(MetricId::INSTRUCTIONS, NO_TIME.to_owned()),
            Err(_) if hands.cancel.is_cancelled() => {}
            Err(reason) => {
                let reason = format!("by the processor: {why_not_counters}; by Valgrind: {reason}; {STANDS_IN}");
                taken.miss(MetricId::INSTRUCTIONS, reason);
            }
        }
        Ok(())
    }

    /// What of the heap was asked for: by the bench, which said it already, else by Valgrind.
    fn heap(
        &self,
        hands: &mut Hands<'_>,
        target: &PreparedTarget,
        (key, measurement): (MeasurementKey, &Measurement),
        iteration_ns: f64,
        taken: &mut Taken,
    ) -> Result<(), PipelineError> {
        let is_open = |metric: &&MetricId| MetricId::OF_HEAP.contains(metric) && !has(measurement, metric);
        let open: Vec<&MetricId> = self.asked.iter().filter(is_open).collect();
        if open.is_empty() {
            return Ok(());
        }
        let what = "what it allocates";
        let count = |session: &mut Session<'_>, driver: &dyn Driver| {
            count_heap(session, driver, &measurement.id.name, iteration_ns)
        };
        match by_valgrind(hands, target, measurement, what, count) {
            Ok(counted) => {
                let values = [counted.allocations, counted.allocated_bytes, counted.peak_bytes];
                for (id, value) in MetricId::OF_HEAP.iter().zip(values).filter(|(id, _)| open.contains(id)) {
                    hands.store.attach(key, &id.built_in().expect("it is built in"), &[value])?;
                }
                let of = if counted.per_iteration { "one iteration" } else { "the whole process" };
                let whole = "a whole process, its harness included";
                let of_metric = |metric: &MetricId| if *metric == MetricId::PEAK_ALLOCATED { whole } else { of };
                let note = |metric| Note(format!("`{metric}` was counted by Valgrind: of {}", of_metric(metric)));
                taken.notes.extend(open.into_iter().map(note));
            }
            Err(_) if hands.cancel.is_out_of_time() => {
                for metric in open {
                    taken.miss(metric.clone(), NO_TIME.to_owned());
                }
            }
            Err(_) if hands.cancel.is_cancelled() => {}
            Err(reason) => {
                let reason = format!("the bench does not count them; by Valgrind: {reason}");
                for metric in open {
                    taken.miss(metric.clone(), reason.clone());
                }
            }
        }
        Ok(())
    }

    /// Why a metric is not among what was observed.
    fn why_not(&self, metric: &MetricId, measurement: &Measurement) -> String {
        let event = COUNTER_EVENTS.into_iter().find(|(known, _)| known == metric).map(|(_, event)| event);
        if let Some(Err(reason)) = event.map(self.probe) {
            return format!("{reason}; {STANDS_IN}");
        }
        let is_of_process = event.is_some() || offer_of(metric).is_some_and(|offer| offer.always);
        if is_of_process && !has(measurement, &MetricId::USER_TIME) {
            return SHARED_PROCESS.to_owned();
        }
        offer_of(metric).map_or_else(|| "nothing gives it here".to_owned(), |offer| format!("it needs {}", offer.needs))
    }

    fn by_command(
        &self,
        hands: &mut Hands<'_>,
        own: &OwnMetric,
        target: &PreparedTarget,
        (key, measurement): (MeasurementKey, &Measurement),
        taken: &mut Taken,
    ) -> Result<(), PipelineError> {
        let metric = &own.metric;
        match measurement.own_metrics().into_iter().find(|known| known.id == metric.id) {
            // The bench gives it, or an earlier part of the run took it.
            Some(known) if known == *metric => return Ok(()),
            Some(_) => {
                let reason = "the bench gives a metric of this name in another unit or direction";
                taken.miss(metric.id.clone(), reason.to_owned());
                return Ok(());
            }
            None => {}
        }
        hands.events.event(Event::Detail(format!("taking `{}` of `{}`", metric.id, measurement.id)));
        let mut observed = Observed {
            launcher: &mut *hands.launcher,
            id: &measurement.id,
            artifact: target.artifact.as_ref().expect("a listed benchmark has an executable"),
            root: &self.root,
            scratch: hands.scratch,
            observations: &measurement.observations,
            limits: hands.limits,
            cancel: hands.cancel,
        };
        match Command(own).of_benchmark(&mut observed) {
            Ok(values) => {
                let most = measurement.observations.len().min(values.len());
                if most < values.len() {
                    let (printed, kept) = (counted(values.len(), "value"), counted(most, "observation"));
                    taken.notes.push(Note(format!(
                        "`{}`: its command printed {printed} for {kept}: the first are kept",
                        metric.id
                    )));
                }
                hands.store.attach(key, metric, &values[..most])?;
            }
            Err(_) if hands.cancel.is_out_of_time() => taken.miss(metric.id.clone(), NO_TIME.to_owned()),
            // Whoever resumes takes it then.
            Err(_) if hands.cancel.is_cancelled() => {}
            Err(reason) => taken.miss(metric.id.clone(), reason.unwrap_or_default()),
        }
        Ok(())
    }
}

impl Taken {
    fn miss(&mut self, metric: MetricId, reason: String) {
        let missing = Missing { metric, reason };
        self.notes.push(missing.in_a_row());
        self.missing.push(missing);
    }
}

/// Whether any observation has a metric.
fn has(measurement: &Measurement, metric: &MetricId) -> bool {
    measurement.observations.iter().any(|one| one.metrics.contains_key(metric))
}

/// Whether there is no Valgrind on the search path that the programs of a tree are started with.
pub(super) fn lacks_valgrind(prepared: &Prepared) -> bool {
    let artifacts = prepared.targets.iter().filter_map(|target| target.artifact.as_ref());
    artifacts.into_iter().next().is_some_and(|artifact| find_valgrind(artifact).is_none())
}

/// Whoever asks strictly for what is counted is told before anything is measured that nothing can count it.
///
/// # Errors
/// What is missing.
pub(super) fn require_counting(
    settings: &RunSettings,
    rules: &CompareRules,
    prepared: &Prepared,
) -> Result<(), PipelineError> {
    if !rules.strict {
        return Ok(());
    }
    let mut by_valgrind = rules.witness;
    for (metric, event) in COUNTER_EVENTS.into_iter().filter(|(metric, _)| settings.metrics.contains(metric)) {
        match environment::counter(event) {
            Ok(()) => {}
            Err(_) if metric == MetricId::INSTRUCTIONS => by_valgrind = true,
            Err(reason) => return Err(Missing { metric, reason }.into()),
        }
    }
    if by_valgrind && lacks_valgrind(prepared) {
        return Err(PipelineError::NoWitness { install: INSTALL_VALGRIND });
    }
    Ok(())
}

/// What Valgrind counts of a benchmark, or why nothing was counted.
fn by_valgrind<T>(
    hands: &mut Hands<'_>,
    target: &PreparedTarget,
    measurement: &Measurement,
    what: &str,
    count: impl FnOnce(&mut Session<'_>, &dyn Driver) -> Result<T, NotCounted>,
) -> Result<T, String> {
    let artifact = target.artifact.as_ref().expect("a listed benchmark has an executable");
    if find_valgrind(artifact).is_none() {
        return Err(format!("it is not installed (`{INSTALL_VALGRIND}`)"));
    }
    hands.events.event(Event::Detail(format!("counting {what}: `{}`", measurement.id)));
    let driver = driver_for(measurement.harness.kind).expect("a listed benchmark has a driver");
    let mut session = Session {
        launcher: &mut *hands.launcher,
        artifact,
        version: measurement.harness.version.as_deref(),
        scratch: hands.scratch,
        limits: Limits { timeout: hands.limits.timeout.saturating_mul(PATIENCE), ..hands.limits },
        cancel: hands.cancel,
        to_the_end: true,
    };
    count(&mut session, driver).map_err(|reason| reason.why().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extra<'a>(tables: &'a Tables, asked: &'a [MetricId], gate: &'a [String], probe: Probe) -> Extra<'a> {
        Extra { asked, gate, probe, ..Extra::none(tables) }
    }

    #[test]
    fn only_counters_that_somebody_wants_and_the_kernel_grants_are_opened() {
        let tables = Tables::default();
        let ids: [BenchmarkId; 1] = ["p::t::n".parse().unwrap()];
        let opened = |asked: &[MetricId], gate: &[String], probe: Probe| {
            extra(&tables, asked, gate, probe).counters(&ids.iter())
        };
        let granted: Probe = |_| Ok(());
        assert!(opened(&[], &[], granted).is_empty(), "nothing is counted unasked");
        assert!(opened(&[MetricId::USER_TIME], &[], granted).is_empty());
        let asked = [MetricId::CYCLES, MetricId::INSTRUCTIONS];
        assert_eq!(opened(&asked, &[], granted), [CounterEvent::INSTRUCTIONS, CounterEvent::CYCLES]);
        assert_eq!(opened(&[], &["cache-misses".to_owned()], granted), [CounterEvent::CACHE_MISSES]);
        let only_cycles: Probe = |event| if event == CounterEvent::CYCLES { Ok(()) } else { Err("none".to_owned()) };
        assert_eq!(opened(&asked, &[], only_cycles), [CounterEvent::CYCLES]);
    }
}
