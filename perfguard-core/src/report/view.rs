//! The view model: what the JSON output is, field by field. Versioned; the schemas are generated from here.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{
    ArtifactHash, Baseline, BenchmarkId, BuildContext, Difference, Environment, Estimate, Failure, Finding,
    Fingerprint, Harness, KeptKind, Measurement, Metric, MetricId, NotMeasured, Note, Observation, Run, RunCommand,
    RunId, RunSettings, Source, Stopped, TargetId, Timeline,
};

/// The version of all JSON outputs: a reader takes any with the same number.
pub(super) const VERSION: u32 = 1;

/// A time as text: RFC 3339, UTC.
pub fn timestamp(unix_ns: i64) -> String {
    let time = jiff::Timestamp::from_nanosecond(i128::from(unix_ns)).unwrap_or_default();
    format!("{time:.3}")
}

/// `run` and `show`: one run with all its observations.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct RunView {
    /// Version of this format.
    pub version: u32,
    /// Always `run`.
    pub kind: &'static str,
    /// What was measured, when, where and how.
    pub run: RunInfo,
    /// The benchmarks, in the order of targets and harnesses.
    pub benchmarks: Vec<BenchmarkRow>,
    /// Targets that were not measured, each with its reason.
    pub not_measured: Vec<NotMeasuredRow>,
}

/// What was measured, when, where and how.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct RunInfo {
    /// The run's id.
    pub id: RunId,
    /// Which command began it.
    pub command: RunCommand,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When it ended, RFC 3339; absent if it did not finish.
    pub finished_at: Option<String>,
    /// What was measured.
    pub source: Source,
    /// What the executables have in common.
    pub build: BuildContext,
    /// On which machine.
    pub environment: Environment,
    /// The environment's hash: equal ones may be compared.
    pub fingerprint: Fingerprint,
    /// How.
    pub settings: RunSettings,
    /// perfguard's version.
    pub tool_version: String,
}

/// One benchmark of a run.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct BenchmarkRow {
    /// The benchmark.
    pub id: BenchmarkId,
    /// What drove it.
    pub harness: Harness,
    /// The metric by which the benchmark is judged.
    pub decides: MetricId,
    /// The executable's hash.
    pub artifact: ArtifactHash,
    /// Why no further observation was taken; absent if the run did not finish.
    pub stopped: Option<Stopped>,
    /// Estimates by metric, in the metric's unit (`wall-time` in nanoseconds per iteration).
    pub estimates: BTreeMap<MetricId, Estimate>,
    /// What those metrics are that the bench defines itself: the unit of their estimates, and which way is better.
    pub own_metrics: Vec<Metric>,
    /// The difference to a baseline that was measured earlier.
    pub baseline: Option<ChangeRow>,
    /// Limits of its metrics that are missed, or may be; where the command judges them.
    pub findings: Vec<Finding>,
    /// The longest timeline of its observations, for a table: in JSON each observation has its own.
    #[serde(skip)]
    pub timeline: Option<Timeline>,
    /// How it failed, if it did.
    pub failure: Option<Failure>,
    /// Remarks on how it was run.
    pub notes: Vec<Note>,
    /// Every observation, raw (in JSON; a table is made without them).
    pub observations: Vec<Observation>,
}

/// The difference to a baseline.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ChangeRow {
    /// The baseline's name.
    pub name: String,
    /// The baseline's commit.
    pub commit: String,
    /// The baseline's estimate of the metric that decides, in its unit.
    pub base: Estimate,
    /// This run over the baseline: 1.05 is 5 % slower.
    pub ratio: f64,
    /// Interval of the ratio.
    pub interval: Option<crate::model::Interval>,
    /// Always `false`: the two were not run in turn, so drift of the machine is in the ratio.
    pub paired: bool,
}

/// A target that was not measured.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct NotMeasuredRow {
    /// The target.
    pub target: TargetId,
    /// Its harness, if it was built.
    pub harness: Option<Harness>,
    /// Why.
    pub reason: NotMeasured,
    /// Why, in words.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl NotMeasuredRow {
    /// A row of a target and its reason.
    pub fn new(target: TargetId, harness: Option<Harness>, reason: NotMeasured) -> Self {
        let (message, hint) = (reason.to_string(), reason.hint());
        Self { target, harness, reason, message, hint }
    }
}

impl RunInfo {
    /// A run as it is shown.
    pub fn new(run: Run) -> Self {
        Self {
            id: run.id,
            command: run.command,
            started_at: timestamp(run.started_at_ns),
            finished_at: run.finished_at_ns.map(timestamp),
            source: run.source,
            build: run.build,
            fingerprint: run.environment.fingerprint(),
            environment: run.environment,
            settings: run.settings,
            tool_version: run.tool_version,
        }
    }
}

impl RunView {
    /// A run as it is shown.
    pub fn new(run: Run, benchmarks: Vec<BenchmarkRow>, not_measured: Vec<NotMeasuredRow>) -> Self {
        Self { version: VERSION, kind: "run", run: RunInfo::new(run), benchmarks, not_measured }
    }

    /// Whether a benchmark failed, or a target could not be listed.
    pub fn has_failures(&self) -> bool {
        let listing = |row: &NotMeasuredRow| row.reason.is_failure() && row.reason != NotMeasured::BuildFailed;
        self.benchmarks.iter().any(|row| row.failure.is_some()) || self.not_measured.iter().any(listing)
    }

