//! From what was measured of two sides to a comparison of each benchmark, and what the project's rules make of it.

use std::collections::BTreeMap;

use super::compare::{CompareRequest, differences};
use super::comparing::{Compared, Outcome};
use super::identical::Same;
use super::matching::{Both, Single};
use super::metrics::Recorded;
use super::plain::Plain;
use super::sides::PreparedSide;
use super::{PipelineError, Place};
use crate::analyse::{conclude, estimate, suite_wide};
use crate::build::Identity;
use crate::judge::{
    ACCEPTED_FILE, Accepted, Ancestry, Rules, acceptance_for, gate, loosened, missed_limits, parse_accepted, severity,
};
use crate::measure::PairsEnd;
use crate::model::{
    Comparison, Direction, Evidence, FailureKind, Finding, GateEffect, Layouts, MetricId, NullControl, Severity, Stage,
    SuiteWide, Unit, Verdict,
};
use crate::report::format::{amount, change, short};
use crate::store::Store;
use crate::vcs::Repository;

/// What is judged.
pub(super) struct Judging<'a> {
    pub(super) place: &'a Place,
    pub(super) base: &'a PreparedSide,
    pub(super) head: &'a PreparedSide,
    pub(super) request: &'a CompareRequest,
    pub(super) identical: &'a [Both],
    pub(super) same: &'a BTreeMap<(usize, usize), Same>,
    pub(super) single: &'a [Single],
    pub(super) measured: &'a [Both],
    /// Of each measured benchmark.
    pub(super) rules: &'a [Rules],
    pub(super) remarks: &'a mut Vec<String>,
}

/// What came of it.
pub(super) struct Judged {
    pub(super) comparisons: Vec<Comparison>,
    pub(super) null_control: Option<NullControl>,
    pub(super) suite_wide: Option<SuiteWide>,
}

/// Judges every benchmark of two sides.
pub(super) fn judge_all(
    mut judging: Judging<'_>,
    compared: Option<&Compared>,
    store: &Store,
) -> Result<Judged, PipelineError> {
    let mut comparisons = Vec::new();
    for (index, both) in judging.measured.iter().enumerate() {
        let compared = compared.expect("what is measured was compared");
        comparisons.push(judging.measured_one(both, &judging.rules[index], &compared.outcomes[index]));
    }
    let null_control =
        compared.and_then(|compared| compared.nulls.judged(&|index| compared.outcomes[index].first.single_spread()));
    let causes = differences(judging.base, judging.head);
    let shared = suite_wide(&comparisons, causes);
    if let Some((_, members)) = &shared {
        for member in members {
            comparisons[*member].suite_wide = true;
        }
    }
    if null_control.as_ref().is_some_and(|control| control.moved) {
        for one in comparisons.iter_mut().filter(|one| one.verdict != Verdict::Failed) {
            one.reason = format!("base differed from its own copy, so that `{}` means nothing", one.verdict);
            one.verdict = Verdict::Untrusted;
            one.suite_wide = false;
        }
    }
    if let Some(compared) = compared.filter(|_| null_control.as_ref().is_some_and(|control| control.moved)) {
        judging.remarks.push(format!("the machine meanwhile: {}", compared.weather));
    }
    judging.apply_rules(&mut comparisons, compared, store)?;
    comparisons.extend(judging.identical.iter().map(|both| judging.identical_one(both)));
    comparisons.extend(judging.single.iter().map(|single| judging.single_one(single)));
    comparisons.sort_by(|one, other| {
        let key = |one: &Comparison| (one.id.package.clone(), one.id.target.clone());
        key(one).cmp(&key(other))
    });
    let trusted = null_control.as_ref().is_none_or(|control| !control.moved);
    let suite_wide = shared.map(|(found, _)| found).filter(|_| trusted);
    Ok(Judged { comparisons, null_control, suite_wide })
}

