//! From what the searches found to culprits: each compared with what came before it on fresh pairs, and a merge looked into.

use super::BisectError;
use super::ends::AtEnds;
use super::plan::commit_row;
use super::range::Range;
use super::sitting::Sitting;
use crate::bisect::{Fact, Hunt};
use crate::model::{BenchmarkId, Effect, Interval, RunSettings, Variant, Verdict, Verification};
use crate::pipeline::PipelineError;
use crate::pipeline::compare::{CompareRequest, CompareRules, compare_sides};
use crate::pipeline::sides::SideSpec;
use crate::plan::Filter;
use crate::report::format::{counted, quoted, short};
use crate::report::{BisectEnded, BisectRow, BisectView, CulpritRow, SkippedCommit};
use crate::vcs::CommitId;
use perfguard_stats::search::Change;

/// Standard deviations on either side of an interval of 95 %.
const WIDE: f64 = 1.96;
const LEVEL: f64 = 0.95;
/// How deep merges within merges are looked into.
const DEEPEST: usize = 8;
/// How far back a commit that can be built is looked for, before a culprit.
const FARTHEST: usize = 8;

/// What was found in a whole range.
pub(super) struct Found {
    range: Range,
    rows: Vec<BisectRow>,
    end: BisectEnded,
}

impl Sitting<'_> {
    /// The whole of it: the ends, the search, the culprits.
    pub(super) fn whole(&mut self) -> Result<Found, PipelineError> {
        let good = self.good_end()?;
        let all_parents = self.request.all_parents;
        let range = Range::between(self.repository, &good, &self.request.bad, all_parents)?;
        let at_ends = self.at_ends(range.good(), range.bad(), None)?;
        let (hunts, end) = if at_ends.iter().any(|one| one.ends.is_some()) {
            self.search(&range, &at_ends)?
        } else if self.cancel.is_cancelled() {
            (Vec::new(), BisectEnded::Interrupted)
        } else if self.is_over() {
            (Vec::new(), BisectEnded::Budget)
        } else {
            (Vec::new(), BisectEnded::NoDifference)
        };
        let mut rows = Vec::new();
        for one in at_ends {
            let hunt = hunts.iter().find(|hunt| hunt.id == one.both.id);
            rows.push(self.row(&range, one, hunt)?);
        }
        let end = if end == BisectEnded::Done && self.cancel.is_cancelled() { BisectEnded::Interrupted } else { end };
        Ok(Found { range, rows, end })
    }

    fn row(&mut self, range: &Range, one: AtEnds, hunt: Option<&Hunt>) -> Result<BisectRow, PipelineError> {
        let outcome = hunt.map(Hunt::outcome);
        let mut culprits = Vec::new();
        for change in outcome.iter().flat_map(|outcome| &outcome.changes).filter(|change| !change.commits.is_empty()) {
            culprits.push(self.culprit(range, &one.both.id, change, DEEPEST)?);
        }
        Ok(BisectRow {
            id: one.both.id,
            metric: one.metric,
            ends: one.verdict,
            effect: one.effect,
            reason: one.reason,
            culprits,
            elsewhere: outcome.map_or(0.0, |outcome| outcome.elsewhere),
        })
    }

    fn culprit(
        &mut self,
        range: &Range,
        id: &BenchmarkId,
        change: &Change,
        depth: usize,
    ) -> Result<CulpritRow, PipelineError> {
        let (first, last) = (change.commits[0], change.commits[change.commits.len() - 1]);
        let is_certain = change.posterior >= self.request.certainty && !self.cancel.is_cancelled();
        // A set with holes is not one change between two commits.
        let is_run = last - first < change.commits.len() + self.skipped_between(range, id, first, last);
        let culprit = range.commits[last].clone();
        let (before, verification) = if is_certain && is_run {
            let before = self.built_before(range, first)?;
            let verification = self.verify(id, &before, &culprit)?;
            (before, verification)
        } else {
            (range.commits[first - 1].clone(), None)
        };
        let wanted = if self.request.faster { Verdict::Improved } else { Verdict::Regressed };
        let is_verified = verification.as_ref().is_some_and(|known| known.verdict == wanted);
        let searched = Effect {
            ratio: change.effect.exp(),
            interval: Some(Interval {
                low: (change.effect - WIDE * change.deviation).exp(),
                high: (change.effect + WIDE * change.deviation).exp(),
                level: LEVEL,
            }),
        };
        let shown = verification.as_ref().filter(|_| is_verified).and_then(|known| known.effect);
        let merged = if is_verified && change.commits.len() == 1 && depth > 0 {
            self.merged(&culprit, id, depth)?
        } else {
            Vec::new()
        };
        Ok(CulpritRow {
            commits: change
                .commits
                .iter()
                .map(|at| commit_row(self.repository, &range.commits[*at]))
                .collect::<Result<_, _>>()?,
            before: commit_row(self.repository, &before)?,
            posterior: change.posterior,
            effect: shown.unwrap_or(searched),
            verification,
            is_verified,
            merged,
        })
    }

    fn skipped_between(&self, range: &Range, id: &BenchmarkId, first: usize, last: usize) -> usize {
        range.commits[first..=last].iter().filter(|commit| self.notebook.skipped(commit, id).is_some()).count()
    }

    /// The nearest commit before a number that can be built.
    fn built_before(&mut self, range: &Range, first: usize) -> Result<CommitId, PipelineError> {
        for back in 1..=FARTHEST.min(first) {
            let commit = range.commits[first - back].clone();
            if self.cancel.is_cancelled() || self.prepare(&commit)?.is_ok() {
                return Ok(commit);
            }
        }
        Ok(range.good().clone())
    }

    /// Compares a culprit with what came before it, by the two-stage test of every comparison.
    fn verify(
        &mut self,
        id: &BenchmarkId,
        before: &CommitId,
        culprit: &CommitId,
    ) -> Result<Option<Verification>, PipelineError> {
        if let Some(known) = self.notebook.verified(id, before, culprit) {
            return Ok(Some(known.clone()));
        }
        if self.prepare(culprit)?.is_err() || self.both(before, culprit, id).is_err() {
            return Ok(None);
        }
        self.remark(format!("verifying {} against {} on fresh pairs", culprit.short(), before.short()));
        let request = self.request;
        let side = |commit: &CommitId| SideSpec::Commit(commit.clone());
        let compare = CompareRequest {
            options: request.options.clone(),
            filter: Filter { words: vec![id.to_string()], exact: true },
            settings: RunSettings {
                seed: request.settings.seed ^ FRESH,
                filter: vec![id.to_string()],
                exact: true,
                ..request.settings.clone()
            },
            base: side(before),
            head: side(culprit),
            variants: <[Variant; 2]>::default(),
            between: None,
            rules: CompareRules {
                threshold: request.threshold,
                layouts: request.layouts,
                force: true,
                gate: Vec::new(),
                ignore: request.ignore.clone(),
                witness: false,
                strict: false,
                most_pairs: None,
            },
            purpose: "cargo perfguard bisect",
            only_affected: false,
            all_the_same: None,
        };
        let Self { bench, sides, store, clock, events, cancel, place, .. } = self;
        let (base, head) = (&sides[before], &sides[culprit]);
        let outcome = compare_sides(bench, place, base, head, &compare, store, *clock, *events, cancel)?;
        let Some(found) = outcome.comparisons.into_iter().find(|one| one.id == *id) else { return Ok(None) };
        if outcome.interrupted {
            return Ok(None);
        }
        let verification = Verification {
            benchmark: id.clone(),
            base: before.0.clone(),
            commit: culprit.0.clone(),
            verdict: found.verdict,
            reason: found.reason,
            effect: found.effect,
        };
        self.notebook.note(&Fact::Verified(verification.clone()))?;
        self.note_time()?;
        Ok(Some(verification))
    }

    /// What is found among the commits that a merge brought in; nothing where the culprit is no merge, or where what it
    /// brought in did not change the benchmark by itself.
    fn merged(&mut self, culprit: &CommitId, id: &BenchmarkId, depth: usize) -> Result<Vec<CulpritRow>, PipelineError> {
        let parents = self.repository.parents(culprit)?;
        let [first, second, ..] = &parents[..] else { return Ok(Vec::new()) };
        if self.request.all_parents || self.is_over() {
            return Ok(Vec::new());
        }
        let Some(start) = self.repository.merge_base(first, second)?.filter(|start| start != second) else {
            return Ok(Vec::new());
        };
        let range = Range::between(self.repository, &start, second, false)?;
        let brought = counted(range.last(), "commit");
        self.remark(format!("{} is a merge: looking among the {brought} that it brought in", culprit.short()));
        let at_ends = match self.at_ends(&start, second, Some(id)) {
            Ok(at_ends) => at_ends,
            Err(PipelineError::Bisect(BisectError::EndDoesNotBuild { .. } | BisectError::NoBenchmark { .. })) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let at_ends: Vec<AtEnds> = at_ends.into_iter().filter(|one| one.ends.is_some()).collect();
        if at_ends.is_empty() {
            return Ok(Vec::new());
        }
        let (hunts, _) = self.search(&range, &at_ends)?;
        let mut found = Vec::new();
        for change in hunts.iter().flat_map(|hunt| hunt.outcome().changes) {
            if !change.commits.is_empty() {
                found.push(self.culprit(&range, id, &change, depth - 1)?);
            }
        }
        Ok(found)
    }

    /// The command that repeats the search.
    fn again(&self, range: &Range, rows: &[BisectRow]) -> String {
        let mut words = vec!["cargo perfguard bisect".to_owned()];
        words.extend(self.request.faster.then(|| "--faster".to_owned()));
        words.extend(self.request.all.then(|| "--all".to_owned()));
        words.extend(self.request.bench_from.iter().map(|commit| format!("--bench-from {}", commit.short())));
        words.push(format!("--good {} --bad {}", range.good().short(), range.bad().short()));
        if let Some(command) = &self.request.command {
            words.extend(command.set_up.iter().map(|set_up| format!("--setup {}", quoted(set_up))));
            words.push(format!("--run {}", quoted(&command.run)));
            return words.join(" ");
        }
        let searched = rows.iter().filter(|row| !row.culprits.is_empty()).map(|row| quoted(&row.id.to_string()));
        let searched: Vec<String> = searched.collect();
        if searched.is_empty() {
            words.extend(self.request.filter.words.iter().map(|word| quoted(word)));
        } else {
            words.extend(searched);
        }
        words.join(" ")
    }

    /// Leaves everything in order, and puts together what is shown.
    pub(super) fn close(mut self, found: Result<Found, PipelineError>) -> Result<BisectView, PipelineError> {
        self.tidy_up()?;
        let Found { range, rows, end } = found?;
        if matches!(end, BisectEnded::Done | BisectEnded::NoDifference) {
            self.notebook.note(&Fact::Ended)?;
        }
        let (good, bad) = (commit_row(self.repository, range.good())?, commit_row(self.repository, range.bad())?);
        let mut view = BisectView::new(good, bad, range.last(), self.request.certainty, end);
        view.skipped = self
            .notebook
            .all_skipped()
            .map(|(commit, benchmark, reason)| SkippedCommit {
                commit: commit.to_owned(),
                benchmark: benchmark.cloned(),
                reason: reason.to_owned(),
            })
            .collect();
        let tally = self.notebook.tally;
        (view.builds, view.failed_builds, view.pairs) = (tally.builds, tally.failed_builds, tally.pairs);
        view.seconds = self.notebook.earlier.as_secs_f64();
        // What was carried back, or is no bench, is not there to be explained.
        let is_there = self.request.command.is_none() && self.request.bench_from.is_none();
        view.next = next_command(&rows).filter(|_| is_there);
        view.command = self.again(&range, &rows);
        view.benchmarks = rows;
        Ok(view)
    }
}

/// The command that explains the first culprit that was verified.
fn next_command(rows: &[BisectRow]) -> Option<String> {
    let (row, culprit) = rows.iter().find_map(|row| Some((row, row.culprits.iter().find(|one| one.is_verified)?)))?;
    // What merges brought in tells more than the merge.
    let culprit = culprit.merged.first().filter(|inner| inner.is_verified).unwrap_or(culprit);
    let last = culprit.commits.last()?;
    let id = quoted(&row.id.to_string());
    Some(format!("cargo perfguard explain {} {} {id}", short(&culprit.before.id), short(&last.id)))
}

/// Drawings of verifications are not those of the search.
const FRESH: u64 = 0x5eed_f4e5;
