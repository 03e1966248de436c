//! Counting the instructions of one benchmark on both sides, function by function, in builds with line tables.

use std::collections::{BTreeMap, BTreeSet};

use super::affected::only;
use super::extra::lacks_valgrind;
use super::matching::Both;
use super::prepare::{Bench, BuildOptions, PreparedTarget, What, limits};
use super::sides::{PreparedSide, prepare_side};
use super::{ExplainRequest, PipelineError, Place, SideSpec, Tools};
use crate::build::Seat;
use crate::cancel::CancellationToken;
use crate::event::{Event, EventSink};
use crate::explain::{CodeDifference, Dump, Functions, Profile, Program, code_difference};
use crate::measure::{
    CallgrindDumps, Driver, INSTALL_VALGRIND, NotCounted, Session, driver_for, dump_calls, time_of_iteration,
};
use crate::model::{Artifact, Side, TargetId, TargetKind, Variant};
use crate::process::Limits;
use crate::vcs::SourceTree;

/// A process under Valgrind may take so many times as long as any other.
const PATIENCE: u32 = 20;

/// What both sides execute.
pub(super) struct CountedSides {
    pub(super) base: CountedSide,
    pub(super) head: CountedSide,
    /// Whether it is what one iteration executes; else the whole process.
    pub(super) per_iteration: bool,
    /// What the user should know of it, each in words.
    pub(super) remarks: Vec<String>,
}

/// What one side executes.
pub(super) struct CountedSide {
    pub(super) profile: Profile,
    pub(super) functions: Functions,
    /// Functions that it executes and whose code line tables changed.
    pub(super) changed_code: BTreeSet<String>,
}

/// Why nothing was counted, and what helps.
pub(super) struct NothingCounted {
    pub(super) reason: String,
    pub(super) hint: Option<String>,
}

impl From<NotCounted> for NothingCounted {
    fn from(reason: NotCounted) -> Self {
        Self { reason: reason.why().to_owned(), hint: None }
    }
}

/// What is counted, and where.
pub(super) struct Counting<'a> {
    pub(super) place: &'a Place,
    pub(super) tools: &'a Tools,
    pub(super) request: &'a ExplainRequest,
    /// The sides as they are built ordinarily, and which trees they are.
    pub(super) sides: [(&'a PreparedSide, &'a SideSpec); 2],
    pub(super) both: &'a Both,
}

/// What a build with line tables does otherwise. They must be in the executable itself, and stay there.
fn with_lines() -> Variant {
    let settings = [("debug", "line-tables-only"), ("split-debuginfo", "off"), ("strip", "none")];
    let profile_settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    Variant { profile_settings, ..Variant::default() }
}

