//! Which of many commits changed the level: the posterior of a noisy bisection, as a pure state machine.
//!
//! A binary search believes every answer; with noisy answers one wrong turn is never made good. This search keeps the
//! probability of every commit instead, takes the measurement that tells most for what it costs, and stops when one
//! commit has the certainty asked for, or returns the smallest set that has it. It is probabilistic bisection with unknown
//! noise: Burnashev and Zigangirov, *An interval estimation problem for controlled observations*, Problems of Information
//! Transmission 10 (1974); Karp and Kleinberg, *Noisy binary search and its applications*, SODA (2007); Ben-Or and
//! Hassidim, *The Bayesian learner is optimal for noisy binary search*, FOCS (2008).
//!
//! Commits are numbers: 0 is the good end, the last one the bad end, and the change lies at one of 1 to the last. It knows
//! nothing of a repository. A measured value is a [`block_difference`]: a commit against the good end.

mod choice;
mod evidence;
mod given;
mod history;
mod information;
mod levels;
mod noise;
mod outcome;
mod several;
mod single;
#[cfg(test)]
mod tests;

pub use given::{Direction, Entry, Settings, TOUCHES, TOUCHES_NOT, block_difference};
pub use outcome::{Change, Ended, Outcome, Step, Stretch};

use crate::sample::StatsError;
use evidence::Evidence;
use history::History;
use levels::Curve;
use several::{Several, reference};
use single::Single;

/// The least information, in nats, for which a block is taken; what a build costs is left to the budget.
///
/// At 1e-3 the search gave up on one in twenty steps of 3 % under doubled noise that some fifty more blocks would name.
const LEAST_INFORMATION: f64 = 2e-4;

/// A search among the commits of a range.
///
/// ```
/// use perfguard_stats::search::{Direction, Ended, Search, Settings, Step};
///
/// // Sixteen commits, of which the eleventh costs 5 %; the ends were measured in eight blocks.
/// let value = |commit: usize| if commit >= 11 { 0.05 } else { 0.0 };
/// let settings = Settings { build_cost: 3.0, ..Settings::default() };
/// let mut search = Search::new(settings, &[1.0; 16], Some(Direction::Up), &[0.05; 8]).unwrap();
/// let outcome = loop {
///     match search.next_step() {
///         Step::Measure { commit, blocks } => search.observed(commit, &vec![value(commit); blocks]).unwrap(),
///         Step::Done(outcome) => break outcome,
///     }
/// };
/// assert_eq!(outcome.ended, Ended::Found);
/// assert_eq!(outcome.changes[0].commits, [11]);
/// assert!(outcome.changes[0].posterior >= 0.99);
/// ```
#[derive(Debug, Clone)]
pub struct Search {
    settings: Settings,
    sign: f64,
    history: History,
    evidence: Evidence,
    single: Single,
    several: bool,
    spent: f64,
    log: Vec<Entry>,
}

impl Search {
    /// A search among commits 1 to `prior.len()`, the last of which is the bad end.
    ///
    /// `prior` holds each commit's weight as the culprit, relative to the others: 1 if nothing is known, [`TOUCHES`] or
    /// [`TOUCHES_NOT`] by the files it changed, 0 if its executable is its predecessor's. `difference` is what the
    /// sequential test on the two ends said, `None` unless it found a change; `ends` are the blocks it took, in logs, all
    /// of them (go on to eight blocks if it decides earlier).
    ///
    /// # Errors
    /// When the ends do not differ: without a change the search would never name a commit, but take hundreds of blocks.
    /// When there is no commit, no block, or a number is out of its range.
    ///
    /// ```
    /// # use perfguard_stats::StatsError;
    /// # use perfguard_stats::search::{Search, Settings};
    /// let refused = Search::new(Settings::default(), &[1.0; 16], None, &[0.0; 8]);
    /// assert_eq!(refused.err(), Some(StatsError::NoDifference));
    /// ```
    pub fn new(
        settings: Settings,
        prior: &[f64],
        difference: Option<Direction>,
        ends: &[f64],
    ) -> Result<Self, StatsError> {
        crate::sample::check_level(settings.certainty)?;
        for amount in [settings.noise, settings.bias] {
            if !(0.0..=1e3).contains(&amount) {
                return Err(StatsError::NotACost(amount));
            }
        }
        if settings.budget.is_nan() || settings.budget < 0.0 {
            return Err(StatsError::NotACost(settings.budget));
        }
        if ends.is_empty() {
            return Err(StatsError::TooFew { needed: 1, given: 0 });
        }
        let sign = match difference {
            Some(Direction::Up) => 1.0,
            Some(Direction::Down) => -1.0,
            None => return Err(StatsError::NoDifference),
        };
        let history = History::new(prior, settings.build_cost)?;
        let last = history.last();
        let mut search = Self {
            // No clock is exact, and no scale is zero.
            evidence: Evidence::new(settings.noise.max(1e-6), settings.bias),
            settings,
            sign,
            history,
            single: Single::new(),
            several: false,
            spent: 0.0,
            log: Vec::new(),
        };
        search.add(last, ends)?;
        Ok(search)
    }

