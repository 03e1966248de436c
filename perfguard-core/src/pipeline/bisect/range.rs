//! Which commits are in question, and how likely each is the culprit before anything is measured.

use std::collections::BTreeMap;

use super::BisectError;
use crate::build::Affected;
use crate::model::TargetId;
use crate::pipeline::PipelineError;
use crate::pipeline::prepare::Bench;
use crate::pipeline::sides::PreparedSide;
use crate::vcs::{ChangedFile, CommitId, Repository};
use perfguard_stats::search::{TOUCHES, TOUCHES_NOT};

/// The commits of a range: the good end first, the bad end last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pipeline) struct Range {
    pub(super) commits: Vec<CommitId>,
    /// Whether each commit's first parent is the one before it, so that what it changed tells what it can have done.
    pub(super) is_line: bool,
}

impl Range {
    /// The commits between two revisions.
    pub(in crate::pipeline) fn between(
        repository: &Repository,
        good: &CommitId,
        bad: &CommitId,
        all_parents: bool,
    ) -> Result<Self, PipelineError> {
        if good == bad {
            return Err(BisectError::OneCommit { commit: good.short().to_owned() }.into());
        }
        if !repository.is_ancestor(&good.0, &bad.0) {
            if repository.is_ancestor(&bad.0, &good.0) {
                let (good, bad) = (good.short().to_owned(), bad.short().to_owned());
                return Err(BisectError::Swapped { good, bad }.into());
            }
            let common = repository.merge_base(good, bad)?.map(|commit| commit.short().to_owned());
            let shallow = repository.is_shallow();
            let (good, bad) = (good.short().to_owned(), bad.short().to_owned());
            return Err(BisectError::NotAnAncestor { good, bad, common, shallow }.into());
        }
        let mut commits = vec![good.clone()];
        commits.extend(repository.between(good, bad, !all_parents)?);
        Ok(Self { commits, is_line: !all_parents })
    }

    pub(super) fn good(&self) -> &CommitId {
        &self.commits[0]
    }

    pub(super) fn bad(&self) -> &CommitId {
        &self.commits[self.last()]
    }

    /// The number of the bad end.
    pub(super) fn last(&self) -> usize {
        self.commits.len() - 1
    }

    /// What each commit after the good end changed.
    pub(in crate::pipeline) fn changes(&self, repository: &Repository) -> Result<Vec<Vec<ChangedFile>>, PipelineError> {
        self.commits[1..].iter().map(|commit| Ok(repository.changed_files(commit)?)).collect()
    }

    /// The weight of each commit after the good end as the culprit of a target: those that cannot change its executable have
    /// none, and neither build nor measurement is spent on them.
    pub(super) fn weights(
        &self,
        repository: &Repository,
        bench: &Bench,
        ends: [&PreparedSide; 2],
        targets: &[TargetId],
        ignore: &[String],
    ) -> Result<BTreeMap<TargetId, Vec<f64>>, PipelineError> {
        let lists = self.changes(repository)?;
        let mut all = weights_of(&lists, bench, ends, targets, ignore);
        for weights in all.values_mut() {
            if !self.is_line {
                // What came before a commit is not what it changed.
                for weight in &mut *weights {
                    *weight = weight.max(TOUCHES_NOT);
                }
            }
            if weights.iter().all(|weight| *weight <= 0.0) {
                // The ends differ, whatever the files say.
                weights.fill(1.0);
            }
        }
        Ok(all)
    }
}

/// The weight of each list of changed files as the cause of a change of a target: none where it cannot change the
/// executable.
pub(in crate::pipeline) fn weights_of(
    lists: &[Vec<ChangedFile>],
    bench: &Bench,
    ends: [&PreparedSide; 2],
    targets: &[TargetId],
    ignore: &[String],
) -> BTreeMap<TargetId, Vec<f64>> {
    let found = ends.map(|end| bench.workbench.touched(&end.prepared.build, &end.tree, lists, ignore));
    // A source that only the commits between had may have been in the executable all the same.
    let came_and_went = |file: &ChangedFile| {
        let is_source = file.path.extension().is_some_and(|extension| extension == "rs");
        is_source && ends.iter().any(|end| !end.tree.entries.contains_key(&file.path))
    };
    let weights = |target: &TargetId| {
        let of = |(index, files): (usize, &Vec<ChangedFile>)| {
            let touches = found.iter().any(|of_end| match &of_end[index] {
                Affected::Everything(_) => true,
                Affected::These(targets) => targets.contains_key(target),
            });
            match (touches, files.iter().any(came_and_went)) {
                (true, _) => TOUCHES,
                (false, true) => TOUCHES_NOT,
                (false, false) => 0.0,
            }
        };
        lists.iter().enumerate().map(of).collect()
    };
    targets.iter().map(|target| (target.clone(), weights(target))).collect()
}
