//! Instructions that one iteration of a benchmark executes, counted by Valgrind's callgrind: a witness that no other load on
//! the machine can disturb.
//!
//! The harness is driven as ever, with Valgrind as the program's runner. Two processes with different exact numbers of
//! iterations tell the count of one iteration as a slope, in which all set-up cancels. Where the harness lets nobody choose
//! iterations, and the program is no harness at all, the whole process is counted. `heap` counts allocations so, by DHAT.
//!
//! Both sides are counted with the same
//! numbers of iterations, so that what is not linear (batches, their drops) is the same on both.

mod callgrind;
mod dhat;
mod heap;
mod profile;
mod toggles;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::driver::{Counting, Driver, Session, Told, Wanted};
use crate::model::{Artifact, Failure, FailureKind, IterationControl, Note};

pub use callgrind::{INSTALL_VALGRIND, find_valgrind};
pub use heap::{CountedHeap, count_heap};
pub use profile::{CallgrindDumps, dump_calls, time_of_iteration};

/// What a benchmark executes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counted {
    /// Instructions of one iteration; of the whole process where [`per_iteration`](Self::per_iteration) is false.
    pub instructions: f64,
    /// Whether it is the count of one iteration.
    pub per_iteration: bool,
}

/// Both sides of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountedPair {
    /// Base's.
    pub base: Counted,
    /// Head's.
    pub head: Counted,
    /// How far two counts of base lay apart, as a share of it.
    pub repeats_within: f64,
}

impl CountedPair {
    /// Head over base.
    pub fn ratio(&self) -> f64 {
        self.head.instructions / self.base.instructions
    }
}

/// Why nothing was counted.
#[derive(Debug, Clone, PartialEq)]
pub enum NotCounted {
    /// The harness decides by the clock how often it runs the code, or counts itself.
    Harness,
    /// The user's own runner starts the program already.
    Runner,
    /// A process failed.
    Failed(Failure),
    /// The counts make no sense.
    NoSlope,
    /// It allocates by an allocator that Valgrind does not know.
    OwnAllocator,
}

/// Fewest iterations; what more there are is the slope.
const FEW: u32 = 10;
/// Iterations beyond these, at most, where each is a sample of its own: harnesses work on samples.
const MOST_MORE: f64 = 2_000.0;
/// The same, where they cost nothing but themselves: what a harness does once by the clock (its figures have more digits or
/// fewer) varies by some hundred instructions.
const MOST_MORE_IN_SAMPLES: f64 = 100_000.0;
/// What the iterations of one process may take without Valgrind, nanoseconds: about fifty times as much with it.
const MOST_NS: f64 = 30e6;
/// Iterations of a timed process beyond which a sample's own cost no longer counts.
const MANY: f64 = 200.0;
/// How long a timed process runs.
const TIMED: Duration = Duration::from_secs(1);

/// Counts both sides of a benchmark. `session` is base's, `iteration_ns` what one iteration takes (it decides how many are
/// counted); `seat` brings head's folder (`true`) or base's to where its paths point.
///
/// # Errors
/// Why nothing was counted.
pub fn count_instructions(
    session: &mut Session<'_>,
    head: &Artifact,
    driver: &dyn Driver,
    name: &str,
    iteration_ns: f64,
    seat: &mut dyn FnMut(bool) -> Result<(), Failure>,
) -> Result<CountedPair, NotCounted> {
    let base = session.artifact;
    let plan = Plan::new(Tool::Callgrind, (driver, session.version), name, iteration_ns, &[base, head])?;
    seat(false).map_err(NotCounted::Failed)?;
    let first = plan.count(session, base)?;
    let again = plan.count(session, base)?;
    let own = plan.own_cost(session, base, first)?;
    seat(true).map_err(NotCounted::Failed)?;
    let counted = plan.count(session, head)?;
    let per_iteration = plan.counting != Counting::Whole;
    let side = |count: f64| Counted { instructions: count - own, per_iteration };
    let pair =
        CountedPair { base: side(first), head: side(counted), repeats_within: ((again - first) / (first - own)).abs() };
    let makes_sense = |counted: Counted| counted.instructions.is_finite() && counted.instructions > 0.0;
    if makes_sense(pair.base) && makes_sense(pair.head) { Ok(pair) } else { Err(NotCounted::NoSlope) }
}

/// Counts one side's benchmark, for itself: the same `iteration_ns` makes two counts comparable.
///
/// # Errors
/// Why nothing was counted.
pub fn count_alone(
    session: &mut Session<'_>,
    driver: &dyn Driver,
    name: &str,
    iteration_ns: f64,
) -> Result<Counted, NotCounted> {
    let plan = Plan::new(Tool::Callgrind, (driver, session.version), name, iteration_ns, &[session.artifact])?;
    let artifact = session.artifact;
    let count = plan.count(session, artifact)?;
    let instructions = count - plan.own_cost(session, artifact, count)?;
    let per_iteration = plan.counting != Counting::Whole;
    let makes_sense = instructions.is_finite() && instructions > 0.0;
    makes_sense.then_some(Counted { instructions, per_iteration }).ok_or(NotCounted::NoSlope)
}

