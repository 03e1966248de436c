//! One sitting of a bisection: what all of its steps need, and the sides that were built.

use std::collections::BTreeMap;
use std::time::Duration;

use super::command::prepare_command;
use super::notebook::Notebook;
use super::overlay::with_benches_of;
use super::{BisectError, BisectRequest};
use crate::analyse::quantum_of;
use crate::bisect::Fact;
use crate::build::{BuildError, CheckoutError, free_bytes};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::{Event, EventSink};
use crate::judge::Rules;
use crate::measure::Pair;
use crate::model::{BenchmarkId, RunCommand, RunSettings, Side};
use crate::pipeline::clean::keep_within;
use crate::pipeline::comparing::Comparing;
use crate::pipeline::exact_pairs::take_pairs;
use crate::pipeline::extra::Extra;
use crate::pipeline::layouts::LayoutChoice;
use crate::pipeline::matching::Both;
use crate::pipeline::prepare::{Bench, PreparedTarget, limits};
use crate::pipeline::sides::{PreparedSide, SideSpec, prepare_side, tree_of};
use crate::pipeline::{PipelineError, Place, Tools};
use crate::store::Store;
use crate::vcs::{CommitId, Repository, SourceTree};

/// Layouts of a step, at most: as many as it has pairs.
const MOST_LAYOUTS: usize = 12;
/// What a build is believed to take before one was seen, seconds.
pub(super) const FIRST_GUESS: f64 = 20.0;
/// With less space than this left in the cache, a build that fails does so because of it.
const LEAST_SPACE: u64 = 32 << 20;

/// What the steps of a bisection need.
pub(super) struct Sitting<'a> {
    pub(super) place: &'a Place,
    pub(super) tools: &'a Tools,
    pub(super) request: &'a BisectRequest,
    pub(super) repository: &'a Repository,
    pub(super) bench: Bench,
    pub(super) notebook: Notebook,
    pub(super) store: &'a mut Store,
    pub(super) clock: &'a dyn Clock,
    pub(super) events: &'a mut dyn EventSink,
    pub(super) cancel: &'a CancellationToken,
    pub(super) sides: BTreeMap<CommitId, PreparedSide>,
    /// The tree whose bench files are carried back.
    benches: Option<SourceTree>,
    /// Up to when the journal knows the time that was spent.
    noted: Duration,
    /// Numbers the drawings of orders and layouts.
    draws: u64,
}

impl<'a> Sitting<'a> {
    #[expect(clippy::too_many_arguments, reason = "one call of a private step")]
    pub(super) fn open(
        place: &'a Place,
        tools: &'a Tools,
        request: &'a BisectRequest,
        repository: &'a Repository,
        notebook: Notebook,
        store: &'a mut Store,
        clock: &'a dyn Clock,
        events: &'a mut dyn EventSink,
        cancel: &'a CancellationToken,
    ) -> Result<Self, PipelineError> {
        let benches = request.bench_from.as_ref().map(|commit| repository.tree(commit)).transpose()?;
        let bench = Bench::open(place, tools, &request.options, "cargo perfguard bisect", events, cancel)?;
        let noted = clock.monotonic();
        let draws = notebook.tally.pairs as u64;
        let sides = BTreeMap::new();
        Ok(Self {
            place,
            tools,
            request,
            repository,
            bench,
            notebook,
            store,
            clock,
            events,
            cancel,
            sides,
            benches,
            noted,
            draws,
        })
    }

    /// Time of everything so far, earlier sittings included.
    pub(super) fn spent(&self) -> Duration {
        self.notebook.earlier + self.clock.monotonic().saturating_sub(self.noted)
    }

    /// Whether the time that the user gave is over.
    pub(super) fn is_over(&self) -> bool {
        self.request.budget.is_some_and(|budget| self.spent() >= budget)
    }

    /// Writes down the time that was spent since it was last.
    pub(super) fn note_time(&mut self) -> Result<(), PipelineError> {
        let now = self.clock.monotonic();
        let seconds = now.saturating_sub(self.noted).as_secs_f64();
        self.noted = now;
        self.notebook.note(&Fact::Spent { seconds })
    }