impl Judging<'_> {
    fn blank(&self, id: &crate::model::BenchmarkId, metric: MetricId, verdict: Verdict, reason: String) -> Comparison {
        let rules = Rules::of(&self.request.options.tables, id, self.request.rules.threshold);
        Comparison {
            id: id.clone(),
            metric,
            verdict,
            reason,
            effect: None,
            base: None,
            head: None,
            threshold: rules.threshold,
            evidence: Evidence::default(),
            layouts: None,
            severity: Severity::None,
            suite_wide: false,
            gate: GateEffect::Passes,
            failure: None,
            findings: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn decides(&self, both: &Both) -> MetricId {
        self.head.prepared.targets[both.head].decides()
    }

    fn identical_one(&self, both: &Both) -> Comparison {
        let left_out = match self.same.get(&(both.base, both.head)) {
            Some(Identity::Untouched) => {
                let reason = "no input of it changed: neither built nor run".to_owned();
                return self.blank(&both.id, self.decides(both), Verdict::Unchanged, reason);
            }
            Some(Identity::Same { left_out }) if !left_out.is_empty() => format!(" but for {}", left_out.join(" and ")),
            _ => String::new(),
        };
        let reason = format!("what both sides run is identical{left_out}: not run");
        self.blank(&both.id, self.decides(both), Verdict::Unchanged, reason)
    }

    fn single_one(&self, single: &Single) -> Comparison {
        self.blank(&single.id, single.metric.clone(), single.verdict, single.reason.clone())
    }

    fn measured_one(&self, both: &Both, rules: &Rules, outcome: &Outcome) -> Comparison {
        let metric = self.decides(both);
        let more_is_worse = metric.direction() == Direction::LowerIsBetter;
        let confirming = outcome.confirming.as_ref().filter(|_| outcome.first.is_suspect());
        let found = conclude(&outcome.first, confirming, more_is_worse);
        let mut one = self.blank(&both.id, metric, found.verdict, found.reason);
        one.threshold = rules.threshold;
        one.effect = found.effect;
        one.evidence = found.evidence;
        one.base = outcome.first.median(0);
        one.head = outcome.first.median(1);
        one.layouts = Some(outcome.layouts.clone());
        one.notes.clone_from(&outcome.notes);
        match &outcome.end {
            PairsEnd::Failed(side, failure) => {
                one.verdict = Verdict::Failed;
                one.reason = format!("{side} failed: {}", failure.message);
                one.failure = Some(failure.clone());
                if failure.kind == FailureKind::ExecutableChanged {
                    // Nobody knows what was measured.
                    (one.effect, one.base, one.head) = (None, None, None);
                }
            }
            PairsEnd::TooManyFailures(side, failure) => {
                one.verdict = Verdict::Undecided;
                one.reason = format!("too many processes of {side} failed: {}", failure.message);
                one.failure = Some(failure.clone());
            }
            PairsEnd::Interrupted => "interrupted".clone_into(&mut one.reason),
            PairsEnd::Enough | PairsEnd::Budget => {}
        }
        let none_over_layouts = confirming.is_some_and(crate::analyse::PairedTest::is_unchanged);
        if outcome.layouts == Layouts::AsBuilt && none_over_layouts && one.verdict == Verdict::Undecided {
            one.verdict = Verdict::Layout;
            "a change with the executables as built that is none over common layouts".clone_into(&mut one.reason);
        }
        // Pairs cancel what hits both sides: only where nothing could be shown does it matter what disturbed them.
        if one.verdict == Verdict::Undecided {
            one.notes.extend(outcome.disturbed.clone());
        }
        if let Some(Layouts::NotChecked { reason }) = &one.layouts {
            one.notes.push(crate::model::Note(reason.clone()));
        }
        if let Some(Identity::Differ { hint: Some(hint), .. }) = self.same.get(&(both.base, both.head)) {
            one.notes.push(crate::model::Note(hint.clone()));
        }
        one
    }

    /// Limits, other metrics, severity, acceptances and the gate.
    fn apply_rules(
        &mut self,
        comparisons: &mut [Comparison],
        compared: Option<&Compared>,
        store: &Store,
    ) -> Result<(), PipelineError> {
        // A change between two builds, or two benchmarks, is no change of the code: nothing was accepted of it, and no limit
        // was loosened.
        let of_variants = self.request.is_of_one_tree();
        let accepted = if of_variants { Vec::new() } else { self.accepted()? };
        let history = History(self.place.repository.as_ref());
        let commit = |side: &PreparedSide| side.source.commit.clone().unwrap_or_default();
        let ends = (commit(self.base), commit(self.head));
        for ((one, both), rules) in comparisons.iter_mut().zip(self.measured).zip(self.rules) {
            let direction = one.metric.direction();
            if let Some(compared) = compared {
                let runs = (compared.base_run, compared.head_run);
                if let Some(recorded) = Recorded::read(store, runs, both)? {
                    one.findings = self.findings(one, rules, &recorded);
                }
            }
            one.severity = severity(one.verdict, one.effect.as_ref(), direction, rules);
            let acceptance = one.effect.as_ref().and_then(|effect| {
                let change = (effect, direction);
                acceptance_for(&accepted, &one.id, &one.metric, change, (&ends.0, &ends.1), &history)
            });
            let gated = self.gates(&one.metric, true);
            one.gate = gate(one, direction, rules, gated, acceptance);
        }
        if !of_variants {
            self.report_stale(&accepted, &history);
            self.report_loosened(comparisons)?;
        }
        Ok(())
    }

    /// Whether a metric may fail the gate.
    fn gates(&self, metric: &MetricId, decides: bool) -> bool {
        let named = &self.request.rules.gate;
        if named.is_empty() { decides } else { named.iter().any(|name| *name == *metric.0) }
    }

    fn findings(&self, one: &Comparison, rules: &Rules, recorded: &Recorded) -> Vec<Finding> {
        let decides = recorded.head.harness.kind.decides();
        let values = |metric: &MetricId| -> Vec<f64> {
            recorded.head.observations.iter().filter_map(|observation| observation.metric(metric, &decides)).collect()
        };
        let metrics = recorded.head.metrics();
        let ids = metrics.iter().map(|metric| metric.id.clone());
        let estimates = ids.filter_map(|metric| Some((metric.clone(), estimate(&values(&metric))?))).collect();
        let shown = |metric: &MetricId, value: f64| {
            let unit = metrics.iter().find(|known| known.id == *metric).map_or(Unit::Count, |known| known.unit);
            amount(unit, value)
        };
        let mut findings = missed_limits(rules, &estimates, &shown);
        if matches!(one.verdict, Verdict::Untrusted | Verdict::Failed) {
            return findings;
        }
        findings.extend(self.plain_findings(rules, recorded));
        for (metric, direction) in recorded.others(&decides) {
            if self.is_plain(&metric, recorded) {
                continue;
            }
            let is_asked = self.request.settings.metrics.contains(&metric);
            let said = |message: String, ratio| Finding { metric: metric.clone(), message, ratio, fails_gate: false };
            let Some(first) = recorded.test(&metric, rules.threshold, Stage::First) else {
                let known = metrics.iter().find(|known| known.id == metric);
                if let Some((known, found)) = known.zip(recorded.without_ratio(&metric)) {
                    if found.is_shown() || is_asked {
                        findings.push(found.finding(known, rules.gate && self.gates(&metric, false)));
                    }
                    continue;
                }
                // That it is not there at all is a remark already.
                if is_asked && !values(&metric).is_empty() {
                    let message =
                        format!("{metric} was not judged: the iterations of both sides are not known to be equal");
                    findings.push(said(message, None));
                }
                continue;
            };
            if !first.is_suspect() {
                if is_asked {
                    let ratio = first.effect().map(|effect| effect.ratio);
                    let size = ratio.map(change).unwrap_or_default();
                    findings.push(said(format!("{metric} {size}, no change shown"), ratio));
                }
                continue;
            }
            let more_is_worse = direction == Direction::LowerIsBetter;
            let fresh = recorded.test(&metric, rules.threshold, Stage::Confirmation);
            let confirmed = conclude(&first, fresh.as_ref(), more_is_worse);
            let effect = confirmed.effect.or_else(|| first.effect());
            let size = effect.map(|effect| change(effect.ratio)).unwrap_or_default();
            let is_sure = matches!(confirmed.verdict, Verdict::Regressed | Verdict::Improved);
            let sure = if is_sure { "confirmed on fresh pairs" } else { "not confirmed" };
            let fails_gate = confirmed.verdict == Verdict::Regressed && rules.gate && self.gates(&metric, false);
            let ratio = effect.map(|effect| effect.ratio);
            findings.push(Finding { message: format!("{metric} {size}, {sure}"), metric, ratio, fails_gate });
        }
        findings
    }

    /// Whether values of a metric are compared as they are: they have no spread, or there is one a side.
    fn is_plain(&self, metric: &MetricId, recorded: &Recorded) -> bool {
        metric.is_exact()
            || recorded.is_counted_once(metric)
            || self.request.options.own_metrics.iter().any(|own| own.metric.id == *metric)
    }

    /// What became of the metrics that are compared as they are.
    fn plain_findings(&self, rules: &Rules, recorded: &Recorded) -> Vec<Finding> {
        let decides = recorded.head.harness.kind.decides();
        let mut findings = Vec::new();
        for metric in recorded.head.metrics() {
            if metric.id == decides || !self.is_plain(&metric.id, recorded) {
                continue;
            }
            let Some((base, head)) = recorded.plain(&metric.id) else { continue };
            let plain = Plain { metric: &metric, base, head, threshold: rules.threshold };
            let is_own = !metric.id.is_exact() && !metric.id.may_be_counted_once();
            if plain.moved() || is_own || self.request.settings.metrics.contains(&metric.id) {
                findings.push(plain.finding(rules.gate && self.gates(&metric.id, false)));
            }
        }
        findings
    }

    /// The acceptances of the invoking tree.
    fn accepted(&self) -> Result<Vec<Accepted>, PipelineError> {
        let path = self.place.workspace.root().join(ACCEPTED_FILE);
        match fs_err::read_to_string(path) {
            Ok(text) => Ok(parse_accepted(&text)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(PipelineError::Cache(error)),
        }
    }

    /// Acceptances that can never match again.
    fn report_stale(&mut self, accepted: &[Accepted], history: &History<'_>) {
        for one in accepted {
            let brought = one.head.as_ref().unwrap_or(&one.base);
            if !history.is_known(brought) {
                self.remarks.push(format!(
                    "an acceptance of `{}` matches nothing: commit `{}` is not in this repository",
                    one.benchmark,
                    short(brought)
                ));
                continue;
            }
            let known = self.head.prepared.targets.iter().flat_map(super::PreparedTarget::ids);
            let matches = |id: &crate::model::BenchmarkId| {
                let id = id.to_string();
                one.benchmark == id || crate::config::glob::matches(&one.benchmark, &id)
            };
            if !known.into_iter().any(|id| matches(&id)) {
                self.remarks.push(format!("an acceptance of `{}` matches no benchmark", one.benchmark));
            }
        }
    }

    /// What head's configuration allows that base's did not.
    fn report_loosened(&mut self, comparisons: &[Comparison]) -> Result<(), PipelineError> {
        let before = self.base_file(crate::config::FILE)?;
        let base = crate::config::tables_of_text(before.as_deref().unwrap_or_default());
        if let Some(base) = &base {
            let threshold = crate::config::value_of_text(before.as_deref().unwrap_or_default(), "compare.threshold");
            let threshold = threshold.and_then(|text| crate::config::units::parse_percent(&text).ok()).unwrap_or(0.03);
            for (one, head) in comparisons.iter().zip(self.rules) {
                let base = Rules::of(base, &one.id, threshold);
                self.remarks.extend(
                    loosened(&one.id, &base, head).into_iter().map(|what| format!("head loosens a limit: {what}")),
                );
            }
        }
        let text = self.base_file(ACCEPTED_FILE)?;
        let known = text.and_then(|text| parse_accepted(&text).ok()).unwrap_or_default();
        for added in self.accepted()?.iter().filter(|one| !known.contains(one)) {
            self.remarks.push(format!("head adds an acceptance of `{}`: {}", added.benchmark, added.reason));
        }
        Ok(())
    }

    /// A file of base's workspace root.
    fn base_file(&self, name: &str) -> Result<Option<String>, PipelineError> {
        let root = self.place.relative(self.place.workspace.root());
        let blob = self.base.tree.read(&root.join(name))?;
        Ok(blob.map(|blob| String::from_utf8_lossy(&blob.bytes).into_owned()))
    }
}

/// The repository's history, or none.
struct History<'a>(Option<&'a Repository>);

impl Ancestry for History<'_> {
    fn is_in(&self, commit: &str, of: &str) -> bool {
        self.0.is_some_and(|repository| repository.is_ancestor(commit, of))
    }

    fn is_known(&self, commit: &str) -> bool {
        self.0.is_some_and(|repository| repository.has_commit(commit))
    }
}
