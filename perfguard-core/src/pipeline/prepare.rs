//! From a source tree to executables whose benchmarks are known.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{PipelineError, Place, TOOL_VERSION, Tools};
use crate::build::{Build, BuildRequest, KeepLimits, MachineLock, Workbench, WorkbenchSetup};
use crate::cancel::CancellationToken;
use crate::config::{OwnMetric, ProgramTarget, Tables};
use crate::event::{Event, EventSink};
use crate::measure::{self, Listing, NotListed};
use crate::model::{
    Artifact, ArtifactHash, BenchmarkId, Harness, HarnessKind, MetricId, NotMeasured, PROGRAM_PACKAGE, RunEnvironment,
    RunSettings, TargetId, TargetKind, Variant,
};
use crate::plan::{self, Selection, Workspace};
use crate::process::{Launcher, Limits};
use crate::vcs::{CommitId, SourceTree};

/// How to build, in cargo's own words.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    /// `--manifest-path`.
    pub manifest: Option<PathBuf>,
    /// Flags for cargo as the user gave them.
    pub cargo_args: Vec<OsString>,
    /// The profile's name.
    pub profile: String,
    /// The feature flags as they are stored.
    pub features: Vec<String>,
    /// What this build does otherwise.
    pub variant: Variant,
    /// What the flags select.
    pub selection: Selection,
    /// Whether cargo may colour its lines.
    pub color: bool,
    /// Whether to wait for another perfguard that measures on this machine.
    pub wait: bool,
    /// Ignored files and folders that the working tree's build needs, relative to the root.
    pub include: Vec<String>,
    /// What the configuration says of some benchmarks.
    pub tables: Tables,
    /// Programs that are no cargo targets.
    pub programs: Vec<ProgramTarget>,
    /// The user's own metrics.
    pub own_metrics: Vec<OwnMetric>,
    /// How much of what is built is kept.
    pub keep: Option<KeepLimits>,
}

/// One target and what is known of it.
#[derive(Debug, Clone)]
pub struct PreparedTarget {
    /// The target.
    pub id: TargetId,
    /// Its executable, if it was built.
    pub artifact: Option<Artifact>,
    /// Its harness, if it was built.
    pub harness: Option<Harness>,
    /// Its benchmarks' names, or why it has none.
    pub benchmarks: Result<Vec<String>, NotMeasured>,
    /// Names that it listed more than once.
    pub repeated: Vec<String>,
    /// What each of its processes does before the benchmark, where that can be told apart.
    pub set_up: Option<Duration>,
}

impl PreparedTarget {
    /// The metric by which its benchmarks are judged.
    pub(super) fn decides(&self) -> MetricId {
        self.harness.as_ref().map_or(MetricId::WALL_TIME, |harness| harness.kind.decides())
    }

    /// The ids of its benchmarks, in the harness's order.
    pub fn ids(&self) -> Vec<BenchmarkId> {
        self.benchmarks.iter().flatten().map(|name| BenchmarkId::new(&self.id, name)).collect()
    }
}

/// A built tree.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The build.
    pub build: Build,
    /// All targets, measured or not, in the order of their ids.
    pub targets: Vec<PreparedTarget>,
}

/// Which tree is built.
pub(super) enum What {
    /// What the user sees.
    WorkingTree,
    /// A commit's content.
    Commit(CommitId),
    /// What is staged.
    Index,
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::WorkingTree => f.write_str("the working tree"),
            Self::Commit(commit) => write!(f, "commit {}", commit.short()),
            Self::Index => f.write_str("the index"),
        }
    }
}

/// The open workbench of a place, and the right to measure on this machine.
pub(super) struct Bench {
    pub(super) workbench: Workbench,
    pub(super) launcher: Launcher,
    pub(super) scratch: tempfile::TempDir,
    _lock: MachineLock,
}

