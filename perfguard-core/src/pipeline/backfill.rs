//! `backfill`: past commits, each measured in pairs against one anchor, so that the drift of the machine cancels. What the
//! store knows, and what cannot differ, is not measured.

use std::collections::BTreeMap;
use std::time::Duration;

use super::bisect::{Range, commit_row, weights_of, why_not};
use super::clean::keep_within;
use super::compare::{CompareRequest, compare_sides, require_benchmarks};
use super::matching::match_sides;
use super::prepare::{Bench, limits};
use super::sides::{PreparedSide, SideSpec, prepare_side, repository, tree_of};
use super::{PipelineError, Place, Tools};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::environment;
use crate::event::{Event, EventSink};
use crate::model::{BenchmarkId, Comparison, RunId, TargetId};
use crate::report::{BackfillView, CommitRow, PastBenchmark, PastState};
use crate::store::Store;
use crate::vcs::{CommitId, Repository};

/// In which order commits are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackfillOrder {
    /// The newest first.
    Newest,
    /// The middle of the largest gap first: what is known after any time is spread evenly.
    Gaps,
}

/// What the user asked of `backfill`.
#[derive(Debug, Clone)]
pub struct BackfillRequest {
    /// How each commit is compared with the anchor; `head` and `base` are not looked at.
    pub compare: CompareRequest,
    /// The commits, oldest first.
    pub commits: Vec<CommitId>,
    /// What all are measured against.
    pub anchor: CommitId,
    /// In which order.
    pub order: BackfillOrder,
    /// Time of everything; none: as long as it takes.
    pub budget: Option<Duration>,
}

/// Which commits of a history are meant.
#[derive(Debug, Clone, Default)]
pub struct PastSelection {
    /// Only every so many-th, counted from the newest.
    pub every: Option<usize>,
    /// Only those written since, nanoseconds since the Unix epoch.
    pub since_ns: Option<i64>,
    /// Only those that a tag names.
    pub tags: bool,
}

/// The commits that a range and a selection mean, oldest first: `A..B`, or all first parents of one revision.
///
/// # Errors
/// When a revision is unknown, or nothing is left.
pub fn past_commits(place: &Place, range: &str, selection: &PastSelection) -> Result<Vec<CommitId>, PipelineError> {
    const MOST: usize = 1 << 16;
    let repository = repository(place)?;
    let or_head = |text: &str| if text.is_empty() { "HEAD".to_owned() } else { text.to_owned() };
    let mut commits = if let Some((from, to)) = range.split_once("..") {
        let (from, to) = (repository.resolve(&or_head(from))?, repository.resolve(&or_head(to))?);
        repository.between(&from, &to, true)?
    } else {
        let mut line = repository.first_parents(&repository.resolve(range)?, MOST);
        line.reverse();
        line
    };
    if selection.tags {
        let tagged = repository.tagged();
        commits.retain(|commit| tagged.contains(commit));
    }
    if let Some(since) = selection.since_ns {
        commits.retain(|commit| repository.commit(commit).is_ok_and(|known| known.authored_at_ns >= since));
    }
    if let Some(every) = selection.every {
        let last = commits.len().saturating_sub(1);
        let mut at = 0;
        commits.retain(|_| {
            at += 1;
            (last + 1 - at).is_multiple_of(every.max(1))
        });
    }
    if commits.is_empty() {
        return Err(PipelineError::NothingToMeasure { reason: format!("no commit is left of `{range}`") });
    }
    Ok(commits)
}

