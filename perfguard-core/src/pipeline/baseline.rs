//! `baseline`: measure a commit, keep its executables, point a name at it; and what can be done with names.

use super::clean::keep_within;
use super::extra::Extra;
use super::measuring::{Measuring, measure_and_record};
use super::prepare::{Bench, BuildOptions, What, build_request, limits};
use super::selection::{require_targets, select};
use super::sides::repository;
use super::{PipelineError, Place, Tools};
use crate::build::Seat;
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::environment;
use crate::event::EventSink;
use crate::model::{Baseline, PROGRAM_PACKAGE, Run, RunCommand, RunId, RunSettings, Source};
use crate::plan::Filter;
use crate::store::Store;
use crate::vcs::{CommitId, Repository};

/// What the user asked of `baseline`.
#[derive(Debug, Clone)]
pub struct BaselineRequest {
    /// How to build.
    pub options: BuildOptions,
    /// Which benchmarks.
    pub filter: Filter,
    /// How to measure.
    pub settings: RunSettings,
    /// Any revision that git understands.
    pub revision: String,
    /// The name to point at the commit.
    pub name: String,
    /// Measure although the commit was measured here before.
    pub fresh: bool,
    /// Whether to go on with a measurement of the same that was not finished.
    pub resume: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct BaselineOutcome {
    /// The name and what it points at; `None` where the user ended the measuring early.
    pub baseline: Option<Baseline>,
    /// The run in which it was measured, now or before.
    pub run: RunId,
    /// Whether an earlier measurement of the commit was taken.
    pub reused: bool,
}

/// Builds a commit in the workbench, measures it among its own files, keeps its executables, and names it.
///
/// # Errors
/// When the revision is unknown, the commit does not build, or nothing could be measured or recorded.
pub fn record_baseline(
    place: &Place,
    tools: &Tools,
    request: &BaselineRequest,
    store: &mut Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<BaselineOutcome, PipelineError> {
    let repository = repository(place)?;
    let commit = repository.resolve(&request.revision)?;
    let mut bench = Bench::open(place, tools, &request.options, "cargo perfguard baseline", events, cancel)?;
    if !request.fresh
        && let Some(run) = measured_before(&bench, store, &commit, request)?
    {
        let baseline = point(store, &request.name, &run, clock)?;
        return Ok(BaselineOutcome { baseline: Some(baseline), run: run.id, reused: true });
    }
    let tree = repository.tree(&commit)?;
    let subject = repository.commit(&commit)?.subject;
    let limits = limits(&request.settings);
    let prepared =
        bench.prepare(place, tools, &tree, &What::Commit(commit.clone()), &request.options, limits, events, cancel)?;
    require_targets(place, &prepared)?;
    let selected = select(&prepared, &request.filter)?;
    bench.workbench.keep(&prepared.build)?;
    let source = Source { commit: Some(commit.to_string()), dirty: false, branch: None, subject: Some(subject) };
    let what = Measuring {
        tables: &request.options.tables,
        command: RunCommand::Baseline,
        prepared: &prepared,
        selected: &selected,
        settings: &request.settings,
        extra: Extra::new(&bench, place, &request.options, &request.settings, &[]),
        source,
        resume: request.resume,
    };
    bench.workbench.seat(Seat::Kept(&prepared.build.key))?;
    let recorded = measure_and_record(&mut bench, &what, store, clock, events, cancel);
    bench.workbench.seat(Seat::Builder)?;
    let recorded = recorded?;
    let run = store.run(recorded.run)?.ok_or_else(|| PipelineError::unknown_run(&recorded.run.to_string()))?;
    let baseline = if recorded.interrupted { None } else { Some(point(store, &request.name, &run, clock)?) };
    keep_within(&mut bench, &request.options, store, clock, events)?;
    Ok(BaselineOutcome { baseline, run: run.id, reused: false })
}

/// The newest whole run of a commit, measured here in the same way, whose executables are still kept.
fn measured_before(
    bench: &Bench,
    store: &Store,
    commit: &CommitId,
    request: &BaselineRequest,
) -> Result<Option<Run>, PipelineError> {
    let fingerprint = environment::detect().fingerprint();
    let BuildOptions { profile, features, .. } = &request.options;
    for id in store.measured_runs(&commit.0, &fingerprint, profile, features)? {
        let Some(run) = store.run(id)? else { continue };
        let same_way = RunSettings { seed: run.settings.seed, ..request.settings.clone() } == run.settings;
        if same_way && problems(bench, store, &run)?.is_empty() {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

/// Points a name at a run that stands for a commit.
fn point(store: &mut Store, name: &str, run: &Run, clock: &dyn Clock) -> Result<Baseline, PipelineError> {
    let refuse = |reason: &str| PipelineError::NotABaseline { run: run.id.to_string(), reason: reason.to_owned() };
    let commit = match (&run.source.commit, run.source.dirty) {
        (Some(commit), false) => commit.clone(),
        (Some(_), true) => return Err(refuse("it measured a tree with changes that are not committed")),
        (None, _) => return Err(refuse("it measured a tree outside git")),
    };
    if run.finished_at_ns.is_none() {
        return Err(refuse("it did not finish"));
    }
    let baseline = Baseline {
        name: name.to_owned(),
        run: run.id,
        commit,
        fingerprint: run.environment.fingerprint(),
        profile: run.build.profile.clone(),
        features: run.build.features.clone(),
        set_at_ns: clock.unix_ns(),
    };
    store.set_baseline(&baseline)?;
    Ok(baseline)
}

/// Points a name at a recorded run of a commit, keeping what is needed to run its executables again.
///
/// # Errors
/// When there is no such run, when it does not stand for a commit, or when its executables cannot be had any more.
#[expect(clippy::too_many_arguments, reason = "one call of a whole way through")]
pub fn promote_run(
    place: &Place,
    tools: &Tools,
    options: &BuildOptions,
    run: RunId,
    name: &str,
    store: &mut Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<Baseline, PipelineError> {
    let repository = repository(place)?;
    let run = store.run(run)?.ok_or_else(|| PipelineError::unknown_run(&run.to_string()))?;
    let commit = run.source.clean_commit().unwrap_or_default().to_owned();
    let mut bench = Bench::open(place, tools, options, "cargo perfguard baseline promote", events, cancel)?;
    if !commit.is_empty() && !problems(&bench, store, &run)?.is_empty() {
        rebuild(&mut bench, place, repository, &commit, options, events, cancel)?;
        if let Some(problem) = problems(&bench, store, &run)?.first() {
            return Err(PipelineError::NotABaseline { run: run.id.to_string(), reason: problem.to_string() });
        }
    }
    point(store, name, &run, clock)
}

/// Builds a commit again and keeps its folder.
fn rebuild(
    bench: &mut Bench,
    place: &Place,
    repository: &Repository,
    commit: &str,
    options: &BuildOptions,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<(), PipelineError> {
    let commit = repository.resolve(commit)?;
    let tree = repository.tree(&commit)?;
    let request = build_request(place, &What::Commit(commit), options);
    let build = bench.workbench.build(&tree, &request, events, cancel)?;
    Ok(bench.workbench.keep(&build)?)
}

/// Removes a name, and the kept folders of commits that no other name points at. The runs stay recorded.
///
/// # Errors
/// When there is no baseline of that name, or the store or the cache cannot be written.
pub fn remove_baseline(
    place: &Place,
    tools: &Tools,
    options: &BuildOptions,
    name: &str,
    store: &mut Store,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<(), PipelineError> {
    let (gone, rest): (Vec<_>, Vec<_>) = store.baselines()?.into_iter().partition(|baseline| baseline.name == name);
    if gone.is_empty() {
        return Err(PipelineError::Unknown { what: "baseline", name: name.to_owned() });
    }
    let mut bench = Bench::open(place, tools, options, "cargo perfguard baseline remove", events, cancel)?;
    store.remove_baseline(name)?;
    for baseline in gone {
        if rest.iter().all(|other| other.commit != baseline.commit) {
            bench.workbench.remove_kept(&baseline.commit)?;
        }
    }
    Ok(())
}

/// What is wrong with a baseline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyProblem {
    /// The run that it names is not in the store.
    #[error("its run is not in the store")]
    RunMissing,
    /// An executable is gone or damaged.
    #[error("the executable of `{target}` is not kept: {reason}")]
    Executable {
        /// A benchmark's `package::target`.
        target: String,
        /// Gone, or not the bytes that were measured.
        reason: String,
    },
    /// The files that the executables run among are gone.
    #[error("the kept folder of commit `{0}` is gone")]
    KeptFolder(String),
}

/// Checks a baseline's run, executables (against their hashes) and kept folder; an empty list is a whole baseline.
///
/// # Errors
/// When there is no baseline of that name for this environment, or the store cannot be read.
pub fn verify_baseline(
    place: &Place,
    tools: &Tools,
    options: &BuildOptions,
    baseline: &Baseline,
    store: &Store,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<Vec<VerifyProblem>, PipelineError> {
    let Some(run) = store.run(baseline.run)? else {
        return Ok(vec![VerifyProblem::RunMissing]);
    };
    let bench = Bench::open(place, tools, options, "cargo perfguard baseline verify", events, cancel)?;
    problems(&bench, store, &run)
}

/// What keeps a run's executables from being run again here.
fn problems(bench: &Bench, store: &Store, run: &Run) -> Result<Vec<VerifyProblem>, PipelineError> {
    let mut found = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for measurement in store.measurements(run.id)? {
        // A program that is no cargo target has no executable here: its files are in the kept folder.
        let is_program = measurement.id.package == PROGRAM_PACKAGE;
        if is_program || !seen.insert(measurement.artifact.clone()) {
            continue;
        }
        if let Err(error) = bench.workbench.artifact(&measurement.artifact) {
            let target = format!("{}::{}", measurement.id.package, measurement.id.target);
            found.push(VerifyProblem::Executable { target, reason: error.to_string() });
        }
    }
    if let Some(commit) = &run.source.commit
        && !bench.workbench.has_kept(commit)
    {
        found.push(VerifyProblem::KeptFolder(commit.clone()));
    }
    Ok(found)
}
