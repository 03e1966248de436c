//! The workbench of one repository, as the rest of perfguard sees it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::artifacts::Artifacts;
use super::cargo::{BuiltTargets, Cargo, tool_environment};
use super::cargo_config::pass_along_from_above;
use super::inputs::{self, Affected, Inputs, Trees};
use super::manifests::{outside_dependencies, root_sources};
use super::record;
use super::retention::{self, KeepLimits, Kept};
use super::roles::{HERE, LINKER_NAME, READER_NAME, RUNNER_NAME, VERSION, WRAPPER_NAME};
use super::{
    BuildError, Checkout, CheckoutError, CommonLayouts, Identity, IdentitySide, Layout, LayoutRequest, NotLinked, Seat,
    Swap, common_layout, identity,
};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::{Event, EventSink};
use crate::model::{Artifact, ArtifactHash, BuildContext, KeptKind, TargetId, Variant};
use crate::process;
use crate::vcs::{ChangedFile, SourceTree};

/// What a workbench needs to know of its surroundings.
#[derive(Debug, Clone)]
pub struct WorkbenchSetup {
    /// The cache's root; it exists.
    pub cache: PathBuf,
    /// This repository's folder in it.
    pub repository_key: String,
    /// perfguard's own executable, for its roles.
    pub executable: PathBuf,
    /// The repository's root, or the workspace's outside git.
    pub invoking_root: PathBuf,
    /// The git directory that all work trees share; `None` outside git.
    pub common_dir: Option<PathBuf>,
    /// perfguard's own environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// What to build, in cargo's own words.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// What is built, in words: `commit a1b2c3d4e`, `the working tree`.
    pub what: String,
    /// The manifest, relative to the root.
    pub manifest: PathBuf,
    /// Where the user stands, relative to the root.
    pub cwd: PathBuf,
    /// Cargo's flags as the user gave them.
    pub cargo_args: Vec<OsString>,
    /// The profile's name.
    pub profile: String,
    /// The feature flags, as they are stored.
    pub features: Vec<String>,
    /// What else this build does otherwise. What cargo has flags for stands among the flags, too.
    pub variant: Variant,
    /// The invoking tree's `Cargo.lock`: its path relative to the root, and its content.
    pub lock: Option<(PathBuf, Vec<u8>)>,
    /// Whether cargo may colour its lines.
    pub color: bool,
}

/// A built tree.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Build {
    /// The key of the tree's contents, and of the variant where there is one.
    pub key: String,
    /// The executables, in the order of their targets.
    pub artifacts: Vec<Artifact>,
    /// Whether all targets that cargo was asked for did build.
    pub complete: bool,
    /// Source files, relative to the workspace's root, with an unstable feature that the compiler refused.
    pub needs_nightly: Vec<PathBuf>,
    /// What the executables have in common.
    pub context: BuildContext,
    /// Hash of all that the build depends on besides its tree.
    asked: String,
    /// What the executables were made from, where that is known for sure.
    #[serde(default)]
    inputs: Option<Inputs>,
}

/// The workbench of one repository.
#[derive(Debug)]
pub struct Workbench {
    setup: WorkbenchSetup,
    layout: Layout,
    checkout: Checkout,
}

impl Workbench {
    /// Opens a repository's workbench, makes it where it is missing, and puts right what a crash left. The caller holds
    /// the machine's lock.
    ///
    /// # Errors
    /// When the cache cannot be read or written.
    pub fn open(setup: &WorkbenchSetup) -> Result<Self, BuildError> {
        let layout = Layout::create(&setup.cache.join(&setup.repository_key))?;
        let roles = layout.bin().join(VERSION);
        fs_err::create_dir_all(&roles).map_err(BuildError::Cache)?;
        for name in [WRAPPER_NAME, LINKER_NAME, RUNNER_NAME, READER_NAME] {
            let link = roles.join(name);
            if fs_err::read_link(&link).ok().as_ref() != Some(&setup.executable) {
                fs_err::remove_file(&link).ok();
                fs_err::os::unix::fs::symlink(&setup.executable, &link).map_err(BuildError::Cache)?;
            }
        }
        if building(&layout).exists() {
            // A perfguard was killed while it built: its cargo may live on, and must not meet another tree.
            process::end_all_with(HERE, layout.here().as_os_str());
            fs_err::remove_file(building(&layout)).map_err(BuildError::Cache)?;
        }
        let checkout = Checkout::open(layout.clone(), setup.common_dir.clone())?;
        Ok(Self { setup: setup.clone(), layout, checkout })
    }

    /// Where the tree lies that is built.
    pub fn tree(&self) -> PathBuf {
        self.layout.wb()
    }

    /// The environment for cargo and its tools in the tree.
    pub fn cargo_environment(&self) -> Vec<(OsString, OsString)> {
        tool_environment(&self.setup.environment, self.layout.root())
    }

