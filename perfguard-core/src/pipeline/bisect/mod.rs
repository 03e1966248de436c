//! `bisect`: which commit changed a benchmark, by measuring as few builds of the history as it takes.
//!
//! The two ends are compared first; without a difference there is nothing to look for. Then each step builds the commit
//! that tells most for what it costs and measures it in pairs against the good end. What is found is compared with what
//! came before it on fresh pairs.

mod command;
mod culprit;
mod ends;
mod error;
mod notebook;
mod overlay;
mod plan;
mod range;
mod search;
mod sitting;
mod state;

use std::time::Duration;

pub use command::MeasuredCommand;
pub use error::BisectError;
pub use plan::plan_bisect;
pub use state::{BisectState, abort_bisect, bisect_state};

use crate::bisect::{Fact, Journal};
use crate::cancel::CancellationToken;
use crate::clock::Clock;
use crate::event::EventSink;
use crate::model::RunSettings;
use crate::pipeline::sides::repository;
use crate::pipeline::{BuildOptions, LayoutChoice, PipelineError, Place, Tools};
use crate::plan::Filter;
use crate::report::BisectView;
use crate::store::Store;
use crate::vcs::CommitId;

pub(super) use plan::commit_row;
pub(super) use range::{Range, weights_of};
pub(super) use sitting::why_not;

use notebook::Notebook;
use sitting::Sitting;

/// What the user asked of `bisect`.
#[derive(Debug, Clone)]
pub struct BisectRequest {
    /// How to build.
    pub options: BuildOptions,
    /// Which benchmarks.
    pub filter: Filter,
    /// How to measure.
    pub settings: RunSettings,
    /// The good end; none: a commit is looked for that was better.
    pub good: Option<CommitId>,
    /// The bad end.
    pub bad: CommitId,
    /// The posterior at which a commit is named (0.99 is 99 %).
    pub certainty: f64,
    /// Time of everything, earlier sittings included; none: as long as it takes.
    pub budget: Option<Duration>,
    /// A change at least this large matters (0.03 is 3 %).
    pub threshold: f64,
    /// On how many layouts.
    pub layouts: LayoutChoice,
    /// Files that never make two sides differ, as globs relative to the root.
    pub ignore: Vec<String>,
    /// Whether an improvement is looked for.
    pub faster: bool,
    /// Whether all changes in the range are told apart.
    pub all: bool,
    /// Whether commits that merges brought in are in question from the beginning.
    pub all_parents: bool,
    /// The revision whose bench files are carried back to every commit.
    pub bench_from: Option<CommitId>,
    /// A command to measure in place of benches.
    pub command: Option<MeasuredCommand>,
}

/// Whether the range that was asked for makes sense: said before anything is written or built.
///
/// # Errors
/// When it does not.
pub fn check_range(place: &Place, request: &BisectRequest) -> Result<(), PipelineError> {
    match &request.good {
        Some(good) => Range::between(repository(place)?, good, &request.bad, request.all_parents).map(drop),
        None => Ok(()),
    }
}

/// Looks for the commit. The journal holds what is known already, and every fact goes there as it is found.
///
/// # Errors
/// When the range makes no sense, an end does not build, no benchmark runs at both ends, or the store or the journal cannot
/// be written. Commits that do not build are skipped and named.
#[expect(clippy::too_many_arguments, reason = "one call of a whole way through")]
pub fn bisect(
    place: &Place,
    tools: &Tools,
    request: &BisectRequest,
    (journal, facts): (Journal, Vec<Fact>),
    store: &mut Store,
    clock: &dyn Clock,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<BisectView, PipelineError> {
    let notebook = Notebook::new(journal, &facts);
    let repository = repository(place)?;
    let mut sitting = Sitting::open(place, tools, request, repository, notebook, store, clock, events, cancel)?;
    let found = sitting.whole();
    sitting.close(found)
}
