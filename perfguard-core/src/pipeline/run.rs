//! `run`: measure the benchmarks of the working tree and record them.

use super::clean::keep_within;
use super::compare::{CompareOutcome, CompareRules};
use super::extra::{Extra, require_counting};
use super::measuring::{Measuring, measure_and_record};
use super::place::working_tree;
use super::prepare::{Bench, BuildOptions, What, limits};
use super::selection::{require_targets, select};
use super::{PipelineError, Place, Tools, run_base};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::{Event, EventSink};
use crate::model::{Baseline, Fingerprint, Run, RunCommand, RunId, RunSettings};
use crate::plan::Filter;
use crate::store::Store;

/// What `run` compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BaselineChoice {
    /// What is kept: where the branch began, HEAD of a changed tree, or the baseline `main`.
    Default,
    /// The baseline of this name, or a revision.
    Named(String),
    /// Nothing.
    None,
}

/// What the user asked of `run`.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// How to build.
    pub options: BuildOptions,
    /// Which benchmarks.
    pub filter: Filter,
    /// How to measure.
    pub settings: RunSettings,
    /// What to compare with.
    pub baseline: BaselineChoice,
    /// Whether to go on with a run of the same that was not finished.
    pub resume: bool,
    /// How a change is judged, where there is a base whose executables are kept.
    pub rules: CompareRules,
    /// The branch that work is merged into, where git does not tell.
    pub default_branch: Option<String>,
}

/// What came of it.
#[derive(Debug)]
pub enum RunOutcome {
    /// It was compared in pairs with a base whose executables are kept.
    Paired(Box<CompareOutcome>),
    /// It was measured alone.
    Alone(RunAlone),
}

/// What came of measuring the working tree alone.
#[derive(Debug)]
pub struct RunAlone {
    /// The recorded run.
    pub run: RunId,
    /// The baseline to hold it against, where there is one for this environment, profile and feature set.
    pub base: Option<Baseline>,
    /// Whether the user ended it early.
    pub interrupted: bool,
}

/// Builds the working tree, measures the selected benchmarks, records them, and holds them against the baseline.
///
/// # Errors
/// When nothing could be measured or recorded. A benchmark that fails is a row, not an error.
pub fn run_working_tree(
    place: &Place,
    tools: &Tools,
    request: &RunRequest,
    store: &mut Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<RunOutcome, PipelineError> {
    let bases = run_base::candidates(place, request, store)?;
    let mut bench = Bench::open(place, tools, &request.options, "cargo perfguard run", events, cancel)?;
    if !request.resume
        && let Some(base) = run_base::kept(&mut bench, place, tools, request, &bases, events, cancel)?
    {
        let paired = run_base::compare(&mut bench, place, tools, request, &base, store, clock, events, cancel)?;
        return Ok(RunOutcome::Paired(Box::new(paired)));
    }
    let (tree, source) = working_tree(place, &request.options.include, events)?;
    if place.repository.is_none() {
        events.event(Event::Remark {
            message: "not in a git repository: nothing ties these results to a commit".to_owned(),
            hint: None,
        });
    }
    let limits = limits(&request.settings);
    let prepared = bench.prepare(place, tools, &tree, &What::WorkingTree, &request.options, limits, events, cancel)?;
    require_targets(place, &prepared)?;
    let selected = select(&prepared, &request.filter)?;
    require_counting(&request.settings, &request.rules, &prepared)?;
    let what = Measuring {
        tables: &request.options.tables,
        command: RunCommand::Run,
        prepared: &prepared,
        selected: &selected,
        settings: &request.settings,
        extra: Extra::new(&bench, place, &request.options, &request.settings, &request.rules.gate),
        source,
        resume: request.resume,
    };
    let recorded = measure_and_record(&mut bench, &what, store, clock, events, cancel)?;
    keep_within(&mut bench, &request.options, store, clock, events)?;
    // What was measured is kept all the same.
    if let Some(missing) = recorded.missing.first().filter(|_| request.rules.strict && !recorded.interrupted) {
        return Err(missing.clone().into());
    }
    let run = store.run(recorded.run)?.ok_or_else(|| PipelineError::unknown_run(&recorded.run.to_string()))?;
    let base = baseline_of(store, &run, &request.baseline)?;
    if let BaselineChoice::Named(name) = &request.baseline
        && base.is_none()
        && store.baselines()?.iter().any(|baseline| baseline.name == *name)
    {
        events.event(Event::Remark {
            message: format!("baseline `{name}` belongs to another environment, profile or feature set: not compared"),
            hint: Some("`cargo perfguard baseline list` shows what each belongs to".to_owned()),
        });
    }
    Ok(RunOutcome::Alone(RunAlone { run: run.id, base, interrupted: recorded.interrupted }))
}

/// The run that a baseline points at, for the environment, profile and features of `head`.
pub(super) fn baseline_of(
    store: &Store,
    head: &Run,
    choice: &BaselineChoice,
) -> Result<Option<Baseline>, PipelineError> {
    let name = match choice {
        BaselineChoice::Default => "main",
        BaselineChoice::Named(name) => name,
        BaselineChoice::None => return Ok(None),
    };
    let fingerprint: Fingerprint = head.environment.fingerprint();
    let found = store.baseline(name, &fingerprint, &head.build.profile, &head.build.features)?;
    Ok(found.filter(|baseline| baseline.run != head.id))
}
