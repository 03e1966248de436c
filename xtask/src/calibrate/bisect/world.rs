//! A simulated history, and a machine that measures its commits against the good end.

use perfguard_stats::random::Stream;
use perfguard_stats::search::block_difference;

use crate::calibrate::noise::{Machine, Noise};

/// Blocks of the two ends: sixteen pairs.
const END_BLOCKS: usize = 8;

/// One history, with what was spent on it so far.
#[derive(Debug)]
pub(crate) struct World {
    /// Level of each commit, its build's bias included; 0 is the good end.
    levels: Vec<f64>,
    builds: Vec<bool>,
    tried: Vec<bool>,
    machine: Machine,
    stream: Stream,
    /// Commits built, both ends included.
    pub(crate) built: usize,
    /// Builds that failed.
    pub(crate) failed: usize,
    /// Blocks measured, those of the ends included.
    pub(crate) blocks: usize,
}

impl World {
    /// A history of so many commits after the good end, with the commit and the size in logs of each step; a share of the
    /// commits cannot be built, and each build has a bias.
    pub(crate) fn new(
        commits: usize,
        steps: &[(usize, f64)],
        noise: Noise,
        bias: f64,
        unbuildable: f64,
        mut stream: Stream,
    ) -> Self {
        let level = |commit: usize| steps.iter().filter(|(at, _)| *at <= commit).map(|(_, size)| size).sum::<f64>();
        let levels = (0..=commits).map(|commit| level(commit) + bias * stream.normal()).collect();
        let builds =
            (0..=commits).map(|commit| commit == 0 || commit == commits || stream.unit() >= unbuildable).collect();
        let mut tried = vec![false; commits + 1];
        tried[0] = true;
        tried[commits] = true;
        let machine = Machine::new(noise, &mut stream);
        Self { levels, builds, tried, machine, stream, built: 2, failed: 0, blocks: 0 }
    }

    /// The bad end.
    pub(crate) fn last(&self) -> usize {
        self.levels.len() - 1
    }

    /// Builds a commit, unless it was built; whether there is an executable.
    pub(crate) fn build(&mut self, commit: usize) -> bool {
        if !self.tried[commit] {
            self.tried[commit] = true;
            if self.builds[commit] {
                self.built += 1;
            } else {
                self.failed += 1;
            }
        }
        self.builds[commit]
    }

    /// One block: two pairs of the good end and a commit, each in a random order; mean and fastest-run difference.
    pub(crate) fn block(&mut self, commit: usize) -> Block {
        self.blocks += 1;
        let (mut good, mut other) = ([0.0; 2], [0.0; 2]);
        for (good, other) in good.iter_mut().zip(&mut other) {
            let levels = [self.levels[0], self.levels[commit]];
            if self.stream.coin() {
                *good = self.machine.run(&mut self.stream, levels[0]);
                *other = self.machine.run(&mut self.stream, levels[1]);
            } else {
                *other = self.machine.run(&mut self.stream, levels[1]);
                *good = self.machine.run(&mut self.stream, levels[0]);
            }
        }
        let mean = f64::midpoint(other[0] - good[0], other[1] - good[1]);
        let fastest = block_difference(good.map(f64::exp), other.map(f64::exp)).unwrap_or(mean);
        Block { mean, fastest }
    }

    /// The blocks of the bad end that the search starts from.
    pub(crate) fn ends(&mut self) -> Vec<Block> {
        let last = self.last();
        (0..END_BLOCKS).map(|_| self.block(last)).collect()
    }

    /// The commits that no measurement can tell from the culprit.
    pub(crate) fn indistinguishable(&self, culprit: usize) -> Vec<usize> {
        let first = (1..culprit).rev().find(|commit| self.builds[*commit]).map_or(1, |commit| commit + 1);
        let last = (culprit..=self.last()).find(|commit| self.builds[*commit]).unwrap_or(self.last());
        (first..=last).collect()
    }

    /// For what is drawn beside the history.
    pub(crate) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }
}

/// What one block says, in logs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    /// Mean of the two pairs' differences.
    pub(crate) mean: f64,
    /// Difference of the faster runs.
    pub(crate) fastest: f64,
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub(crate) fn count(items: usize) -> f64 {
    items as f64
}
