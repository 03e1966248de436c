//! Scripted observations and a clock that only they move: what iteration control does, without waiting for it.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use super::Executor;
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

/// Gives each job its scripted values in turn, the last one for ever; a missing script fails.
pub(crate) struct SimulatedExecutor {
    pub(crate) clock: FakeClock,
    pub(crate) each: Duration,
    pub(crate) scripts: Vec<VecDeque<Result<f64, &'static str>>>,
    /// The jobs in the order in which they were observed.
    pub(crate) order: Vec<usize>,
}

impl Executor for SimulatedExecutor {
    fn observe(&mut self, job: usize, _: &IterationControl) -> Result<(Observation, Vec<Note>), Failure> {
        self.order.push(job);
        self.clock.advance(self.each);
        let script = &mut self.scripts[job];
        let next = if script.len() > 1 { script.pop_front() } else { script.front().copied() };
        match next {
            Some(Ok(value_ns)) => Ok((observation(value_ns), vec![Note("scripted".into())])),
            Some(Err(message)) => {
                let kind = FailureKind::Exited;
                Err(Failure { kind, message: message.to_owned(), output: String::new() })
            }
            None => unreachable!("a job without script"),
        }
    }
}

pub(crate) fn observation(value_ns: f64) -> Observation {
    Observation {
        started_at_ns: 0,
        samples: Vec::new(),
        summary: None,
        iterations: None,
        value_ns,
        metrics: BTreeMap::new(),
        process_ns: 0,
    }
}
