//! What was measured of each executable, and how likely that makes each level.

use super::levels::{Curve, Grid};
use super::noise::{Noise, scale};
use crate::quantile::quantile_of_sorted;

/// Blocks whose densities are multiplied before the curve is normalised: far from any limit of the numbers.
const UNNORMALISED: usize = 8;

/// The blocks of one executable.
#[derive(Debug, Clone)]
pub(super) struct Executable {
    /// The first commit that has it.
    pub(super) commit: usize,
    /// Block values in the direction of the change, as they came.
    values: Vec<f64>,
    sorted: Vec<f64>,
    median: f64,
    /// Likelihood of the executable's own level, bias and all.
    own: Curve,
    /// Likelihood of its commit's level, the executable's bias summed out.
    pub(super) level: Curve,
}

impl Executable {
    fn new(commit: usize) -> Self {
        Self { commit, values: Vec::new(), sorted: Vec::new(), median: 0.0, own: Curve::flat(), level: Curve::flat() }
    }

    pub(super) fn blocks(&self) -> usize {
        self.values.len()
    }

    fn add(&mut self, values: &[f64]) {
        self.values.extend_from_slice(values);
        for value in values {
            let place = self.sorted.partition_point(|other| other < value);
            self.sorted.insert(place, *value);
        }
        self.median = quantile_of_sorted(&self.sorted, 0.5).unwrap_or_default();
    }

    fn weigh(&mut self, first: usize, noise: Noise, grid: Grid, bias: f64) {
        for values in self.values[first..].chunks(UNNORMALISED) {
            for value in values {
                noise.multiply(&mut self.own, grid, *value);
            }
            self.own.normalise();
        }
        self.level.spread_from(&self.own, grid, bias);
    }
}

/// All that was measured.
#[derive(Debug, Clone)]
pub(super) struct Evidence {
    /// In the order of their commits.
    pub(super) executables: Vec<Executable>,
    pub(super) grid: Grid,
    pub(super) noise: Noise,
    stored_scale: f64,
    bias: f64,
}

impl Evidence {
    pub(super) fn new(stored_scale: f64, bias: f64) -> Self {
        Self {
            executables: Vec::new(),
            grid: Grid::holding(0.0, 0.0),
            noise: Noise { scale: stored_scale },
            stored_scale,
            bias,
        }
    }

    /// Adds blocks of an executable.
    pub(super) fn add(&mut self, commit: usize, values: &[f64]) {
        if values.is_empty() {
            return;
        }
        let index = match self.executables.binary_search_by_key(&commit, |executable| executable.commit) {
            Ok(index) => index,
            Err(index) => {
                self.executables.insert(index, Executable::new(commit));
                index
            }
        };
        let first = self.executables[index].blocks();
        self.executables[index].add(values);
        if !self.rebuild_if_needed() {
            self.executables[index].weigh(first, self.noise, self.grid, self.bias);
        }
    }

    /// Gives the blocks of one executable to another that turned out to be the same.
    pub(super) fn join(&mut self, from: usize, to: usize) {
        if let Ok(index) = self.executables.binary_search_by_key(&from, |executable| executable.commit) {
            let executable = self.executables.remove(index);
            self.add(to, &executable.values);
        }
    }

    pub(super) fn of(&self, commit: usize) -> Option<&Executable> {
        let index = self.executables.binary_search_by_key(&commit, |executable| executable.commit).ok()?;
        self.executables.get(index)
    }

    /// Whether the scale or the grid had to change, and every curve with it.
    fn rebuild_if_needed(&mut self) -> bool {
        let repeats = self.executables.iter().map(|executable| (executable.median, executable.values.as_slice()));
        let noise = Noise { scale: scale(self.stored_scale, &repeats) };
        let medians = || self.executables.iter().map(|executable| executable.median);
        let grid = Grid::holding(medians().fold(0.0, f64::min), medians().fold(0.0, f64::max));
        if noise == self.noise && grid == self.grid {
            return false;
        }
        (self.noise, self.grid) = (noise, grid);
        for executable in &mut self.executables {
            executable.own.reset();
            executable.weigh(0, noise, grid, self.bias);
        }
        true
    }
}
