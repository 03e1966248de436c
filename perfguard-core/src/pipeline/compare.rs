//! `compare`: two trees, built once each, run in pairs, judged.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::affected::prepare_affected;
use super::between::between;
use super::clean::keep_within;
use super::comparing::{Compared, Comparing, compare_and_record};
use super::extra::{Extra, require_counting};
use super::identical::{Same, identical_targets, not_run};
use super::judging::{Judging, judge_all};
use super::layouts::LayoutChoice;
use super::matching::{Both, Matched, match_sides};
use super::out_of_time::{Ended, in_time, unmeasured, without_base};
use super::prepare::{Bench, BuildOptions, is_ordinary_unit_test, limits};
use super::selection::{nothing_meant, require_targets};
use super::sides::{PreparedSide, SideSpec, tree_of};
use super::variants::prepare_variant;
use super::witness::call_witness;
use super::{PipelineError, Place, Tools};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::EventSink;
use crate::judge::{GateReport, Rules};
use crate::model::{
    Comparison, ComparisonRun, MetricId, NullControl, RunCommand, RunId, RunSettings, SuiteWide, Variant,
};
use crate::plan::Filter;
use crate::report::{CompareView, GateView, NotMeasuredRow, SideView};
use crate::store::Store;

/// What the user asked of a comparison.
#[derive(Debug, Clone)]
pub struct CompareRequest {
    /// How to build.
    pub options: BuildOptions,
    /// Which benchmarks.
    pub filter: Filter,
    /// How to measure.
    pub settings: RunSettings,
    /// What is compared against.
    pub base: SideSpec,
    /// What is judged.
    pub head: SideSpec,
    /// What the builds of base and head do otherwise; both plain, or both sides are one tree.
    pub variants: [Variant; 2],
    /// The words that name two benchmarks of base, which are then the sides; head is base then.
    pub between: Option<[String; 2]>,
    /// How the comparison is judged.
    pub rules: CompareRules,
    /// Which command this is, for those that wait.
    pub purpose: &'static str,
    /// Whether only what head's changes can affect is built.
    pub only_affected: bool,
    /// How the user has what is identical measured all the same, in words; nothing where that is not said.
    pub all_the_same: Option<&'static str>,
}

impl CompareRequest {
    /// Whether two builds of one tree are compared.
    pub(super) fn is_of_variants(&self) -> bool {
        self.variants.iter().any(|variant| !variant.is_plain())
    }

    /// Whether both sides are one tree: two builds, or two benchmarks of it.
    pub(super) fn is_of_one_tree(&self) -> bool {
        self.is_of_variants() || self.between.is_some()
    }
}

/// How a comparison is judged.
#[derive(Debug, Clone)]
pub struct CompareRules {
    /// A change at least this large matters, where no table says more (0.03 is 3 %).
    pub threshold: f64,
    /// On how many layouts.
    pub layouts: LayoutChoice,
    /// Measure what is identical, too.
    pub force: bool,
    /// Metrics that may fail the gate; none named: those that decide.
    pub gate: Vec<String>,
    /// Files that never make two sides differ, as globs relative to the root.
    pub ignore: Vec<String>,
    /// Count the instructions of what time leaves undecided.
    pub witness: bool,
    /// Whether something that cannot be had here is an error rather than a remark.
    pub strict: bool,
    /// Never more pairs of a benchmark than this in the first pass.
    pub most_pairs: Option<usize>,
}

/// What came of it.
#[derive(Debug)]
pub struct CompareOutcome {
    /// What the two sides are, in words: base, head.
    pub labels: [String; 2],
    /// What their builds do otherwise.
    pub variants: [Variant; 2],
    /// The commits that the sides are, or stand on.
    pub commits: [Option<String>; 2],
    /// The run that holds head's observations, where anything was measured.
    pub run: Option<RunId>,
    /// Each benchmark.
    pub comparisons: Vec<Comparison>,
    /// Targets that are not measured, of head, or of base where head has them not.
    pub not_measured: Vec<NotMeasuredRow>,
    /// What the null control said.
    pub null_control: Option<NullControl>,
    /// A change of most benchmarks together.
    pub suite_wide: Option<SuiteWide>,
    /// What the user should know of the whole, each in words.
    pub remarks: Vec<String>,
    /// What keeps the gate shut.
    pub gate: GateReport,
    /// Whether the user ended it early.
    pub interrupted: bool,
}

