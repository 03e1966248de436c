//! Workers as tasks of one thread, for operations that are async.

use std::fmt::Display;

use super::clock::Clock;
use super::worker::{Part, Step, Worker};

/// Runs all workers of a step next to each other.
///
/// # Errors
/// Never: a task that panics takes its thread along.
pub(super) async fn run_all<O, F, T, E, C: Clock>(
    step: &Step,
    clock: &C,
    worker: &impl Fn(u32) -> O,
) -> Result<Vec<Part>, String>
where
    O: FnMut() -> F,
    F: Future<Output = Result<T, E>>,
    E: Display,
{
    let mut running: Vec<_> = (0..step.workers)
        .map(|number| Some(Box::pin(run_one(Worker::new(step, number), clock, worker(number)))))
        .collect();
    let mut parts = Vec::new();
    std::future::poll_fn(|context| {
        for slot in &mut running {
            if let Some(task) = slot
                && let std::task::Poll::Ready(part) = task.as_mut().poll(context)
            {
                parts.push(part);
                *slot = None;
            }
        }
        if running.iter().all(Option::is_none) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    Ok(parts)
}

async fn run_one<F, T, E>(mut worker: Worker<'_>, clock: &impl Clock, mut operation: impl FnMut() -> F) -> Part
where
    F: Future<Output = Result<T, E>>,
    E: Display,
{
    /// So many operations without a wait, and the others have their turn.
    const IN_A_ROW: u32 = 32;
    let mut in_a_row = 0;
    while let Some(turn) = worker.next() {
        let left = turn.due.saturating_sub(clock.now());
        in_a_row += 1;
        if !left.is_zero() {
            tokio::time::sleep(left).await;
        } else if in_a_row >= IN_A_ROW {
            in_a_row = 0;
            tokio::task::yield_now().await;
        }
        let result = operation().await.map(drop).map_err(|error| error.to_string());
        worker.ended(turn, clock.now(), result);
    }
    worker.part
}
