//! When operations begin, and what became of them: one worker of a step, whatever runs its operations.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::clock::Clock;
use super::latency::Latencies;

/// A step's measured part is told in so many slices.
pub(crate) const SLICES: usize = 10;
/// Kinds of errors that are told apart; the rest are counted together.
const KINDS: usize = 20;

/// What makes an operation begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Arrival {
    /// The end of the one before, and a time to think.
    AfterTheLast(Duration),
    /// The time: so many in a second, whatever became of those before.
    AtRate(f64),
}

/// When a step is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// So many operations were measured.
    Operations(u64),
    /// So much time was measured.
    Time(Duration),
}

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) arrival: Arrival,
    pub(crate) until: Until,
    pub(crate) ramp_up: Duration,
    pub(crate) workers: u32,
    /// When it began.
    pub(crate) start: Duration,
    /// Operations given out: those of the open model from the start, those of the closed one after the ramp-up.
    given: AtomicU64,
    /// Operations that ended.
    pub(crate) done: AtomicU64,
}

/// What a worker found.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) latencies: Latencies,
    /// Operations that went well, and their latencies' sum, by slice.
    pub(crate) slices: [(u64, Duration); SLICES],
    /// Failures by what they said.
    pub(crate) errors: BTreeMap<String, u64>,
    /// When the last one ended.
    pub(crate) end: Duration,
}

/// An operation that is to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    /// When.
    pub(crate) due: Duration,
    /// Its slice, if it counts.
    slice: Option<usize>,
}

impl Step {
    pub(crate) fn new(arrival: Arrival, until: Until, ramp_up: Duration, workers: u32, start: Duration) -> Self {
        Self { arrival, until, ramp_up, workers, start, given: AtomicU64::new(0), done: AtomicU64::new(0) }
    }

    /// When measuring begins.
    fn measured_from(&self) -> Duration {
        self.start + self.ramp_up
    }

    /// The slice of a time.
    fn slice_at(&self, time: Duration, length: Duration) -> usize {
        let part = time.saturating_sub(self.measured_from()).as_nanos() * SLICES as u128 / length.as_nanos().max(1);
        usize::try_from(part).unwrap_or(SLICES).min(SLICES - 1)
    }

    /// The next turn of the open model: the arrivals are given out in their order to whoever is free.
    fn next_arrival(&self, rate: f64) -> Option<Turn> {
        let index = self.given.fetch_add(1, Relaxed);
        let ramp_up = self.ramp_up.as_secs_f64();
        // The rate grows evenly during the ramp-up: half as many arrive as later in the same time.
        let in_ramp_up = rate * ramp_up / 2.0;
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
        let arrived = index as f64;
        let after = if arrived < in_ramp_up {
            (2.0 * ramp_up * arrived / rate).sqrt()
        } else {
            ramp_up + (arrived - in_ramp_up) / rate
        };
        let due = self.start + Duration::from_secs_f64(after);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let measured = index.checked_sub(in_ramp_up.ceil() as u64);
        match self.until {
            Until::Time(length) if due >= self.measured_from() + length => None,
            Until::Time(length) => Some(Turn { due, slice: measured.map(|_| self.slice_at(due, length)) }),
            Until::Operations(count) if measured.is_some_and(|measured| measured >= count) => None,
            Until::Operations(count) => Some(Turn { due, slice: measured.map(|measured| slice_of(measured, count)) }),
        }
    }

    /// The next turn of the closed model, at a time.
    fn next_at(&self, due: Duration) -> Option<Turn> {
        if due < self.measured_from() {
            return Some(Turn { due, slice: None });
        }
        match self.until {
            Until::Time(length) if due >= self.measured_from() + length => None,
            Until::Time(length) => Some(Turn { due, slice: Some(self.slice_at(due, length)) }),
            Until::Operations(count) => {
                let measured = self.given.fetch_add(1, Relaxed);
                (measured < count).then(|| Turn { due, slice: Some(slice_of(measured, count)) })
            }
        }
    }
}

fn slice_of(index: u64, count: u64) -> usize {
    usize::try_from(index * SLICES as u64 / count.max(1)).unwrap_or(SLICES).min(SLICES - 1)
}

/// One worker of a step.
pub(crate) struct Worker<'s> {
    step: &'s Step,
    /// When it is free: the end of its last operation.
    free: Duration,
    is_first: bool,
    pub(crate) part: Part,
}

impl<'s> Worker<'s> {
    /// The workers of a closed step join one after the other during its ramp-up.
    pub(crate) fn new(step: &'s Step, number: u32) -> Self {
        let joins = match step.arrival {
            Arrival::AfterTheLast(_) => step.ramp_up * number / step.workers.max(1),
            Arrival::AtRate(_) => Duration::ZERO,
        };
        let part = Part {
            latencies: Latencies::new(),
            slices: [(0, Duration::ZERO); SLICES],
            errors: BTreeMap::new(),
            end: step.start,
        };
        Self { step, free: step.start + joins, is_first: true, part }
    }

