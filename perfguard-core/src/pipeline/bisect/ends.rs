//! The two ends of a range against each other: only a benchmark that differs there has a culprit between them. And the
//! walk back to a good end, where none is named.

use super::BisectError;
use super::sitting::{FIRST_GUESS, Sitting};
use crate::analyse::{Designs, Known, PairedTest, TestPlan, conclude};
use crate::bisect::{Ends, Fact};
use crate::environment;
use crate::judge::Rules;
use crate::model::{BenchmarkId, Direction, Effect, MetricId, Side, Verdict};
use crate::pipeline::PipelineError;
use crate::pipeline::compare::require_benchmarks;
use crate::pipeline::matching::{Both, Matched, match_sides};
use crate::report::format::counted;
use crate::vcs::CommitId;
use perfguard_stats::sequential::Verdict as Shown;

/// Pairs of the ends, whatever is decided before: all are data of the search.
const LEAST_PAIRS: usize = 16;
/// Further pairs at a time.
const MORE_PAIRS: usize = 8;
/// The most pairs that the test of the ends is planned for.
const MOST_PAIRS: usize = 40;
/// The farthest that is walked back.
const FARTHEST: usize = 1 << 14;
/// Commits that are tried where one on the way back does not build.
const TRIED: usize = 4;

/// What the ends showed of one benchmark.
pub(super) struct AtEnds {
    pub(super) both: Both,
    pub(super) metric: MetricId,
    pub(super) verdict: Verdict,
    /// Bad over good.
    pub(super) effect: Option<Effect>,
    /// Why it cannot be searched for, or what was shown, in words.
    pub(super) reason: String,
    /// What the search begins with, where there is something to search for.
    pub(super) ends: Option<Ends>,
}

