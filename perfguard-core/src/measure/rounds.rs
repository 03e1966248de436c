//! Observations in rounds: every benchmark once a round, in an order drawn anew, until each is precise enough, has had
//! its most, or the budget is spent.
//!
//! Rounds spread what happens on the machine over all benchmarks, where one after the other would give a disturbance to
//! one of them.

use std::time::Duration;

use perfguard_stats::random::Stream;

use super::executor::Executor;
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::{Event, EventSink};
use crate::model::{BenchmarkId, Failure, Note, Observation, RunSettings, Stopped};

/// Something to be recorded of a benchmark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Recorded<'a> {
    /// An observation was taken.
    Observation(&'a Observation),
    /// No further one will be.
    End {
        /// Why.
        stopped: Stopped,
        /// How it failed, if it did.
        failure: Option<&'a Failure>,
        /// The driver's remarks, each once.
        notes: &'a [Note],
    },
}

/// What measuring needs, besides the benchmarks.
pub struct Surroundings<'a> {
    /// Takes the observations.
    pub executor: &'a mut dyn Executor,
    /// Counts the budget.
    pub clock: &'a dyn Clock,
    /// Ends the measuring early.
    pub cancel: &'a CancellationToken,
    /// Hears of progress.
    pub events: &'a mut dyn EventSink,
    /// Half the width of the interval of the median, relative to the median; `None` where the values are too few.
    pub relative_half_width: &'a dyn Fn(&[f64]) -> Option<f64>,
}

/// Where one benchmark stands.
#[derive(Debug, Default)]
struct Standing {
    values: Vec<f64>,
    notes: Vec<Note>,
    /// Time spent in its processes, and their number.
    spent: Duration,
    processes: u32,
    /// Last known precision.
    half_width: Option<f64>,
    stopped: Option<Stopped>,
}