/// A tool of Valgrind's that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    /// Instructions.
    Callgrind,
    /// Blocks allocated, their bytes, and the most bytes at once.
    Dhat,
}

impl Tool {
    /// The words before a program that is counted; what it counted is written to the folder.
    fn runner(self, artifact: &Artifact, folder: &Path, counting: Counting) -> Vec<OsString> {
        match self {
            Self::Callgrind if counting == Counting::BySamples => {
                callgrind::runner(artifact, folder, &toggles::of(&artifact.program))
            }
            Self::Callgrind => callgrind::runner(artifact, folder, &[]),
            Self::Dhat => dhat::runner(artifact, folder),
        }
    }

    /// What it counted.
    fn totals(self, folder: &Path) -> io::Result<Vec<f64>> {
        match self {
            Self::Callgrind => callgrind::total(folder).map(|total| vec![total]),
            Self::Dhat => dhat::totals(folder),
        }
    }
}

/// What was counted of one process.
#[derive(Debug, Clone, PartialEq)]
struct Process {
    /// What the tool counts, in its order.
    totals: Vec<f64>,
    iterations: f64,
}

impl Process {
    fn total(&self, index: usize) -> f64 {
        self.totals.get(index).copied().unwrap_or_default()
    }

    /// What each further iteration took in another process.
    fn slope(&self, many: &Self, index: usize) -> Result<f64, NotCounted> {
        let iterations = many.iterations - self.iterations;
        let more = many.total(index) - self.total(index);
        if iterations < 1.0 { Err(NotCounted::NoSlope) } else { Ok(more / iterations) }
    }
}

/// How one benchmark is counted on both sides.
struct Plan<'a> {
    tool: Tool,
    counting: Counting,
    driver: &'a dyn Driver,
    name: &'a str,
    /// Iterations beyond the fewest.
    more: u32,
}

