//! Which targets need no clock: what their two sides would run is the same.

use std::collections::BTreeMap;

use super::PipelineError;
use super::matching::Both;
use super::prepare::Bench;
use super::sides::PreparedSide;
use crate::build::{Identity, IdentitySide};

/// What is known of a target, by its indices among base's and head's.
pub(super) type Same = Identity;

impl Identity {
    /// Whether both sides would run the same.
    pub(super) fn is_same(&self) -> bool {
        matches!(self, Self::Same { .. } | Self::Untouched)
    }
}

/// Compares both sides of every target that has one of the benchmarks.
pub(super) fn identical_targets(
    bench: &mut Bench,
    base: &PreparedSide,
    head: &PreparedSide,
    benchmarks: &[Both],
    ignore: &[String],
) -> Result<BTreeMap<(usize, usize), Same>, PipelineError> {
    let mut found = BTreeMap::new();
    for both in benchmarks {
        let key = (both.base, both.head);
        if found.contains_key(&key) {
            continue;
        }
        if head.untouched.contains(&head.prepared.targets[both.head].id) {
            found.insert(key, Same::Untouched);
            continue;
        }
        if !head.is_built {
            continue;
        }
        let side = |side: &'_ PreparedSide, index: usize| -> Option<crate::model::Artifact> {
            side.prepared.targets[index].artifact.clone()
        };
        let (Some(of_base), Some(of_head)) = (side(base, both.base), side(head, both.head)) else { continue };
        let one = IdentitySide { artifact: &of_base, tree: &base.tree, key: base.seat() };
        let other = IdentitySide { artifact: &of_head, tree: &head.tree, key: head.seat() };
        found.insert(key, bench.workbench.identity(&one, &other, ignore)?);
    }
    Ok(found)
}
