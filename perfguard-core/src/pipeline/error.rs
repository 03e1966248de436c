//! What can stop a way through: the stages' own errors, and what only the whole can notice.

use super::BisectError;
use crate::build::{BuildError, LockError};
use crate::judge::AcceptedError;
use crate::model::{BenchmarkId, MetricId};
use crate::plan::PlanError;
use crate::process::ProcessError;
use crate::store::StoreError;
use crate::vcs::VcsError;

/// A way through the stages ended early.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The workspace could not be read.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The repository could not be read, or a revision is unknown.
    #[error(transparent)]
    Vcs(#[from] VcsError),
    /// The workbench or the compiler said no.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Another perfguard measures on this machine.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The launcher could not be started.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A file of perfguard's own could not be read or written.
    #[error("could not use the cache")]
    Cache(#[source] std::io::Error),
    /// There is nowhere to keep what is built.
    #[error("no cache directory: neither `PERFGUARD_CACHE` nor a home directory is set")]
    NoCacheDirectory,
    /// None of the packages that are meant has a bench target.
    #[error("no bench targets in `{folder}`")]
    NoBenchTargets {
        /// The folder of the manifest that decides what is meant.
        folder: String,
        /// Packages of the workspace that have some.
        elsewhere: Vec<String>,
    },
    /// There are executables, but none has a benchmark.
    #[error("no benchmark to measure: {reason}")]
    NothingToMeasure {
        /// What the targets said, in one line.
        reason: String,
    },
    /// The filter matches no benchmark.
    #[error("no benchmark matches {}", quoted(.words))]
    NoMatch {
        /// The filter's words.
        words: Vec<String>,
        /// The nearest ids.
        nearest: Vec<BenchmarkId>,
    },
    /// Two benchmarks were to be compared, and the words do not name two that can be.
    #[error("{message}")]
    NotTwo {
        /// Why.
        message: String,
        /// What to do.
        hint: String,
    },
    /// One benchmark is meant, and the word fits several.
    #[error("`{word}` fits {} benchmarks", .ids.len())]
    Ambiguous {
        /// As the user wrote it.
        word: String,
        /// The benchmarks, at least two.
        ids: Vec<BenchmarkId>,
    },
    /// A command needs git, and there is none.
    #[error("`{0}` is not in a git repository")]
    NotAGitRepository(String),
    /// No run or baseline of that name.
    #[error("no {what} `{name}`")]
    Unknown {
        /// `run` or `baseline`.
        what: &'static str,
        /// As the user wrote it.
        name: String,
    },
    /// A run that does not stand for a commit cannot be a baseline.
    #[error("run `{run}` cannot be a baseline: {reason}")]
    NotABaseline {
        /// The run.
        run: String,
        /// Why.
        reason: String,
    },
    /// What is compared against does not build.
    #[error("base {base} does not build")]
    BaseDoesNotBuild {
        /// The commit.
        base: String,
        /// The newest of its ancestors that was built here before.
        last: Option<String>,
        /// What the build said.
        #[source]
        source: Box<PipelineError>,
    },
    /// Cargo or rustup knows nothing of what a variant asks for.
    #[error("variant `{variant}` cannot be built: {message}")]
    VariantRefused {
        /// The variant.
        variant: String,
        /// What the tool said.
        message: String,
        /// What to do about it.
        hint: String,
    },
    /// The file of accepted changes cannot be read.
    #[error(transparent)]
    Accepted(#[from] AcceptedError),
    /// Two revisions have no commit in common.
    #[error("`{one}` and `{other}` have no common ancestor")]
    NoMergeBase {
        /// One revision.
        one: String,
        /// The other.
        other: String,
        /// Whether the history of this clone is cut off.
        shallow: bool,
    },
    /// The second witness was asked for, strictly, and cannot be called here.
    #[error("instructions cannot be counted: Valgrind is not installed")]
    NoWitness {
        /// The line that installs it.
        install: &'static str,
    },
    /// A metric was asked for, strictly, and cannot be had here.
    #[error("`{metric}` was not taken: {reason}")]
    NoMetric {
        /// Which.
        metric: MetricId,
        /// Why, with what would help.
        reason: String,
    },
    /// A bisection cannot begin, or cannot go on.
    #[error(transparent)]
    Bisect(#[from] BisectError),
    /// A change that was never shown cannot be accepted.
    #[error("nothing to accept: {reason}")]
    NothingToAccept {
        /// Why.
        reason: String,
    },
    /// The user ended it.
    #[error("interrupted")]
    Interrupted,
}

/// No more benchmarks than this are named in a hint.
const MOST_SHOWN: usize = 5;

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")
}

impl PipelineError {
    /// The error of a run that is not in the store.
    pub(super) fn unknown_run(name: &str) -> Self {
        Self::Unknown { what: "run", name: name.to_owned() }
    }

    /// Whether nothing went wrong, but the work was asked to stop.
    pub(super) fn is_interruption(&self) -> bool {
        matches!(
            self,
            Self::Plan(PlanError::Interrupted)
                | Self::Build(BuildError::Interrupted)
                | Self::Lock(LockError::Interrupted)
                | Self::Interrupted
        )
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Plan(error) => error.hint(),
            Self::Vcs(error) => error.hint(),
            Self::Build(error) => error.hint(),
            Self::Lock(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::NoCacheDirectory => Some("set `PERFGUARD_CACHE` to a folder that may grow".to_owned()),
            Self::NoBenchTargets { elsewhere, .. } if elsewhere.is_empty() => {
                Some("add a file below `benches/`".to_owned())
            }
            Self::NoBenchTargets { elsewhere, .. } => {
                let named: Vec<_> = elsewhere.iter().take(5).map(|name| format!("`--package {name}`")).collect();
                Some(format!(
                    "other packages of the workspace have some: {}, or `--workspace` for all",
                    named.join(", ")
                ))
            }
            Self::NothingToMeasure { .. } => {
                Some("`cargo perfguard list` shows each target with its reason".to_owned())
            }
            Self::NoMatch { nearest, .. } if nearest.is_empty() => {
                Some("`cargo perfguard list` shows all benchmarks".to_owned())
            }
            Self::NoMatch { nearest, .. } => {
                let ids: Vec<_> = nearest.iter().map(|id| format!("`{id}`")).collect();
                Some(format!("did you mean {}?", ids.join(" or ")))
            }
            Self::Ambiguous { ids, .. } => {
                let shown: Vec<_> = ids.iter().take(MOST_SHOWN).map(|id| format!("`{id}`")).collect();
                let more = if ids.len() > MOST_SHOWN { ", …" } else { "" };
                Some(format!("name one by its whole id: {}{more}", shown.join(", ")))
            }
            Self::NotAGitRepository(_) => {
                Some("a baseline belongs to a commit: run `git init` and commit first".to_owned())
            }
            Self::Unknown { what: "baseline", .. } => Some("`cargo perfguard baseline list` shows all".to_owned()),
            Self::Unknown { .. } => Some("`cargo perfguard runs` shows all".to_owned()),
            Self::NotABaseline { .. } => Some("`cargo perfguard baseline --commit REV` measures a commit".to_owned()),
            Self::BaseDoesNotBuild { last: Some(last), .. } => {
                Some(format!("`{last}` is the newest of its ancestors that was built here: compare with that"))
            }
            Self::BaseDoesNotBuild { source, .. } => source.hint(),
            Self::NotTwo { hint, .. } | Self::VariantRefused { hint, .. } => Some(hint.clone()),
            Self::Accepted(_) => Some("`cargo perfguard accept` writes this file".to_owned()),
            Self::NoMergeBase { shallow: true, .. } => Some(
                "the history of this clone is cut off: check out with `fetch-depth: 0`, or `git fetch --unshallow`"
                    .to_owned(),
            ),
            Self::NoMergeBase { .. } => Some("compare them directly: `A..B`".to_owned()),
            Self::NoWitness { install } => Some(format!("install it with `{install}`")),
            Self::Bisect(error) => error.hint(),
            Self::NoMetric { .. } => Some("`cargo perfguard doctor` tells which metrics work here".to_owned()),
            Self::NothingToAccept { .. } => Some("`cargo perfguard compare` shows a change first".to_owned()),
            Self::Process(_) | Self::Cache(_) | Self::Interrupted => None,
        }
    }
}