impl Sitting<'_> {
    /// The good end: the one that was named, one that an earlier comparison knows, or the nearest on the way back that was
    /// better.
    pub(super) fn good_end(&mut self) -> Result<CommitId, PipelineError> {
        if let Some(good) = &self.request.good {
            return Ok(good.clone());
        }
        let bad = self.request.bad.clone();
        self.prepare_end(&bad, "bad")?;
        if let Some(good) = self.good_end_of_the_store(&bad)? {
            return Ok(good);
        }
        let line = self.repository.first_parents(&bad, FARTHEST);
        let mut distance = 1;
        let mut looked_at = 0;
        while distance < line.len() {
            let candidates = line[distance..line.len().min(distance + TRIED)].to_vec();
            let mut built = None;
            for candidate in candidates {
                if self.prepare(&candidate)?.is_ok() {
                    built = Some(candidate);
                    break;
                }
            }
            if let Some(good) = built {
                looked_at += 1;
                let back = counted(distance, "commit");
                self.remark(format!("was it better at {}, {back} back?", good.short()));
                match self.at_ends(&good, &bad, None) {
                    Ok(found) if found.iter().any(|one| one.ends.is_some()) => return Ok(good),
                    Ok(_) => {}
                    // Before the benchmark was there, nothing can be better.
                    Err(PipelineError::Bisect(BisectError::NoBenchmark { .. })) => break,
                    Err(error) => return Err(error),
                }
            }
            if self.cancel.is_cancelled() || self.is_over() {
                break;
            }
            // The oldest commit is the last chance.
            distance = if distance == line.len() - 1 { line.len() } else { (2 * distance).min(line.len() - 1) };
        }
        if self.cancel.is_cancelled() {
            return Err(PipelineError::Interrupted);
        }
        let wanted = if self.request.faster { "slower" } else { "faster" };
        let shallow = self.repository.is_shallow();
        Err(BisectError::NoGoodEnd { looked_at, wanted, bad: bad.short().to_owned(), shallow }.into())
    }

    /// The base of the newest comparison in the store in which head was the bad end, or one of its ancestors, and something
    /// that is meant here had changed.
    fn good_end_of_the_store(&mut self, bad: &CommitId) -> Result<Option<CommitId>, PipelineError> {
        let wanted = if self.request.faster { Verdict::Improved } else { Verdict::Regressed };
        for (base, head, ids) in self.store.changed_commits(wanted)? {
            let is_meant = ids.iter().any(|id| self.request.filter.matches(id));
            let ancestors = self.repository.is_ancestor(&head, &bad.0) && self.repository.is_ancestor(&base, &head);
            if is_meant && ancestors && base != bad.0 {
                let good = CommitId(base);
                self.remark(format!("good is {}: an earlier comparison saw the change after it", good.short()));
                return Ok(Some(good));
            }
        }
        Ok(None)
    }

    /// Compares the two ends, as far as that was not done before; of one benchmark only, where one is named.
    pub(super) fn at_ends(
        &mut self,
        good: &CommitId,
        bad: &CommitId,
        only: Option<&BenchmarkId>,
    ) -> Result<Vec<AtEnds>, PipelineError> {
        self.prepare_end(good, "good")?;
        self.prepare_end(bad, "bad")?;
        let mut benchmarks = self.at_both(good, bad)?;
        benchmarks.retain(|both| only.is_none_or(|only| both.id == *only));
        let mut tests = self.tests(&benchmarks);
        let mut failures: Vec<Option<String>> = vec![None; benchmarks.len()];
        let mut heard = vec![0; benchmarks.len()];
        let identical = self.identical(good, bad, &benchmarks)?;
        loop {
            for (index, both) in benchmarks.iter().enumerate() {
                let known = self.notebook.pairs(good, bad, &both.id);
                while let Some(pair) = known.get(heard[index]).filter(|_| !is_enough(&tests[index], heard[index])) {
                    tests[index].push_values(pair.values, pair.quantum, pair.layout);
                    heard[index] += 1;
                }
                failures[index] =
                    self.notebook.skipped(bad, &both.id).or(self.notebook.skipped(good, &both.id)).map(str::to_owned);
            }
            let wanted: Vec<usize> = (0..benchmarks.len())
                .map(|index| {
                    let is_open = failures[index].is_none() && !identical[index];
                    let missing = LEAST_PAIRS.saturating_sub(heard[index]);
                    let more = if missing > 0 { missing } else { MORE_PAIRS };
                    if is_open && !is_enough(&tests[index], heard[index]) { more } else { 0 }
                })
                .collect();
            if wanted.iter().all(|pairs| *pairs == 0) || self.cancel.is_cancelled() || self.is_over() {
                break;
            }
            let is_first = heard.iter().all(|count| *count == 0);
            if is_first {
                let count = counted(wanted.iter().filter(|pairs| **pairs > 0).count(), "benchmark");
                self.remark(format!("comparing good {} with bad {}: {count}", good.short(), bad.short()));
            }
            let measured = self.measure(good, bad, &benchmarks, &wanted, is_first)?;
            self.learn_costs(measured.spent.as_secs_f64() / f64::from(measured.pairs.max(1)))?;
            for (both, failure) in benchmarks.iter().zip(measured.failures) {
                let Some((side, reason)) = failure else { continue };
                let commit = if side == Side::Base { good } else { bad };
                let benchmark = Some(both.id.clone());
                self.notebook.note(&Fact::Skipped { commit: commit.0.clone(), benchmark, reason })?;
            }
        }
        let parts = benchmarks.into_iter().zip(tests).zip(failures).zip(identical);
        Ok(parts.map(|(((both, test), failure), same)| self.shown(good, both, test, failure, same)).collect())
    }

    /// The benchmarks that are meant and that both ends have.
    fn at_both(&self, good: &CommitId, bad: &CommitId) -> Result<Vec<Both>, PipelineError> {
        let (base, head) = (&self.sides[good], &self.sides[bad]);
        let filter = &self.request.filter;
        let matched = match_sides(&base.prepared, &head.prepared, filter);
        require_benchmarks(self.place, base, head, filter, matched == Matched::default())?;
        if let (Some(one), true) = (matched.single.first(), matched.both.is_empty()) {
            let at = [("good", good), ("bad", bad)].into_iter().find_map(|(which, commit)| {
                let reason = self.placed(commit, &one.id).err()?;
                Some(format!("`{}` at {which} ({}): {reason}", one.id, commit.short()))
            });
            let reason = at.unwrap_or_else(|| format!("`{}` has another harness at each", one.id));
            return Err(BisectError::NoBenchmark { reason }.into());
        }
        Ok(matched.both)
    }

    /// A test of each benchmark, planned by what is known of its noise.
    fn tests(&self, benchmarks: &[Both]) -> Vec<PairedTest> {
        let fingerprint = environment::detect().fingerprint();
        let mut designs = Designs::default();
        let test = |both: &Both| {
            let rules = Rules::of(&self.request.options.tables, &both.id, self.request.threshold);
            let known = Known {
                threshold: rules.threshold,
                pair_spread: self.store.pair_spread(&both.id, &fingerprint).ok().flatten(),
                affordable: MOST_PAIRS,
                most_pairs: usize::MAX,
                fastest_counts: true,
                one_layout: false,
                counts: false,
            };
            PairedTest::new(&TestPlan::first(&known, &mut designs))
        };
        benchmarks.iter().map(test).collect()
    }

    /// Writes down what measuring and building cost, the first time that it is known.
    fn learn_costs(&mut self, pair_seconds: f64) -> Result<(), PipelineError> {
        if self.notebook.costs.is_some() {
            return Ok(());
        }
        let build_seconds = self.notebook.build_seconds(FIRST_GUESS);
        self.notebook.note(&Fact::Costs { pair_seconds, build_seconds })
    }

    fn shown(&self, good: &CommitId, both: Both, mut test: PairedTest, failure: Option<String>, same: bool) -> AtEnds {
        test.finish();
        let metric = self.sides[good].prepared.targets[both.base].decides();
        let more_is_worse = metric.direction() == Direction::LowerIsBetter;
        let nothing = |both: Both, metric, verdict, reason: String| AtEnds {
            both,
            metric,
            verdict,
            effect: None,
            reason,
            ends: None,
        };
        if let Some(reason) = failure {
            return nothing(both, metric, Verdict::Failed, reason);
        }
        if same {
            return nothing(both, metric, Verdict::Unchanged, "what both ends run is identical".to_owned());
        }
        let is_up = match test.shown() {
            Shown::Regressed => true,
            Shown::Improved => false,
            Shown::Unchanged | Shown::Undecided => {
                let verdict = if test.is_unchanged() { Verdict::Unchanged } else { Verdict::Undecided };
                let reason = conclude(&test, None, more_is_worse).reason;
                return AtEnds { effect: test.effect(), ..nothing(both, metric, verdict, reason) };
            }
        };
        let is_worse = is_up == more_is_worse;
        let verdict = if is_worse { Verdict::Regressed } else { Verdict::Improved };
        let is_wanted = is_worse != self.request.faster;
        let reason = match (is_wanted, is_worse) {
            (true, _) => "the ends differ".to_owned(),
            (false, true) => "it became worse: `bisect` without `--faster` looks for that".to_owned(),
            (false, false) => "it became better: `--faster` looks for that".to_owned(),
        };
        let ends = is_wanted.then(|| Ends {
            pairs: test.runs().collect(),
            pair_spread: test.single_spread().unwrap_or(0.02),
            repeats: test.repeats(),
            is_up,
        });
        AtEnds { effect: test.effect(), ends, ..nothing(both, metric, verdict, reason) }
    }
}

fn is_enough(test: &PairedTest, heard: usize) -> bool {
    heard >= LEAST_PAIRS && test.is_over()
}