    /// The same search again from what was reported.
    ///
    /// # Errors
    /// As [`Search::new`] and the reports themselves.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Search, Settings};
    /// let start = || Search::new(Settings::default(), &[1.0; 4], Some(Direction::Up), &[0.05; 8]).unwrap();
    /// let mut search = start();
    /// search.observed(2, &[0.051, 0.047]).unwrap();
    /// let again = start().replay(search.log()).unwrap();
    /// assert_eq!(again.posterior(), search.posterior());
    /// ```
    pub fn replay(mut self, log: &[Entry]) -> Result<Self, StatsError> {
        for entry in log {
            match entry {
                Entry::Observed { commit, blocks } => self.observed(*commit, blocks)?,
                Entry::Skipped { commit } => self.skip(*commit)?,
                Entry::Identical { one, other } => self.identical(*one, *other)?,
                Entry::BuildCost { commit, blocks } => self.set_build_cost(*commit, *blocks)?,
                Entry::Several => self.look_for_several(),
            }
        }
        Ok(self)
    }

    /// What was reported so far.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Entry, Search, Settings};
    /// let mut search = Search::new(Settings::default(), &[1.0; 4], Some(Direction::Up), &[0.05; 8]).unwrap();
    /// search.skip(2).unwrap();
    /// assert_eq!(search.log(), [Entry::Skipped { commit: 2 }]);
    /// ```
    pub fn log(&self) -> &[Entry] {
        &self.log
    }

    /// What was spent since the ends were measured, builds and blocks, in blocks.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Search, Settings};
    /// let settings = Settings { build_cost: 100.0, ..Settings::default() };
    /// let mut search = Search::new(settings, &[1.0; 4], Some(Direction::Up), &[0.05; 8]).unwrap();
    /// search.observed(2, &[0.051, 0.047]).unwrap();
    /// assert_eq!(search.spent(), 102.0);
    /// ```
    pub fn spent(&self) -> f64 {
        self.spent
    }

    /// The standard deviation of a block that the search works with now, in logs: the stored one, moved by the scatter of
    /// repeats of the same executables.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Search, Settings};
    /// let scattered = [0.0, 0.1, 0.02, 0.09, 0.01, 0.08, 0.03, 0.07];
    /// let search = Search::new(Settings::default(), &[1.0; 4], Some(Direction::Up), &scattered).unwrap();
    /// assert!(search.noise() > Settings::default().noise);
    /// ```
    pub fn noise(&self) -> f64 {
        self.evidence.noise.scale
    }

    /// Reports blocks of a commit against the good end, in logs.
    ///
    /// # Errors
    /// When there is no such commit, no block, or a value is not finite; then nothing changes.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Search, Settings, Step};
    /// let mut search = Search::new(Settings::default(), &[1.0; 4], Some(Direction::Up), &[0.05; 8]).unwrap();
    /// search.observed(2, &[0.051, 0.047]).unwrap();
    /// assert!(search.posterior()[0] > 0.45 && search.posterior()[3] < 0.01);
    /// assert!(search.observed(2, &[f64::NAN]).is_err());
    /// ```
    pub fn observed(&mut self, commit: usize, blocks: &[f64]) -> Result<(), StatsError> {
        self.history.check(commit)?;
        let twin = self.history.twin(commit);
        let build = if self.evidence.of(twin).is_none() { self.history.build_cost(commit) } else { 0.0 };
        self.add(commit, blocks)?;
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
        let measured = blocks.len() as f64;
        self.spent += build + measured;
        self.log.push(Entry::Observed { commit, blocks: blocks.to_vec() });
        Ok(())
    }

