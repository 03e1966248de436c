//! Several changes in one range: levels that are constant between changes, summed over exactly from both ends.
//!
//! Fearnhead, *Exact and efficient Bayesian inference for multiple changepoint problems*, Statistics and Computing 16
//! (2006), over the measured commits only.

use super::choice::{AGAIN, Best, FIRST, fresh};
use super::evidence::Evidence;
use super::history::History;
use super::information::{information, precision};
use super::levels::{Curve, Grid};
use super::outcome::Change;

/// Standard deviation of a segment's level before anything is measured, in logs.
const LEVELS_APART: f64 = 0.08;
/// Changes expected in the whole range.
const EXPECTED: f64 = 1.5;
/// A stretch that holds a change with no more than this probability is left alone.
const NEGLIGIBLE: f64 = 0.05;
/// The smallest difference of levels that is planned for, in logs.
const LEAST: f64 = 0.02;
/// The smallest bias that the good end is taken to have.
const LEAST_BIAS: f64 = 0.002;

/// A measured commit, or the good end.
#[derive(Debug, Clone)]
struct Place<'a> {
    commit: usize,
    twin: usize,
    curve: &'a Curve,
    blocks: usize,
    /// Mean of its level by its own blocks.
    own: f64,
    /// Probability of a change since the place before.
    change: f64,
    /// Mean and variance of the level of its segment, between changes that are more probable than not.
    level: (f64, f64),
}

/// The places in order, with the probability of a change before each.
#[derive(Debug)]
pub(super) struct Several<'a> {
    places: Vec<Place<'a>>,
}

/// What the good end's own bias allows as its level.
pub(super) fn reference(grid: Grid, bias: f64) -> Curve {
    Curve::normal(grid, bias.max(LEAST_BIAS))
}

impl<'a> Several<'a> {
    /// Sums over all ways to cut the measured commits into segments.
    pub(super) fn new(history: &History, evidence: &'a Evidence, reference: &'a Curve) -> Self {
        let grid = evidence.grid;
        let mut places =
            vec![Place { commit: 0, twin: 0, curve: reference, blocks: 0, own: 0.0, change: 0.0, level: (0.0, 0.0) }];
        for commit in 1..=history.last() {
            let twin = history.twin(commit);
            if twin == history.twin(commit - 1) {
                continue;
            }
            let (curve, blocks) = match evidence.of(twin) {
                _ if twin == 0 => (reference, 0),
                Some(executable) => (&executable.level, executable.blocks()),
                None => continue,
            };
            let own = curve.moments(grid).0;
            places.push(Place { commit, twin, curve, blocks, own, change: 0.0, level: (0.0, 0.0) });
        }
        let mut several = Self { places };
        several.sum_over_cuts(history, grid);
        several.find_levels(grid);
        several
    }

    /// The curve of a segment from one place on, place by place. Each executable counts once; where an earlier segment has
    /// it already, it says that this segment's level is that one's, a density that sums to one over the grid.
    fn segment(&self, first: usize, grid: Grid, mut each: impl FnMut(usize, &Curve)) {
        let mut curve = Curve::normal(grid, LEVELS_APART);
        for (index, place) in self.places.iter().enumerate().skip(first) {
            let has_it = |other: &Place<'_>| other.twin == place.twin;
            if !self.places[first..index].iter().any(has_it) {
                curve.multiply(place.curve);
                if self.places[..first].iter().any(has_it) {
                    curve.log_factor -= place.curve.sum().ln();
                }
            }
            each(index, &curve);
        }
    }

    fn sum_over_cuts(&mut self, history: &History, grid: Grid) {
        let count = self.places.len();
        let mut segments = vec![f64::NEG_INFINITY; count * count];
        for first in 0..count {
            self.segment(first, grid, |last, curve| segments[first * count + last] = curve.log_sum());
        }
        let chance: Vec<f64> = (0..count)
            .map(|index| {
                match (index.checked_sub(1).and_then(|before| self.places.get(before)), self.places.get(index)) {
                    (Some(before), Some(place)) if before.twin != place.twin => {
                        history.several_chance(before.commit, place.commit, EXPECTED)
                    }
                    _ => 0.0,
                }
            })
            .collect();
        // Summed chances of no change before each place, so that those of a stretch are a difference.
        let mut none = vec![0.0; count + 1];
        for index in 0..count {
            none[index + 1] = none[index] + (-chance[index]).ln_1p();
        }
        let cut = |index: usize| if index == 0 || index == count { 0.0 } else { chance[index].ln() };
        // A segment with the cut before it and the stretches without one inside it.
        let piece = |first: usize, last: usize| segments[first * count + last] + none[last + 1] - none[first + 1];
        let mut forward = vec![0.0; count + 1];
        for end in 1..=count {
            forward[end] = log_sum((0..end).map(|first| forward[first] + cut(first) + piece(first, end - 1)));
        }
        let mut backward = vec![0.0; count + 1];
        for first in (0..count).rev() {
            backward[first] =
                log_sum((first..count).map(|last| piece(first, last) + cut(last + 1) + backward[last + 1]));
        }
        let whole = forward[count];
        for (index, place) in self.places.iter_mut().enumerate().skip(1) {
            place.change = (forward[index] + cut(index) + backward[index] - whole).exp().clamp(0.0, 1.0);
        }
    }

    fn find_levels(&mut self, grid: Grid) {
        let mut first = 0;
        for end in 1..=self.places.len() {
            if self.places.get(end).is_some_and(|place| place.change <= 0.5) {
                continue;
            }
            let mut level = (0.0, 0.0);
            self.segment(first, grid, |last, curve| {
                if last + 1 == end {
                    level = curve.moments(grid);
                }
            });
            self.places[first..end].iter_mut().for_each(|place| place.level = level);
            first = end;
        }
    }

