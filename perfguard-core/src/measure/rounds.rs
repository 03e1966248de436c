//! Observations in rounds: every benchmark once a round, in an order drawn anew, until each is precise enough, has had
//! its most, or the budget is spent.
//!
//! Rounds spread what happens on the machine over all benchmarks, where one after the other would give a disturbance to
//! one of them. Benchmarks that share their processes are one *unit* of a round.

use std::time::Duration;

use perfguard_stats::random::Stream;

use super::executor::{Executor, Outcome};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::{Event, EventSink};
use crate::model::{BenchmarkId, Failure, FailureKind, Note, Observation, RunSettings, Stopped};

/// One benchmark to be measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Which.
    pub id: BenchmarkId,
    /// Benchmarks of the same unit share their processes.
    pub unit: usize,
    /// Whether its value is a count: one observation is enough.
    pub exact: bool,
    /// The values of observations that an earlier, killed part of this run took.
    pub values: Vec<f64>,
    /// What is to be remarked of it whatever its processes say.
    pub notes: Vec<Note>,
}

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
#[derive(Debug)]
struct Standing {
    id: BenchmarkId,
    exact: bool,
    values: Vec<f64>,
    notes: Vec<Note>,
    /// Last known precision.
    half_width: Option<f64>,
    stopped: Option<Stopped>,
}

/// Benchmarks that share their processes.
#[derive(Debug, Default)]
struct Unit {
    jobs: Vec<usize>,
    /// Time spent in its processes, and their number.
    spent: Duration,
    processes: u32,
}

/// Measures all benchmarks; `record` is given each observation as it is taken and each end. Gives why each ended.
///
/// # Errors
/// The first error of `record` ends the measuring.
pub fn measure_rounds<E>(
    benchmarks: Vec<Planned>,
    settings: &RunSettings,
    surroundings: Surroundings<'_>,
    record: &mut dyn FnMut(usize, Recorded<'_>) -> Result<(), E>,
) -> Result<Vec<Stopped>, E> {
    let start = surroundings.clock.monotonic();
    // A run that goes on draws another order than the one that it began with.
    let taken: usize = benchmarks.iter().map(|planned| planned.values.len()).sum();
    let mut random = Stream::new(settings.seed.wrapping_add(taken as u64));
    let mut rounds = Rounds { settings, surroundings, standings: Vec::new(), units: Vec::new(), start };
    for planned in benchmarks {
        rounds.add(planned);
    }
    let count = rounds.standings.len();
    rounds.surroundings.events.event(Event::MeasuringStarted { benchmarks: count, budget: settings.budget });
    for job in 0..count {
        rounds.end_where_enough(job, record)?;
    }
    loop {
        let mut active: Vec<usize> = (0..rounds.units.len()).filter(|unit| !rounds.open(*unit).is_empty()).collect();
        if active.is_empty() {
            break;
        }
        random.shuffle(&mut active);
        for unit in active {
            match rounds.must_stop() {
                Some(stopped) => {
                    for job in rounds.open(unit) {
                        rounds.end(job, stopped, None, record)?;
                    }
                }
                None => rounds.observe(unit, record)?,
            }
        }
    }
    rounds.surroundings.events.event(Event::MeasuringFinished);
    Ok(rounds.standings.into_iter().map(|standing| standing.stopped.expect("the loop ends when all have")).collect())
}

struct Rounds<'a, 'b> {
    settings: &'a RunSettings,
    surroundings: Surroundings<'b>,
    standings: Vec<Standing>,
    units: Vec<Unit>,
    start: Duration,
}

/// Who is told of each observation and each end.
type Record<'a, E> = dyn FnMut(usize, Recorded<'_>) -> Result<(), E> + 'a;

impl Rounds<'_, '_> {
    fn add(&mut self, planned: Planned) {
        let Planned { id, unit, exact, values, notes } = planned;
        while self.units.len() <= unit {
            self.units.push(Unit::default());
        }
        self.units[unit].jobs.push(self.standings.len());
        self.standings.push(Standing { id, exact, values, notes, half_width: None, stopped: None });
    }

