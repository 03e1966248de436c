//! The search among the commits of a range: build, measure, learn, until every benchmark has its commit.

use std::collections::BTreeSet;

use super::ends::AtEnds;
use super::range::Range;
use super::sitting::{FIRST_GUESS, Sitting};
use crate::bisect::{Ends, Fact, Hunt, Wanted, pick};
use crate::event::{Event, SearchProgress};
use crate::model::Side;
use crate::pipeline::PipelineError;
use crate::pipeline::identical::{Same, identical_targets};
use crate::pipeline::matching::Both;
use crate::report::BisectEnded;
use crate::vcs::CommitId;

/// Processes of each side in a block.
const IN_A_BLOCK: f64 = 2.0;
/// What a pair is believed to take before one was taken, seconds.
const PAIR_GUESS: f64 = 0.05;

impl Sitting<'_> {
    /// Searches for the culprit of every benchmark whose ends differ.
    pub(super) fn search(
        &mut self,
        range: &Range,
        at_ends: &[AtEnds],
    ) -> Result<(Vec<Hunt>, BisectEnded), PipelineError> {
        let mut hunts = self.hunts(range, at_ends)?;
        self.recall(range, &mut hunts);
        let mut examined: BTreeSet<usize> = BTreeSet::new();
        let end = loop {
            if self.cancel.is_cancelled() {
                break BisectEnded::Interrupted;
            }
            if self.is_over() {
                break BisectEnded::Budget;
            }
            let Some(wanted) = pick(&mut hunts) else { break BisectEnded::Done };
            self.tell(range, &hunts, &wanted);
            let commit = range.commits[wanted.commit].clone();
            if let Err(reason) = self.prepare(&commit)? {
                for hunt in &mut hunts {
                    hunt.skip(wanted.commit, &reason);
                }
                self.note_time()?;
                continue;
            }
            for hunt in &mut hunts {
                hunt.built(wanted.commit);
            }
            if examined.insert(wanted.commit) && self.examine(range, wanted.commit, &mut hunts)? {
                self.note_time()?;
                continue;
            }
            self.step(range, &wanted, &mut hunts)?;
        };
        Ok((hunts, end))
    }

    /// A hunt for each benchmark whose ends differ.
    fn hunts(&self, range: &Range, at_ends: &[AtEnds]) -> Result<Vec<Hunt>, PipelineError> {
        let wanted: Vec<(&AtEnds, _)> = at_ends.iter().filter_map(|one| Some((one, one.ends.as_ref()?))).collect();
        let good = &self.sides[range.good()];
        let bad = &self.sides[range.bad()];
        let target = |both: &Both| bad.prepared.targets[both.head].id.clone();
        let targets: Vec<_> = wanted.iter().map(|(one, _)| target(&one.both)).collect();
        let ignore = &self.request.ignore;
        let weights = range.weights(self.repository, &self.bench, [good, bad], &targets, ignore)?;
        let [pair, build] = self.costs();
        let build_blocks = build / (IN_A_BLOCK * pair).max(1e-6);
        let (certainty, all) = (self.request.certainty, self.request.all);
        let hunt = |((one, ends), target): (&(&AtEnds, &Ends), &_)| {
            let mut hunt = Hunt::new(one.both.id.clone(), ends, &weights[target], certainty, build_blocks, all)?;
            let is_kept = |commit: &CommitId| self.bench.workbench.has_whole_build(&commit.0);
            (1..range.last()).filter(|at| is_kept(&range.commits[*at])).for_each(|at| hunt.built(at));
            Ok(hunt)
        };
        let hunts: Result<Vec<Hunt>, perfguard_stats::StatsError> = wanted.iter().zip(&targets).map(hunt).collect();
        hunts.map_err(|error| PipelineError::NothingToMeasure { reason: error.to_string() })
    }

    /// Seconds of a pair and of a build, as they are counted on.
    fn costs(&self) -> [f64; 2] {
        self.notebook.costs.unwrap_or([PAIR_GUESS, FIRST_GUESS])
    }

    /// Tells the hunts what the journal knows.
    fn recall(&self, range: &Range, hunts: &mut [Hunt]) {
        let number = |commit: &str| range.commits.iter().position(|known| known.0 == commit);
        for hunt in hunts {
            let id = hunt.id.clone();
            for (at, commit) in range.commits.iter().enumerate().skip(1) {
                if at < range.last()
                    && let Some(reason) = self.notebook.skipped(commit, &id)
                {
                    hunt.skip(at, reason);
                }
                // What the bad end showed first, the hunt began with.
                let begun_with = if at == range.last() { hunt.begun_with } else { 0 };
                for pair in self.notebook.pairs(range.good(), commit, &id).iter().skip(begun_with) {
                    hear(hunt, at, pair.values);
                }
            }
            for (one, other) in self.notebook.identical(&id) {
                if let (Some(one), Some(other)) = (number(one), number(other)) {
                    hunt.identical(one, other);
                }
            }
        }
    }

    /// Compares what a commit runs with what the others run that are built. Gives whether any is the same.
    fn examine(&mut self, range: &Range, at: usize, hunts: &mut [Hunt]) -> Result<bool, PipelineError> {
        let commit = &range.commits[at];
        let mut found = false;
        let others: Vec<CommitId> = self.sides.keys().filter(|other| *other != commit).cloned().collect();
        for other in others {
            let Some(number) = range.commits.iter().position(|known| *known == other) else { continue };
            let both: Vec<Both> = hunts.iter().filter_map(|hunt| self.both(&other, commit, &hunt.id).ok()).collect();
            let same = self.identical(&other, commit, &both)?;
            for (both, _) in both.iter().zip(same).filter(|(_, same)| *same) {
                let (one, other) = (other.0.clone(), commit.0.clone());
                self.notebook.note(&Fact::Identical { benchmark: both.id.clone(), one, other })?;
                for hunt in hunts.iter_mut().filter(|hunt| hunt.id == both.id) {
                    hunt.identical(number, at);
                    found = true;
                }
            }
        }
        Ok(found)
    }

    /// Whether both of two commits would run the same of each benchmark.
    pub(super) fn identical(
        &mut self,
        base: &CommitId,
        head: &CommitId,
        benchmarks: &[Both],
    ) -> Result<Vec<bool>, PipelineError> {
        let Self { bench, sides, request, .. } = self;
        let same = identical_targets(bench, &sides[base], &sides[head], benchmarks, &request.ignore)?;
        Ok(benchmarks.iter().map(|both| same.get(&(both.base, both.head)).is_some_and(Same::is_same)).collect())
    }

    /// Measures a commit for the hunts that want it, and tells them.
    fn step(&mut self, range: &Range, wanted: &Wanted, hunts: &mut [Hunt]) -> Result<(), PipelineError> {
        let (good, commit) = (range.good().clone(), range.commits[wanted.commit].clone());
        let (mut benchmarks, mut pairs, mut members, mut known) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (number, hunt) in hunts.iter_mut().enumerate().filter(|(number, _)| wanted.pairs[*number] > 0) {
            match self.both(&good, &commit, &hunt.id) {
                Ok(both) => {
                    known.push(self.notebook.pairs(&good, &commit, &hunt.id).len());
                    benchmarks.push(both);
                    pairs.push(wanted.pairs[number]);
                    members.push(number);
                }
                Err(reason) => self.skip(hunt, wanted.commit, &commit, &reason)?,
            }
        }
        if benchmarks.is_empty() {
            return Ok(());
        }
        let measured = self.measure(&good, &commit, &benchmarks, &pairs, false)?;
        for (index, number) in members.iter().enumerate() {
            let hunt = &mut hunts[*number];
            for pair in &self.notebook.pairs(&good, &commit, &hunt.id)[known[index]..] {
                hear(hunt, wanted.commit, pair.values);
            }
            match &measured.failures[index] {
                Some((Side::Head, reason)) => self.skip(hunt, wanted.commit, &commit, reason)?,
                Some((_, reason)) => {
                    // Without the good end there is nothing to measure against.
                    let reason = format!("`{}` at good {}: {reason}", hunt.id, good.short());
                    return Err(PipelineError::NothingToMeasure { reason });
                }
                None => {}
            }
        }
        Ok(())
    }

    fn skip(&mut self, hunt: &mut Hunt, at: usize, commit: &CommitId, reason: &str) -> Result<(), PipelineError> {
        hunt.skip(at, reason);
        let benchmark = Some(hunt.id.clone());
        self.notebook.note(&Fact::Skipped { commit: commit.0.clone(), benchmark, reason: reason.to_owned() })
    }

    /// Says where the search stands before a step.
    fn tell(&mut self, range: &Range, hunts: &[Hunt], wanted: &Wanted) {
        let searching: Vec<&Hunt> =
            hunts.iter().zip(&wanted.pairs).filter(|(_, pairs)| **pairs > 0).map(|(hunt, _)| hunt).collect();
        let mut posterior = vec![0.0; range.last()];
        let mut left = 0;
        for hunt in &searching {
            for (sum, one) in posterior.iter_mut().zip(hunt.posterior()) {
                *sum += one;
            }
            left = left.max(hunt.outcome().changes.iter().map(|change| change.commits.len()).sum());
        }
        let commit = &range.commits[wanted.commit];
        let is_built = self.sides.contains_key(commit) || self.bench.workbench.has_whole_build(&commit.0);
        let builds = usize::try_from(left.max(1).ilog2()).unwrap_or_default() + usize::from(!is_built);
        let [pair, build] = self.costs();
        let build = self.notebook.build_seconds(build);
        #[expect(clippy::cast_precision_loss, reason = "counts of commits")]
        let seconds = builds as f64 * (build + PAIRS_OF_A_STEP * pair * searching.len() as f64);
        self.events.event(Event::Searching(SearchProgress {
            commit: commit.short().to_owned(),
            is_built,
            left,
            of: range.last(),
            posterior,
            time_left: std::time::Duration::from_secs_f64(seconds),
        }));
    }
}

/// Pairs that a step usually takes of one benchmark.
const PAIRS_OF_A_STEP: f64 = 8.0;

/// Tells a hunt a pair. A value of zero tells nothing, and no other value is refused.
fn hear(hunt: &mut Hunt, at: usize, values: [f64; 2]) {
    if values.iter().all(|value| value.is_finite() && *value > 0.0) {
        hunt.hear(at, values).ok();
    }
}