/// Measures the commits.
///
/// # Errors
/// When the anchor does not build, or the store cannot be written. Commits that do not build are skipped and named.
pub fn backfill(
    place: &Place,
    tools: &Tools,
    request: &BackfillRequest,
    store: &mut Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<BackfillView, PipelineError> {
    let start = clock.monotonic();
    let repository = repository(place)?;
    let options = &request.compare.options;
    let mut bench = Bench::open(place, tools, options, request.compare.purpose, events, cancel)?;
    let build = |bench: &mut Bench, commit: &CommitId, events: &mut dyn EventSink| {
        let of = tree_of(place, &SideSpec::Commit(commit.clone()), &options.include, events)?;
        prepare_side(bench, place, tools, of, options, limits(&request.compare.settings), events, cancel)
    };
    let anchor = build(&mut bench, &request.anchor, events)?;
    let wanted = match_sides(&anchor.prepared, &anchor.prepared, &request.compare.filter).both;
    require_benchmarks(place, &anchor, &anchor, &request.compare.filter, wanted.is_empty())?;
    let wanted: Vec<BenchmarkId> = wanted.into_iter().map(|both| both.id).collect();
    let past = Past { repository, bench: &bench, anchor: &anchor, request };
    let same = past.same()?;
    let known = past.known(store, &wanted)?;
    let rows: Vec<CommitRow> =
        request.commits.iter().map(|one| commit_row(repository, one)).collect::<Result<_, _>>()?;
    let mut view = BackfillView::new(commit_row(repository, &request.anchor)?, rows);
    for at in order(&request.commits, request.order, |at| same[at].is_some() || known.contains_key(&at)) {
        if let Some(run) = known.get(&at) {
            view.commits[at].state = PastState::Known;
            let found = store.comparison(*run)?.map(|(_, comparisons)| comparisons).unwrap_or_default();
            view.commits[at].benchmarks = benchmarks(found);
            continue;
        }
        if same[at].is_some() {
            continue;
        }
        let is_over = request.budget.is_some_and(|budget| clock.monotonic().saturating_sub(start) >= budget);
        if is_over || cancel.is_cancelled() {
            continue;
        }
        let commit = &request.commits[at];
        events.event(Event::Remark { message: format!("{} of the past", commit.short()), hint: None });
        let side = match build(&mut bench, commit, events) {
            Ok(side) => side,
            Err(error) => {
                let Some(reason) = why_not(&error) else {
                    if error.is_interruption() {
                        continue;
                    }
                    return Err(error);
                };
                view.commits[at].state = PastState::Skipped { reason };
                continue;
            }
        };
        view.builds += usize::from(!side.was_kept);
        let compare = CompareRequest {
            base: SideSpec::Commit(request.anchor.clone()),
            head: SideSpec::Commit(commit.clone()),
            ..request.compare.clone()
        };
        let outcome = match compare_sides(&mut bench, place, &anchor, &side, &compare, store, clock, events, cancel) {
            Ok(outcome) => outcome,
            Err(PipelineError::NoMatch { .. } | PipelineError::NothingToMeasure { .. }) => {
                view.commits[at].state = PastState::Skipped { reason: "it has none of the benchmarks".to_owned() };
                continue;
            }
            Err(error) => return Err(error),
        };
        if outcome.interrupted {
            continue;
        }
        view.commits[at].state = if outcome.run.is_some() {
            view.measured += 1;
            PastState::Measured
        } else {
            PastState::Same { as_commit: request.anchor.0.clone() }
        };
        view.commits[at].benchmarks = benchmarks(outcome.comparisons);
    }
    // What holds for a commit holds for those after it that changed nothing.
    for (at, of) in same.iter().enumerate() {
        let Some(of) = *of else { continue };
        let source = view.commits[of].clone();
        match source.state {
            PastState::Left | PastState::Skipped { .. } => view.commits[at].state = source.state,
            PastState::Same { as_commit } => view.commits[at].state = PastState::Same { as_commit },
            PastState::Measured | PastState::Known => {
                view.commits[at].state = PastState::Same { as_commit: source.commit.id };
            }
        }
        view.commits[at].benchmarks = source.benchmarks;
    }
    view.left = view.commits.iter().filter(|past| past.state == PastState::Left).count();
    keep_within(&mut bench, options, store, clock, events)?;
    view.seconds = clock.monotonic().saturating_sub(start).as_secs_f64();
    Ok(view)
}

/// What is known of the past before anything is measured.
struct Past<'a> {
    repository: &'a Repository,
    bench: &'a Bench,
    anchor: &'a PreparedSide,
    request: &'a BackfillRequest,
}

