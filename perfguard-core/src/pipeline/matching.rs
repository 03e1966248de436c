//! Which benchmarks both sides have, and what the others are.

use std::collections::BTreeSet;

use super::prepare::{Prepared, PreparedTarget};
use crate::model::{BenchmarkId, MetricId, NotMeasured, Side, TargetId, Verdict};
use crate::plan::Filter;

/// A benchmark that both sides have; or two, each of which is a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Both {
    /// Which: head's.
    pub(super) id: BenchmarkId,
    /// Base's: the same, but between two benchmarks of one tree.
    pub(super) base_id: BenchmarkId,
    /// Index of its target among base's.
    pub(super) base: usize,
    /// Index of its target among head's.
    pub(super) head: usize,
}

/// A benchmark that cannot be compared, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Single {
    /// Which.
    pub(super) id: BenchmarkId,
    /// By what it would be judged.
    pub(super) metric: MetricId,
    /// New, removed or failed.
    pub(super) verdict: Verdict,
    /// Why, in words.
    pub(super) reason: String,
}

/// The benchmarks of two sides that a filter means, in the order of head's targets, then of base's others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Matched {
    pub(super) both: Vec<Both>,
    pub(super) single: Vec<Single>,
}

/// Matches two sides' benchmarks by their ids.
pub(super) fn match_sides(base: &Prepared, head: &Prepared, filter: &Filter) -> Matched {
    let ids: BTreeSet<&TargetId> = head.targets.iter().chain(&base.targets).map(|target| &target.id).collect();
    let mut matched = Matched::default();
    for id in ids {
        let place = |side: &Prepared| side.targets.iter().position(|target| target.id == *id);
        match (place(base), place(head)) {
            (Some(of_base), Some(of_head)) => {
                let (one, other) = (&base.targets[of_base], &head.targets[of_head]);
                matched.match_target((of_base, one), (of_head, other), filter);
            }
            (None, Some(of_head)) => matched.alone(&head.targets[of_head], Side::Head, None, filter),
            (Some(of_base), None) => matched.alone(&base.targets[of_base], Side::Base, None, filter),
            (None, None) => {}
        }
    }
    matched
}

impl Matched {
    fn match_target(
        &mut self,
        (base_index, base): (usize, &PreparedTarget),
        (head_index, head): (usize, &PreparedTarget),
        filter: &Filter,
    ) {
        let same_harness =
            base.harness.as_ref().map(|harness| harness.kind) == head.harness.as_ref().map(|harness| harness.kind);
        let (base_names, head_names) = match (&base.benchmarks, &head.benchmarks) {
            (Ok(_), Ok(_)) if same_harness => (base.ids(), head.ids()),
            (base_names, head_names) => {
                // Nothing to compare: each side's own rows say why.
                self.alone(head, Side::Head, base_names.as_ref().err(), filter);
                self.alone(base, Side::Base, head_names.as_ref().err(), filter);
                return;
            }
        };
        let known: BTreeSet<&BenchmarkId> = base_names.iter().collect();
        let there: BTreeSet<&BenchmarkId> = head_names.iter().collect();
        for id in head_names.iter().filter(|id| filter.matches(id)) {
            if known.contains(id) {
                self.both.push(Both { id: id.clone(), base_id: id.clone(), base: base_index, head: head_index });
            } else {
                self.single.push(single(id, head, Side::Head, None));
            }
        }
        for id in base_names.iter().filter(|id| filter.matches(id) && !there.contains(id)) {
            self.single.push(single(id, base, Side::Base, None));
        }
    }

    /// All benchmarks of a target that only one side has, or that the other side cannot run, for this reason.
    fn alone(&mut self, target: &PreparedTarget, side: Side, other: Option<&NotMeasured>, filter: &Filter) {
        for id in target.ids().iter().filter(|id| filter.matches(id)) {
            self.single.push(single(id, target, side, other));
        }
    }
}

/// The row of a benchmark that only `side` can run.
fn single(id: &BenchmarkId, target: &PreparedTarget, side: Side, other: Option<&NotMeasured>) -> Single {
    let metric = target.decides();
    let missing = if side == Side::Head { Side::Base } else { Side::Head };
    let (verdict, reason) = match other {
        Some(reason) if reason.is_failure() => (Verdict::Failed, format!("its target {reason} in {missing}")),
        Some(reason) => (gone(side), format!("its target {reason} in {missing}")),
        None => (gone(side), format!("{missing} does not have it")),
    };
    Single { id: id.clone(), metric, verdict, reason }
}

fn gone(there: Side) -> Verdict {
    if there == Side::Head { Verdict::New } else { Verdict::Removed }
}
