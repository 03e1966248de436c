//! What `run` compares with: a base whose executables are kept here. It never builds one.

use super::compare::{CompareOutcome, CompareRequest, compare_sides};
use super::prepare::{Bench, build_request, limits};
use super::run::{BaselineChoice, RunRequest};
use super::sides::{PreparedSide, SideSpec, prepare_side, tree_of};
use super::{PipelineError, Place, Tools};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::environment;
use crate::event::{Event, EventSink};
use crate::store::Store;
use crate::vcs::CommitId;

/// The commits that may be the base, the best first.
pub(super) fn candidates(place: &Place, request: &RunRequest, store: &Store) -> Result<Vec<CommitId>, PipelineError> {
    let Some(repository) = &place.repository else { return without_repository(request) };
    let baseline = |name: &str| -> Result<Option<CommitId>, PipelineError> {
        let fingerprint = environment::detect().fingerprint();
        let found = store.baseline(name, &fingerprint, &request.options.profile, &request.options.features)?;
        Ok(found.map(|baseline| CommitId(baseline.commit)))
    };
    match &request.baseline {
        BaselineChoice::None => Ok(Vec::new()),
        BaselineChoice::Named(name) => {
            if let Some(commit) = baseline(name)? {
                return Ok(vec![commit]);
            }
            if store.baselines()?.iter().any(|known| known.name == *name) {
                // Of another environment, profile or feature set: said where it is held against it.
                return Ok(Vec::new());
            }
            let unknown = PipelineError::Unknown { what: "baseline", name: name.clone() };
            repository.resolve(name).map(|commit| vec![commit]).map_err(|_| unknown)
        }
        BaselineChoice::Default => {
            let mut found = Vec::new();
            if let Some(head) = repository.head()?.commit {
                if let Some((_, branch)) = repository.default_branch(request.default_branch.as_deref())
                    && let Some(start) = repository.merge_base(&head, &branch)?
                    && start != head
                {
                    found.push(start);
                }
                // A tree that is as HEAD says is not compared with itself.
                if repository.working_tree()?.dirty {
                    found.push(head);
                }
            }
            found.extend(baseline("main")?.filter(|commit| !found.contains(commit)));
            Ok(found)
        }
    }
}

fn without_repository(request: &RunRequest) -> Result<Vec<CommitId>, PipelineError> {
    match &request.baseline {
        BaselineChoice::Named(name) => Err(PipelineError::Unknown { what: "baseline", name: name.clone() }),
        BaselineChoice::Default | BaselineChoice::None => Ok(Vec::new()),
    }
}

/// The first of some commits whose executables are kept here, ready to run.
pub(super) fn kept(
    bench: &mut Bench,
    place: &Place,
    tools: &Tools,
    request: &RunRequest,
    candidates: &[CommitId],
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<Option<PreparedSide>, PipelineError> {
    let options = &request.options;
    for commit in candidates {
        let spec = SideSpec::Commit(commit.clone());
        // A commit that this clone has no more is no base.
        let Ok(side) = tree_of(place, &spec, &options.include, events) else { continue };
        if bench.workbench.kept_build(&side.0, &build_request(place, &side.2, options), cancel)?.is_some() {
            let limits = limits(&request.settings);
            return prepare_side(bench, place, tools, side, options, limits, events, cancel).map(Some);
        }
    }
    if let (Some(commit), true) = (candidates.first(), request.baseline != BaselineChoice::None) {
        let short = commit.short();
        events.event(Event::Remark {
            message: format!("no executables of {short} are kept here: measured alone"),
            hint: Some(format!("`cargo perfguard compare {short}` builds them and compares in pairs")),
        });
    }
    Ok(None)
}

/// Compares the working tree with a kept base.
#[expect(clippy::too_many_arguments, reason = "one call of a whole way through")]
pub(super) fn compare(
    bench: &mut Bench,
    place: &Place,
    tools: &Tools,
    request: &RunRequest,
    base: &PreparedSide,
    store: &mut Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<CompareOutcome, PipelineError> {
    let options = &request.options;
    let head = tree_of(place, &SideSpec::WorkingTree, &options.include, events)?;
    let head = prepare_side(bench, place, tools, head, options, limits(&request.settings), events, cancel)?;
    let base_commit = CommitId(base.source.commit.clone().unwrap_or_default());
    let asked = CompareRequest {
        options: options.clone(),
        filter: request.filter.clone(),
        settings: request.settings.clone(),
        base: SideSpec::Commit(base_commit),
        head: SideSpec::WorkingTree,
        variants: Default::default(),
        between: None,
        rules: request.rules.clone(),
        purpose: "cargo perfguard run",
        only_affected: false,
        all_the_same: Some("`--force` measures both all the same, `--no-baseline` the working tree alone"),
    };
    let outcome = compare_sides(bench, place, base, &head, &asked, store, clock, events, cancel)?;
    bench.workbench.forget_other_trees(head.seat())?;
    super::clean::keep_within(bench, options, store, clock, events)?;
    Ok(outcome)
}
