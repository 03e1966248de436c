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
    CallgrindDumps, INSTALL_VALGRIND, NotCounted, Session, driver_for, dump_calls, time_of_iteration,
};
use crate::model::{Artifact, TargetId, TargetKind, Variant};
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
        let target = &self.sides[1].0.prepared.targets[self.both.head].id;
        let mut side = |number: usize| {
            let (side, spec) = self.sides[number];
            self.build(bench, (side, spec, target), events, cancel)
        };
        let built = match (side(0)?, side(1)?) {
            (Ok(base), Ok(head)) => [base, head],
            (Err(nothing), _) | (_, Err(nothing)) => return Ok(Err(nothing)),
        };
        let dumps = self.dump_both(bench, &built, events, cancel);
        bench.workbench.seat(Seat::Builder)?;
        if cancel.is_cancelled() {
            return Err(PipelineError::Interrupted);
        }
        let tree = bench.workbench.tree().display().to_string();
        Ok(dumps?.and_then(|dumps| self.read(&dumps, &built, &tree)))
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

    /// Runs both builds under callgrind. Base is timed first, so that both run as often.
    fn dump_both(
        &self,
        bench: &mut Bench,
        built: &[Built; 2],
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<Result<[CallgrindDumps; 2], NothingCounted>, PipelineError> {
        let name = &self.both.id.name;
        let harness = built[0].target.harness.as_ref().expect("a listed benchmark has a harness");
        let driver = driver_for(harness.kind).expect("a listed benchmark has a driver");
        bench.workbench.seat(Seat::Kept(&built[0].key))?;
        let iteration_ns = match time_of_iteration(&mut self.session(bench, &built[0], cancel), driver, name) {
            Ok(iteration_ns) => iteration_ns,
            Err(reason) => return Ok(Err(reason.into())),
        };
        let mut dump = |number: usize| -> Result<Result<CallgrindDumps, NotCounted>, PipelineError> {
            bench.workbench.seat(Seat::Kept(&built[number].key))?;
            let of = self.sides[number].0.label.clone();
            events.event(Event::Counting { id: self.both.id.clone(), of });
            Ok(dump_calls(&mut self.session(bench, &built[number], cancel), driver, name, iteration_ns))
        };
        let base = match dump(0)? {
            Ok(base) => base,
            Err(reason) => return Ok(Err(reason.into())),
        };
        Ok(dump(1)?.map(|head| [base, head]).map_err(NothingCounted::from))
    }

    /// Reads what callgrind wrote.
    fn read(
        &self,
        dumps: &[CallgrindDumps; 2],
        built: &[Built; 2],
        tree: &str,
    ) -> Result<CountedSides, NothingCounted> {
        let [(base, _), (head, _)] = self.sides;
        let ordinary = [base.artifact(self.both.base), head.artifact(self.both.head)];
        let [base, head] = [0, 1].map(|side| counted_side(&dumps[side], built[side].artifact(), ordinary[side], tree));
        let ((base, of_base), (head, of_head)) = (base?, head?);
        let mut remarks = Vec::new();
        if dumps[0].with_clock {
            let clock = "each iteration is a sample of its own: reading the clock is counted, too, on both sides";
            remarks.push(clock.to_owned());
        }
        if of_base == Told::Unknown || of_head == Told::Unknown {
            let unknown = "whether line tables changed the code cannot be told: the ordinary build has no symbols";
            remarks.push(unknown.to_owned());
        }
        Ok(CountedSides { base, head, per_iteration: dumps[0].few.is_some(), remarks })
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

/// Whether it can be told if line tables changed code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Known,
    Unknown,
}

/// What one side executes.
fn counted_side(
    dumps: &CallgrindDumps,
    with_lines: &Artifact,
    ordinary: &Artifact,
    tree: &str,
) -> Result<(CountedSide, Told), NothingCounted> {
    let read = |text: &str| Dump::read(text).map_err(|error| NothingCounted { reason: error.to_string(), hint: None });
    let profile = match &dumps.few {
        Some(few) => Profile::of_iteration(&read(few)?, &read(&dumps.many)?, dumps.iterations),
        None => Profile::of_process(&read(&dumps.many)?),
    };
    // A program of `[[target]]` may be a name that only its shell knows.
    let bytes = |artifact: &Artifact| fs_err::read(&artifact.program).unwrap_or_default();
    let program = bytes(with_lines);
    let name = with_lines.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let functions = Functions::of(&profile, &Program { name: &name, bytes: &program, tree });
    if with_lines.hash == ordinary.hash {
        return Ok((CountedSide { profile, functions, changed_code: BTreeSet::new() }, Told::Known));
    }
    let (changed_code, told) = match code_difference(&bytes(ordinary), &program) {
        CodeDifference::Same => (BTreeSet::new(), Told::Known),
        CodeDifference::Functions(changed) => (functions.executed_of(changed), Told::Known),
        CodeDifference::Unknown => (BTreeSet::new(), Told::Unknown),
    };
    Ok((CountedSide { profile, functions, changed_code }, told))
}
