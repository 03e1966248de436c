//! The bisection that is under way in a repository, if any: where its journal lies, and what stands in it.

use std::path::PathBuf;

use super::BisectError;
use crate::bisect::{BISECT_FILE, Fact, Journal};
use crate::clock::Clock;
use crate::pipeline::sides::repository;
use crate::pipeline::{PipelineError, Place, TOOL_VERSION};
use crate::report::{BisectStatusView, timestamp};

/// The journal of a repository.
#[derive(Debug)]
pub struct BisectState {
    path: PathBuf,
    manifest: String,
    facts: Option<Vec<Fact>>,
}

/// Reads the journal of the repository that a place lies in.
///
/// # Errors
/// When there is no repository, or what lies there is no journal.
pub fn bisect_state(place: &Place) -> Result<BisectState, PipelineError> {
    let path = path(place)?;
    let facts = Journal::facts(&path).map_err(BisectError::from)?;
    Ok(BisectState { path, manifest: place.relative(&place.manifest).display().to_string(), facts })
}

/// Forgets the bisection that is under way. What was measured stays in the store, what was built in the cache.
///
/// # Errors
/// When there is none, or its journal cannot be removed.
pub fn abort_bisect(place: &Place) -> Result<(), PipelineError> {
    match fs_err::remove_file(path(place)?) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(BisectError::NoneUnderWay.into()),
        Err(error) => Err(PipelineError::Cache(error)),
    }
}

fn path(place: &Place) -> Result<PathBuf, PipelineError> {
    Ok(repository(place)?.common_dir().join("perfguard").join(BISECT_FILE))
}

impl BisectState {
    /// Begins a journal; `args` is the command line after `bisect`, with revisions and seed resolved.
    ///
    /// # Errors
    /// When a bisection is under way, or the journal cannot be written.
    pub fn begin(&self, args: Vec<String>, clock: &dyn Clock) -> Result<(Journal, Vec<Fact>), PipelineError> {
        if self.facts.as_ref().is_some_and(|facts| facts.last() != Some(&Fact::Ended)) {
            return Err(BisectError::UnderWay.into());
        }
        let (tool, manifest) = (TOOL_VERSION.to_owned(), self.manifest.clone());
        let began = Fact::Began { version: Journal::VERSION, tool, at_ns: clock.unix_ns(), manifest, args };
        let journal = Journal::create(&self.path, &began).map_err(BisectError::from)?;
        Ok((journal, vec![began]))
    }

    /// Opens the journal to go on with it.
    ///
    /// # Errors
    /// When there is none, or it is of another workspace.
    pub fn resume(&self) -> Result<(Journal, Vec<Fact>), PipelineError> {
        let (journal, facts) =
            Journal::open(&self.path).map_err(BisectError::from)?.ok_or(BisectError::NoneUnderWay)?;
        match facts.first() {
            Some(Fact::Began { manifest, .. }) if *manifest != self.manifest => {
                Err(BisectError::OtherWorkspace { manifest: manifest.clone() }.into())
            }
            _ => Ok((journal, facts)),
        }
    }

    /// Takes a journal from elsewhere in place of the one that is here.
    ///
    /// # Errors
    /// When a bisection is under way, or the file is no journal.
    pub fn replay(&self, file: &std::path::Path) -> Result<(), PipelineError> {
        if self.facts.as_ref().is_some_and(|facts| facts.last() != Some(&Fact::Ended)) {
            return Err(BisectError::UnderWay.into());
        }
        let facts = Journal::facts(file).map_err(BisectError::from)?;
        let facts = facts.ok_or_else(|| BisectError::NoJournal { path: file.display().to_string() })?;
        let mut journal = Journal::create(&self.path, &facts[0]).map_err(BisectError::from)?;
        for fact in facts[1..].iter().filter(|fact| **fact != Fact::Ended) {
            journal.write(fact).map_err(BisectError::from)?;
        }
        Ok(())
    }

    /// Whether nothing was found out since it began.
    pub fn is_empty(&self) -> bool {
        let tells = |fact: &Fact| !matches!(fact, Fact::Began { .. } | Fact::Spent { .. } | Fact::Built { .. });
        !self.facts.iter().flatten().any(tells)
    }

    /// The command line after `bisect`.
    ///
    /// # Errors
    /// When there is no journal.
    pub fn args(&self) -> Result<&[String], PipelineError> {
        match self.facts.as_deref().and_then(<[Fact]>::first) {
            Some(Fact::Began { args, .. }) => Ok(args),
            _ => Err(BisectError::NoneUnderWay.into()),
        }
    }

    /// What the last build of a bisection here took, seconds.
    pub(super) fn last_build_seconds(&self) -> Option<f64> {
        self.facts.iter().flatten().rev().find_map(
            |fact| {
                if let Fact::Built { seconds, .. } = fact { *seconds } else { None }
            },
        )
    }

    /// The journal's lines.
    ///
    /// # Errors
    /// When there is none, or it cannot be read any more.
    pub fn log(&self) -> Result<String, PipelineError> {
        if self.facts.is_none() {
            return Err(BisectError::NoneUnderWay.into());
        }
        fs_err::read_to_string(&self.path).map_err(PipelineError::Cache)
    }

    /// Where it stands.
    ///
    /// # Errors
    /// When there is no journal.
    pub fn status(&self) -> Result<BisectStatusView, PipelineError> {
        let facts = self.facts.as_deref().ok_or(BisectError::NoneUnderWay)?;
        let mut view = BisectStatusView::new(self.args()?.to_vec(), facts.last() == Some(&Fact::Ended));
        for fact in facts {
            match fact {
                Fact::Began { at_ns, .. } => view.began_at = timestamp(*at_ns),
                Fact::Pair { commit, .. } => {
                    view.pairs += 1;
                    if !view.measured.contains(commit) {
                        view.measured.push(commit.clone());
                    }
                }
                Fact::Built { seconds, .. } => view.builds += usize::from(seconds.is_some()),
                Fact::Skipped { commit, .. } if !view.skipped.contains(commit) => view.skipped.push(commit.clone()),
                Fact::Spent { seconds } => view.seconds += seconds,
                Fact::Skipped { .. }
                | Fact::Identical { .. }
                | Fact::Costs { .. }
                | Fact::Verified(_)
                | Fact::Ended => {}
            }
        }
        Ok(view)
    }
}