impl<'a> Plan<'a> {
    /// A plan for benchmarks of these executables, by a harness of this version.
    fn new(
        tool: Tool,
        (driver, version): (&'a dyn Driver, Option<&str>),
        name: &'a str,
        iteration_ns: f64,
        artifacts: &[&Artifact],
    ) -> Result<Self, NotCounted> {
        let counting = driver.counting(version);
        if matches!(counting, Counting::NotPossible) {
            return Err(NotCounted::Harness);
        }
        if artifacts.iter().any(|artifact| !artifact.run.runner.is_empty()) {
            return Err(NotCounted::Runner);
        }
        let most = if counting == Counting::BySamples { MOST_MORE } else { MOST_MORE_IN_SAMPLES };
        let more = (MOST_NS / iteration_ns.max(1.0)).clamp(f64::from(FEW), most);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 10 and 100,000")]
        Ok(Self { tool, counting, name, driver, more: more as u32 })
    }

    /// Instructions of one iteration, a sample's own cost included; or of the whole process.
    fn count(&self, session: &mut Session<'_>, artifact: &Artifact) -> Result<f64, NotCounted> {
        let few = self.run(session, artifact, &self.few())?;
        if self.counting == Counting::Whole {
            return Ok(few.total(0));
        }
        let many = self.run(session, artifact, &self.many())?;
        few.slope(&many, 0)
    }

    /// A process of few iterations.
    fn few(&self) -> IterationControl {
        self.exactly(FEW)
    }

    /// A process of more.
    fn many(&self) -> IterationControl {
        self.exactly(FEW + self.more)
    }

    /// Tells the harness to run so many iterations, or multiples of that.
    fn exactly(&self, iterations: u32) -> IterationControl {
        match self.counting {
            Counting::BySamples => control(iterations, None, Duration::from_nanos(1)),
            Counting::ByIterations | Counting::Whole | Counting::NotPossible => {
                control(FEW, Some(u64::from(iterations)), Duration::from_nanos(1))
            }
        }
    }

    /// What each sample costs beside its iteration, where every iteration is a sample of its own: the clock is read.
    fn own_cost(&self, session: &mut Session<'_>, base: &Artifact, with_cost: f64) -> Result<f64, NotCounted> {
        if self.counting != Counting::BySamples {
            return Ok(0.0);
        }
        let few = self.run(session, base, &control(FEW, None, Duration::from_nanos(1)))?;
        let timed = self.run(session, base, &control(FEW, None, TIMED))?;
        if timed.iterations - few.iterations < MANY {
            return Ok(0.0);
        }
        let without = few.slope(&timed, 0)?;
        // Batches are not linear: then the two say different things, and nothing is taken off.
        Ok((with_cost - without).max(0.0)).map(|cost| if cost < MOST_OWN_COST { cost } else { 0.0 })
    }

    /// One process.
    fn run(
        &self,
        session: &mut Session<'_>,
        artifact: &Artifact,
        control: &IterationControl,
    ) -> Result<Process, NotCounted> {
        let read = |folder: &Path| self.tool.totals(folder);
        let (totals, iterations) = self.under_valgrind(session, artifact, control, &[], read)?;
        Ok(Process { totals, iterations })
    }

    /// What is read of the folder that the tool wrote to, and the iterations of one process. `words` are more of the tool's
    /// options.
    fn under_valgrind<T>(
        &self,
        session: &mut Session<'_>,
        artifact: &Artifact,
        control: &IterationControl,
        words: &[&str],
        read: impl FnOnce(&Path) -> io::Result<T>,
    ) -> Result<(T, f64), NotCounted> {
        let folder = tempfile::tempdir_in(session.scratch).map_err(|error| failed(&error.to_string()))?;
        let mut under_valgrind = artifact.clone();
        under_valgrind.run.runner = self.tool.runner(artifact, folder.path(), self.counting);
        under_valgrind.run.runner.extend(words.iter().map(Into::into));
        let mut counted = Session {
            launcher: session.launcher,
            artifact: &under_valgrind,
            version: session.version,
            scratch: session.scratch,
            limits: session.limits,
            cancel: session.cancel,
            to_the_end: true,
        };
        let mut memory = None;
        let mut wanted = [Wanted { name: self.name, memory: &mut memory }];
        let mut yielded = self.driver.observe(&mut counted, &mut wanted, control).map_err(explained)?;
        let iterations = match yielded.told.pop() {
            // Warming up takes one iteration where there is no time for it: the same in both processes of a slope.
            Some(Told::Reading(reading)) => {
                let sampled = reading.samples.iter().map(|sample| sample.iterations).sum();
                reading.iterations.or(Some(sampled).filter(|sampled| *sampled > 0))
            }
            Some(Told::Failed(failure)) => return Err(explained(failure)),
            Some(Told::Unreached | Told::Alone) | None => return Err(NotCounted::Harness),
        };
        let found = read(folder.path()).map_err(|error| failed(&error.to_string()))?;
        #[expect(clippy::cast_precision_loss, reason = "counts of one process are far below 2^53")]
        match (iterations, self.counting) {
            (_, Counting::Whole) => Ok((found, 1.0)),
            (Some(iterations), _) => Ok((found, iterations as f64)),
            (None, _) => Err(NotCounted::Harness),
        }
    }
}

/// More than this is no reading of a clock.
const MOST_OWN_COST: f64 = 2_000.0;

fn control(samples: u32, iterations: Option<u64>, time: Duration) -> IterationControl {
    IterationControl { warm_up: Duration::from_nanos(1), observation_time: time, samples, iterations }
}

fn failed(message: &str) -> NotCounted {
    let message = format!("could not count: {message}");
    NotCounted::Failed(Failure { kind: FailureKind::NoResult, message, output: String::new() })
}

/// A failure of a process under Valgrind, with what Valgrind itself is known to stumble over.
fn explained(mut failure: Failure) -> NotCounted {
    let says = |part: &str| failure.output.contains(part);
    if says("nrecognised instruction") || says("unhandled instruction bytes") {
        "Valgrind does not know an instruction that it executes: build without `target-cpu`"
            .clone_into(&mut failure.message);
    }
    NotCounted::Failed(failure)
}

impl NotCounted {
    /// In words without final period.
    pub fn why(&self) -> &str {
        match self {
            Self::Harness => "its harness decides by the clock how often it runs",
            Self::Runner => "a runner of your own starts it",
            Self::Failed(failure) => &failure.message,
            Self::NoSlope => "more iterations did not take more of them",
            Self::OwnAllocator => "it allocates next to nothing by the system's allocator: it may have one of its own",
        }
    }

    /// As a remark of a row.
    pub fn in_a_row(&self) -> Note {
        Note(format!("instructions not counted: {}", self.why()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_iteration_is_the_slope_between_two_processes() {
        let process = |total: f64, iterations: f64| Process { totals: vec![total], iterations };
        assert_eq!(process(5_115.0, 11.0).slope(&process(51_615.0, 111.0), 0), Ok(465.0));
        assert_eq!(process(5_115.0, 11.0).slope(&process(5_115.0, 11.0), 0), Err(NotCounted::NoSlope));
    }

    #[test]
    fn an_instruction_that_valgrind_does_not_know_is_said_so() {
        let output = "vex amd64->IR: unhandled instruction bytes: 0x62 0xF1".to_owned();
        let failure = Failure { kind: FailureKind::Exited, message: "killed by SIGILL".to_owned(), output };
        let NotCounted::Failed(failure) = explained(failure) else { panic!("it failed") };
        assert!(failure.message.contains("target-cpu"), "{}", failure.message);
    }
}