    /// Whether a limit is missed that fails the gate.
    pub fn misses_limits(&self) -> bool {
        self.benchmarks.iter().flat_map(|row| &row.findings).any(|finding| finding.fails_gate)
    }

    /// Whether a target did not build.
    pub fn has_build_failures(&self) -> bool {
        self.not_measured.iter().any(|row| row.reason == NotMeasured::BuildFailed)
    }
}

impl BenchmarkRow {
    /// A measurement as it is shown, with its estimates and its difference to a baseline.
    pub fn new(
        measurement: Measurement,
        own_metrics: Vec<Metric>,
        estimates: BTreeMap<MetricId, Estimate>,
        baseline: Option<ChangeRow>,
        timeline: Option<Timeline>,
    ) -> Self {
        let Measurement { id, artifact, harness, observations, stopped, failure, notes } = measurement;
        let decides = harness.kind.decides();
        Self {
            id,
            harness,
            decides,
            artifact,
            stopped,
            estimates,
            own_metrics,
            baseline,
            findings: Vec::new(),
            timeline,
            failure,
            notes,
            observations,
        }
    }
}

impl ChangeRow {
    /// The difference to a baseline as it is shown.
    pub fn new(baseline: &Baseline, base: Estimate, difference: Difference) -> Self {
        Self {
            name: baseline.name.clone(),
            commit: baseline.commit.clone(),
            base,
            ratio: difference.ratio,
            interval: difference.interval,
            paired: false,
        }
    }
}

/// `list`: all targets and their benchmarks.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ListView {
    /// Version of this format.
    pub version: u32,
    /// Always `list`.
    pub kind: &'static str,
    /// All targets, by id.
    pub targets: Vec<ListedTarget>,
}

/// One target of a list.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ListedTarget {
    /// The target.
    pub target: TargetId,
    /// Its harness, if it was built.
    pub harness: Option<Harness>,
    /// Its benchmarks, in the harness's own order.
    pub benchmarks: Vec<BenchmarkId>,
    /// Why it would not be measured, if so.
    pub not_measured: Option<NotMeasuredRow>,
}

impl ListView {
    /// A list of targets.
    pub fn new(targets: Vec<ListedTarget>) -> Self {
        Self { version: VERSION, kind: "list", targets }
    }
}

/// `runs`: the newest runs of the store.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct RunsView {
    /// Version of this format.
    pub version: u32,
    /// Always `runs`.
    pub kind: &'static str,
    /// Newest first.
    pub runs: Vec<RunRow>,
}

/// One run of a list.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct RunRow {
    /// The run.
    #[serde(flatten)]
    pub run: RunInfo,
    /// Benchmarks in it.
    pub benchmarks: u64,
    /// Observations of all of them.
    pub observations: u64,
    /// Benchmarks that failed.
    pub failures: u64,
}

impl RunsView {
    /// A list of runs.
    pub fn new(runs: Vec<RunRow>) -> Self {
        Self { version: VERSION, kind: "runs", runs }
    }
}

/// `clean`: what is kept of a repository outside its tree.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct CleanView {
    /// Version of this format.
    pub version: u32,
    /// Always `clean`.
    pub kind: &'static str,
    /// The folder in the cache.
    pub folder: String,
    /// What is kept, the build tree first, then the last used.
    pub kept: Vec<KeptRow>,
    /// Other repositories in the cache.
    pub other_repositories: u64,
    /// What these take, bytes.
    pub other_bytes: u64,
}

/// Something that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct KeptRow {
    /// What it is.
    pub kind: KeptKind,
    /// The commit, or the executable's hash.
    pub key: String,
    /// What it takes on the disk, bytes.
    pub bytes: u64,
    /// When it was last used, RFC 3339.
    pub last_used: String,
    /// Whether a baseline needs it.
    pub is_needed: bool,
    /// Whether it was removed just now.
    pub is_removed: bool,
}

impl CleanView {
    /// What is kept, and what went.
    pub fn new(folder: String, kept: Vec<KeptRow>, other_repositories: u64, other_bytes: u64) -> Self {
        Self { version: VERSION, kind: "clean", folder, kept, other_repositories, other_bytes }
    }
}

/// `baseline list` and `baseline show`.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct BaselinesView {
    /// Version of this format.
    pub version: u32,
    /// Always `baselines`.
    pub kind: &'static str,
    /// By name, newest first.
    pub baselines: Vec<BaselineRow>,
}

/// One baseline.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct BaselineRow {
    /// The baseline.
    #[serde(flatten)]
    pub baseline: Baseline,
    /// When the name was last moved, RFC 3339.
    pub set_at: String,
    /// Whether it belongs to the environment of this machine.
    pub here: bool,
}

impl BaselinesView {
    /// A list of baselines; `here` is this machine's environment.
    pub fn new(baselines: Vec<Baseline>, here: &Fingerprint) -> Self {
        let row = |baseline: Baseline| BaselineRow {
            set_at: timestamp(baseline.set_at_ns),
            here: baseline.fingerprint == *here,
            baseline,
        };
        Self { version: VERSION, kind: "baselines", baselines: baselines.into_iter().map(row).collect() }
    }
}
