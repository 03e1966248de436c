//! The posterior of one single change, given the measured commits' curves.

use super::evidence::Evidence;
use super::history::History;
use super::levels::{Curve, Grid};

/// Between which measured commits the change lies, and how probably.
#[derive(Debug, Clone)]
pub(super) struct Single {
    /// Measured commits, from the first after the good end to the bad end.
    pub(super) measured: Vec<usize>,
    /// For each measured commit: the probability that the change lies after the one before it, up to and with itself.
    pub(super) mass: Vec<f64>,
    /// For each measured commit: the probability of all up to and with it.
    up_to: Vec<f64>,
    /// Mean and variance of the levels before and after the change, were it in the most probable place.
    pub(super) good: (f64, f64),
    pub(super) bad: (f64, f64),
    /// For each measured commit: the levels before and after the change, were it the first one measured with it.
    before: Vec<Side>,
    after: Vec<Side>,
    /// The level of the good end, whose own bias is in every difference, on the grid that was used last.
    good_end: Option<(Grid, Curve)>,
}

/// What all commits on one side of the change say of their level.
#[derive(Debug, Clone, Copy)]
struct Side {
    /// Logarithm of their likelihood.
    log_sum: f64,
    /// Mean and variance of the level.
    level: (f64, f64),
}

impl Side {
    fn of(curve: &Curve, grid: Grid) -> Self {
        Self { log_sum: curve.log_sum(), level: curve.moments(grid) }
    }
}

impl Single {
    pub(super) fn new() -> Self {
        Self {
            measured: Vec::new(),
            mass: Vec::new(),
            up_to: Vec::new(),
            good: (0.0, 0.0),
            bad: (0.0, 0.0),
            before: Vec::new(),
            after: Vec::new(),
            good_end: None,
        }
    }

    /// Works everything out anew: a product of curves for each measured commit from either end, never one for each commit.
    pub(super) fn update(&mut self, history: &History, evidence: &Evidence, bias: f64) {
        let grid = evidence.grid;
        let measured = evidence.executables.iter().filter(|executable| executable.commit > 0);
        self.measured.clear();
        self.measured.extend(measured.clone().map(|executable| executable.commit));
        // The bad end stands for all commits with its executable.
        if let Some(last) = self.measured.last_mut() {
            *last = history.last();
        }
        let (_, good_end) = self
            .good_end
            .take()
            .filter(|(on, _)| *on == grid)
            .unwrap_or_else(|| (grid, Curve::normal(grid, (bias * bias + 1e-6).sqrt())));
        let mut before = good_end.clone();
        self.good_end = Some((grid, good_end));
        self.before.clear();
        for executable in measured.clone() {
            self.before.push(Side::of(&before, grid));
            before.multiply(&executable.level);
        }
        let mut after = Curve::flat();
        self.after.clear();
        for executable in measured.rev() {
            after.multiply(&executable.level);
            self.after.push(Side::of(&after, grid));
        }
        self.after.reverse();
        self.weigh(history);
        let best =
            (0..self.mass.len()).max_by(|one, other| self.mass[*one].total_cmp(&self.mass[*other])).unwrap_or_default();
        if let (Some(before), Some(after)) = (self.before.get(best), self.after.get(best)) {
            (self.good, self.bad) = (before.level, after.level);
        }
    }

    fn weigh(&mut self, history: &History) {
        self.mass.clear();
        let mut low = 0;
        for ((high, before), after) in self.measured.iter().zip(&self.before).zip(&self.after) {
            let prior = history.single_between(low, *high);
            // No prior weight gives minus infinity, and that no mass.
            self.mass.push(prior.ln() + before.log_sum + after.log_sum);
            low = *high;
        }
        let largest = self.mass.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for mass in &mut self.mass {
            *mass = (*mass - largest).exp();
            sum += *mass;
        }
        self.up_to.clear();
        let mut up_to = 0.0;
        for mass in &mut self.mass {
            *mass /= sum;
            up_to += *mass;
            self.up_to.push(up_to);
        }
    }

    /// The probability that the change lies at or before a commit.
    pub(super) fn up_to(&self, history: &History, commit: usize) -> f64 {
        let index = self.measured.partition_point(|high| *high < commit);
        let (Some(high), Some(mass), Some(up_to)) =
            (self.measured.get(index), self.mass.get(index), self.up_to.get(index))
        else {
            return 1.0;
        };
        let low = if index == 0 { 0 } else { self.measured[index - 1] };
        let whole = history.single_between(low, *high);
        // Counted back from the interval's end, where rounding hurts least: there the sum is exact.
        let beyond = if whole > 0.0 { mass * history.single_between(commit, *high) / whole } else { 0.0 };
        (up_to - beyond).clamp(0.0, 1.0)
    }

    /// Splits the places of the change in two, by whether they put the level after it above or below its mean: the
    /// probability of those above, and how far the means of both lie apart.
    pub(super) fn split_by_bad_level(&self) -> Option<(f64, f64)> {
        let levels: Vec<(f64, f64)> =
            self.mass.iter().zip(&self.after).map(|(mass, after)| (*mass, after.level.0)).collect();
        let mean: f64 = levels.iter().map(|(mass, level)| mass * level).sum();
        let side = |above: bool| {
            let members = || levels.iter().filter(move |(_, level)| (*level > mean) == above);
            let mass: f64 = members().map(|(mass, _)| mass).sum();
            (mass, members().map(|(mass, level)| mass * level).sum::<f64>() / mass)
        };
        let ((above, high), (below, low)) = (side(true), side(false));
        (above > 0.0 && below > 0.0).then_some((above, high - low))
    }

    /// Calls back with every commit from first to last and its probability.
    pub(super) fn each(&self, history: &History, mut take: impl FnMut(usize, f64)) {
        let mut low = 0;
        for (high, mass) in self.measured.iter().zip(&self.mass) {
            let whole = history.single_between(low, *high);
            let density = if whole > 0.0 { mass / whole } else { 0.0 };
            for commit in low + 1..=*high {
                take(commit, density * history.single(commit));
            }
            low = *high;
        }
    }

    /// Runs of commits that no measurement can tell apart, with their probability; none without any.
    pub(super) fn cells(&self, history: &History) -> Vec<Cell> {
        let mut cells: Vec<Cell> = history.cells().map(|(first, last)| Cell { first, last, mass: 0.0 }).collect();
        let mut index = 0;
        self.each(history, |commit, mass| {
            while cells.get(index).is_some_and(|cell| cell.last < commit) {
                index += 1;
            }
            if let Some(cell) = cells.get_mut(index) {
                cell.mass += mass;
            }
        });
        cells.retain(|cell| cell.mass > 0.0);
        cells
    }
}

/// Commits that no measurement can tell apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) mass: f64,
}