    /// The benchmarks of a unit that need more.
    fn open(&self, unit: usize) -> Vec<usize> {
        self.units[unit].jobs.iter().copied().filter(|job| self.standings[*job].stopped.is_none()).collect()
    }

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

    fn end<E>(
        &mut self,
        job: usize,
        stopped: Stopped,
        failure: Option<&Failure>,
        record: &mut Record<'_, E>,
    ) -> Result<(), E> {
        let standing = &mut self.standings[job];
        standing.stopped = Some(stopped);
        let observations = standing.values.len();
        let id = standing.id.clone();
        self.surroundings.events.event(Event::BenchmarkFinished { id, stopped, observations });
        record(job, Recorded::End { stopped, failure, notes: &self.standings[job].notes })
    }

    /// Takes one observation of each benchmark of a unit, before the first the warm-up processes.
    fn observe<E>(&mut self, unit: usize, record: &mut Record<'_, E>) -> Result<(), E> {
        if self.units[unit].processes == 0 {
            for _ in 0..self.settings.warm_up_processes {
                if self.is_exact(unit) {
                    break;
                }
                if self.is_too_slow_for_warm_up() {
                    let id = &self.standings[self.units[unit].jobs[0]].id;
                    let message = format!("`{id}` has no warm-up process: the budget would not do for one of each");
                    self.surroundings.events.event(Event::Detail(message));
                    break;
                }
                self.process(unit, true, record)?;
            }
        }
        if self.must_stop() != Some(Stopped::Interrupted) {
            self.process(unit, false, record)?;
        }
        Ok(())
    }

    fn is_exact(&self, unit: usize) -> bool {
        self.units[unit].jobs.iter().all(|job| self.standings[*job].exact)
    }

    /// Runs one process of a unit: of all its benchmarks that need more.
    fn process<E>(&mut self, unit: usize, warm_up: bool, record: &mut Record<'_, E>) -> Result<(), E> {
        let jobs = self.open(unit);
        let Some(first) = jobs.first() else { return Ok(()) };
        let id = self.standings[*first].id.clone();
        self.surroundings.events.event(Event::ObservationStarted { id: id.clone(), warm_up });
        let before = self.surroundings.clock.monotonic();
        let observed = self.surroundings.executor.observe(&jobs, &self.settings.control);
        self.units[unit].spent += self.surroundings.clock.monotonic().saturating_sub(before);
        self.units[unit].processes += 1;
        // Whatever it said, it may have been cut off.
        if !self.surroundings.cancel.is_cancelled() {
            self.take(unit, &jobs, observed, warm_up, record)?;
        }
        let done = self.standings.iter().filter(|standing| standing.stopped.is_some()).count();
        let (total, spent, left, left_at_most) = (self.standings.len(), self.elapsed(), self.left(), self.is_vague());
        self.surroundings.events.event(Event::ObservationFinished { id, done, total, spent, left, left_at_most });
        Ok(())
    }

    /// Takes what a process yielded.
    fn take<E>(
        &mut self,
        unit: usize,
        jobs: &[usize],
        observed: Result<Vec<Outcome>, Failure>,
        warm_up: bool,
        record: &mut Record<'_, E>,
    ) -> Result<(), E> {
        let outcomes = match observed {
            Ok(outcomes) => outcomes,
            Err(failure) if jobs.len() == 1 => return self.end(jobs[0], Stopped::Failed, Some(&failure), record),
            // Nobody knows whose fault it was: each on its own will show.
            Err(_) => {
                self.split(unit, jobs);
                return Ok(());
            }
        };
        let nothing = outcomes.iter().all(|outcome| matches!(outcome, Outcome::Unreached));
        let mut alone = if nothing { jobs.to_vec() } else { Vec::new() };
        for (job, outcome) in jobs.iter().zip(outcomes) {
            match outcome {
                Outcome::Observed(observation, notes) => {
                    let known = &mut self.standings[*job].notes;
                    known.extend(notes.into_iter().filter(|note| !known.contains(note)).collect::<Vec<_>>());
                    if !warm_up {
                        record(*job, Recorded::Observation(&observation))?;
                        self.standings[*job].values.push(observation.value);
                        self.end_where_enough(*job, record)?;
                    }
                }
                Outcome::Failed(failure) => self.end(*job, Stopped::Failed, Some(&failure), record)?,
                Outcome::Alone | Outcome::Unreached if jobs.len() == 1 => {
                    let message = "the process ended without a result".to_owned();
                    let failure = Failure { kind: FailureKind::NoResult, message, output: String::new() };
                    self.end(*job, Stopped::Failed, Some(&failure), record)?;
                }
                Outcome::Alone => alone.push(*job),
                Outcome::Unreached => {}
            }
        }
        self.split(unit, &alone);
        Ok(())
    }

