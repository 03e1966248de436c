//! Pairs in rounds: base and head of each benchmark next to each other in time, in an order drawn for every pair, each
//! pair on a layout of its own, until whoever hears of them has heard enough.
//!
//! A few pairs are *null pairs*: base against a copy of base in head's place. They show what differs between the two
//! places and is not the code.

use std::time::Duration;

use perfguard_stats::random::Stream;

use super::executor::Outcome;
use super::pair_executor::PairExecutor;
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::{Event, EventSink};
use crate::model::{BenchmarkId, Failure, FailureKind, IterationControl, Note, Observation, Side};

/// One benchmark of which pairs are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedPairs {
    /// Which.
    pub id: BenchmarkId,
    /// Benchmarks of the same unit share their processes.
    pub unit: usize,
    /// How many layouts there are of each side; at least 1.
    pub layouts: usize,
}

/// How pairs are taken.
#[derive(Debug, Clone, PartialEq)]
pub struct PairSettings {
    /// Inside a process.
    pub control: IterationControl,
    /// Measuring time of all pairs together.
    pub budget: Duration,
    /// Whether a process of base is run and thrown away first, which also tells what a process costs.
    pub warm_up: bool,
    /// After so many pairs one null pair; `None`: there are none.
    pub null_every: Option<u32>,
    /// Never fewer null pairs than this, where there are any.
    pub null_least: u32,
    /// Seed of the order of rounds, of the order in each pair, and of layouts.
    pub seed: u64,
}

/// Two observations next to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair<'a> {
    /// Base's.
    pub base: &'a Observation,
    /// Head's; of a null pair, that of base's copy in head's place.
    pub head: &'a Observation,
    /// Which layout both had.
    pub layout: usize,
    /// Whether head ran first.
    pub head_first: bool,
}

/// Something that is told of a benchmark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Heard<'a> {
    /// A pair was taken.
    Pair(Pair<'a>),
    /// A null pair was taken.
    Null(Pair<'a>),
    /// No further pair will be.
    End(&'a PairsEnd, &'a [Note]),
}

/// Whether more pairs of a benchmark are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Yes.
    More,
    /// Yes, and the next one on the same layout.
    SameLayout,
    /// No.
    Enough,
}

/// Why no further pair of a benchmark was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PairsEnd {
    /// Whoever hears of them has heard enough.
    Enough,
    /// The budget was spent.
    Budget,
    /// The user ended it.
    Interrupted,
    /// A side cannot be measured at all.
    Failed(Side, Failure),
    /// More than a fifth of the pairs had a failed process.
    TooManyFailures(Side, Failure),
}

/// What pairs need, besides the benchmarks.
pub struct PairSurroundings<'a> {
    /// Takes the observations.
    pub executor: &'a mut dyn PairExecutor,
    /// Counts the budget.
    pub clock: &'a dyn Clock,
    /// Ends the measuring early.
    pub cancel: &'a CancellationToken,
    /// Hears of progress.
    pub events: &'a mut dyn EventSink,
}

/// Who is told of each pair and each end, by the number of the benchmark.
pub type Hear<'a, E> = dyn FnMut(usize, Heard<'_>) -> Result<Next, E> + 'a;

/// What a benchmark's pairs cost, told after the warm-up: the time of one process of its share in its unit; `None` where
/// it was not run. Whoever plans fixes the number of pairs by it, before the first.
pub type Costs<'a> = dyn FnMut(&[Option<Duration>]) + 'a;

/// Failed processes of one side that end a benchmark which never had a good one.
const HOPELESS: u32 = 2;

