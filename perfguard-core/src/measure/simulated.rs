//! Scripted observations and a clock that only they move: what iteration control does, without waiting for it.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use super::{Executor, Outcome};
use crate::clock::Clock;
use crate::model::{Failure, FailureKind, IterationControl, Note, Observation};

/// A clock that stands still until it is moved. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub(crate) struct FakeClock(Rc<Cell<Duration>>);

impl FakeClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.set(self.0.get() + by);
    }
}

impl Clock for FakeClock {
    fn monotonic(&self) -> Duration {
        self.0.get()
    }

    fn unix_ns(&self) -> i64 {
        i64::try_from(self.0.get().as_nanos()).unwrap()
    }
}

/// Gives each job its scripted values in turn, the last one for ever. In a process of several jobs, a failure whose text
/// begins with `process` is nobody's, and one that begins with `alone` wants a process of its own; after any failure the
/// jobs that follow are unreached.
pub(crate) struct SimulatedExecutor {
    pub(crate) clock: FakeClock,
    pub(crate) each: Duration,
    pub(crate) scripts: Vec<VecDeque<Result<f64, &'static str>>>,
    /// The jobs in the order in which they were observed.
    pub(crate) order: Vec<usize>,
    /// Jobs of each process, in order.
    pub(crate) processes: Vec<Vec<usize>>,
}

impl Executor for SimulatedExecutor {
    fn observe(&mut self, jobs: &[usize], _: &IterationControl) -> Result<Vec<Outcome>, Failure> {
        self.clock.advance(self.each);
        self.processes.push(jobs.to_vec());
        let mut outcomes = Vec::new();
        for job in jobs {
            self.order.push(*job);
            let script = &mut self.scripts[*job];
            let next = if script.len() > 1 { script.pop_front() } else { script.front().copied() };
            let failure =
                |message: &str| Failure { kind: FailureKind::Exited, message: message.into(), output: String::new() };
            match next.expect("a job has a script") {
                Ok(value) => outcomes.push(Outcome::Observed(observation(value).into(), vec![Note("scripted".into())])),
                Err(message) if jobs.len() == 1 || message.starts_with("process") => return Err(failure(message)),
                Err(message) => {
                    let alone = message.starts_with("alone");
                    outcomes.push(if alone { Outcome::Alone } else { Outcome::Failed(failure(message)) });
                    outcomes.resize_with(jobs.len(), || Outcome::Unreached);
                    break;
                }
            }
        }
        Ok(outcomes)
    }
}

pub(crate) fn observation(value: f64) -> Observation {
    Observation::of_value(value)
}