    /// Builds a commit unless it is kept. Gives why it cannot be had, in words, where it cannot.
    pub(super) fn prepare(&mut self, commit: &CommitId) -> Result<Result<(), String>, PipelineError> {
        if self.sides.contains_key(commit) {
            return Ok(Ok(()));
        }
        if let Some(reason) = self.notebook.unbuildable(commit) {
            return Ok(Err(reason.to_owned()));
        }
        let Err(error) = self.build(commit) else { return Ok(Ok(())) };
        let Some(reason) = why_not(&error) else { return Err(error) };
        let fact = Fact::Skipped { commit: commit.0.clone(), benchmark: None, reason: reason.clone() };
        self.notebook.note(&fact)?;
        Ok(Err(reason))
    }

    /// Builds an end of the range; without it there is no bisection.
    pub(super) fn prepare_end(&mut self, commit: &CommitId, which: &'static str) -> Result<(), PipelineError> {
        if self.sides.contains_key(commit) {
            return Ok(());
        }
        self.build(commit).map_err(|error| {
            if why_not(&error).is_none() {
                return error;
            }
            let near = self.nearest_that_builds(commit, which);
            let commit = commit.short().to_owned();
            BisectError::EndDoesNotBuild { which, commit, near, source: Box::new(error) }.into()
        })
    }

    /// The commit nearest to an end, inside the range, that is known to build.
    fn nearest_that_builds(&self, commit: &CommitId, which: &str) -> Option<String> {
        const MOST_LOOKED_AT: usize = 1_000;
        let candidates = if which == "bad" {
            self.repository.ancestors(commit, MOST_LOOKED_AT)
        } else {
            self.repository.between(commit, &self.request.bad, true).unwrap_or_default()
        };
        let found = candidates.into_iter().find(|one| self.bench.workbench.has_whole_build(&one.0));
        found.map(|commit| commit.short().to_owned())
    }

    /// Builds a commit unless it is kept. That the disk is full is no commit's fault.
    fn build(&mut self, commit: &CommitId) -> Result<(), PipelineError> {
        let before = self.clock.monotonic();
        let side = self.side(commit).map_err(|error| {
            let is_full =
                why_not(&error).is_some() && free_bytes(&self.tools.cache).is_some_and(|free| free < LEAST_SPACE);
            if !is_full {
                return error;
            }
            let cache = self.tools.cache.display().to_string();
            BisectError::DiskFull { cache, source: Box::new(error) }.into()
        })?;
        let took = self.clock.monotonic().saturating_sub(before);
        let seconds = (!side.was_kept).then_some(took.as_secs_f64());
        self.sides.insert(commit.clone(), side);
        self.notebook.note(&Fact::Built { commit: commit.0.clone(), seconds })
    }

    fn side(&mut self, commit: &CommitId) -> Result<PreparedSide, PipelineError> {
        let options = &self.request.options;
        let spec = SideSpec::Commit(commit.clone());
        let (mut tree, source, what) = tree_of(self.place, &spec, &options.include, self.events)?;
        if let Some(benches) = &self.benches {
            tree = with_benches_of(tree, benches)?;
        }
        let Self { bench, place, tools, events, cancel, request, .. } = self;
        let limits = limits(&request.settings);
        let Some(command) = &request.command else {
            return prepare_side(bench, place, tools, (tree, source, what), options, limits, *events, cancel);
        };
        let of = (tree, source, what.to_string());
        let prepared = prepare_command(bench, place, of, command, limits, *events, cancel)?;
        Ok(prepared.map_err(|reason| BisectError::SetUp { commit: commit.short().to_owned(), reason })?)
    }

    /// A benchmark among two built commits; why it cannot be run at one of them, in words.
    pub(super) fn both(&self, base: &CommitId, head: &CommitId, id: &BenchmarkId) -> Result<Both, String> {
        let (base, head) = (self.placed(base, id)?, self.placed(head, id)?);
        Ok(Both { id: id.clone(), base_id: id.clone(), base, head })
    }

    /// The number of a benchmark's target at a commit that is built; why it is not there, in words.
    pub(super) fn placed(&self, commit: &CommitId, id: &BenchmarkId) -> Result<usize, String> {
        let targets = &self.sides[commit].prepared.targets;
        let of = |target: &PreparedTarget| target.id.package == id.package && target.id.label() == id.target;
        let at = targets.iter().position(of).ok_or("it does not have the target")?;
        match &targets[at].benchmarks {
            Ok(names) if names.contains(&id.name) => Ok(at),
            Ok(_) => Err("it does not have the benchmark".to_owned()),
            Err(reason) => Err(format!("its target {reason}")),
        }
    }