/// Takes pairs of all benchmarks until each has ended. Gives why each did.
///
/// # Errors
/// The first error of `hear` ends the measuring.
pub fn measure_pairs<E>(
    benchmarks: Vec<PlannedPairs>,
    settings: &PairSettings,
    surroundings: PairSurroundings<'_>,
    costs: &mut Costs<'_>,
    hear: &mut Hear<'_, E>,
) -> Result<Vec<PairsEnd>, E> {
    let start = surroundings.clock.monotonic();
    let random = Stream::new(settings.seed);
    let mut rounds = PairRounds {
        settings,
        surroundings,
        standings: Vec::new(),
        units: Vec::new(),
        random,
        start,
        pairs: 0,
        nulls: 0,
    };
    for planned in benchmarks {
        rounds.add(planned);
    }
    let event = Event::MeasuringStarted { benchmarks: rounds.standings.len(), budget: settings.budget };
    rounds.surroundings.events.event(event);
    if settings.warm_up {
        rounds.warm_up(hear)?;
    }
    costs(&rounds.costs());
    // The budget is of pairs: what the warm-up took is a fixed part of it.
    loop {
        let mut active: Vec<usize> = (0..rounds.units.len()).filter(|unit| !rounds.open(*unit).is_empty()).collect();
        if active.is_empty() {
            break;
        }
        rounds.random.shuffle(&mut active);
        for unit in active {
            match rounds.must_stop() {
                Some(end) => {
                    for job in rounds.open(unit) {
                        rounds.end(job, end.clone(), hear)?;
                    }
                }
                None => rounds.round(unit, hear)?,
            }
        }
    }
    rounds.last_nulls(hear)?;
    rounds.surroundings.events.event(Event::MeasuringFinished);
    Ok(rounds.standings.into_iter().map(|standing| standing.end.expect("the loop ends when all have")).collect())
}

/// Where one benchmark stands.
#[derive(Debug)]
struct Standing {
    id: BenchmarkId,
    pairs: u32,
    /// Slowest value of any process so far: what a process that ran into its time limit counts as, at least.
    slowest: f64,
    /// Failed processes, by side.
    failures: [u32; 3],
    /// Good processes, by side.
    good: [u32; 3],
    notes: Vec<Note>,
    end: Option<PairsEnd>,
}

/// Benchmarks that share their processes.
#[derive(Debug, Default)]
struct Unit {
    jobs: Vec<usize>,
    layouts: usize,
    /// Layouts in the order in which they come.
    deck: Vec<usize>,
    /// The same for null pairs.
    null_deck: Vec<usize>,
    /// The layout of the last pair, where the next shall have it too.
    keep: Option<usize>,
    spent: Duration,
    processes: u32,
}

struct PairRounds<'a, 'b> {
    settings: &'a PairSettings,
    surroundings: PairSurroundings<'b>,
    standings: Vec<Standing>,
    units: Vec<Unit>,
    random: Stream,
    start: Duration,
    /// Pairs of all benchmarks, and null pairs.
    pairs: u32,
    nulls: u32,
}

/// What one side of a pair yielded of a benchmark.
enum Yielded {
    Value(Box<Observation>),
    Failed(Failure),
    Nothing,
}

impl PairRounds<'_, '_> {
    fn add(&mut self, planned: PlannedPairs) {
        let PlannedPairs { id, unit, layouts } = planned;
        while self.units.len() <= unit {
            self.units.push(Unit::default());
        }
        self.units[unit].jobs.push(self.standings.len());
        self.units[unit].layouts = layouts.max(1);
        let nothing =
            Standing { id, pairs: 0, slowest: 0.0, failures: [0; 3], good: [0; 3], notes: Vec::new(), end: None };
        self.standings.push(nothing);
    }

    fn open(&self, unit: usize) -> Vec<usize> {
        self.units[unit].jobs.iter().copied().filter(|job| self.standings[*job].end.is_none()).collect()
    }

    fn elapsed(&self) -> Duration {
        self.surroundings.clock.monotonic().saturating_sub(self.start)
    }

    fn must_stop(&self) -> Option<PairsEnd> {
        if self.surroundings.cancel.is_cancelled() {
            return Some(PairsEnd::Interrupted);
        }
        (self.elapsed() >= self.settings.budget).then_some(PairsEnd::Budget)
    }