    /// The next operation; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Turn> {
        match self.step.arrival {
            Arrival::AtRate(rate) => self.step.next_arrival(rate),
            Arrival::AfterTheLast(think) => {
                let think = if std::mem::take(&mut self.is_first) { Duration::ZERO } else { think };
                self.step.next_at(self.free + think)
            }
        }
    }

    /// An operation that began in its turn ended now.
    pub(crate) fn ended(&mut self, turn: Turn, now: Duration, result: Result<(), String>) {
        self.free = now;
        self.step.done.fetch_add(1, Relaxed);
        let Some(slice) = turn.slice else { return };
        self.part.end = now;
        match result {
            Ok(()) => {
                // From when it was due: one that had to wait for a worker has waited.
                let latency = now.saturating_sub(turn.due);
                self.part.latencies.record(latency);
                let (count, total) = &mut self.part.slices[slice];
                *count += 1;
                *total += latency;
            }
            Err(kind) => {
                let is_known = self.part.errors.contains_key(&kind) || self.part.errors.len() < KINDS;
                *self.part.errors.entry(if is_known { kind } else { "others".to_owned() }).or_default() += 1;
            }
        }
    }

    /// Runs operations to the step's end.
    pub(crate) fn run(mut self, clock: &impl Clock, mut operation: impl FnMut() -> Result<(), String>) -> Part {
        while let Some(turn) = self.next() {
            clock.wait_until(turn.due);
            let result = operation();
            self.ended(turn, clock.now(), result);
        }
        self.part
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock::FakeClock;
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// One worker on an operation of a millisecond that stands still once, for half a second.
    fn with_a_stall(arrival: Arrival) -> Part {
        let clock = FakeClock::default();
        let step = Step::new(arrival, Until::Operations(1_000), Duration::ZERO, 1, Duration::ZERO);
        let mut call = 0;
        Worker::new(&step, 0).run(&clock, || {
            call += 1;
            clock.pass(if call == 300 { 500 * MS } else { MS });
            Ok(())
        })
    }

    #[test]
    fn the_open_model_reports_a_stall_that_the_closed_one_hides() {
        let closed = with_a_stall(Arrival::AfterTheLast(Duration::ZERO));
        let open = with_a_stall(Arrival::AtRate(500.0));
        let p99 = |part: &Part| part.latencies.within_ns(0.99) / 1e6;
        assert!((p99(&closed) - 1.0).abs() < 0.01, "one of a thousand: {}", p99(&closed));
        // Who came during the half second waited for its rest, and for those before: half of all that came.
        assert!(p99(&open) > 450.0, "{}", p99(&open));
        assert!(open.latencies.within_ns(0.9) / 1e6 > 300.0);
        assert!((open.latencies.within_ns(0.4) / 1e6 - 1.0).abs() < 0.01);
    }

    #[test]
    fn what_begins_in_the_ramp_up_does_not_count() {
        let clock = FakeClock::default();
        for arrival in [Arrival::AtRate(1_000.0), Arrival::AfterTheLast(Duration::ZERO)] {
            let step = Step::new(arrival, Until::Time(100 * MS), 50 * MS, 1, clock.now());
            let mut calls = 0;
            let part = Worker::new(&step, 0).run(&clock, || {
                calls += 1;
                clock.pass(MS);
                Ok(())
            });
            let counted: u64 = part.slices.iter().map(|(count, _)| count).sum();
            assert_eq!(counted, 100, "{arrival:?}");
            assert_eq!(part.slices.map(|(count, _)| count), [10; 10]);
            // Half as many as later, or as many as there is time for.
            assert_eq!(calls, if arrival == Arrival::AtRate(1_000.0) { 125 } else { 150 });
        }
    }

    #[test]
    fn workers_join_one_after_the_other_and_think_between_operations() {
        let think = Arrival::AfterTheLast(9 * MS);
        let clock = FakeClock::default();
        let step = Step::new(think, Until::Operations(10), Duration::ZERO, 1, Duration::ZERO);
        let part = Worker::new(&step, 0).run(&clock, || {
            clock.pass(MS);
            Ok(())
        });
        assert_eq!(part.end, 91 * MS);
        let step = Step::new(think, Until::Operations(10), 40 * MS, 4, Duration::ZERO);
        assert_eq!(Worker::new(&step, 3).next().map(|turn| turn.due), Some(30 * MS));
    }

    #[test]
    fn errors_are_counted_by_what_they_say() {
        let clock = FakeClock::default();
        let step = Step::new(Arrival::AfterTheLast(MS), Until::Operations(100), Duration::ZERO, 1, Duration::ZERO);
        let mut call = 0;
        let part = Worker::new(&step, 0).run(&clock, || {
            call += 1;
            if call % 2 == 0 { Err(format!("kind {}", call % 60)) } else { Ok(()) }
        });
        assert_eq!(part.errors.values().sum::<u64>(), 50);
        assert_eq!((part.errors.len(), part.errors["others"] > 0), (21, true));
    }
}