    /// Builds the bench targets of a tree, and keeps each executable with its link kit.
    ///
    /// # Errors
    /// When nothing could be built. Where only some targets did not compile, the others are given and
    /// [`Build::complete`] is false.
    pub fn build(
        &mut self,
        source: &SourceTree,
        request: &BuildRequest,
        events: &mut dyn EventSink,
        cancel: &CancellationToken,
    ) -> Result<Build, BuildError> {
        let what = request.what.clone();
        if !source.entries.contains_key(&request.manifest) {
            return Err(BuildError::NoManifest { manifest: request.manifest.display().to_string(), what });
        }
        self.link_outside(source, events)?;
        if let Some((path, content)) = &request.lock {
            self.checkout.offer_lock(path.clone(), content.clone());
        }
        let roots = &mut |_: &Path| Ok(root_sources(source).into_iter().collect());
        let updated = self.checkout.update::<CheckoutError>(source, roots)?;
        if let Some(path) = updated.differing.first() {
            events.event(Event::Remark {
                message: format!("`{}` changed while the tree was read: the newer content is built", path.display()),
                hint: None,
            });
        }
        let home =
            self.setup.environment.iter().find(|(name, _)| name == "CARGO_HOME").map(|(_, home)| PathBuf::from(home));
        pass_along_from_above(&self.layout.here(), &self.setup.invoking_root, home.as_deref())?;
        fs_err::remove_dir_all(self.layout.capture()).ok();
        fs_err::create_dir_all(self.layout.capture()).map_err(BuildError::Cache)?;
        let cargo = Cargo { layout: &self.layout, environment: &self.setup.environment, request, what };
        let toolchain = cargo.toolchain(cancel)?;
        let triples = cargo.triples(&toolchain.host);
        let triple = triples.first().unwrap_or(&toolchain.host).clone();
        let runner = cargo.user_runner(&triple, cancel);
        fs_err::write(building(&self.layout), "").map_err(BuildError::Cache)?;
        let built = cargo.build(&triples, events, cancel);
        fs_err::remove_file(building(&self.layout)).map_err(BuildError::Cache)?;
        let runs = cargo.run_environments(&runner);
        self.checkout.build_ended()?;
        let (BuiltTargets { built, complete, needs_nightly, own }, runs) = (built?, runs?);
        let inputs = match inputs::collect(&self.layout, source, &request.manifest, &own) {
            Ok(inputs) => Some(inputs).filter(|_| complete),
            Err(doubt) => {
                events.event(Event::Detail(format!("what the executables were made from is not known: {doubt}")));
                None
            }
        };
        let context = BuildContext {
            toolchain: toolchain.version,
            triple,
            profile: request.profile.clone(),
            features: request.features.clone(),
            lock_hash: self.lock_hash(request),
        };
        let artifacts = Artifacts::new(&self.layout).keep_all(&built, &runs, &context, cancel)?;
        let asked =
            record::asked(request, &format!("{} {}", context.toolchain, toolchain.host), &self.cargo_environment());
        let key = record::key(source, &request.variant);
        Ok(Build { key, artifacts, complete, needs_nightly, context, asked, inputs })
    }

    /// What the build of a tree gave, if it was asked for in the same way before and all of it is still kept; then it need
    /// not be built again.
    ///
    /// # Errors
    /// When the cache cannot be read, or the compiler does not say what it is.
    pub fn kept_build(
        &mut self,
        source: &SourceTree,
        request: &BuildRequest,
        cancel: &CancellationToken,
    ) -> Result<Option<Build>, BuildError> {
        let key = record::key(source, &request.variant);
        if !self.has_kept(&key) {
            return Ok(None);
        }
        self.seat(Seat::Builder)?;
        let what = request.what.clone();
        let cargo = Cargo { layout: &self.layout, environment: &self.setup.environment, request, what };
        let folder = self.layout.kept(&key);
        let toolchain = cargo.toolchain_in(&folder.join("wb"), cancel)?;
        let compiler = format!("{} {}", toolchain.version, toolchain.host);
        let asked = record::asked(request, &compiler, &self.cargo_environment());
        let Some(build) = record::read(&folder, &asked) else { return Ok(None) };
        let artifacts = Artifacts::new(&self.layout);
        let is_there = |artifact: &Artifact| artifacts.load(&artifact.hash).is_ok();
        Ok(Some(build).filter(|build| build.complete && build.artifacts.iter().all(is_there)))
    }