/// Measures all benchmarks; `record` is given each observation as it is taken and each end. Gives why each ended.
///
/// # Errors
/// The first error of `record` ends the measuring.
pub fn measure_rounds<E>(
    benchmarks: &[BenchmarkId],
    settings: &RunSettings,
    surroundings: Surroundings<'_>,
    record: &mut dyn FnMut(usize, Recorded<'_>) -> Result<(), E>,
) -> Result<Vec<Stopped>, E> {
    let standings = benchmarks.iter().map(|_| Standing::default()).collect();
    let start = surroundings.clock.monotonic();
    let mut rounds = Rounds { benchmarks, settings, surroundings, standings, start };
    rounds.surroundings.events.event(Event::MeasuringStarted { benchmarks: benchmarks.len(), budget: settings.budget });
    let mut random = Stream::new(settings.seed);
    loop {
        let mut active: Vec<usize> =
            (0..benchmarks.len()).filter(|job| rounds.standings[*job].stopped.is_none()).collect();
        if active.is_empty() {
            break;
        }
        random.shuffle(&mut active);
        for job in active {
            let stopped = match rounds.must_stop() {
                Some(stopped) => Some((stopped, None)),
                None => rounds.observe(job, record)?,
            };
            if let Some((stopped, failure)) = stopped {
                rounds.standings[job].stopped = Some(stopped);
                let notes = &rounds.standings[job].notes;
                record(job, Recorded::End { stopped, failure: failure.as_ref(), notes })?;
            }
        }
    }
    rounds.surroundings.events.event(Event::MeasuringFinished);
    Ok(rounds.standings.into_iter().map(|standing| standing.stopped.expect("the loop ends when all have")).collect())
}

struct Rounds<'a, 'b> {
    benchmarks: &'a [BenchmarkId],
    settings: &'a RunSettings,
    surroundings: Surroundings<'b>,
    standings: Vec<Standing>,
    start: Duration,
}

/// Why a benchmark ends now, and how it failed.
type End = Option<(Stopped, Option<Failure>)>;

impl Rounds<'_, '_> {
    fn elapsed(&self) -> Duration {
        self.surroundings.clock.monotonic().saturating_sub(self.start)
    }

    /// What ends the whole.
    fn must_stop(&self) -> Option<Stopped> {
        if self.surroundings.cancel.is_cancelled() {
            return Some(Stopped::Interrupted);
        }
        (self.elapsed() >= self.settings.budget).then_some(Stopped::Budget)
    }

    /// Takes one observation of a benchmark, before its first the warm-up processes.
    fn observe<E>(
        &mut self,
        job: usize,
        record: &mut dyn FnMut(usize, Recorded<'_>) -> Result<(), E>,
    ) -> Result<End, E> {
        if self.standings[job].processes == 0 {
            for _ in 0..self.settings.warm_up_processes {
                if self.is_too_slow_for_warm_up() {
                    break;
                }
                if let Err(end) = self.process(job, true) {
                    return Ok(Some(end));
                }
            }
        }
        let observation = match self.process(job, false) {
            Ok(observation) => observation,
            Err(end) => return Ok(Some(end)),
        };
        record(job, Recorded::Observation(&observation))?;
        let standing = &mut self.standings[job];
        standing.values.push(observation.value_ns);
        let count = standing.values.len();
        let enough = count >= self.settings.observations.min as usize;
        standing.half_width = if enough { (self.surroundings.relative_half_width)(&standing.values) } else { None };
        let precise = standing.half_width.is_some_and(|width| width <= self.settings.precision);
        let end = if precise {
            Some(Stopped::Precise)
        } else {
            (count >= self.settings.observations.max as usize).then_some(Stopped::MostObservations)
        };
        Ok(end.map(|stopped| (stopped, None)))
    }

    /// Runs one process of a benchmark.
    fn process(&mut self, job: usize, warm_up: bool) -> Result<Observation, (Stopped, Option<Failure>)> {
        let id = &self.benchmarks[job];
        self.surroundings.events.event(Event::ObservationStarted { id: id.clone(), warm_up });
        let before = self.surroundings.clock.monotonic();
        let observed = self.surroundings.executor.observe(job, &self.settings.control);
        let standing = &mut self.standings[job];
        standing.spent += self.surroundings.clock.monotonic().saturating_sub(before);
        standing.processes += 1;
        let done = self.standings.iter().filter(|standing| standing.stopped.is_some()).count();
        let (total, spent, left) = (self.benchmarks.len(), self.elapsed(), self.left());
        self.surroundings.events.event(Event::ObservationFinished { id: id.clone(), done, total, spent, left });
        if self.surroundings.cancel.is_cancelled() {
            // Whatever it said, it may have been cut off.
            return Err((Stopped::Interrupted, None));
        }
        match observed {
            Ok((observation, notes)) => {
                let known = &mut self.standings[job].notes;
                for note in notes {
                    if !known.contains(&note) {
                        known.push(note);
                    }
                }
                Ok(observation)
            }
            Err(failure) => Err((Stopped::Failed, Some(failure))),
        }
    }

    /// Whether what is left of the budget would not do for a warm-up and an observation of each that has none yet.
    fn is_too_slow_for_warm_up(&self) -> bool {
        let (spent, processes) =
            self.standings.iter().fold((Duration::ZERO, 0), |(spent, count), s| (spent + s.spent, count + s.processes));
        let waiting = self.standings.iter().filter(|s| s.values.is_empty() && s.stopped.is_none()).count();
        let needed = u32::try_from(2 * waiting).unwrap_or(u32::MAX);
        processes > 0
            && (spent / processes).saturating_mul(needed) > self.settings.budget.saturating_sub(self.elapsed())
    }

    /// Measuring time that is left: what each still needs at its own pace, at most the budget.
    fn left(&self) -> Duration {
        let (spent, processes) =
            self.standings.iter().fold((Duration::ZERO, 0), |(spent, count), s| (spent + s.spent, count + s.processes));
        let typical = spent / processes.max(1);
        let needs = self.standings.iter().filter(|standing| standing.stopped.is_none()).map(|standing| {
            let pace = if standing.processes == 0 { typical } else { standing.spent / standing.processes };
            pace.saturating_mul(self.needed(standing))
        });
        needs.sum::<Duration>().min(self.settings.budget.saturating_sub(self.elapsed()))
    }

    /// Observations that a benchmark is likely to need: an interval narrows with the square root of their number.
    fn needed(&self, standing: &Standing) -> u32 {
        let count = u32::try_from(standing.values.len()).unwrap_or(u32::MAX);
        let (least, most) = (self.settings.observations.min, self.settings.observations.max);
        let missing = least.saturating_sub(count);
        let Some(width) = standing.half_width.filter(|_| missing == 0) else { return missing.max(1) };
        let wanted = f64::from(count) * (width / self.settings.precision).powi(2);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and casts saturate")]
        let wanted = wanted.ceil() as u32;
        wanted.min(most).saturating_sub(count).max(1)
    }
}

#[cfg(test)]
mod tests;