    /// Neighbouring places.
    fn stretches(&self) -> impl Iterator<Item = (&Place<'a>, &Place<'a>)> {
        self.places.iter().zip(self.places.iter().skip(1))
    }

    /// The best measurement: splitting a stretch that may hold a change, or more blocks at its ends.
    pub(super) fn choose(&self, history: &History, evidence: &Evidence, bias: f64, certainty: f64) -> Best {
        let mut best = Best::default();
        let fresh = fresh(history, evidence);
        let bias = bias.max(LEAST_BIAS);
        let precision = |blocks: usize| precision(blocks, evidence.noise.scale, bias);
        for (before, after) in self.stretches() {
            if after.change <= NEGLIGIBLE {
                continue;
            }
            let apart = (after.own - before.own).abs().max((after.level.0 - before.level.0).abs()).max(LEAST);
            let inner = inside(&fresh, before.commit, after.commit);
            for commit in middle(inner, history, before.commit, after.commit) {
                for blocks in FIRST {
                    let nats = after.change * information(0.5, apart * precision(blocks).sqrt());
                    best.consider(commit, blocks, nats, history.build_cost(commit));
                }
            }
            for place in [before, after] {
                if after.change >= certainty || place.twin == 0 {
                    continue;
                }
                for blocks in AGAIN {
                    let gained = (precision(place.blocks + blocks) - precision(place.blocks)).max(0.0);
                    best.consider(place.twin, blocks, information(after.change, apart * gained.sqrt()), 0.0);
                }
            }
        }
        best
    }

    /// The probability that the level moves apart from these changes: the largest of any stretch that touches none of them,
    /// or that a set of several commits holds more than one, by how many it holds on average.
    pub(super) fn elsewhere(&self, changes: &[Change]) -> f64 {
        let touches = |change: &Change, (before, after): (&Place<'a>, &Place<'a>)| {
            change.commits.iter().any(|commit| before.commit < *commit && *commit <= after.commit)
        };
        let apart = self.stretches().filter(|stretch| !changes.iter().any(|change| touches(change, *stretch)));
        let apart = apart.map(|(_, after)| after.change).fold(0.0, f64::max);
        let more_than_one = changes.iter().map(|change| {
            let held = self.stretches().filter(|stretch| touches(change, *stretch));
            (held.map(|(_, after)| after.change).sum::<f64>() - 1.0).min(1.0)
        });
        more_than_one.fold(apart, f64::max)
    }

    /// The stretches between neighbouring places: commit before, last commit, probability of a change.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, usize, f64)> {
        self.stretches().map(|(before, after)| (before.commit, after.commit, after.change))
    }

    /// The changes: every stretch that holds one for certain, and every run of doubtful stretches that holds one more
    /// probably than not. `sign` turns effects back to the caller's direction.
    pub(super) fn changes(&self, history: &History, certainty: f64, sign: f64) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut doubtful: Vec<(&Place<'a>, &Place<'a>)> = Vec::new();
        for stretch in self.stretches() {
            let (_, after) = stretch;
            if after.change > NEGLIGIBLE && after.change < certainty {
                doubtful.push(stretch);
                continue;
            }
            changes.extend(change(&doubtful, history, certainty, sign));
            doubtful.clear();
            if after.change >= certainty {
                changes.extend(change(&[stretch], history, certainty, sign));
            }
        }
        changes.extend(change(&doubtful, history, certainty, sign));
        changes
    }
}

/// The change in a run of stretches, if it is more probable than not: in as few of them as give certainty, if all do.
fn change(stretches: &[(&Place<'_>, &Place<'_>)], history: &History, certainty: f64, sign: f64) -> Option<Change> {
    let ((before, _), (_, after)) = (stretches.first()?, stretches.last()?);
    let mut ranked = stretches.to_vec();
    ranked.sort_by(|(_, one), (_, other)| other.change.total_cmp(&one.change));
    let mut found = Change {
        commits: Vec::new(),
        posterior: 0.0,
        effect: sign * (after.level.0 - before.level.0),
        deviation: (after.level.1 + before.level.1).sqrt(),
    };
    for (before, after) in ranked {
        if found.posterior < certainty {
            found.posterior = (found.posterior + after.change).min(1.0);
            found.commits.extend((before.commit + 1..=after.commit).filter(|commit| history.may_change(*commit)));
        }
    }
    found.commits.sort_unstable();
    (found.posterior >= 0.5 && !found.commits.is_empty()).then_some(found)
}

/// The commits of a sorted list strictly between two.
fn inside(sorted: &[usize], low: usize, high: usize) -> &[usize] {
    let first = sorted.partition_point(|commit| *commit <= low);
    let end = sorted.partition_point(|commit| *commit < high);
    sorted.get(first..end).unwrap_or_default()
}

/// Candidates to split a stretch: those on either side of the middle of the chances of a change.
fn middle(inner: &[usize], history: &History, low: usize, high: usize) -> Vec<usize> {
    let half = history.several_chance(low, high, EXPECTED) / 2.0;
    let above = inner.partition_point(|commit| history.several_chance(low, *commit, EXPECTED) < half);
    let mut found: Vec<usize> = Vec::with_capacity(3);
    found.extend(above.checked_sub(1).and_then(|below| inner.get(below)));
    found.extend(inner.get(above));
    found
}

/// The logarithm of a sum of exponentials.
fn log_sum(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return largest;
    }
    largest + terms.map(|term| (term - largest).exp()).sum::<f64>().ln()
}
