//! One benchmark's search: pairs come in, blocks go to the posterior, and out comes the commit to measure next.

use std::collections::BTreeMap;

use perfguard_stats::StatsError;
use perfguard_stats::search::{Direction, Outcome, Search, Settings, Step, block_difference};

use crate::model::BenchmarkId;

/// Processes of each side that make a block, at least.
const LEAST: usize = 2;
/// A block's noise as a part of a pair's: the faster of two normal values spreads .826 times as far as one.
const OF_A_PAIR: f64 = 0.826;
/// With this chance of a change elsewhere, looking for several is worth it.
const ELSEWHERE: f64 = 0.05;

/// What the two ends of a range showed of a benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct Ends {
    /// The pairs that were taken of them: good's value, bad's.
    pub pairs: Vec<[f64; 2]>,
    /// Standard deviation of the logarithm of the ratio of a pair of single processes.
    pub pair_spread: f64,
    /// Processes of each side that the noise asks for.
    pub repeats: usize,
    /// Whether bad has the larger values.
    pub is_up: bool,
}

/// The search for the commit that changed one benchmark. Commits are numbers: 0 is the good end, the last one the bad end.
#[derive(Debug, Clone)]
pub struct Hunt {
    /// Which benchmark.
    pub id: BenchmarkId,
    search: Search,
    block: usize,
    /// Pairs that are not a whole block yet.
    waiting: BTreeMap<usize, Vec<[f64; 2]>>,
    /// Why commits cannot be measured, in words.
    pub skipped: BTreeMap<usize, String>,
    several: bool,
    /// Pairs of the bad end that the search began with.
    pub begun_with: usize,
}

impl Hunt {
    /// A search among as many commits as `prior` has, each with its weight. `build_blocks` is what a build costs, in blocks;
    /// with `several`, all changes in the range are looked for.
    ///
    /// # Errors
    /// When no commit can be the culprit, or there are too few pairs for a block.
    pub fn new(
        id: BenchmarkId,
        ends: &Ends,
        prior: &[f64],
        certainty: f64,
        build_blocks: f64,
        several: bool,
    ) -> Result<Self, StatsError> {
        let block = ends.repeats.max(LEAST);
        let settings = Settings {
            certainty,
            noise: OF_A_PAIR * ends.pair_spread,
            build_cost: build_blocks,
            ..Settings::default()
        };
        let direction = if ends.is_up { Direction::Up } else { Direction::Down };
        let blocks: Vec<f64> = ends.pairs.chunks_exact(block).map(difference).collect::<Result<_, _>>()?;
        let search = Search::new(settings, prior, Some(direction), &blocks)?;
        let begun_with = ends.pairs.len();
        Ok(Self { id, search, block, waiting: BTreeMap::new(), skipped: BTreeMap::new(), several, begun_with })
    }

    /// Hears a pair of the good end and a commit: good's value, the commit's.
    ///
    /// # Errors
    /// When there is no such commit, or a value is not above zero.
    pub fn hear(&mut self, commit: usize, pair: [f64; 2]) -> Result<(), StatsError> {
        let waiting = self.waiting.entry(commit).or_default();
        waiting.push(pair);
        if waiting.len() < self.block {
            return Ok(());
        }
        let difference = difference(&std::mem::take(waiting))?;
        self.search.observed(commit, &[difference])
    }

    /// Hears that a commit cannot be built or run, for a reason in words.
    pub fn skip(&mut self, commit: usize, reason: &str) {
        if self.search.skip(commit).is_ok() {
            self.skipped.insert(commit, reason.to_owned());
        }
    }

    /// Hears that two commits run the same. Ends that run the same and yet differed are no news.
    pub fn identical(&mut self, one: usize, other: usize) {
        self.search.identical(one, other).ok();
    }

    /// Hears that a commit is built.
    pub fn built(&mut self, commit: usize) {
        self.search.set_build_cost(commit, 0.0).ok();
    }