    fn end<E>(&mut self, job: usize, end: PairsEnd, hear: &mut Hear<'_, E>) -> Result<(), E> {
        let standing = &mut self.standings[job];
        hear(job, Heard::End(&end, &standing.notes))?;
        standing.end = Some(end);
        Ok(())
    }

    /// A process of base of each unit, thrown away: it fills caches, and tells what a process costs. Where so many processes
    /// as pairs take of each would not fit into the budget, units are left out: some that are decided say more than all
    /// with a pair or two.
    fn warm_up<E>(&mut self, hear: &mut Hear<'_, E>) -> Result<(), E> {
        let mut units: Vec<usize> = (0..self.units.len()).collect();
        self.random.shuffle(&mut units);
        for unit in units {
            let jobs = self.open(unit);
            if self.surroundings.cancel.is_cancelled() {
                break;
            }
            if self.elapsed().saturating_mul(FEWEST_PROCESSES) >= self.settings.budget {
                for job in jobs {
                    self.end(job, PairsEnd::Budget, hear)?;
                }
                continue;
            }
            let yielded = self.process(unit, &jobs, Side::Base, 0);
            self.take_failures(unit, &jobs, Side::Base, &yielded, hear)?;
            self.progress(unit);
        }
        Ok(())
    }

    /// The time of one process of each benchmark's share in its unit.
    fn costs(&self) -> Vec<Option<Duration>> {
        let mut costs = vec![None; self.standings.len()];
        for unit in self.units.iter().filter(|unit| unit.processes > 0) {
            let each = unit.spent / unit.processes / u32::try_from(unit.jobs.len()).unwrap_or(u32::MAX).max(1);
            for job in &unit.jobs {
                costs[*job] = Some(each);
            }
        }
        costs
    }

    /// A pair of a unit, and a null pair where one is due.
    fn round<E>(&mut self, unit: usize, hear: &mut Hear<'_, E>) -> Result<(), E> {
        let jobs = self.open(unit);
        self.pair(unit, &jobs, Side::Head, hear)?;
        if self.settings.null_every.is_some_and(|every| self.pairs / every.max(1) > self.nulls) {
            let open = self.open(unit);
            self.pair(unit, if open.is_empty() { &jobs } else { &open }, Side::Null, hear)?;
        }
        self.progress(unit);
        Ok(())
    }

    /// Null pairs that are still missing at the end, spread over the units.
    fn last_nulls<E>(&mut self, hear: &mut Hear<'_, E>) -> Result<(), E> {
        if self.settings.null_every.is_none() {
            return Ok(());
        }
        let mut units: Vec<usize> = (0..self.units.len()).collect();
        units.retain(|unit| self.units[*unit].jobs.iter().any(|job| self.standings[*job].pairs > 0));
        self.random.shuffle(&mut units);
        // Null pairs that fail are not taken again for ever.
        let missing = self.settings.null_least.saturating_sub(self.nulls);
        for unit in units.iter().cycle().take(2 * missing as usize) {
            if self.nulls >= self.settings.null_least || self.surroundings.cancel.is_cancelled() {
                break;
            }
            let jobs: Vec<usize> =
                self.units[*unit].jobs.iter().copied().filter(|job| self.standings[*job].pairs > 0).collect();
            self.pair(*unit, &jobs, Side::Null, hear)?;
        }
        Ok(())
    }