    fn add(&mut self, commit: usize, blocks: &[f64]) -> Result<(), StatsError> {
        if blocks.is_empty() {
            return Err(StatsError::TooFew { needed: 1, given: 0 });
        }
        if let Some(index) = blocks.iter().position(|value| !value.is_finite()) {
            return Err(StatsError::NotFinite { index });
        }
        let signed: Vec<f64> = blocks.iter().map(|value| self.sign * value).collect();
        self.evidence.add(self.history.twin(commit), &signed);
        self.single.update(&self.history, &self.evidence, self.settings.bias);
        Ok(())
    }

    /// Reports a commit that cannot be built or run. If the culprit hides behind it, the outcome names both.
    ///
    /// # Errors
    /// When there is no such commit.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Search, Settings, Step};
    /// let mut search = Search::new(Settings::default(), &[1.0; 4], Some(Direction::Up), &[0.05; 8]).unwrap();
    /// search.skip(2).unwrap();
    /// assert!(!matches!(search.next_step(), Step::Measure { commit: 2, .. }));
    /// ```
    pub fn skip(&mut self, commit: usize) -> Result<(), StatsError> {
        self.history.check(commit)?;
        if !self.history.is_skipped(commit) {
            self.spent += self.history.build_cost(commit);
        }
        self.history.skip(commit);
        self.log.push(Entry::Skipped { commit });
        Ok(())
    }

    /// Reports that two commits have the same executable: they share their blocks, and one single change cannot lie
    /// between them.
    ///
    /// # Errors
    /// When there is no such commit, or no place is left for a change; then nothing changes.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Search, Settings, Step};
    /// let mut search = Search::new(Settings::default(), &[1.0; 4], Some(Direction::Up), &[0.05; 8]).unwrap();
    /// search.identical(1, 3).unwrap();
    /// assert_eq!(search.posterior(), [0.5, 0.0, 0.0, 0.5]);
    /// assert!(search.identical(0, 4).is_err());
    /// ```
    pub fn identical(&mut self, one: usize, other: usize) -> Result<(), StatsError> {
        let twins = [one, other].map(|commit| self.history.check(commit).map(|commit| self.history.twin(commit)));
        let [one_twin, other_twin] = [twins[0]?, twins[1]?];
        self.history.join(one, other)?;
        self.evidence.join(one_twin.max(other_twin), one_twin.min(other_twin));
        self.single.update(&self.history, &self.evidence, self.settings.bias);
        self.log.push(Entry::Identical { one, other });
        Ok(())
    }

    /// Sets what having a commit's executable costs, in blocks: 0 if it is kept.
    ///
    /// # Errors
    /// When there is no such commit, or the cost is negative or not finite.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Search, Settings, Step};
    /// let mut search = Search::new(Settings::default(), &[1.0; 4], Some(Direction::Up), &[0.05; 8]).unwrap();
    /// search.set_build_cost(3, 0.0).unwrap();
    /// assert!(matches!(search.next_step(), Step::Measure { commit: 3, .. }));
    /// ```
    pub fn set_build_cost(&mut self, commit: usize, blocks: f64) -> Result<(), StatsError> {
        self.history.check(commit)?;
        self.history.set_build_cost(commit, blocks)?;
        self.log.push(Entry::BuildCost { commit, blocks });
        Ok(())
    }

    /// From here on looks for several changes in the range; all that was observed counts.
    ///
    /// Worth it after one was found and [`Outcome::elsewhere`] is above .05.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Search, Settings, Step};
    /// let mut search = Search::new(Settings::default(), &[1.0; 4], Some(Direction::Up), &[0.05; 8]).unwrap();
    /// search.look_for_several();
    /// assert!(matches!(search.next_step(), Step::Measure { .. }));
    /// ```
    pub fn look_for_several(&mut self) {
        self.several = true;
        self.log.push(Entry::Several);
    }

    /// The probability of each commit from 1 on that it is the culprit, if there is one: entry 0 belongs to commit 1.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Search, Settings, Step};
    /// let search = Search::new(Settings::default(), &[1.0; 4], Some(Direction::Up), &[0.05; 8]).unwrap();
    /// assert_eq!(search.posterior(), [0.25; 4]);
    /// ```
    pub fn posterior(&self) -> Vec<f64> {
        let mut posterior = vec![0.0; self.history.last()];
        self.single.each(&self.history, |commit, mass| posterior[commit - 1] = mass);
        posterior
    }

