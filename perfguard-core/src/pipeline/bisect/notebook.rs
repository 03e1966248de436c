//! What is known so far: the journal, and the same facts by what they are asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::bisect::{Fact, Journal};
use crate::model::{BenchmarkId, Verification};
use crate::pipeline::PipelineError;
use crate::vcs::CommitId;

/// A pair that was taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct KnownPair {
    pub(super) values: [f64; 2],
    pub(super) quantum: f64,
    pub(super) layout: usize,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) builds: usize,
    pub(super) failed_builds: usize,
    pub(super) pairs: usize,
}

/// The journal and its facts.
pub(super) struct Notebook {
    journal: Journal,
    pairs: BTreeMap<(String, String, BenchmarkId), Vec<KnownPair>>,
    skipped: Vec<(String, Option<BenchmarkId>, String)>,
    identical: Vec<(BenchmarkId, String, String)>,
    verified: Vec<Verification>,
    /// Seconds of a pair, of a build.
    pub(super) costs: Option<[f64; 2]>,
    /// Seconds of the last build.
    last_build: Option<f64>,
    /// What earlier sittings took.
    pub(super) earlier: Duration,
    pub(super) tally: Tally,
}

impl Notebook {
    /// A journal and what stands in it.
    pub(super) fn new(journal: Journal, facts: &[Fact]) -> Self {
        let mut book = Self {
            journal,
            pairs: BTreeMap::new(),
            skipped: Vec::new(),
            identical: Vec::new(),
            verified: Vec::new(),
            costs: None,
            last_build: None,
            earlier: Duration::ZERO,
            tally: Tally::default(),
        };
        for fact in facts {
            book.learn(fact);
        }
        book
    }

    /// Writes a fact down.
    pub(super) fn note(&mut self, fact: &Fact) -> Result<(), PipelineError> {
        self.journal.write(fact).map_err(super::BisectError::from)?;
        self.learn(fact);
        Ok(())
    }

    fn learn(&mut self, fact: &Fact) {
        match fact {
            Fact::Pair { anchor, commit, benchmark, values, quantum, layout } => {
                let key = (anchor.clone(), commit.clone(), benchmark.clone());
                let pair = KnownPair { values: *values, quantum: *quantum, layout: *layout };
                self.pairs.entry(key).or_default().push(pair);
                self.tally.pairs += 1;
            }
            Fact::Built { seconds, .. } => {
                self.tally.builds += usize::from(seconds.is_some());
                self.last_build = seconds.or(self.last_build);
            }
            Fact::Skipped { commit, benchmark, reason } => {
                self.tally.failed_builds += usize::from(benchmark.is_none());
                self.skipped.push((commit.clone(), benchmark.clone(), reason.clone()));
            }
            Fact::Identical { benchmark, one, other } => {
                self.identical.push((benchmark.clone(), one.clone(), other.clone()));
            }
            Fact::Costs { pair_seconds, build_seconds } => self.costs = Some([*pair_seconds, *build_seconds]),
            Fact::Verified(verification) => self.verified.push(verification.clone()),
            Fact::Spent { seconds } => self.earlier += Duration::from_secs_f64(seconds.max(0.0)),
            Fact::Began { .. } | Fact::Ended => {}
        }
    }

    /// The pairs of an anchor and a commit.
    pub(super) fn pairs(&self, anchor: &CommitId, commit: &CommitId, benchmark: &BenchmarkId) -> &[KnownPair] {
        let key = (anchor.0.clone(), commit.0.clone(), benchmark.clone());
        self.pairs.get(&key).map(Vec::as_slice).unwrap_or_default()
    }

    /// Why a commit cannot be built, if it was tried.
    pub(super) fn unbuildable(&self, commit: &CommitId) -> Option<&str> {
        let found = self.skipped.iter().find(|(skipped, benchmark, _)| *skipped == commit.0 && benchmark.is_none());
        found.map(|(_, _, reason)| reason.as_str())
    }

    /// Why a benchmark cannot be run at a commit, if it was tried.
    pub(super) fn skipped(&self, commit: &CommitId, benchmark: &BenchmarkId) -> Option<&str> {
        let is_meant = |of: &Option<BenchmarkId>| of.as_ref().is_none_or(|of| of == benchmark);
        let found = self.skipped.iter().find(|(skipped, of, _)| *skipped == commit.0 && is_meant(of));
        found.map(|(_, _, reason)| reason.as_str())
    }

    /// All that was skipped: the commit, the benchmark or none for all, the reason.
    pub(super) fn all_skipped(&self) -> impl Iterator<Item = (&str, Option<&BenchmarkId>, &str)> {
        self.skipped.iter().map(|(commit, benchmark, reason)| (commit.as_str(), benchmark.as_ref(), reason.as_str()))
    }

    /// The pairs of commits that run the same of a benchmark.
    pub(super) fn identical<'a>(&'a self, benchmark: &'a BenchmarkId) -> impl Iterator<Item = (&'a str, &'a str)> {
        let of = self.identical.iter().filter(move |(of, ..)| of == benchmark);
        of.map(|(_, one, other)| (one.as_str(), other.as_str()))
    }

    /// What was shown of a culprit already.
    pub(super) fn verified(
        &self,
        benchmark: &BenchmarkId,
        base: &CommitId,
        commit: &CommitId,
    ) -> Option<&Verification> {
        let is_it =
            |known: &&Verification| known.benchmark == *benchmark && known.base == base.0 && known.commit == commit.0;
        self.verified.iter().find(is_it)
    }

    /// What a build takes here, seconds: what the last one took, or this where none was seen. The first one compiles all
    /// dependencies, those that follow do not.
    pub(super) fn build_seconds(&self, or: f64) -> f64 {
        self.last_build.unwrap_or(or)
    }
}