    /// Keeps a tree in which nothing is built here: for commands that build for themselves, in a target directory that is
    /// the tree's own ([`Self::own_target`]).
    ///
    /// # Errors
    /// When the cache cannot be read or written, or the tree cannot be read.
    pub fn keep_tree(&mut self, source: &SourceTree, events: &mut dyn EventSink) -> Result<Build, BuildError> {
        let key = record::key_of_own_tree(source);
        if !self.has_kept(&key) {
            self.seat(Seat::Builder)?;
            self.link_outside(source, events)?;
            let roots = &mut |_: &Path| Ok(root_sources(source).into_iter().collect());
            self.checkout.update::<CheckoutError>(source, roots)?;
            self.checkout.build_ended()?;
            self.checkout.keep(&key)?;
        }
        let nothing = String::new;
        let context = BuildContext {
            toolchain: nothing(),
            triple: nothing(),
            profile: nothing(),
            features: Vec::new(),
            lock_hash: None,
        };
        let (artifacts, needs_nightly) = (Vec::new(), Vec::new());
        Ok(Build { key, artifacts, complete: true, needs_nightly, context, asked: nothing(), inputs: None })
    }

    /// The target directory of the tree that is seated.
    pub fn own_target(&self) -> PathBuf {
        self.layout.out()
    }

    /// The hash of the lock file that the build used.
    fn lock_hash(&self, request: &BuildRequest) -> Option<String> {
        let beside = request.manifest.parent().map(|folder| folder.join("Cargo.lock"));
        let candidates = request.lock.iter().map(|(path, _)| path.clone()).chain(beside).chain(["Cargo.lock".into()]);
        let bytes = candidates.map(|path| self.layout.wb().join(path)).find_map(|path| std::fs::read(path).ok())?;
        Some(blake3::hash(&bytes).to_hex()[..16].to_owned())
    }

    /// Links path dependencies that lie outside the repository, and says so.
    fn link_outside(&mut self, source: &SourceTree, events: &mut dyn EventSink) -> Result<(), BuildError> {
        for path in outside_dependencies(source, &self.setup.invoking_root) {
            self.checkout.link_outside(&self.setup.invoking_root, &path)?;
            let message =
                format!("path dependency `{}` lies outside the repository: it is not versioned", path.display());
            events.event(Event::Remark { message, hint: None });
        }
        Ok(())
    }