impl Past<'_> {
    /// Of each commit, the one before it in the list whose executables it shares, because nothing between them touches what
    /// is built.
    fn same(&self) -> Result<Vec<Option<usize>>, PipelineError> {
        let commits = &self.request.commits;
        let targets: Vec<TargetId> = self.anchor.prepared.targets.iter().map(|target| target.id.clone()).collect();
        let (mut later, mut lists) = (Vec::new(), Vec::new());
        for (at, pair) in (1..).zip(commits.windows(2)) {
            let [before, commit] = pair else { continue };
            if self.repository.is_ancestor(&before.0, &commit.0) {
                let range = Range::between(self.repository, before, commit, false)?;
                later.push(at);
                lists.push(range.changes(self.repository)?.concat());
            }
        }
        let ignore = &self.request.compare.rules.ignore;
        let weights = weights_of(&lists, self.bench, [self.anchor, self.anchor], &targets, ignore);
        let mut same = vec![None; commits.len()];
        for (index, at) in later.into_iter().enumerate() {
            let touches_none = weights.values().all(|weights| weights[index] <= 0.0);
            same[at] = touches_none.then(|| at - 1);
        }
        Ok(same)
    }

    /// The runs that compared commits with the anchor here, of all benchmarks that are wanted.
    fn known(&self, store: &Store, wanted: &[BenchmarkId]) -> Result<BTreeMap<usize, RunId>, PipelineError> {
        let fingerprint = environment::detect().fingerprint();
        let mut known = BTreeMap::new();
        for (commit, run) in store.compared_with(&self.request.anchor.0, &fingerprint)? {
            let Some(at) = self.request.commits.iter().position(|one| one.0 == commit) else { continue };
            let Some((_, comparisons)) = store.comparison(run)? else { continue };
            if wanted.iter().all(|id| comparisons.iter().any(|one| one.id == *id)) {
                known.entry(at).or_insert(run);
            }
        }
        Ok(known)
    }
}

fn benchmarks(comparisons: Vec<Comparison>) -> Vec<PastBenchmark> {
    let of = |one: Comparison| PastBenchmark { id: one.id, effect: one.effect, verdict: one.verdict };
    comparisons.into_iter().map(of).collect()
}

/// The numbers of the commits in the order in which they are measured; what is known already splits gaps.
fn order(commits: &[CommitId], order: BackfillOrder, is_known: impl Fn(usize) -> bool) -> Vec<usize> {
    let all = (0..commits.len()).rev();
    if order == BackfillOrder::Newest {
        return all.collect();
    }
    let mut taken: Vec<bool> = (0..commits.len()).map(&is_known).collect();
    let mut found: Vec<usize> = all.filter(|at| taken[*at]).collect();
    // The ends first: every gap has two sides.
    for at in [commits.len() - 1, 0] {
        if !taken[at] {
            taken[at] = true;
            found.push(at);
        }
    }
    while found.len() < commits.len() {
        let mut largest = (0, 0);
        let mut start = None;
        for (at, is_taken) in taken.iter().enumerate() {
            match (is_taken, start) {
                (false, None) => start = Some(at),
                (true, Some(from)) => {
                    if at - from > largest.1 - largest.0 {
                        largest = (from, at);
                    }
                    start = None;
                }
                (false, Some(_)) | (true, None) => {}
            }
        }
        let middle = usize::midpoint(largest.0, largest.1);
        taken[middle] = true;
        found.push(middle);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(count: usize) -> Vec<CommitId> {
        (0..count).map(|at| CommitId(format!("{at:040}"))).collect()
    }

    #[test]
    fn gaps_are_halved_the_largest_first_and_what_is_known_splits_them() {
        assert_eq!(order(&ids(4), BackfillOrder::Newest, |_| false), [3, 2, 1, 0]);
        let gaps = order(&ids(9), BackfillOrder::Gaps, |_| false);
        assert_eq!(gaps[..3], [8, 0, 4]);
        assert_eq!(gaps.len(), 9);
        assert_eq!(order(&ids(9), BackfillOrder::Gaps, |at| at == 4)[..4], [4, 8, 0, 2]);
        assert_eq!(order(&ids(1), BackfillOrder::Gaps, |_| false), [0]);
    }
}
