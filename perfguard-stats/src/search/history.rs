//! What is known of the commits apart from measurements: priors, identical executables, failed builds, costs.

use crate::sample::StatsError;

/// The commits of a range; 0 is the good end, the last one the bad end.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// Weight of each commit as the place of a change; 0 for the good end.
    weights: Vec<f64>,
    /// The first commit with the same executable.
    twin: Vec<usize>,
    /// Commits on which one single change cannot lie, because executables on both sides of it are the same.
    excluded: Vec<bool>,
    /// Sums of the weights of one single change up to and with each commit.
    cumulative: Vec<f64>,
    /// The same for one of several changes.
    cumulative_several: Vec<f64>,
    skipped: Vec<bool>,
    build_cost: Vec<f64>,
}

impl History {
    /// Commits 1 and up with these weights; a weight of zero says that the executable is its predecessor's.
    pub(super) fn new(prior: &[f64], build_cost: f64) -> Result<Self, StatsError> {
        if prior.is_empty() {
            return Err(StatsError::TooFew { needed: 1, given: 0 });
        }
        if let Some(index) = prior.iter().position(|weight| !weight.is_finite()) {
            return Err(StatsError::NotFinite { index });
        }
        if let Some(index) = prior.iter().position(|weight| *weight < 0.0) {
            return Err(StatsError::NotPositive { index });
        }
        // Weights count only against each other; near 1 their sums cannot overflow.
        let largest = prior.iter().copied().fold(0.0, f64::max);
        if largest <= 0.0 {
            return Err(StatsError::NoDifference);
        }
        let weights: Vec<f64> = std::iter::once(0.0).chain(prior.iter().map(|weight| weight / largest)).collect();
        let mut twin: Vec<usize> = (0..weights.len()).collect();
        for commit in 1..weights.len() {
            if weights[commit] <= 0.0 {
                twin[commit] = twin[commit - 1];
            }
        }
        let commits = weights.len();
        let mut history = Self {
            excluded: vec![false; commits],
            skipped: vec![false; commits],
            build_cost: vec![check_cost(build_cost)?; commits],
            cumulative: vec![0.0; commits],
            cumulative_several: vec![0.0; commits],
            weights,
            twin,
        };
        history.sum_up();
        Ok(history)
    }

    /// The bad end.
    pub(super) fn last(&self) -> usize {
        self.weights.len() - 1
    }

    pub(super) fn check(&self, commit: usize) -> Result<usize, StatsError> {
        if commit <= self.last() { Ok(commit) } else { Err(StatsError::NoSuchCommit { commit, last: self.last() }) }
    }

    /// The commit under which the evidence of a commit's executable is kept.
    pub(super) fn twin(&self, commit: usize) -> usize {
        self.twin[commit]
    }

    /// Whether the executable is not its predecessor's.
    pub(super) fn may_change(&self, commit: usize) -> bool {
        commit > 0 && self.twin[commit] != self.twin[commit - 1]
    }

    /// The weight of one single change at a commit.
    pub(super) fn single(&self, commit: usize) -> f64 {
        if self.may_change(commit) && !self.excluded[commit] { self.weights[commit] } else { 0.0 }
    }

    /// The weight of one single change after `low`, up to and with `high`.
    pub(super) fn single_between(&self, low: usize, high: usize) -> f64 {
        (self.cumulative[high] - self.cumulative[low]).max(0.0)
    }

    /// The chance of a change after `low`, up to and with `high`, if `expected` changes are expected in the whole range.
    pub(super) fn several_chance(&self, low: usize, high: usize, expected: f64) -> f64 {
        let whole = self.cumulative_several[self.last()];
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
        let commits = self.last() as f64;
        if whole <= 0.0 {
            return 0.0;
        }
        let equivalents = commits * (self.cumulative_several[high] - self.cumulative_several[low]).max(0.0) / whole;
        1.0 - (1.0 - (expected / commits).min(0.9)).powf(equivalents)
    }

    /// Joins the executables of two commits.
    pub(super) fn join(&mut self, one: usize, other: usize) -> Result<(), StatsError> {
        let (one, other) = (self.twin[one], self.twin[other]);
        if one == other {
            return Ok(());
        }
        let (low, high) = (one.min(other), one.max(other));
        let before = (self.twin.clone(), self.excluded.clone());
        let mut last = high;
        for commit in 0..self.twin.len() {
            if self.twin[commit] == high {
                self.twin[commit] = low;
            }
            if self.twin[commit] == low {
                last = commit;
            }
        }
        self.excluded[low + 1..=last].fill(true);
        self.sum_up();
        if self.cumulative[self.last()] <= 0.0 {
            (self.twin, self.excluded) = before;
            self.sum_up();
            return Err(StatsError::NoDifference);
        }
        let skipped = self.skipped[low] && self.skipped[high];
        let cost = self.build_cost[low].min(self.build_cost[high]);
        for commit in 0..self.twin.len() {
            if self.twin[commit] == low {
                self.skipped[commit] = skipped;
                self.build_cost[commit] = cost;
            }
        }
        Ok(())
    }

    fn sum_up(&mut self) {
        let (mut sum, mut several) = (0.0, 0.0);
        for commit in 0..self.weights.len() {
            sum += self.single(commit);
            several += if self.may_change(commit) { self.weights[commit] } else { 0.0 };
            self.cumulative[commit] = sum;
            self.cumulative_several[commit] = several;
        }
    }

    /// Marks an executable that cannot be had.
    pub(super) fn skip(&mut self, commit: usize) {
        let twin = self.twin[commit];
        for other in twin..self.twin.len() {
            if self.twin[other] == twin {
                self.skipped[other] = true;
            }
        }
    }

    pub(super) fn is_skipped(&self, commit: usize) -> bool {
        self.skipped[commit]
    }

    pub(super) fn build_cost(&self, commit: usize) -> f64 {
        self.build_cost[self.twin[commit]]
    }

    /// What it costs to have an executable, in blocks.
    pub(super) fn set_build_cost(&mut self, commit: usize, blocks: f64) -> Result<(), StatsError> {
        let twin = self.twin[commit];
        self.build_cost[twin] = check_cost(blocks)?;
        Ok(())
    }

    /// Runs of commits that no measurement can tell apart: each ends at a commit that can be built, and holds what could
    /// not be built before it. First and last commit of each.
    pub(super) fn cells(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let mut first = 1;
        (1..=self.last()).filter_map(move |commit| {
            if self.skipped[commit] && commit != self.last() {
                return None;
            }
            let cell = (first, commit);
            first = commit + 1;
            Some(cell)
        })
    }
}

fn check_cost(blocks: f64) -> Result<f64, StatsError> {
    if blocks.is_finite() && blocks >= 0.0 { Ok(blocks) } else { Err(StatsError::NotACost(blocks)) }
}