    /// Keeps the folder of the tree that was just built, so that its executables can run among their own files later.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub fn keep(&mut self, build: &Build) -> Result<(), BuildError> {
        self.checkout.keep(&build.key)?;
        record::write(&self.layout.kept(&build.key), &build.asked, build).map_err(BuildError::Cache)
    }

    /// Keeps a second copy of a kept folder, under the key that is given back, unless it is there.
    ///
    /// # Errors
    /// When there is no such kept folder, or the cache cannot be written.
    pub fn keep_copy(&mut self, key: &str) -> Result<String, BuildError> {
        let copy = format!("{key}{COPY}");
        if !self.has_kept(&copy) {
            self.checkout.copy_kept(key, &copy)?;
        }
        Ok(copy)
    }

    /// Removes kept folders of working trees, and their copies, but for those of the tree of one key, whatever the variant:
    /// nobody asks for an edit that is gone.
    ///
    /// # Errors
    /// When the cache cannot be read or written.
    pub fn forget_other_trees(&mut self, key: &str) -> Result<(), BuildError> {
        for one in self.checkout.working_trees()? {
            if record::tree_of(one.trim_end_matches(COPY)) != record::tree_of(key) {
                self.checkout.remove_kept(&one)?;
            }
        }
        Ok(())
    }

    /// Removes a commit's kept folder, if there is one.
    ///
    /// # Errors
    /// When the cache cannot be written.
    pub fn remove_kept(&mut self, key: &str) -> Result<(), BuildError> {
        Ok(self.checkout.remove_kept(key)?)
    }

    /// Whether a commit's folder is kept.
    pub fn has_kept(&self, key: &str) -> bool {
        self.checkout.has(key)
    }

    /// Whether a commit's folder is kept of a build in which every target compiled.
    pub fn has_whole_build(&self, key: &str) -> bool {
        self.has_kept(key) && record::is_complete(&self.layout.kept(key))
    }

    /// Lets the builder's folder, or a kept commit's, stand where every path leads. Gives whether that was one atomic
    /// step, as it is on every common file system.
    ///
    /// # Errors
    /// When the commit is not kept, or the folders cannot be moved.
    pub fn seat(&mut self, seat: Seat<'_>) -> Result<bool, BuildError> {
        Ok(self.checkout.seat(seat)? == Swap::Exchanged)
    }

    /// All that is kept of this repository, the build tree first.
    ///
    /// # Errors
    /// When the cache cannot be read.
    pub fn kept(&mut self) -> Result<Vec<Kept>, BuildError> {
        self.seat(Seat::Builder)?;
        retention::survey(&self.layout)
    }

    /// Removes what is past the limits: the oldest unused first, never one of `needed` (commits and executables' hashes).
    /// Looks once a day only. Gives what went.
    ///
    /// # Errors
    /// When the cache cannot be read or written.
    pub fn keep_within(
        &mut self,
        limits: KeepLimits,
        needed: &BTreeSet<String>,
        now: SystemTime,
    ) -> Result<Vec<Kept>, BuildError> {
        const AGAIN_AFTER: Duration = Duration::from_hours(24);
        let marker = self.layout.root().join("looked-through");
        let looked = marker.metadata().and_then(|found| found.modified()).ok();
        if looked.and_then(|looked| now.duration_since(looked).ok()).is_some_and(|age| age < AGAIN_AFTER) {
            return Ok(Vec::new());
        }
        fs_err::write(&marker, "").map_err(BuildError::Cache)?;
        self.seat(Seat::Builder)?;
        retention::enforce(&self.layout, limits, needed, now)
    }

    /// Removes all that nobody has a claim to, and with `build_tree` what the next build would use too. Gives what went.
    ///
    /// # Errors
    /// When the cache cannot be read or written.
    pub fn clean(&mut self, needed: &BTreeSet<String>, build_tree: bool) -> Result<Vec<Kept>, BuildError> {
        let mut gone = Vec::new();
        for one in self.kept()? {
            if retention::may_go(&one, needed) || build_tree && one.kind == KeptKind::BuildTree {
                retention::remove(&self.layout, &one)?;
                gone.push(one);
            }
        }
        Ok(gone)
    }

    /// A kept executable.
    ///
    /// # Errors
    /// When it is gone, or its bytes are not those of its hash.
    pub fn artifact(&self, hash: &ArtifactHash) -> Result<Artifact, BuildError> {
        Artifacts::new(&self.layout).load(hash)
    }

    /// Whether two sides of a target would run the same. `ignore` are globs over paths from the root.
    ///
    /// # Errors
    /// When the cache cannot be read.
    pub fn identity(
        &mut self,
        base: &IdentitySide<'_>,
        head: &IdentitySide<'_>,
        ignore: &[String],
    ) -> Result<Identity, BuildError> {
        self.seat(Seat::Builder)?;
        identity::identity(&self.layout, base, head, ignore)
    }

    /// Which executables of a build can differ in another tree that is built in the same way. In doubt, all. `ignore` are
    /// globs over paths from the root.
    pub fn affected(&self, build: &Build, base: &SourceTree, head: &SourceTree, ignore: &[String]) -> Affected {
        let Some(inputs) = &build.inputs else {
            return Affected::Everything("what the executables were made from is not known".to_owned());
        };
        let names = |target: &TargetId, path: &Path| holds_name(build, target, path);
        inputs.affected(&Trees { base, head, ignore, names: &names })
    }

    /// Which executables of a build each of several lists of changed files can affect, in a tree like the one that was
    /// built. In doubt, all.
    pub fn touched(
        &self,
        build: &Build,
        tree: &SourceTree,
        lists: &[Vec<ChangedFile>],
        ignore: &[String],
    ) -> Vec<Affected> {
        let Some(inputs) = &build.inputs else {
            let everything = Affected::Everything("what the executables were made from is not known".to_owned());
            return vec![everything; lists.len()];
        };
        // The same few names come in many lists.
        let known: RefCell<BTreeMap<(TargetId, PathBuf), bool>> = RefCell::default();
        let names = |target: &TargetId, path: &Path| {
            let key = (target.clone(), path.to_owned());
            *known.borrow_mut().entry(key).or_insert_with(|| holds_name(build, target, path))
        };
        inputs.touched(lists, &Trees { base: tree, head: tree, ignore, names: &names })
    }

    /// Links base and head again, `request.count` times, each time in another order of functions, so that code that is
    /// the same on both sides sits at the same addresses on both. What was linked before is kept and given again.
    ///
    /// # Errors
    /// The reason why there are only the executables as built, for the rows.
    pub fn common_layouts(
        &self,
        base: &Artifact,
        head: &Artifact,
        request: LayoutRequest,
        clock: &dyn Clock,
        cancel: &CancellationToken,
    ) -> Result<CommonLayouts, NotLinked> {
        let reader = self.layout.bin().join(VERSION).join(READER_NAME);
        common_layout::common_layouts(base, head, request, &reader, clock, cancel)
    }
}

/// Whether a target's executable holds the name of a file. One that cannot be read may hold any.
fn holds_name(build: &Build, target: &TargetId, path: &Path) -> bool {
    let artifact = build.artifacts.iter().find(|artifact| artifact.target == *target);
    artifact.and_then(|artifact| identity::names_file(&artifact.program, path).ok()).unwrap_or(true)
}

/// How the key of a kept folder's copy ends.
const COPY: &str = ".copy";

/// A file that is there while cargo works.
fn building(layout: &Layout) -> PathBuf {
    layout.root().join("building")
}
