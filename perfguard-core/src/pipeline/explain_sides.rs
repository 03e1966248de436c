//! Which two sides and which benchmark `explain` is about, where the user leaves some of it to perfguard.

use super::compare::require_benchmarks;
use super::matching::{Both, Matched, match_sides};
use super::selection::named;
use super::sides::{PreparedSide, SideSpec, repository};
use super::{PipelineError, Place};
use crate::model::{BenchmarkId, Comparison, Run, RunCommand, Source, Verdict};
use crate::plan::Filter;
use crate::store::Store;
use crate::vcs::Repository;

/// So many runs are looked through for a comparison.
const MOST_RUNS: usize = 200;

/// A comparison that the store has.
pub(super) struct Known {
    pub(super) base: Run,
    pub(super) head: Run,
    pub(super) comparisons: Vec<Comparison>,
}

/// The newest comparison of the store that is wanted.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn newest(store: &Store, is_wanted: impl Fn(&Known) -> bool) -> Result<Option<Known>, PipelineError> {
    for summary in store.runs(MOST_RUNS)? {
        let run = summary.run;
        if run.command != RunCommand::Compare {
            continue;
        }
        let Some((whole, comparisons)) = store.comparison(run.id)?.filter(|(whole, _)| whole.head == run.id) else {
            continue;
        };
        let Some(base) = store.run(whole.base)? else { continue };
        let known = Known { base, head: run, comparisons };
        // Two builds of one tree are no change of its code.
        let is_of_commits = known.base.build.features == known.head.build.features;
        if is_of_commits && is_wanted(&known) {
            return Ok(Some(known));
        }
    }
    Ok(None)
}

/// The sides of the newest comparison that found the benchmark regressed, with why they were taken; else the last commit
/// and the one before.
///
/// # Errors
/// When the store or the repository cannot be read, or there is no commit before the last.
pub(super) fn default_sides(
    place: &Place,
    word: &str,
    store: &Store,
) -> Result<(SideSpec, SideSpec, String), PipelineError> {
    let repository = repository(place)?;
    let found = newest(store, |known| {
        let is_meant = |one: &Comparison| one.verdict == Verdict::Regressed && fits(&one.id, word);
        known.comparisons.iter().any(is_meant) && specs(repository, known).is_some()
    })?;
    if let Some((base, head)) = found.as_ref().and_then(|known| specs(repository, known)) {
        return Ok((base, head, "the sides are those of the last comparison that found it regressed".to_owned()));
    }
    let [base, head] = ["HEAD~1", "HEAD"].map(|revision| repository.resolve(revision).map(SideSpec::Commit));
    Ok((base?, head?, "the sides are the last commit and the one before: no comparison found it regressed".to_owned()))
}

/// The trees of a comparison, as far as they can be had again.
fn specs(repository: &Repository, known: &Known) -> Option<(SideSpec, SideSpec)> {
    let commit = |source: &Source| -> Option<SideSpec> {
        let commit = source.clean_commit().filter(|commit| repository.has_commit(commit))?;
        Some(SideSpec::Commit(repository.resolve(commit).ok()?))
    };
    let head = &known.head.source;
    let stands_on_it = || {
        let now = repository.head().ok()?.commit?;
        (head.dirty && head.commit.as_deref() == Some(now.0.as_str())).then_some(SideSpec::WorkingTree)
    };
    Some((commit(&known.base.source)?, commit(head).or_else(stands_on_it)?))
}

/// Whether a word is a part of a benchmark's id.
fn fits(id: &BenchmarkId, word: &str) -> bool {
    Filter { words: vec![word.to_owned()], exact: false }.matches(id)
}

/// The one benchmark that is meant: by its whole id, else by its whole name, else by a part of the id.
///
/// # Errors
/// When there is none, when there are several, or when one side does not have it.
pub(super) fn chosen(
    place: &Place,
    base: &PreparedSide,
    head: &PreparedSide,
    word: &str,
) -> Result<Both, PipelineError> {
    let filter = Filter { words: vec![word.to_owned()], exact: false };
    let Matched { both, single } = match_sides(&base.prepared, &head.prepared, &filter);
    require_benchmarks(place, base, head, &filter, both.is_empty() && single.is_empty())?;
    let ids = both.iter().map(|both| &both.id).chain(single.iter().map(|one| &one.id));
    let ids: Vec<BenchmarkId> = ids.cloned().collect();
    let id = named(&ids, word)?;
    match (both.iter().find(|both| both.id == *id), single.iter().find(|one| one.id == *id)) {
        (Some(both), _) => Ok(both.clone()),
        (None, one) => {
            let reason = one.map(|one| one.reason.clone()).unwrap_or_default();
            Err(PipelineError::NothingToMeasure { reason: format!("`{id}` cannot be compared: {reason}") })
        }
    }
}
