//! Which measurement tells most for what it costs.

use super::evidence::Evidence;
use super::history::History;
use super::information::{information, precision};
use super::single::Single;

/// Where in the posterior candidates are looked for.
const QUANTILES: [f64; 11] = [0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9];
/// Numbers of blocks worth considering of a commit not measured yet, and of one measured before.
pub(super) const FIRST: [usize; 5] = [1, 2, 3, 4, 6];
pub(super) const AGAIN: [usize; 2] = [1, 2];
/// The smallest difference of levels that is planned for, in logs.
const LEAST: f64 = 0.004;

/// A measurement that could be taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measurement {
    pub(super) commit: usize,
    pub(super) blocks: usize,
    /// Nats for each block's worth of cost.
    pub(super) rate: f64,
}

/// The best measurement seen so far.
#[derive(Debug, Default)]
pub(super) struct Best {
    pub(super) measurement: Option<Measurement>,
    /// The largest information for each block of measuring, builds not counted.
    pub(super) per_block: f64,
}

impl Best {
    /// Considers a measurement that tells so many nats.
    pub(super) fn consider(&mut self, commit: usize, blocks: usize, nats: f64, build_cost: f64) {
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let cost = blocks as f64;
        self.per_block = self.per_block.max(nats / cost);
        let rate = nats / (build_cost + cost);
        if self.measurement.is_none_or(|best| rate > best.rate) {
            self.measurement = Some(Measurement { commit, blocks, rate });
        }
    }
}

/// The best measurement for one single change.
pub(super) fn choose(history: &History, evidence: &Evidence, single: &Single, bias: f64) -> Best {
    let distance = (single.bad.0 - single.good.0).abs().max(LEAST);
    let mut best = Best::default();
    let mut consider = |commit: usize, p: f64| {
        let taken = evidence.of(history.twin(commit)).map_or(0, super::evidence::Executable::blocks);
        let (choices, cost) = if taken > 0 { (&AGAIN[..], 0.0) } else { (&FIRST[..], history.build_cost(commit)) };
        let known = precision(taken, evidence.noise.scale, bias);
        for blocks in choices {
            let gained = precision(taken + blocks, evidence.noise.scale, bias) - known;
            let nats = information(p, distance * gained.max(0.0).sqrt());
            best.consider(history.twin(commit), *blocks, nats, cost);
        }
    };
    for commit in candidates(history, evidence, single) {
        consider(commit, single.up_to(history, commit));
    }
    for commit in &single.measured {
        consider(*commit, single.up_to(history, *commit));
    }
    // Where the change lies after all that was measured, only the bad end has the level after it; eight blocks may have
    // shown it too low, and then nothing else can tell a small early change from a large late one.
    if let Some((p, distance)) = single.split_by_bad_level() {
        let last = history.twin(history.last());
        let taken = evidence.of(last).map_or(0, super::evidence::Executable::blocks);
        for blocks in AGAIN {
            let gained =
                precision(taken + blocks, evidence.noise.scale, bias) - precision(taken, evidence.noise.scale, bias);
            best.consider(last, blocks, information(p, distance * gained.max(0.0).sqrt()), 0.0);
        }
    }
    best
}

/// Commits not measured yet, on either side of the posterior's quantiles: of all, and of those that are cheaper than most.
fn candidates(history: &History, evidence: &Evidence, single: &Single) -> Vec<usize> {
    let fresh = fresh(history, evidence);
    let dearest = fresh.iter().map(|commit| history.build_cost(*commit)).fold(0.0, f64::max);
    let cheap: Vec<usize> =
        fresh.iter().copied().filter(|commit| history.build_cost(*commit) < 0.5 * dearest).collect();
    let mut found = Vec::with_capacity(4 * QUANTILES.len());
    for pool in [&fresh, &cheap] {
        for quantile in QUANTILES {
            let above = pool.partition_point(|commit| single.up_to(history, *commit) < quantile);
            found.extend(above.checked_sub(1).and_then(|below| pool.get(below)));
            found.extend(pool.get(above));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The commits between the ends with an executable of their own that could be had and was not measured.
pub(super) fn fresh(history: &History, evidence: &Evidence) -> Vec<usize> {
    let may = |commit: &usize| {
        history.twin(*commit) == *commit && !history.is_skipped(*commit) && evidence.of(*commit).is_none()
    };
    (1..history.last()).filter(may).collect()
}