    /// The commit that tells most next, and how many pairs of it; `None` when the search is over.
    pub fn wants(&mut self) -> Option<(usize, usize)> {
        loop {
            match self.search.next_step() {
                Step::Measure { commit, blocks } => {
                    let waiting = self.waiting.get(&commit).map_or(0, Vec::len);
                    return Some((commit, blocks * self.block - waiting));
                }
                Step::Done(outcome) if self.several && outcome.elsewhere > ELSEWHERE => {
                    self.search.look_for_several();
                    self.several = false;
                }
                Step::Done(_) => return None,
            }
        }
    }

    /// How many pairs a look in passing takes, where the commit is measured for another benchmark anyway; 0 where it would
    /// tell nothing.
    pub fn in_passing(&self, commit: usize) -> usize {
        const TELLS: std::ops::Range<f64> = 0.1..0.9;
        let before: f64 = self.search.posterior().iter().take(commit).sum();
        if TELLS.contains(&before) && !self.skipped.contains_key(&commit) { 2 * self.block } else { 0 }
    }

    /// What is known now.
    pub fn outcome(&self) -> Outcome {
        match self.search.next_step() {
            Step::Done(outcome) => outcome,
            Step::Measure { .. } => self.search.outcome(),
        }
    }

    /// The probability of each commit from 1 on; the first entry is commit 1's.
    pub fn posterior(&self) -> Vec<f64> {
        self.search.posterior()
    }
}

/// The difference of one block: the fastest process of a side stands for it.
fn difference(pairs: &[[f64; 2]]) -> Result<f64, StatsError> {
    let fastest = |side: usize| pairs.iter().map(|pair| pair[side]).fold(f64::INFINITY, f64::min);
    let (good, commit) = (fastest(0), fastest(1));
    block_difference([good; 2], [commit; 2])
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A hunt among commits from 1 on; from the culprit on, everything takes 5 % longer.
    pub(crate) fn hunt(name: &str, commits: usize) -> Hunt {
        let id = format!("p::b::{name}").parse().unwrap();
        let ends = Ends { pairs: vec![[100.0, 105.0]; 16], pair_spread: 0.01, repeats: 1, is_up: true };
        Hunt::new(id, &ends, &vec![1.0; commits], 0.99, 100.0, false).unwrap()
    }

    pub(crate) fn answer(hunt: &mut Hunt, culprit: usize) -> usize {
        let mut pairs_taken = 0;
        while let Some((commit, pairs)) = hunt.wants() {
            for _ in 0..pairs {
                hunt.hear(commit, [100.0, if commit >= culprit { 105.0 } else { 100.0 }]).unwrap();
            }
            pairs_taken += pairs;
        }
        pairs_taken
    }

    #[test]
    fn the_culprit_is_named_and_a_block_in_halves_counts_once_it_is_whole() {
        let mut hunt = hunt("f", 64);
        let (commit, pairs) = hunt.wants().unwrap();
        hunt.hear(commit, [100.0, 105.0]).unwrap();
        assert_eq!(hunt.wants(), Some((commit, pairs - 1)), "half a block changes nothing but what is missing");
        answer(&mut hunt, 41);
        let outcome = hunt.outcome();
        assert_eq!(outcome.changes[0].commits, [41]);
        assert!((outcome.changes[0].effect - 1.05_f64.ln()).abs() < 0.005);
    }

    #[test]
    fn a_commit_that_cannot_be_built_hides_the_culprit_and_is_named_with_its_reason() {
        let mut hunt = hunt("f", 16);
        hunt.skip(7, "does not build");
        answer(&mut hunt, 7);
        assert_eq!(hunt.outcome().changes[0].commits, [7, 8]);
        assert_eq!(hunt.skipped[&7], "does not build");
    }

    #[test]
    fn facts_in_another_order_give_the_same_posterior() {
        let (mut one, mut other) = (hunt("f", 16), hunt("f", 16));
        let facts = [(8, 100.5), (4, 104.0), (8, 99.0), (4, 106.0)];
        for (commit, value) in facts {
            one.hear(commit, [100.0, value]).unwrap();
        }
        for (commit, value) in facts.into_iter().rev() {
            other.hear(commit, [100.0, value]).unwrap();
        }
        let distance = one.posterior().iter().zip(other.posterior()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(distance < 1e-9, "{distance}");
    }
}
