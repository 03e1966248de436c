//! Who takes an observation: real processes here, scripted ones in tests.

use std::collections::BTreeMap;
use std::path::Path;

use super::driver::{Driver, Reading, Session, Told, Wanted};
use super::providers::{Counters, Process, Provider, counter_remarks};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::model::{Artifact, Failure, IterationControl, MetricId, Note, Observation, Statistic, built_in_metrics};
use crate::process::{Finished, Launcher, Limits};

/// What became of one benchmark in a process.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was observed, with the driver's remarks.
    Observed(Box<Observation>, Vec<Note>),
    /// It failed.
    Failed(Failure),
    /// The process ended before its turn came.
    Unreached,
    /// It wants a process of its own.
    Alone,
}

/// Takes observations of benchmarks, which it knows by number.
pub trait Executor {
    /// Runs some benchmarks in one process. Gives what became of each, in their order.
    ///
    /// # Errors
    /// The process failed, and it cannot be told at which benchmark.
    fn observe(&mut self, jobs: &[usize], control: &IterationControl) -> Result<Vec<Outcome>, Failure>;
}

/// One benchmark of one executable.
pub struct Job<'a> {
    /// The executable.
    pub artifact: &'a Artifact,
    /// The harness's version, where the listing told it.
    pub version: Option<&'a str>,
    /// What drives it.
    pub driver: &'static dyn Driver,
    /// The harness's name of the benchmark.
    pub name: &'a str,
    /// What of its samples decides.
    pub statistic: Statistic,
    /// What the driver found out of it in its first process; `None` before.
    pub memory: Option<u64>,
    /// Metrics of the executable, the same for all its observations.
    pub fixed: BTreeMap<MetricId, f64>,
}

/// Takes observations in processes of their own, through the launcher.
pub struct ProcessExecutor<'a> {
    /// Starts the processes.
    pub launcher: &'a mut Launcher,
    /// Where harnesses may write.
    pub scratch: &'a Path,
    /// Limits of one process and benchmark.
    pub limits: Limits,
    /// Ends the process that runs.
    pub cancel: &'a CancellationToken,
    /// Tells when an observation began.
    pub clock: &'a dyn Clock,
    /// The benchmarks.
    pub jobs: Vec<Job<'a>>,
}

impl Executor for ProcessExecutor<'_> {
    fn observe(&mut self, jobs: &[usize], control: &IterationControl) -> Result<Vec<Outcome>, Failure> {
        let started_at_ns = self.clock.unix_ns();
        let Some(Job { artifact, version, driver, .. }) = jobs.first().map(|job| &self.jobs[*job]) else {
            return Ok(Vec::new());
        };
        let (artifact, version, driver) = (*artifact, *version, *driver);
        let count = u32::try_from(jobs.len()).unwrap_or(u32::MAX);
        let limits = Limits { timeout: self.limits.timeout.saturating_mul(count), ..self.limits };
        let mut session = Session {
            launcher: self.launcher,
            artifact,
            version,
            scratch: self.scratch,
            limits,
            cancel: self.cancel,
            to_the_end: false,
        };
        let mut memories: Vec<_> = jobs.iter().map(|job| self.jobs[*job].memory).collect();
        let mut wanted: Vec<_> =
            jobs.iter().zip(&mut memories).map(|(job, memory)| Wanted { name: self.jobs[*job].name, memory }).collect();
        let yielded = driver.observe(&mut session, &mut wanted, control);
        for (job, memory) in jobs.iter().zip(memories) {
            self.jobs[*job].memory = memory;
        }
        let yielded = yielded?;
        let alone = jobs.len() == 1;
        let finished = &yielded.finished;
        let outcomes = yielded.told.into_iter().zip(jobs);
        Ok(outcomes
            .map(|(told, job)| {
                let Job { statistic, fixed, .. } = &self.jobs[*job];
                outcome(started_at_ns, told, finished, alone, *statistic, fixed)
            })
            .collect())
    }
}

pub(super) fn outcome(
    started_at_ns: i64,
    told: Told,
    finished: &Finished,
    alone: bool,
    statistic: Statistic,
    fixed: &BTreeMap<MetricId, f64>,
) -> Outcome {
    let reading = match told {
        Told::Reading(reading) => reading,
        Told::Failed(failure) => return Outcome::Failed(failure),
        Told::Unreached => return Outcome::Unreached,
        Told::Alone => return Outcome::Alone,
    };
    let Reading { samples, summary, iterations, mut value, mut notes, metrics: own } = reading;
    match statistic.of(&samples, summary.as_ref()) {
        Some(other) => value = other,
        None if statistic == Statistic::Fastest => {}
        None => notes.push(Note(format!("the harness gives no {statistic}: what it gives decides"))),
    }
    // What a process used that ran others too says nothing of one of them.
    let mut metrics = fixed.clone();
    if alone {
        metrics.extend(Process.of_process(&finished.usage));
        metrics.extend(Counters.of_process(&finished.usage));
        notes.extend(counter_remarks(&finished.usage));
    }
    let timeline = finished.timeline.clone().filter(|timeline| alone && !timeline.points.is_empty());
    let mut own_metrics = Vec::new();
    for (metric, value) in own {
        metrics.insert(metric.id.clone(), value);
        if built_in_metrics().iter().all(|known| known.id != metric.id) {
            own_metrics.push(metric);
        }
    }
    own_metrics.sort_by(|one, other| one.id.cmp(&other.id));
    if finished.left_behind > 0 {
        notes.push(Note("left processes behind, which were ended".to_owned()));
    }
    let process_ns = finished.wall_ns;
    let observation =
        Observation { started_at_ns, samples, summary, iterations, value, metrics, own_metrics, process_ns, timeline };
    Outcome::Observed(Box::new(observation), notes)
}