impl CompareOutcome {
    /// Whether two builds of one tree were compared.
    fn is_of_variants(&self) -> bool {
        self.variants.iter().any(|variant| !variant.is_plain())
    }

    /// The outcome as it is shown.
    pub fn view(&self) -> CompareView {
        let side = |index: usize| SideView {
            label: self.labels[index].clone(),
            variant: Some(self.variants[index].to_string()).filter(|_| self.is_of_variants()),
            commit: self.commits[index].clone(),
        };
        let GateReport { failing, failed, undecided } = self.gate;
        let mut view = CompareView::new(side(0), side(1));
        view.run = self.run;
        view.comparisons.clone_from(&self.comparisons);
        view.not_measured.clone_from(&self.not_measured);
        view.null_control.clone_from(&self.null_control);
        view.suite_wide.clone_from(&self.suite_wide);
        view.remarks.clone_from(&self.remarks);
        view.gate = GateView { passed: failing == 0, failing, failed, undecided };
        view
    }
}

/// Builds both sides, unless they are kept, and compares them.
///
/// # Errors
/// When a side does not build, nothing can be compared, or the store cannot be written. A benchmark that fails is a row,
/// not an error.
pub fn compare(
    place: &Place,
    tools: &Tools,
    request: &CompareRequest,
    store: &mut Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<CompareOutcome, PipelineError> {
    let include = &request.options.include;
    let base = tree_of(place, &request.base, include, events)?;
    let head = tree_of(place, &request.head, include, events)?;
    let labels = [base.2.to_string(), head.2.to_string()];
    let commits = [base.1.commit.clone(), head.1.commit.clone()];
    let opened = Bench::open(place, tools, &request.options, request.purpose, events, cancel);
    let Some(mut bench) = in_time(opened, cancel)? else {
        return Ok(without_base(place, request, labels, commits, Ended::Waiting));
    };
    let limits = limits(&request.settings);
    let options = &request.options;
    let [of_base, of_head] = &request.variants;
    let built = prepare_variant(&mut bench, place, tools, base, (options, of_base), limits, events, cancel)
        .map_err(|error| super::fallback::with_last_that_builds(error, &bench, place, request));
    let Some(base) = in_time(built, cancel)? else {
        let ended = Ended::Building(&labels[0].clone());
        return Ok(without_base(place, request, labels, commits, ended));
    };
    let head = if request.between.is_some() {
        None
    } else if request.only_affected && !request.rules.force {
        Some(prepare_affected(&mut bench, place, tools, &base, head, request, limits, events, cancel)?)
    } else {
        Some(prepare_variant(&mut bench, place, tools, head, (options, of_head), limits, events, cancel)?)
    };
    let head = head.as_ref().unwrap_or(&base);
    let outcome = compare_sides(&mut bench, place, &base, head, request, store, clock, events, cancel)?;
    // A tree of which nothing had to be built leaves the last one that was.
    if request.is_of_variants() || bench.workbench.has_kept(&head.tree.key()) {
        bench.workbench.forget_other_trees(&head.tree.key())?;
    }
    keep_within(&mut bench, options, store, clock, events)?;
    Ok(outcome)
}

/// Compares two sides that are built.
#[expect(clippy::too_many_arguments, reason = "one call of a whole way through")]
pub(super) fn compare_sides(
    bench: &mut Bench,
    place: &Place,
    base: &PreparedSide,
    head: &PreparedSide,
    request: &CompareRequest,
    store: &mut Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<CompareOutcome, PipelineError> {
    let (Matched { both, single }, labels) = matched(base, head, request)?;
    require_benchmarks(place, base, head, &request.filter, both.is_empty() && single.is_empty())?;
    require_counting(&request.settings, &request.rules, &base.prepared)?;
    let mut remarks = differences(base, head);
    let same = if request.rules.force || request.between.is_some() {
        BTreeMap::new()
    } else {
        identical_targets(bench, base, head, &both, &request.rules.ignore)?
    };
    let key = |both: &Both| (both.base, both.head);
    let (identical, measured): (Vec<Both>, Vec<Both>) =
        both.into_iter().partition(|both| same.get(&key(both)).is_some_and(Same::is_same));
    remarks.extend(not_run(&identical, &same, request.all_the_same));
    let mut settings = request.settings.clone();
    let mut single = single;
    let mut measured = measured;
    if let Some(left) = cancel.time_left() {
        settings.budget = settings.budget.min(left);
        if (left < LEAST_TIME || !head.is_built) && !measured.is_empty() {
            let ended = if head.is_built { Ended::Built } else { Ended::Building(&head.label) };
            remarks.push(ended.remark(request.purpose));
            single.extend(measured.drain(..).map(|both| unmeasured(&both, head)));
        }
    }
    let rules_of = |both: &Both| Rules::of(&request.options.tables, &both.id, request.rules.threshold);
    let rules: Vec<Rules> = measured.iter().map(rules_of).collect();
    let compared = if measured.is_empty() {
        None
    } else {
        let what = Comparing {
            command: RunCommand::Compare,
            base,
            head,
            benchmarks: &measured,
            rules: &rules,
            settings: &settings,
            tables: &request.options.tables,
            layouts: request.rules.layouts,
            gate: &request.rules.gate,
            most_pairs: request.rules.most_pairs,
            slowdown: 1.0,
            extra: Extra::new(bench, place, &request.options, &request.settings, &request.rules.gate),
        };
        Some(compare_and_record(bench, &what, store, clock, events, cancel)?)
    };
    let judging = Judging {
        place,
        base,
        head,
        request,
        identical: &identical,
        same: &same,
        single: &single,
        measured: &measured,
        rules: &rules,
        remarks: &mut remarks,
    };
    let mut judged = judge_all(judging, compared.as_ref(), store)?;
    // Whoever asks for instructions by name has them of every benchmark.
    let is_called = request.rules.witness
        && request.between.is_none()
        && !request.settings.metrics.contains(&MetricId::INSTRUCTIONS);
    if is_called && compared.as_ref().is_some_and(|compared| !compared.interrupted) {
        let sides = (base, head);
        remarks.extend(call_witness(bench, sides, &measured, &mut judged.comparisons, request, events, cancel)?);
    }
    remarks.extend(compared.as_ref().and_then(|compared| timelines(&settings, compared)));
    let missing = compared.as_ref().and_then(|compared| compared.missing.first().cloned());
    let (run, interrupted) = match &compared {
        Some(Compared { base_run, head_run, interrupted, .. }) => {
            if !interrupted {
                let whole = ComparisonRun {
                    base: *base_run,
                    head: *head_run,
                    null_control: judged.null_control.clone(),
                    suite_wide: judged.suite_wide.clone(),
                    remarks: remarks.clone(),
                };
                store.add_comparison(&whole, &judged.comparisons)?;
            }
            (Some(*head_run), *interrupted)
        }
        None => (None, false),
    };
    // What was measured is kept all the same.
    if let Some(missing) = missing.filter(|_| request.rules.strict && !interrupted) {
        return Err(missing.into());
    }
    Ok(CompareOutcome {
        labels,
        variants: [base.variant.clone(), head.variant.clone()],
        commits: [base.source.commit.clone(), head.source.commit.clone()],
        run,
        gate: GateReport::of(&judged.comparisons),
        comparisons: judged.comparisons,
        not_measured: not_measured(base, head),
        null_control: judged.null_control,
        suite_wide: judged.suite_wide,
        remarks,
        interrupted,
    })
}

/// What is compared with what, and what the two sides are called.
fn matched(
    base: &PreparedSide,
    head: &PreparedSide,
    request: &CompareRequest,
) -> Result<(Matched, [String; 2]), PipelineError> {
    let Some(words) = &request.between else {
        let matched = match_sides(&base.prepared, &head.prepared, &request.filter);
        return Ok((matched, [base.label.clone(), head.label.clone()]));
    };
    let both = between(&base.prepared, words)?;
    let labels = [&both.base_id, &both.id].map(|id| format!("`{id}` of {}", base.label));
    Ok((Matched { both: vec![both], single: Vec::new() }, labels))
}

/// Where the timelines are to be seen that were asked for.
fn timelines(settings: &RunSettings, compared: &Compared) -> Option<String> {
    let Compared { base_run, head_run, .. } = compared;
    settings.timeline_ns?;
    Some(format!("timelines: `cargo perfguard show {head_run}` has head's, `cargo perfguard show {base_run}` base's"))
}

/// With less time than this left, nothing is measured.
const LEAST_TIME: Duration = Duration::from_millis(500);

/// There must be something to compare, or at least something to say.
pub(super) fn require_benchmarks(
    place: &Place,
    base: &PreparedSide,
    head: &PreparedSide,
    filter: &Filter,
    nothing: bool,
) -> Result<(), PipelineError> {
    let targets = || head.prepared.targets.iter().chain(&base.prepared.targets);
    if targets().all(is_ordinary_unit_test) {
        require_targets(place, &head.prepared)?;
    }
    if !nothing {
        return Ok(());
    }
    let mut all: Vec<_> = targets().flat_map(super::PreparedTarget::ids).collect();
    all.sort();
    all.dedup();
    Err(nothing_meant(&head.prepared.targets, &all, &filter.words))
}

/// What differs between the sides besides their code, each in words: a change of these is everybody's.
pub(super) fn differences(base: &PreparedSide, head: &PreparedSide) -> Vec<String> {
    let (one, other) = (&base.prepared.build.context, &head.prepared.build.context);
    let mut found = Vec::new();
    if base.variant != head.variant {
        let shown = |variant: &Variant| {
            if variant.is_plain() { "cargo's own settings".to_owned() } else { format!("`{variant}`") }
        };
        found.push(format!("the build changed from {} to {}", shown(&base.variant), shown(&head.variant)));
    }
    if one.toolchain != other.toolchain {
        found.push(format!("the toolchain changed from `{}` to `{}`", one.toolchain, other.toolchain));
    }
    if one.triple != other.triple {
        found.push(format!("the target changed from `{}` to `{}`", one.triple, other.triple));
    }
    if one.lock_hash != other.lock_hash {
        found.push(LOCK_CHANGED.to_owned());
    }
    for (file, what) in GLOBAL_FILES {
        let content = |side: &PreparedSide| side.tree.entries.get(std::path::Path::new(file)).map(|entry| entry.blob);
        if content(base) != content(head) {
            found.push(format!("`{file}` changed: {what}"));
        }
    }
    found
}

/// What is said where the lock files differ.
pub(super) const LOCK_CHANGED: &str = "`Cargo.lock` changed: versions of dependencies differ";

/// Files whose change may move every benchmark, and how.
const GLOBAL_FILES: [(&str, &str); 5] = [
    ("Cargo.toml", "profile or dependencies may differ"),
    (".cargo/config.toml", "flags or linker may differ"),
    (".cargo/config", "flags or linker may differ"),
    ("rust-toolchain.toml", "the compiler may differ"),
    ("rust-toolchain", "the compiler may differ"),
];

/// Targets without benchmarks: head's, and those of base that head does not have.
fn not_measured(base: &PreparedSide, head: &PreparedSide) -> Vec<NotMeasuredRow> {
    let known: BTreeSet<_> = head.prepared.targets.iter().map(|target| &target.id).collect();
    let of_base = base.prepared.targets.iter().filter(|target| !known.contains(&target.id));
    let rows = head.prepared.targets.iter().chain(of_base).filter_map(|target| {
        let reason = target.benchmarks.as_ref().err()?.clone();
        Some(NotMeasuredRow::new(target.id.clone(), target.harness.clone(), reason))
    });
    rows.collect()
}
