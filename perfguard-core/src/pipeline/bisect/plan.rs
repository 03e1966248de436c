//! What a bisection would do: nothing is built for it.

use super::range::Range;
use super::sitting::FIRST_GUESS;
use super::{BisectRequest, BisectState};
use crate::build::{is_kept, is_not_read};
use crate::pipeline::sides::repository;
use crate::pipeline::{PipelineError, Place, Tools};
use crate::report::{BisectPlanView, CommitRow, timestamp};
use crate::vcs::{CommitId, Repository};

/// Builds beyond the halvings: the ends, the culprit's neighbour, and one for the noise.
const BEYOND: usize = 4;

/// Plans a bisection.
///
/// # Errors
/// When the range makes no sense, or a commit cannot be read.
pub fn plan_bisect(
    place: &Place,
    tools: &Tools,
    request: &BisectRequest,
    state: &BisectState,
) -> Result<BisectPlanView, PipelineError> {
    let repository = repository(place)?;
    let seen = state.last_build_seconds();
    let bad = commit_row(repository, &request.bad)?;
    let mut view = BisectPlanView::new(bad, seen.unwrap_or(FIRST_GUESS), seen.is_none());
    let Some(good) = &request.good else { return Ok(view) };
    let range = Range::between(repository, good, &request.bad, request.all_parents)?;
    let changes = range.changes(repository)?;
    let touches = |files: &&Vec<crate::vcs::ChangedFile>| {
        files.iter().any(|file| {
            let is_prose = file.path.extension().is_some_and(|extension| extension == "md");
            !is_prose && !is_not_read(&file.path)
        })
    };
    let candidates = changes.iter().filter(touches).count();
    let key = place.cache_key();
    let kept = range.commits.iter().filter(|commit| is_kept(&tools.cache, &key, &commit.0)).count();
    let halvings = usize::try_from(candidates.max(1).next_power_of_two().ilog2()).unwrap_or_default();
    view.good = Some(commit_row(repository, good)?);
    view.commits = Some(range.last());
    view.candidates = Some(candidates);
    view.kept = kept;
    view.builds = Some((halvings + BEYOND).min(range.commits.len()));
    Ok(view)
}

/// A commit as it is shown.
pub(in crate::pipeline) fn commit_row(repository: &Repository, commit: &CommitId) -> Result<CommitRow, PipelineError> {
    let known = repository.commit(commit)?;
    Ok(CommitRow {
        id: commit.0.clone(),
        subject: known.subject,
        author: known.author,
        authored_at: timestamp(known.authored_at_ns),
    })
}
