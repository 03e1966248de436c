//! Who takes the observations of pairs: real processes here, scripted ones in tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::driver::{Driver, Session, Wanted};
use super::executor::{Outcome, outcome};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::model::{Artifact, Failure, FailureKind, IterationControl, MetricId, Side, Statistic};
use crate::process::{Launcher, Limits};

/// Takes observations of benchmarks, which it knows by number, on one side and one layout.
pub trait PairExecutor {
    /// Runs some benchmarks in one process of a side. Gives what became of each, in their order.
    ///
    /// # Errors
    /// The process failed, and it cannot be told at which benchmark.
    fn observe(
        &mut self,
        jobs: &[usize],
        side: Side,
        layout: usize,
        control: &IterationControl,
    ) -> Result<Vec<Outcome>, Failure>;
}

/// One side's executable: how it is started, its layouts, and the kept folder that it runs among.
#[derive(Debug, Clone)]
pub struct SideProgram {
    /// How it is started; its own program is that of the last layout used.
    pub artifact: Artifact,
    /// The files of its layouts, at least one; all sides of a target have equally many.
    pub layouts: Vec<PathBuf>,
    /// The key of the kept folder.
    pub seat: String,
    /// Metrics of the executable as it was built, the same for all observations of its benchmarks, whatever the layout.
    pub fixed: BTreeMap<MetricId, f64>,
}

/// A target of which both sides have an executable.
pub struct PairTarget {
    /// Base, head, and base's copy in head's place; the last may be missing where there are no null pairs.
    pub sides: Vec<SideProgram>,
    /// What drives it.
    pub driver: &'static dyn Driver,
    /// The harness's version, where the listing told it.
    pub version: Option<String>,
}

/// One benchmark of such a target.
#[derive(Debug, Clone)]
pub struct PairJob {
    /// Index of its target.
    pub target: usize,
    /// The harness's names of it: base's, head's. They differ where two benchmarks are compared.
    pub names: [String; 2],
    /// What of its samples decides.
    pub statistic: Statistic,
    /// What the driver found out of it in its first process. Of one name, that is the same for all sides, so that all are
    /// observed in one way, and only the first is used.
    pub memories: [Option<u64>; 2],
}

impl PairJob {
    /// Which of the names a side runs.
    fn name(&self, side: Side) -> &str {
        &self.names[usize::from(side == Side::Head)]
    }

    /// What the driver found out of what a side runs.
    fn memory(&mut self, side: Side) -> &mut Option<u64> {
        let differ = self.names[0] != self.names[1];
        &mut self.memories[usize::from(differ && side == Side::Head)]
    }
}

/// Lets a kept folder stand where every path leads.
pub type Seater<'a> = dyn FnMut(&str) -> Result<(), String> + 'a;

/// Takes observations in processes of their own, through the launcher.
pub struct ProcessPairs<'a> {
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
    /// Seats a side's folder.
    pub seat: &'a mut Seater<'a>,
    /// The targets.
    pub targets: Vec<PairTarget>,
    /// The benchmarks.
    pub jobs: Vec<PairJob>,
}

impl PairExecutor for ProcessPairs<'_> {
    fn observe(
        &mut self,
        jobs: &[usize],
        side: Side,
        layout: usize,
        control: &IterationControl,
    ) -> Result<Vec<Outcome>, Failure> {
        let Some(first) = jobs.first() else { return Ok(Vec::new()) };
        let target = &mut self.targets[self.jobs[*first].target];
        let program = &mut target.sides[side as usize];
        (self.seat)(&program.seat).map_err(|message| Failure {
            kind: FailureKind::NotStarted,
            message,
            output: String::new(),
        })?;
        program.artifact.program.clone_from(&program.layouts[layout % program.layouts.len().max(1)]);
        let started_at_ns = self.clock.unix_ns();
        let count = u32::try_from(jobs.len()).unwrap_or(u32::MAX);
        let mut session = Session {
            launcher: self.launcher,
            artifact: &program.artifact,
            version: target.version.as_deref(),
            scratch: self.scratch,
            limits: Limits { timeout: self.limits.timeout.saturating_mul(count), ..self.limits },
            cancel: self.cancel,
            to_the_end: false,
        };
        let mut memories: Vec<_> = jobs.iter().map(|job| *self.jobs[*job].memory(side)).collect();
        let mut wanted: Vec<_> = jobs
            .iter()
            .zip(&mut memories)
            .map(|(job, memory)| Wanted { name: self.jobs[*job].name(side), memory })
            .collect();
        let yielded = target.driver.observe(&mut session, &mut wanted, control);
        for (job, memory) in jobs.iter().zip(memories) {
            *self.jobs[*job].memory(side) = memory;
        }
        let yielded = yielded?;
        let alone = jobs.len() == 1;
        let finished = &yielded.finished;
        let outcomes = yielded.told.into_iter().zip(jobs);
        let fixed = &target.sides[side as usize].fixed;
        let outcomes =
            outcomes.map(|(told, job)| outcome(started_at_ns, told, finished, alone, self.jobs[*job].statistic, fixed));
        Ok(outcomes.collect())
    }
}

/// Multiplies every time of head: a slowdown of a known size under the machine's own noise, for testing perfguard itself.
pub struct Slowed<'a> {
    /// Takes the observations.
    pub inner: &'a mut dyn PairExecutor,
    /// What head's values are multiplied by; 1 leaves them as they are.
    pub factor: f64,
}

impl PairExecutor for Slowed<'_> {
    fn observe(
        &mut self,
        jobs: &[usize],
        side: Side,
        layout: usize,
        control: &IterationControl,
    ) -> Result<Vec<Outcome>, Failure> {
        let mut outcomes = self.inner.observe(jobs, side, layout, control)?;
        for outcome in &mut outcomes {
            if let Outcome::Observed(observation, _) = outcome
                && side == Side::Head
            {
                observation.value *= self.factor;
            }
        }
        Ok(outcomes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_benchmark_has_one_memory_and_two_have_one_each() {
        let job = |base: &str, head: &str| PairJob {
            target: 0,
            names: [base.to_owned(), head.to_owned()],
            statistic: Statistic::default(),
            memories: [None, None],
        };
        let (mut same, mut two) = (job("a", "a"), job("a", "b"));
        *same.memory(Side::Base) = Some(7);
        *two.memory(Side::Base) = Some(7);
        assert_eq!((*same.memory(Side::Head), *two.memory(Side::Head)), (Some(7), None));
        assert_eq!((*same.memory(Side::Null), *two.memory(Side::Null)), (Some(7), Some(7)));
        assert_eq!((two.name(Side::Base), two.name(Side::Head), two.name(Side::Null)), ("a", "b", "a"));
    }
}
