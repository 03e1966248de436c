//! The two sides of a comparison: which trees they are, built once each and kept, with what they list.

use std::collections::BTreeSet;
use std::path::Path;

use super::place::working_tree;
use super::prepare::{Bench, BuildOptions, Prepared, What, build_request};
use super::{PipelineError, Place, Tools};
use crate::build::Seat;
use crate::cancel::CancellationToken;
use crate::event::{Event, EventSink};
use crate::model::{Source, TargetId, Variant};
use crate::plan;
use crate::process::{self, Limits};
use crate::vcs::{CommitId, Repository, SourceTree};

/// Which tree a side is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SideSpec {
    /// A commit.
    Commit(CommitId),
    /// What the user sees: tracked files, and untracked ones that are not ignored.
    WorkingTree,
    /// What is staged.
    Index,
}

/// A side that can be run.
#[derive(Debug)]
pub(super) struct PreparedSide {
    /// Its executables with what they list.
    pub(super) prepared: Prepared,
    /// What it is.
    pub(super) source: Source,
    /// Its content.
    pub(super) tree: SourceTree,
    /// What it is, in words.
    pub(super) label: String,
    /// What its build does otherwise.
    pub(super) variant: Variant,
    /// Targets that are base's own, because nothing that they were made from changed.
    pub(super) untouched: BTreeSet<TargetId>,
    /// Whether its build was there already.
    pub(super) was_kept: bool,
    /// Whether the others were built; else they are base's own too, and stand for what there was no time for.
    pub(super) is_built: bool,
}

impl PreparedSide {
    /// The key of its kept folder.
    pub(super) fn seat(&self) -> &str {
        &self.prepared.build.key
    }
}

/// The repository of a place.
pub(super) fn repository(place: &Place) -> Result<&Repository, PipelineError> {
    let root = || PipelineError::NotAGitRepository(place.root.display().to_string());
    place.repository.as_ref().ok_or_else(root)
}

/// The tree of a side, without building it.
pub(super) fn tree_of(
    place: &Place,
    spec: &SideSpec,
    included: &[String],
    events: &mut dyn EventSink,
) -> Result<(SourceTree, Source, What), PipelineError> {
    match spec {
        SideSpec::WorkingTree => {
            let (tree, source) = working_tree(place, included, events)?;
            Ok((tree, source, What::WorkingTree))
        }
        SideSpec::Index => {
            let repository = repository(place)?;
            let (tree, head) = (repository.index_tree()?, repository.head()?);
            let source = Source {
                commit: head.commit.map(|commit| commit.to_string()),
                dirty: tree.dirty,
                branch: head.branch,
                subject: None,
            };
            Ok((tree, source, What::Index))
        }
        SideSpec::Commit(commit) => {
            let repository = repository(place)?;
            let subject = Some(repository.commit(commit)?.subject);
            let source = Source { commit: Some(commit.to_string()), dirty: false, branch: None, subject };
            Ok((repository.tree(commit)?, source, What::Commit(commit.clone())))
        }
    }
}

/// Builds a side unless what it was built to is kept, keeps it, and lists it among its own files.
#[expect(clippy::too_many_arguments, reason = "one call of a private step")]
pub(super) fn prepare_side(
    bench: &mut Bench,
    place: &Place,
    tools: &Tools,
    (tree, source, what): (SourceTree, Source, What),
    options: &BuildOptions,
    limits: Limits,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<PreparedSide, PipelineError> {
    for remark in &tree.remarks {
        events.event(Event::Remark { message: remark.message.clone(), hint: remark.hint.clone() });
    }
    let request = build_request(place, &what, options);
    let kept = bench.workbench.kept_build(&tree, &request, cancel)?;
    let was_kept = kept.is_some();
    let build = if let Some(build) = kept {
        events.event(Event::Detail(format!("{} was built before: what is kept of it is taken", request.what)));
        build
    } else {
        let build = bench.workbench.build(&tree, &request, events, cancel)?;
        bench.workbench.keep(&build)?;
        build
    };
    bench.workbench.seat(Seat::Kept(&build.key))?;
    let listed = (|| {
        let manifest = bench.workbench.tree().join(&request.manifest);
        let cwd = manifest.parent().unwrap_or(Path::new("/")).to_owned();
        let environment = bench.workbench.cargo_environment();
        let workspace = plan::read_metadata(&manifest, &cwd, &environment, &tools.cargo, cancel)?;
        let mut targets = bench.list(&build, &workspace, &manifest, options, limits, events, cancel)?;
        bench.list_programs(place, &build, options, &mut targets, limits, events, cancel)?;
        Ok::<_, PipelineError>(targets)
    })();
    bench.workbench.seat(Seat::Builder)?;
    process::settle();
    let prepared = Prepared { targets: listed?, build };
    Ok(PreparedSide {
        prepared,
        source,
        tree,
        label: request.what,
        variant: request.variant,
        untouched: BTreeSet::new(),
        was_kept,
        is_built: true,
    })
}
