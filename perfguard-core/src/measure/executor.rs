//! Who takes an observation: real processes here, scripted ones in tests.

use std::collections::BTreeMap;
use std::path::Path;

use super::driver::{Driver, Reading, Session};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::model::{Artifact, Failure, IterationControl, MetricId, Note, Observation};
use crate::process::{Launcher, Limits, Usage};

/// Takes observations of benchmarks, which it knows by number.
pub trait Executor {
    /// Takes one observation, in one process.
    ///
    /// # Errors
    /// How the process failed.
    fn observe(&mut self, job: usize, control: &IterationControl) -> Result<(Observation, Vec<Note>), Failure>;
}

/// One benchmark of one executable.
pub struct Job<'a> {
    /// The executable.
    pub artifact: &'a Artifact,
    /// What drives it.
    pub driver: &'static dyn Driver,
    /// The harness's name of the benchmark.
    pub name: &'a str,
    /// What the driver found out of it in its first process; `None` before.
    pub memory: Option<u64>,
}

/// Takes observations in processes of their own, through the launcher.
pub struct ProcessExecutor<'a> {
    /// Starts the processes.
    pub launcher: &'a mut Launcher,
    /// Where harnesses may write.
    pub scratch: &'a Path,
    /// Limits of one process.
    pub limits: Limits,
    /// Ends the process that runs.
    pub cancel: &'a CancellationToken,
    /// Tells when an observation began.
    pub clock: &'a dyn Clock,
    /// The benchmarks.
    pub jobs: Vec<Job<'a>>,
}

impl Executor for ProcessExecutor<'_> {
    fn observe(&mut self, job: usize, control: &IterationControl) -> Result<(Observation, Vec<Note>), Failure> {
        let Job { artifact, driver, name, memory } = &mut self.jobs[job];
        let started_at_ns = self.clock.unix_ns();
        let mut session = Session {
            launcher: self.launcher,
            artifact,
            scratch: self.scratch,
            limits: self.limits,
            cancel: self.cancel,
            memory,
        };
        let reading = driver.observe(&mut session, name, control)?;
        Ok(observation(started_at_ns, reading))
    }
}

fn observation(started_at_ns: i64, reading: Reading) -> (Observation, Vec<Note>) {
    let Reading { samples, summary, iterations, value_ns, finished, notes } = reading;
    let metrics = metrics(&finished.usage);
    let process_ns = finished.wall_ns;
    (Observation { started_at_ns, samples, summary, iterations, value_ns, metrics, process_ns }, notes)
}

/// What the kernel counted, by metric.
fn metrics(usage: &Usage) -> BTreeMap<MetricId, f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts of one process are far below 2^53")]
    let known = |id: MetricId, count: u64| Some((id, count as f64));
    let counted = [
        known(MetricId::USER_TIME, usage.user_ns),
        known(MetricId::SYSTEM_TIME, usage.system_ns),
        known(MetricId::PEAK_MEMORY, usage.peak_memory_bytes),
        known(MetricId::PAGE_FAULTS, usage.page_faults),
        known(MetricId::CONTEXT_SWITCHES, usage.context_switches),
        usage.bytes_read.and_then(|count| known(MetricId::BYTES_READ, count)),
        usage.bytes_written.and_then(|count| known(MetricId::BYTES_WRITTEN, count)),
    ];
    counted.into_iter().flatten().collect()
}