    /// Runs base and the other side of a unit next to each other, in an order drawn now.
    fn pair<E>(&mut self, unit: usize, jobs: &[usize], other: Side, hear: &mut Hear<'_, E>) -> Result<(), E> {
        let layout = match self.units[unit].keep.take_if(|_| other == Side::Head) {
            Some(layout) => layout,
            None => self.next_layout(unit, other),
        };
        let head_first = self.random.coin();
        let sides = if head_first { [other, Side::Base] } else { [Side::Base, other] };
        let first = self.process(unit, jobs, sides[0], layout);
        if self.surroundings.cancel.is_cancelled() {
            return Ok(());
        }
        let second = self.process(unit, jobs, sides[1], layout);
        if self.surroundings.cancel.is_cancelled() {
            // Whatever it said, it may have been cut off.
            return Ok(());
        }
        let (bases, others) = if head_first { (second, first) } else { (first, second) };
        if other == Side::Null {
            self.nulls += 1;
        } else {
            self.take_failures(unit, jobs, Side::Base, &bases, hear)?;
            self.take_failures(unit, jobs, other, &others, hear)?;
        }
        for ((job, base), head) in jobs.iter().zip(bases).zip(others) {
            let values = (self.valued(*job, Side::Base, base), self.valued(*job, other, head));
            let (Some(one), Some(another)) = values else { continue };
            let pair = Pair { base: &one, head: &another, layout, head_first };
            if other == Side::Null {
                hear(*job, Heard::Null(pair))?;
                continue;
            }
            self.pairs += 1;
            let standing = &mut self.standings[*job];
            standing.pairs += 1;
            for value in [one.value, another.value] {
                standing.slowest = standing.slowest.max(value);
            }
            match hear(*job, Heard::Pair(pair))? {
                Next::SameLayout => self.units[unit].keep = Some(layout),
                Next::Enough if self.standings[*job].end.is_none() => self.end(*job, PairsEnd::Enough, hear)?,
                Next::More | Next::Enough => {}
            }
        }
        Ok(())
    }

    /// What a side's process counts as. One that ran into its time limit is the slowest of all, never a void one.
    fn valued(&self, job: usize, side: Side, yielded: Yielded) -> Option<Box<Observation>> {
        match yielded {
            Yielded::Value(observation) => Some(observation),
            Yielded::Failed(failure) if self.is_slow(job, side, &failure) => {
                Some(Box::new(Observation::of_value(TIMED_OUT * self.standings[job].slowest)))
            }
            Yielded::Failed(_) | Yielded::Nothing => None,
        }
    }

    /// Whether a failure is a process that was too slow, of a side that can be measured.
    fn is_slow(&self, job: usize, side: Side, failure: &Failure) -> bool {
        let Standing { slowest, good, .. } = &self.standings[job];
        failure.kind == FailureKind::TimedOut && *slowest > 0.0 && good[side as usize] > 0
    }

    /// Runs one process. Notes are kept; values and failures are given.
    fn process(&mut self, unit: usize, jobs: &[usize], side: Side, layout: usize) -> Vec<Yielded> {
        let Some(first) = jobs.first() else { return Vec::new() };
        let id = self.standings[*first].id.clone();
        self.surroundings.events.event(Event::ObservationStarted { id, warm_up: false });
        let before = self.surroundings.clock.monotonic();
        let observed = self.surroundings.executor.observe(jobs, side, layout, &self.settings.control);
        let spent = self.surroundings.clock.monotonic().saturating_sub(before);
        self.units[unit].spent += spent;
        self.units[unit].processes += 1;
        let outcomes = match observed {
            Ok(outcomes) => outcomes,
            Err(failure) => vec![Outcome::Failed(failure); jobs.len()],
        };
        let yielded = jobs.iter().zip(outcomes).map(|(job, outcome)| match outcome {
            Outcome::Observed(observation, notes) => {
                let known = &mut self.standings[*job].notes;
                known.extend(notes.into_iter().filter(|note| !known.contains(note)).collect::<Vec<_>>());
                Yielded::Value(observation)
            }
            Outcome::Failed(failure) => Yielded::Failed(failure),
            Outcome::Alone | Outcome::Unreached if jobs.len() == 1 => Yielded::Failed(Failure {
                kind: FailureKind::NoResult,
                message: "the process ended without a result".to_owned(),
                output: String::new(),
            }),
            Outcome::Alone | Outcome::Unreached => Yielded::Nothing,
        });
        yielded.collect()
    }