impl Counting<'_> {
    /// Builds both sides with line tables, and counts them.
    ///
    /// # Errors
    /// When the workbench or a build fails. That nothing could be counted is an answer.
    pub(super) fn count(
        &self,
        bench: &mut Bench,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<Result<CountedSides, NothingCounted>, PipelineError> {
        if lacks_valgrind(&self.sides[0].0.prepared) {
            let hint = Some(format!("install it: `{INSTALL_VALGRIND}`"));
            return Ok(Err(NothingCounted { reason: "Valgrind is not installed".to_owned(), hint }));
        }
        let target = &self.sides[1].0.prepared.targets[self.both.head];
        let kind = target.harness.as_ref().expect("a listed benchmark has a harness").kind;
        let driver = driver_for(kind).expect("a listed benchmark has a driver");
        let mut with_lines = Vec::new();
        for (side, spec) in self.sides {
            match self.build(bench, (side, spec, &target.id), events, cancel)? {
                Ok(built) => with_lines.push(built),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        let counted = self.count_built(bench, driver, &with_lines, events, cancel);
        bench.workbench.seat(Seat::Builder)?;
        if cancel.is_cancelled() {
            return Err(PipelineError::Interrupted);
        }
        counted
    }

    /// Builds the benchmark's target of one side with line tables, unless that is kept. A program that cargo does not build
    /// is taken as it is.
    fn build(
        &self,
        bench: &mut Bench,
        (side, spec, target): (&PreparedSide, &SideSpec, &TargetId),
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<Result<Built, NothingCounted>, PipelineError> {
        if target.kind == TargetKind::Program {
            let known = side.prepared.targets.iter().find(|known| known.id == *target);
            let target = known.expect("both sides have it").clone();
            return Ok(Ok(Built { key: side.seat().to_owned(), target }));
        }
        let request = self.request;
        let options = only_target(&request.options, side, target).with(&with_lines());
        let what = match spec {
            SideSpec::Commit(commit) => What::Commit(commit.clone()),
            SideSpec::WorkingTree => What::WorkingTree,
            SideSpec::Index => What::Index,
        };
        // What is to be remarked of the tree was said when it was built ordinarily.
        let tree = SourceTree { remarks: Vec::new(), ..side.tree.clone() };
        let tree = (tree, side.source.clone(), what);
        let limits = limits(&request.settings);
        let built = prepare_side(bench, self.place, self.tools, tree, &options, limits, events, cancel)?;
        let key = built.seat().to_owned();
        let target = built.prepared.targets.into_iter().find(|known| known.id == *target && known.artifact.is_some());
        Ok(target.map(|target| Built { key, target }).ok_or_else(|| NothingCounted {
            reason: format!("with line tables, its target does not build in {}", side.label),
            hint: None,
        }))
    }

    fn count_built(
        &self,
        bench: &mut Bench,
        driver: &dyn Driver,
        built: &[Built],
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<Result<CountedSides, NothingCounted>, PipelineError> {
        let mut iteration_ns = None;
        let mut dumps = Vec::new();
        for (one, (side, _)) in built.iter().zip(self.sides) {
            bench.workbench.seat(Seat::Kept(&one.key))?;
            events.event(Event::Counting { id: self.both.id.clone(), of: side.label.clone() });
            let mut session = self.session(bench, one, cancel);
            let name = &self.both.id.name;
            let dumped = match iteration_ns {
                Some(known) => Ok(known),
                None => time_of_iteration(&mut session, driver, name),
            };
            let dumped = dumped.and_then(|known| {
                iteration_ns = Some(known);
                dump_calls(&mut session, driver, name, known)
            });
            match dumped {
                Ok(dumped) => dumps.push(dumped),
                Err(reason) => return Ok(Err(reason.into())),
            }
        }
        let tree = bench.workbench.tree().display().to_string();
        let [base, head] = &dumps[..] else { unreachable!("there are two sides") };
        let mut remarks = Vec::new();
        if head.with_clock {
            remarks.push(
                "each iteration is a sample of its own: reading the clock is counted, too, on both sides".to_owned(),
            );
        }
        let mut sides = Vec::new();
        for (number, dump) in [base, head].into_iter().enumerate() {
            let ordinary = self.sides[number].0;
            let artifact = ordinary.artifact(if number == 0 { self.both.base } else { self.both.head });
            match counted_side(dump, built[number].artifact(), artifact, &tree)? {
                Ok((side, unknown)) => {
                    let name = if number == 0 { Side::Base } else { Side::Head };
                    remarks.extend(unknown.then(|| {
                        format!("whether line tables changed code of {name} cannot be told: its ordinary build has no symbols")
                    }));
                    sides.push(side);
                }
                Err(reason) => return Ok(Err(reason)),
            }
        }
        let (Some(head), Some(base)) = (sides.pop(), sides.pop()) else { unreachable!("there are two sides") };
        Ok(Ok(CountedSides { base, head, per_iteration: dumps[0].few.is_some(), remarks }))
    }

    fn session<'s>(&self, bench: &'s mut Bench, built: &'s Built, cancel: &'s CancellationToken) -> Session<'s> {
        let limits = limits(&self.request.settings);
        Session {
            launcher: &mut bench.launcher,
            artifact: built.artifact(),
            version: built.target.harness.as_ref().and_then(|harness| harness.version.as_deref()),
            scratch: bench.scratch.path(),
            limits: Limits { timeout: limits.timeout.saturating_mul(PATIENCE), ..limits },
            cancel,
            to_the_end: true,
        }
    }
}

/// A target with line tables.
struct Built {
    /// The key of its kept folder.
    key: String,
    target: PreparedTarget,
}

impl Built {
    fn artifact(&self) -> &Artifact {
        self.target.artifact.as_ref().expect("only what was built is taken")
    }
}

/// The same options for one bench only.
fn only_target(options: &BuildOptions, side: &PreparedSide, target: &TargetId) -> BuildOptions {
    let known: BTreeSet<TargetId> = side.prepared.targets.iter().map(|known| known.id.clone()).collect();
    only(options, &BTreeMap::from([(target.clone(), String::new())]), &known)
}

/// What one side executes, and whether it cannot be told if line tables changed its code.
fn counted_side(
    dumps: &CallgrindDumps,
    with_lines: &Artifact,
    ordinary: &Artifact,
    tree: &str,
) -> Result<Result<(CountedSide, bool), NothingCounted>, PipelineError> {
    let read = |text: &str| Dump::read(text).map_err(|error| NothingCounted { reason: error.to_string(), hint: None });
    let profile = match &dumps.few {
        Some(few) => read(few).and_then(|few| Ok(Profile::of_iteration(&few, &read(&dumps.many)?, dumps.iterations))),
        None => read(&dumps.many).map(|whole| Profile::of_process(&whole)),
    };
    let profile = match profile {
        Ok(profile) => profile,
        Err(reason) => return Ok(Err(reason)),
    };
    // A program of `[[target]]` may be a name that only its shell knows.
    let bytes = |artifact: &Artifact| fs_err::read(&artifact.program).unwrap_or_default();
    let program = bytes(with_lines);
    let name = with_lines.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let functions = Functions::of(&profile, &Program { name: &name, bytes: &program, tree });
    let is_same_build = with_lines.hash == ordinary.hash;
    let (changed_code, unknown) = match code_difference(&bytes(ordinary), &program) {
        CodeDifference::Functions(changed) if !is_same_build => (functions.executed_of(changed), false),
        CodeDifference::Unknown if !is_same_build => (BTreeSet::new(), true),
        CodeDifference::Same | CodeDifference::Functions(_) | CodeDifference::Unknown => (BTreeSet::new(), false),
    };
    Ok(Ok((CountedSide { profile, functions, changed_code }, unknown)))
}
