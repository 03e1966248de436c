//! What one iteration of a benchmark allocates, counted by Valgrind's DHAT in the same way as instructions are: the slope
//! between two processes with different exact numbers of iterations, in which all set-up cancels.

use super::{Counting, NotCounted, Plan, Tool};
use crate::measure::driver::{Driver, Session};

/// What a benchmark allocates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountedHeap {
    /// Blocks that one iteration allocates; the whole process where [`per_iteration`](Self::per_iteration) is false.
    pub allocations: f64,
    /// Their bytes.
    pub allocated_bytes: f64,
    /// The most bytes at once in a whole process of few iterations, its harness's among them.
    pub peak_bytes: f64,
    /// Whether it is the count of one iteration.
    pub per_iteration: bool,
}

/// A process that allocates fewer blocks than these does so behind Valgrind's back: the runtime alone takes more.
const LEAST_BLOCKS: f64 = 8.0;

/// Counts of an iteration are told in parts of one.
const PARTS: f64 = 100.0;

/// Counts what one side's benchmark allocates: the same `iteration_ns` makes two counts comparable.
///
/// # Errors
/// Why nothing was counted.
pub fn count_heap(
    session: &mut Session<'_>,
    driver: &dyn Driver,
    name: &str,
    iteration_ns: f64,
) -> Result<CountedHeap, NotCounted> {
    let artifact = session.artifact;
    let plan = Plan::new(Tool::Dhat, (driver, session.version), name, iteration_ns, &[artifact])?;
    let few = plan.run(session, artifact, &plan.few())?;
    let (blocks, bytes, peak) = (few.total(0), few.total(1), few.total(2));
    if blocks < LEAST_BLOCKS {
        return Err(NotCounted::OwnAllocator);
    }
    let per_iteration = plan.counting != Counting::Whole;
    let (allocations, allocated_bytes) = if per_iteration {
        let many = plan.run(session, artifact, &plan.many())?;
        // A harness may allocate some blocks more or fewer in one of the processes: no part of an iteration.
        let slope = |index: usize| few.slope(&many, index).map(|each| (each.max(0.0) * PARTS).round() / PARTS);
        (slope(0)?, slope(1)?)
    } else {
        (blocks, bytes)
    };
    Ok(CountedHeap { allocations, allocated_bytes, peak_bytes: peak, per_iteration })
}