    /// Counts good and failed processes of a side, and ends what is hopeless. Benchmarks that fail where others ran in the
    /// same process get processes of their own: nobody knows whose fault it was.
    fn take_failures<E>(
        &mut self,
        unit: usize,
        jobs: &[usize],
        side: Side,
        yielded: &[Yielded],
        hear: &mut Hear<'_, E>,
    ) -> Result<(), E> {
        let shared = jobs.len() > 1;
        for (job, one) in jobs.iter().zip(yielded) {
            match one {
                Yielded::Value(_) => self.standings[*job].good[side as usize] += 1,
                Yielded::Failed(_) | Yielded::Nothing if shared => self.split(unit, *job),
                Yielded::Nothing => {}
                Yielded::Failed(failure) if self.is_slow(*job, side, failure) => {}
                Yielded::Failed(failure) => {
                    let standing = &mut self.standings[*job];
                    standing.failures[side as usize] += 1;
                    let (failed, good) = (standing.failures[side as usize], standing.good[side as usize]);
                    let replaced: u32 = standing.failures.iter().sum();
                    if standing.end.is_some() {
                        continue;
                    }
                    if good == 0 && failed >= HOPELESS {
                        self.end(*job, PairsEnd::Failed(side, failure.clone()), hear)?;
                    } else if good > 0 && replaced > 2 && replaced * 5 > standing.pairs + replaced {
                        self.end(*job, PairsEnd::TooManyFailures(side, failure.clone()), hear)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Gives a benchmark a unit of its own.
    fn split(&mut self, unit: usize, job: usize) {
        let layouts = self.units[unit].layouts;
        if self.units[unit].jobs.len() > 1 && self.units[unit].jobs.contains(&job) {
            self.units[unit].jobs.retain(|known| *known != job);
            self.units.push(Unit { jobs: vec![job], layouts, ..Unit::default() });
        }
    }

    /// The next layout of a unit: all of them in turn, in an order drawn anew each time.
    fn next_layout(&mut self, unit: usize, other: Side) -> usize {
        let Unit { layouts, deck, null_deck, .. } = &mut self.units[unit];
        let deck = if other == Side::Null { null_deck } else { deck };
        if deck.is_empty() {
            deck.extend(0..*layouts);
            self.random.shuffle(deck);
        }
        deck.pop().unwrap_or_default()
    }

    fn progress(&mut self, unit: usize) {
        let Some(id) = self.units[unit].jobs.first().map(|job| self.standings[*job].id.clone()) else { return };
        let done = self.standings.iter().filter(|standing| standing.end.is_some()).count();
        let (total, spent, left) = (self.standings.len(), self.elapsed(), self.left());
        self.surroundings.events.event(Event::ObservationFinished {
            id,
            done,
            total,
            spent,
            left,
            left_at_most: false,
        });
    }

    /// Measuring time that is left, as most benchmarks end: after a dozen pairs, else half as many again.
    fn left(&self) -> Duration {
        const USUAL: u32 = 12;
        let needs = (0..self.units.len()).map(|unit| {
            let most = self.open(unit).iter().map(|job| self.standings[*job].pairs).max();
            let missing = most.map_or(0, |pairs| if pairs < USUAL { USUAL - pairs } else { pairs / 2 });
            let Unit { spent, processes, .. } = &self.units[unit];
            (*spent / (*processes).max(1)).saturating_mul(2 * missing)
        });
        needs.sum::<Duration>().min(self.settings.budget.saturating_sub(self.elapsed()))
    }
}

/// Processes of a benchmark that is decided as soon as most are: a dozen pairs, and its warm-up.
const FEWEST_PROCESSES: u32 = 25;

/// A process that ran into its time limit counts as so many times the slowest that did not.
const TIMED_OUT: f64 = 10.0;

#[cfg(test)]
mod tests;
