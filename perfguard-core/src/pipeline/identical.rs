//! Which targets need no clock: what their two sides would run is the same.

use std::collections::{BTreeMap, BTreeSet};

use super::PipelineError;
use super::matching::Both;
use super::prepare::Bench;
use super::sides::PreparedSide;
use crate::build::{Identity, IdentitySide};
use crate::model::{Artifact, TargetKind};
use crate::report::format::counted;

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
        let side = |side: &'_ PreparedSide, index: usize| -> Option<Artifact> {
            side.prepared.targets[index].artifact.clone()
        };
        let (Some(of_base), Some(of_head)) = (side(base, both.base), side(head, both.head)) else { continue };
        if of_head.target.kind == TargetKind::Program {
            found.insert(key, of_program(&of_base, &of_head));
            continue;
        }
        let one = IdentitySide { artifact: &of_base, tree: &base.tree, key: base.seat() };
        let other = IdentitySide { artifact: &of_head, tree: &head.tree, key: head.seat() };
        found.insert(key, bench.workbench.identity(&one, &other, ignore)?);
    }
    Ok(found)
}

/// A program that is no cargo target is the same only where command and tree are.
fn of_program(base: &Artifact, head: &Artifact) -> Same {
    if base.hash == head.hash {
        Identity::Same { left_out: Vec::new() }
    } else {
        Identity::Differ { what: "a file of the tree".to_owned(), hint: None }
    }
}

/// What is said of benchmarks that were not run, each in words.
pub(super) fn not_run(
    identical: &[Both],
    same: &BTreeMap<(usize, usize), Same>,
    all_the_same: Option<&str>,
) -> Vec<String> {
    let is_untouched = |both: &&Both| same.get(&(both.base, both.head)) == Some(&Same::Untouched);
    let (untouched, alike): (Vec<&Both>, Vec<&Both>) = identical.iter().partition(is_untouched);
    let kinds = [
        (
            untouched,
            "was neither built nor run: nothing changed that it is made from",
            "were neither built nor run: nothing changed that they are made from",
        ),
        (alike, "is identical on both sides and was not run", "are identical on both sides and were not run"),
    ];
    let mut said: Vec<String> = Vec::new();
    for (all, of_one, of_several) in kinds.into_iter().filter(|(all, ..)| !all.is_empty()) {
        let what = if all.len() == 1 { of_one } else { of_several };
        let targets: BTreeSet<_> = all.iter().map(|both| (both.base, both.head)).collect();
        said.push(format!("{} of {} {what}", counted(all.len(), "benchmark"), counted(targets.len(), "target")));
    }
    if let (Some(last), Some(how)) = (said.last_mut(), all_the_same) {
        last.extend([": ", how]);
    }
    said
}