    /// Takes so many pairs of each benchmark of a commit against an anchor; each is a fact. Gives which failed at which
    /// side, and why.
    pub(super) fn measure(
        &mut self,
        anchor: &CommitId,
        commit: &CommitId,
        benchmarks: &[Both],
        wanted: &[usize],
        warm_up: bool,
    ) -> Result<Measured, PipelineError> {
        let request = self.request;
        self.draws += 1;
        let chosen: Vec<usize> = (0..benchmarks.len()).filter(|index| wanted[*index] > 0).collect();
        let all = benchmarks.len();
        let benchmarks: &[Both] = &chosen.iter().map(|index| benchmarks[*index].clone()).collect::<Vec<_>>();
        let wanted: &[usize] = &chosen.iter().map(|index| wanted[*index]).collect::<Vec<_>>();
        let most = wanted.iter().copied().max().unwrap_or_default();
        let layouts = match request.layouts {
            LayoutChoice::Auto => LayoutChoice::Exactly(most.clamp(2, MOST_LAYOUTS)),
            LayoutChoice::Exactly(count) => LayoutChoice::Exactly(count),
        };
        let seed = request.settings.seed.wrapping_add(self.draws);
        let settings = RunSettings { seed, ..request.settings.clone() };
        let rules: Vec<Rules> =
            benchmarks.iter().map(|both| Rules::of(&request.options.tables, &both.id, request.threshold)).collect();
        let what = Comparing {
            command: RunCommand::Bisect,
            base: &self.sides[anchor],
            head: &self.sides[commit],
            benchmarks,
            rules: &rules,
            settings: &settings,
            tables: &request.options.tables,
            layouts,
            gate: &[],
            most_pairs: None,
            slowdown: 1.0,
            extra: Extra::none(&request.options.tables),
        };
        let notebook = &mut self.notebook;
        let each = &mut |index: usize, pair: &Pair<'_>| {
            notebook.note(&Fact::Pair {
                anchor: anchor.0.clone(),
                commit: commit.0.clone(),
                benchmark: benchmarks[index].id.clone(),
                values: [pair.base.value, pair.head.value],
                quantum: quantum_of(pair.base, pair.head),
                layout: pair.layout,
            })
        };
        let taken = take_pairs(
            &mut self.bench,
            &what,
            wanted,
            warm_up,
            each,
            self.store,
            self.clock,
            self.events,
            self.cancel,
        )?;
        self.note_time()?;
        let mut failures = vec![None; all];
        for (index, failure) in chosen.iter().zip(taken.failures) {
            failures[*index] = failure.map(|(side, failure)| (side, format!("it fails there: {}", failure.message)));
        }
        Ok(Measured { failures, spent: taken.spent, pairs: taken.pairs })
    }

    /// Says something to whoever listens.
    pub(super) fn remark(&mut self, message: String) {
        self.events.event(Event::Remark { message, hint: None });
    }

    /// Leaves the cache within its limits.
    pub(super) fn tidy_up(&mut self) -> Result<(), PipelineError> {
        self.note_time()?;
        keep_within(&mut self.bench, &self.request.options, self.store, self.clock, self.events)
    }
}

/// What came of some pairs.
pub(super) struct Measured {
    /// Of each benchmark: which side failed, and why.
    pub(super) failures: Vec<Option<(Side, String)>>,
    pub(super) spent: Duration,
    pub(super) pairs: u32,
}

/// Why a commit cannot be had, in words; `None` where it is not the commit's fault.
pub(in crate::pipeline) fn why_not(error: &PipelineError) -> Option<String> {
    if let PipelineError::Bisect(BisectError::SetUp { reason, .. }) = error {
        return Some(reason.clone());
    }
    let PipelineError::Build(build) = error else {
        let is_of_the_tree = matches!(error, PipelineError::Plan(_)) && !error.is_interruption();
        return is_of_the_tree.then(|| first_line(error));
    };
    match build {
        BuildError::Compile { .. } => Some("it does not build".to_owned()),
        BuildError::Metadata { .. }
        | BuildError::ToolchainMissing { .. }
        | BuildError::NoRustup { .. }
        | BuildError::NoManifest { .. }
        | BuildError::NotCaptured { .. }
        | BuildError::Checkout(CheckoutError::Source(_)) => Some(first_line(error)),
        BuildError::ArtifactGone
        | BuildError::ArtifactDamaged
        | BuildError::Call(_)
        | BuildError::Checkout(_)
        | BuildError::Cache(_)
        | BuildError::Interrupted => None,
    }
}

fn first_line(error: &PipelineError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