    /// The probability of a change in each stretch between neighbouring measured commits, if several are allowed.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Search, Settings};
    /// let mut search = Search::new(Settings::default(), &[1.0; 4], Some(Direction::Up), &[0.05; 8]).unwrap();
    /// search.observed(2, &[0.05; 4]).unwrap();
    /// let stretches = search.stretches();
    /// assert_eq!((stretches[0].after, stretches[0].until), (0, 2));
    /// assert!(stretches[0].change > 0.99 && stretches[1].change < 0.2);
    /// ```
    pub fn stretches(&self) -> Vec<Stretch> {
        let reference = self.reference();
        let several = Several::new(&self.history, &self.evidence, &reference);
        several.each().map(|(after, until, change)| Stretch { after, until, change }).collect()
    }

    /// What to do next.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Search, Settings, Step};
    /// let mut search = Search::new(Settings::default(), &[1.0; 4], Some(Direction::Up), &[0.05; 8]).unwrap();
    /// assert!(matches!(search.next_step(), Step::Measure { commit: 2, .. }));
    /// search.observed(1, &[0.05; 4]).unwrap();
    /// assert!(matches!(search.next_step(), Step::Done(_)));
    /// ```
    pub fn next_step(&self) -> Step {
        if self.several { self.next_of_several() } else { self.next_of_one() }
    }

    fn next_of_one(&self) -> Step {
        let cells = self.single.cells(&self.history);
        let most = cells.iter().map(|cell| cell.mass).fold(0.0, f64::max);
        if most >= self.settings.certainty {
            return self.done(Ended::Found);
        }
        let best = choice::choose(&self.history, &self.evidence, &self.single, self.settings.bias);
        self.measure_or_end(&best)
    }

    fn next_of_several(&self) -> Step {
        let reference = self.reference();
        let several = Several::new(&self.history, &self.evidence, &reference);
        let best = several.choose(&self.history, &self.evidence, self.settings.bias, self.settings.certainty);
        self.measure_or_end(&best)
    }

    fn measure_or_end(&self, best: &choice::Best) -> Step {
        if self.spent >= self.settings.budget {
            return self.done(Ended::Budget);
        }
        match best.measurement {
            Some(measurement) if best.per_block >= LEAST_INFORMATION => {
                Step::Measure { commit: measurement.commit, blocks: measurement.blocks }
            }
            _ => self.done(Ended::NothingToLearn),
        }
    }

    fn done(&self, ended: Ended) -> Step {
        let mut outcome = self.outcome();
        let certain = |change: &Change| change.posterior >= self.settings.certainty;
        let named = !outcome.changes.is_empty() && outcome.changes.iter().all(certain);
        outcome.ended = if self.several && named { Ended::Found } else { ended };
        Step::Done(outcome)
    }

    /// What can be said now, whether the search ended or not.
    ///
    /// ```
    /// # use perfguard_stats::search::{Direction, Search, Settings, Step};
    /// let mut search = Search::new(Settings::default(), &[1.0; 4], Some(Direction::Up), &[0.05; 8]).unwrap();
    /// search.observed(1, &[0.05; 4]).unwrap();
    /// assert_eq!(search.outcome().changes[0].commits, [1]);
    /// ```
    pub fn outcome(&self) -> Outcome {
        let reference = self.reference();
        let several = Several::new(&self.history, &self.evidence, &reference);
        let changes = if self.several {
            several.changes(&self.history, self.settings.certainty, self.sign)
        } else {
            vec![self.single_change()]
        };
        Outcome { ended: Ended::NotYet, elsewhere: several.elsewhere(&changes), changes }
    }

    fn reference(&self) -> Curve {
        reference(self.evidence.grid, self.settings.bias)
    }

    /// The smallest set of commits that holds the culprit with the certainty asked for.
    fn single_change(&self) -> Change {
        let mut cells = self.single.cells(&self.history);
        cells.sort_by(|one, other| other.mass.total_cmp(&one.mass).then(one.first.cmp(&other.first)));
        let mut change = Change {
            commits: Vec::new(),
            posterior: 0.0,
            effect: self.sign * (self.single.bad.0 - self.single.good.0),
            deviation: (self.single.bad.1 + self.single.good.1).sqrt(),
        };
        for cell in cells {
            if change.posterior >= self.settings.certainty {
                break;
            }
            change.posterior += cell.mass;
            change.commits.extend((cell.first..=cell.last).filter(|commit| self.history.single(*commit) > 0.0));
        }
        change.posterior = change.posterior.min(1.0);
        change.commits.sort_unstable();
        change
    }
}