    /// Gives each of these a unit of its own.
    fn split(&mut self, unit: usize, jobs: &[usize]) {
        if self.units[unit].jobs.len() > 1 {
            self.units[unit].jobs.retain(|job| !jobs.contains(job));
            self.units.extend(jobs.iter().map(|job| Unit { jobs: vec![*job], ..Unit::default() }));
        }
    }

    /// Ends a benchmark that is precise, or has had its most.
    fn end_where_enough<E>(&mut self, job: usize, record: &mut Record<'_, E>) -> Result<(), E> {
        let observations = self.settings.observations;
        let standing = &mut self.standings[job];
        let count = standing.values.len();
        let enough = count >= observations.min as usize;
        standing.half_width = if enough { (self.surroundings.relative_half_width)(&standing.values) } else { None };
        let stopped = if standing.exact && count > 0 {
            Stopped::Exact
        } else if standing.half_width.is_some_and(|width| width <= self.settings.precision) {
            Stopped::Precise
        } else if count >= observations.max as usize {
            Stopped::MostObservations
        } else {
            return Ok(());
        };
        self.end(job, stopped, None, record)
    }

    /// Time spent in processes so far, and their number.
    fn spent(&self) -> (Duration, u32) {
        self.units.iter().fold((Duration::ZERO, 0), |(spent, count), unit| (spent + unit.spent, count + unit.processes))
    }

    /// Whether what is left of the budget would not do for a warm-up and an observation of each that has none yet.
    fn is_too_slow_for_warm_up(&self) -> bool {
        let (spent, processes) = self.spent();
        let waiting = (0..self.units.len())
            .filter(|unit| self.open(*unit).iter().any(|job| self.standings[*job].values.is_empty()))
            .count();
        let needed = u32::try_from(2 * waiting).unwrap_or(u32::MAX);
        processes > 0
            && (spent / processes).saturating_mul(needed) > self.settings.budget.saturating_sub(self.elapsed())
    }

    /// Whether the precision of some benchmark is not known yet, so that it may need few observations or many.
    fn is_vague(&self) -> bool {
        let mut open = self.standings.iter().filter(|standing| standing.stopped.is_none() && !standing.exact);
        open.any(|standing| standing.half_width.is_none())
    }

    /// Measuring time that is left: what each unit still needs at its own pace, at most the budget.
    fn left(&self) -> Duration {
        let (spent, processes) = self.spent();
        let typical = spent / processes.max(1);
        let needs = self.units.iter().enumerate().map(|(index, unit)| {
            let pace = if unit.processes == 0 { typical } else { unit.spent / unit.processes };
            let most = self.open(index).iter().map(|job| self.needed(&self.standings[*job])).max();
            pace.saturating_mul(most.unwrap_or_default())
        });
        needs.sum::<Duration>().min(self.settings.budget.saturating_sub(self.elapsed()))
    }

    /// Observations that a benchmark is likely to need: an interval narrows with the square root of their number. All that
    /// it may have, as long as there is none.
    fn needed(&self, standing: &Standing) -> u32 {
        let count = u32::try_from(standing.values.len()).unwrap_or(u32::MAX);
        let (least, most) = (self.settings.observations.min, self.settings.observations.max);
        if standing.exact {
            return 1;
        }
        let missing = least.saturating_sub(count);
        let Some(width) = standing.half_width.filter(|_| missing == 0) else {
            return most.saturating_sub(count).max(1);
        };
        let wanted = f64::from(count) * (width / self.settings.precision).powi(2);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and casts saturate")]
        let wanted = wanted.ceil() as u32;
        wanted.min(most).saturating_sub(count).max(1)
    }
}

#[cfg(test)]
mod tests;