impl Bench {
    /// Takes the machine's lock, opens the workbench, starts the launcher.
    pub(super) fn open(
        place: &Place,
        tools: &Tools,
        options: &BuildOptions,
        purpose: &str,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<Self, PipelineError> {
        fs_err::create_dir_all(&tools.cache).map_err(PipelineError::Cache)?;
        let lock = MachineLock::acquire(&tools.cache, options.wait, purpose, events, cancel)?;
        let workbench = Workbench::open(&WorkbenchSetup {
            cache: tools.cache.clone(),
            repository_key: place.cache_key(),
            executable: tools.executable.clone(),
            invoking_root: place.root.clone(),
            common_dir: place.repository.as_ref().map(|repository| repository.common_dir().to_owned()),
            environment: tools.environment.clone(),
        })?;
        let launcher = Launcher::start(&tools.executable)?;
        let scratch = scratch_folder(&tools.cache).map_err(PipelineError::Cache)?;
        Ok(Self { workbench, launcher, scratch, _lock: lock })
    }

    /// Builds a tree and lists what its executables offer. `what` names the tree in messages.
    #[expect(clippy::too_many_arguments, reason = "one call of a private step")]
    pub(super) fn prepare(
        &mut self,
        place: &Place,
        tools: &Tools,
        tree: &SourceTree,
        what: &What,
        options: &BuildOptions,
        limits: Limits,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<Prepared, PipelineError> {
        for remark in &tree.remarks {
            events.event(Event::Remark { message: remark.message.clone(), hint: remark.hint.clone() });
        }
        let request = build_request(place, what, options);
        let build = self.workbench.build(tree, &request, events, cancel)?;
        let built_manifest = self.workbench.tree().join(&request.manifest);
        let workspace = if let What::Commit(_) = what {
            let cwd = built_manifest.parent().unwrap_or(Path::new("/"));
            let environment = self.workbench.cargo_environment();
            plan::read_metadata(&built_manifest, cwd, &environment, &tools.cargo, cancel)?
        } else {
            place.workspace.clone()
        };
        let manifest = if workspace.root() == place.workspace.root() { &place.manifest } else { &built_manifest };
        let mut targets = self.list(&build, &workspace, manifest, options, limits, events, cancel)?;
        self.list_programs(place, &build, options, &mut targets, limits, events, cancel)?;
        Ok(Prepared { build, targets })
    }

    /// All targets with their benchmarks: those that were built, and those that were meant and were not.
    #[expect(clippy::too_many_arguments, reason = "one call of a private step")]
    pub(super) fn list(
        &mut self,
        build: &Build,
        workspace: &Workspace,
        manifest: &Path,
        options: &BuildOptions,
        limits: Limits,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<Vec<PreparedTarget>, PipelineError> {
        let mut targets = Vec::new();
        for artifact in &build.artifacts {
            let harness = options.tables.of_target(&artifact.target.to_string(), "harness");
            let harness = harness.map(|name| name.parse().expect("the configuration checks harnesses"));
            targets.push(self.list_artifact(artifact, harness, &build.key, limits, events, cancel)?);
        }
        for target in plan::expected_targets(workspace, manifest, &options.selection) {
            if targets.iter().all(|known| known.id != target.id) {
                let reason = plan::unbuilt_reason(workspace, &target, &options.selection, &build.needs_nightly);
                targets.push(PreparedTarget::unlisted(target.id, None, None, reason));
            }
        }
        targets.sort_by(|left, right| left.id.cmp(&right.id));
        Ok(targets)
    }

    /// Lists the programs that are no cargo targets, among the tree that is seated now, and puts them to the others. Cargo's
    /// flags that choose packages or benches leave them out.
    #[expect(clippy::too_many_arguments, reason = "one call of a private step")]
    pub(super) fn list_programs(
        &mut self,
        place: &Place,
        build: &Build,
        options: &BuildOptions,
        targets: &mut Vec<PreparedTarget>,
        limits: Limits,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<(), PipelineError> {
        let Selection { packages, benches, .. } = &options.selection;
        if !packages.is_empty() || !benches.is_empty() {
            return Ok(());
        }
        let cwd = self.workbench.tree().join(place.relative(place.workspace.root()));
        for program in &options.programs {
            let artifact = program_artifact(
                &program.name,
                &program.command,
                build,
                cwd.clone(),
                self.workbench.cargo_environment(),
            );
            let id = artifact.target.to_string();
            let listed = if targets.iter().any(|known| known.id.to_string() == id) {
                let message = format!("a cargo target is named `{id}` too: name the `[[target]]` otherwise");
                let reason = NotMeasured::ListingFailed { message };
                PreparedTarget::unlisted(artifact.target.clone(), None, None, reason)
            } else {
                events.event(Event::Listing { target: artifact.target.clone(), by_running: false });
                let asked = self.ask(&artifact, HarnessKind::Native, limits, cancel)?;
                match asked {
                    Ok(listing) => PreparedTarget::listed(&artifact, HarnessKind::Native, listing),
                    Err(reason) => {
                        let harness = Harness { kind: HarnessKind::Native, version: None };
                        let target = artifact.target.clone();
                        PreparedTarget::unlisted(target, Some(artifact), Some(harness), reason)
                    }
                }
            };
            targets.push(listed);
        }
        targets.sort_by(|left, right| left.id.cmp(&right.id));
        Ok(())
    }

    /// Asks an executable for its benchmarks. Gives why it has none to tell, where it has none.
    pub(super) fn ask(
        &mut self,
        artifact: &Artifact,
        kind: HarnessKind,
        limits: Limits,
        cancel: &CancellationToken,
    ) -> Result<Result<Listing, NotMeasured>, PipelineError> {
        let Some(driver) = measure::driver_for(kind) else {
            return Ok(Err(NotMeasured::HarnessNotDriven { harness: kind }));
        };
        let patience = if driver.lists_by_running() { LISTS_BY_RUNNING } else { 1 };
        let limits = Limits { timeout: limits.timeout.saturating_mul(patience), ..limits };
        let mut session = measure::Session {
            launcher: &mut self.launcher,
            artifact,
            version: None,
            scratch: self.scratch.path(),
            limits,
            cancel,
            to_the_end: false,
        };
        match driver.list(&mut session) {
            Ok(listing) => Ok(Ok(listing)),
            Err(_) if cancel.is_cancelled() => Err(PipelineError::Interrupted),
            Err(NotListed::NeedsTool { tool, install }) => Ok(Err(NotMeasured::NeedsTool { tool, install })),
            Err(NotListed::Failed(failure)) => Ok(Err(NotMeasured::ListingFailed { message: failure.message })),
        }
    }

    /// One executable's harness and benchmarks, from the cache where executable and sources are the same as last time.
    fn list_artifact(
        &mut self,
        artifact: &Artifact,
        harness: Option<HarnessKind>,
        key: &str,
        limits: Limits,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<PreparedTarget, PipelineError> {
        let cached = artifact.folder().join("listing.json");
        let known = fs_err::read(&cached).ok().and_then(|text| serde_json::from_slice::<CachedListing>(&text).ok());
        if let Some(known) = known.filter(|known| known.is_valid(key, harness)) {
            let (target, kind, count) = (&artifact.target, known.kind, known.listing.names.len());
            events
                .event(Event::Detail(format!("`{target}` is {kind}, its {count} benchmarks are known from last time")));
            return Ok(PreparedTarget::listed(artifact, known.kind, known.listing));
        }
        let kind = match harness {
            Some(kind) => kind,
            None => measure::detect_file(&artifact.program).map_err(PipelineError::Cache)?,
        };
        let why = if harness.is_some() { "as the configuration says" } else { "by a text in its executable" };
        let why = if harness.is_none() && kind == HarnessKind::Plain {
            "no harness's text is in its executable"
        } else {
            why
        };
        events.event(Event::Detail(format!("`{}` is {kind}: {why}", artifact.target)));
        if let Some(driver) = measure::driver_for(kind) {
            events.event(Event::Listing { target: artifact.target.clone(), by_running: driver.lists_by_running() });
        }
        match self.ask(artifact, kind, limits, cancel)? {
            Ok(listing) => {
                let (tool, key) = (TOOL_VERSION.to_owned(), key.to_owned());
                let entry = CachedListing { tool, key, overruled: harness.is_some(), kind, listing };
                let text = serde_json::to_vec(&entry).expect("a listing is plain data");
                fs_err::write(&cached, text).map_err(PipelineError::Cache)?;
                Ok(PreparedTarget::listed(artifact, kind, entry.listing))
            }
            Err(reason) => {
                let harness = Harness { kind, version: None };
                Ok(PreparedTarget::unlisted(artifact.target.clone(), Some(artifact.clone()), Some(harness), reason))
            }
        }
    }
}

/// A program that is no cargo target, as something to run. Nothing tells what it reads: it is another one wherever any file
/// of the tree is.
pub(super) fn program_artifact(
    name: &str,
    command: &[String],
    build: &Build,
    cwd: PathBuf,
    env: Vec<(OsString, OsString)>,
) -> Artifact {
    let mut hasher = blake3::Hasher::new();
    for word in [&build.key].into_iter().chain(command) {
        hasher.update(&(word.len() as u64).to_le_bytes());
        hasher.update(word.as_bytes());
    }
    // The words of a runner and the program are one command line.
    let (last, first) = command.split_last().expect("a command has a word");
    let runner = first.iter().map(OsString::from).collect();
    Artifact {
        target: TargetId { package: PROGRAM_PACKAGE.to_owned(), kind: TargetKind::Program, name: name.to_owned() },
        hash: ArtifactHash(hasher.finalize().to_hex().to_string()),
        program: PathBuf::from(last),
        run: RunEnvironment { runner, cwd, env },
        has_link_kit: false,
    }
}

/// How the names of folders begin in which harnesses may write.
const SCRATCH: &str = "scratch-";

/// A new folder in which harnesses may write. Those of perfguards that were killed go: only one works at a time.
fn scratch_folder(cache: &Path) -> std::io::Result<tempfile::TempDir> {
    for left in fs_err::read_dir(cache)?.flatten() {
        if left.file_name().to_string_lossy().starts_with(SCRATCH) {
            fs_err::remove_dir_all(left.path()).ok();
        }
    }
    tempfile::Builder::new().prefix(SCRATCH).tempdir_in(cache)
}

/// A harness that cannot list runs all its benchmarks: it may take so many times the limit of one process.
const LISTS_BY_RUNNING: u32 = 10;

impl PreparedTarget {
    /// A target whose executable was listed.
    pub(super) fn listed(artifact: &Artifact, kind: HarnessKind, listing: Listing) -> Self {
        let Listing { version, names, repeated, set_up_ns } = listing;
        Self {
            id: artifact.target.clone(),
            artifact: Some(artifact.clone()),
            harness: Some(Harness { kind, version }),
            benchmarks: if names.is_empty() { Err(NotMeasured::NoBenchmarks) } else { Ok(names) },
            repeated,
            set_up: set_up_ns.map(Duration::from_nanos),
        }
    }

    /// A target without benchmarks, and why.
    fn unlisted(id: TargetId, artifact: Option<Artifact>, harness: Option<Harness>, reason: NotMeasured) -> Self {
        Self { id, artifact, harness, benchmarks: Err(reason), repeated: Vec::new(), set_up: None }
    }
}

/// What an executable listed, valid for one state of the sources: a listing may depend on files that it reads.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct CachedListing {
    tool: String,
    key: String,
    /// Whether the configuration named the harness.
    overruled: bool,
    kind: HarnessKind,
    listing: Listing,
}

impl CachedListing {
    fn is_valid(&self, key: &str, harness: Option<HarnessKind>) -> bool {
        self.key == key && self.tool == TOOL_VERSION && harness == self.overruled.then_some(self.kind)
    }
}

/// What to ask of the workbench.
pub(super) fn build_request(place: &Place, what: &What, options: &BuildOptions) -> BuildRequest {
    BuildRequest {
        what: described(what, &options.variant),
        manifest: place.relative(&place.manifest),
        cwd: place.relative(&place.cwd),
        cargo_args: options.cargo_args.clone(),
        profile: options.profile.clone(),
        features: options.features.clone(),
        variant: options.variant.clone(),
        lock: invoking_lock(place),
        color: options.color,
    }
}

/// A tree and its variant, in words.
fn described(what: &What, variant: &Variant) -> String {
    if variant.is_plain() { what.to_string() } else { format!("{what}, {variant}") }
}

/// The invoking tree's `Cargo.lock`, for commits that have none.
fn invoking_lock(place: &Place) -> Option<(PathBuf, Vec<u8>)> {
    let path = place.workspace.root().join("Cargo.lock");
    let bytes = fs_err::read(&path).ok()?;
    let root = fs_err::canonicalize(place.workspace.root()).ok()?;
    Some((place.relative(&root.join("Cargo.lock")), bytes))
}

/// Whether a kind of harness is the compiler's own, whose executables of libraries usually list nothing.
pub(super) fn is_ordinary_unit_test(target: &PreparedTarget) -> bool {
    target.harness.as_ref().is_some_and(|harness| harness.kind == HarnessKind::Libtest)
        && target.benchmarks == Err(NotMeasured::NoBenchmarks)
}

/// The limits of one process.
pub(super) fn limits(settings: &RunSettings) -> Limits {
    Limits { timeout: settings.timeout, output_bytes: settings.output_limit }
}
