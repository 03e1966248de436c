//! One benchmark under callgrind, for what it says of every instruction and call, and of a simulated processor: its caches
//! and its branches.

use std::path::Path;

use super::super::driver::{Counting, Driver, Session, Told, Wanted};
use super::{FEW, MOST_MORE, NotCounted, Plan, Tool, callgrind, explained, failed};
use crate::model::IterationControl;

/// What callgrind wrote of one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct CallgrindDumps {
    /// Of a process with few iterations; `None` where the harness lets nobody choose them.
    pub few: Option<String>,
    /// Of a process with more; or of the whole process.
    pub many: String,
    /// How many iterations more.
    pub iterations: f64,
    /// Whether each iteration is a sample of its own, so that reading the clock is part of it.
    pub with_clock: bool,
}

/// Instructions instead of lines only, so that inlined code can be told; and a processor of the machine's kind.
const OPTIONS: [&str; 4] = ["--dump-instr=yes", "--dump-line=yes", "--cache-sim=yes", "--branch-sim=yes"];
/// What the iterations of a process may take without Valgrind, nanoseconds: with it, caches and branches, some two hundred
/// times as much.
const MOST_NS: f64 = 10e6;
/// Fewest iterations beyond those of the shorter process, in a sample.
const LEAST_MORE: f64 = 2.0;

/// Runs a benchmark of the session's executable under callgrind. `iteration_ns` is what one iteration takes: the same for
/// two sides makes them comparable.
///
/// # Errors
/// Why nothing was counted.
pub fn dump_calls(
    session: &mut Session<'_>,
    driver: &dyn Driver,
    name: &str,
    iteration_ns: f64,
) -> Result<CallgrindDumps, NotCounted> {
    let artifact = session.artifact;
    let plan = Plan::new(Tool::Callgrind, (driver, session.version), name, iteration_ns, &[artifact])?;
    let with_clock = plan.counting == Counting::BySamples;
    // Where every iteration is a sample, there are ten at least; else there are ten samples of as few as one.
    let (few, samples) = if with_clock { (FEW, 1.0) } else { (1, f64::from(FEW)) };
    let more = (MOST_NS / (iteration_ns.max(1.0) * samples)).clamp(LEAST_MORE, MOST_MORE);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 2 and 2,000")]
    let many = few + more as u32;
    let mut dump = |iterations: u32| {
        let control = plan.exactly(iterations);
        let read = |folder: &Path| callgrind::largest(folder).map(|(_, text)| text);
        plan.under_valgrind(session, artifact, &control, &OPTIONS, read)
    };
    let (few, of_few) = dump(few)?;
    if plan.counting == Counting::Whole {
        return Ok(CallgrindDumps { few: None, many: few, iterations: 1.0, with_clock });
    }
    let (many, of_many) = dump(many)?;
    let iterations = of_many - of_few;
    if iterations < 1.0 {
        return Err(NotCounted::NoSlope);
    }
    Ok(CallgrindDumps { few: Some(few), many, iterations, with_clock })
}

/// What one iteration of a benchmark takes, nanoseconds, by one ordinary process of it; anything where iterations are not
/// chosen.
///
/// # Errors
/// That they cannot be counted at all, or how that process failed.
pub fn time_of_iteration(session: &mut Session<'_>, driver: &dyn Driver, name: &str) -> Result<f64, NotCounted> {
    match driver.counting(session.version) {
        Counting::NotPossible => return Err(NotCounted::Harness),
        Counting::Whole => return Ok(1.0),
        Counting::ByIterations | Counting::BySamples => {}
    }
    let mut memory = None;
    let mut wanted = [Wanted { name, memory: &mut memory }];
    let mut yielded = driver.observe(session, &mut wanted, &IterationControl::default()).map_err(explained)?;
    match yielded.told.pop() {
        Some(Told::Reading(reading)) => Ok(reading.value),
        Some(Told::Failed(failure)) => Err(NotCounted::Failed(failure)),
        Some(Told::Unreached | Told::Alone) | None => Err(failed("it gave no result")),
    }
}
