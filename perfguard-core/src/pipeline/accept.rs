//! `accept`: writes down that a change which was shown is meant.

use super::{PipelineError, Place};
use crate::judge::{ACCEPTED_FILE, Accepted, parse_accepted, render_accepted};
use crate::model::{Comparison, ComparisonRun, Direction, RunId};
use crate::report::format::change;
use crate::store::Store;

/// What the user asked of `accept`.
#[derive(Debug, Clone)]
pub struct AcceptRequest {
    /// Benchmarks, by their whole ids.
    pub benchmarks: Vec<String>,
    /// Why.
    pub reason: String,
    /// The commit that brought the change; `None`: head of the newest comparison.
    pub at: Option<String>,
    /// The metric; `None`: the one that decides.
    pub metric: Option<String>,
    /// Today, `2026-11-24`.
    pub date: String,
}

/// Adds acceptances of what the newest comparison showed to the tracked file. Gives a line for each.
///
/// # Errors
/// When nothing was shown of a benchmark, the revision is unknown, or the file cannot be read or written.
pub fn accept(place: &Place, store: &Store, request: &AcceptRequest) -> Result<Vec<String>, PipelineError> {
    let repository = super::sides::repository(place)?;
    let at = request.at.as_ref().map(|revision| repository.resolve(revision)).transpose()?;
    let mut more = Vec::new();
    let mut said = Vec::new();
    for id in &request.benchmarks {
        let (whole, one) = newest(store, id)?;
        let metric = request.metric.clone().unwrap_or_else(|| one.metric.0.to_string());
        if metric != *one.metric.0 {
            return Err(nothing(format!("`{id}` was compared by {}, not by {metric}", one.metric)));
        }
        let effect = one.effect.ok_or_else(|| nothing(format!("no change of `{id}` was measured")))?;
        let higher = one.metric.direction() == Direction::HigherIsBetter;
        let (low, high) = effect.interval.map_or((effect.ratio, effect.ratio), |ends| (ends.low, ends.high));
        let side = |run: RunId| -> Result<(Option<String>, bool), PipelineError> {
            let run = store.run(run)?.ok_or_else(|| PipelineError::unknown_run(&run.to_string()))?;
            Ok((run.source.commit, run.source.dirty))
        };
        let (base, _) = side(whole.base)?;
        let (head, is_dirty) = side(whole.head)?;
        // Rounded away from one, so that the change that was shown is covered by what is written.
        let rounded = if higher { (low * 1e3).floor() / 1e3 } else { (high * 1e3).ceil() / 1e3 };
        said.push(format!("accepted: {metric} of `{id}` up to {}", change(rounded)));
        more.push(Accepted {
            benchmark: id.clone(),
            metric,
            base: base.ok_or_else(|| nothing("base was no commit".to_owned()))?,
            head: at.as_ref().map(|commit| commit.0.clone()).or(head.filter(|_| !is_dirty)),
            up_to: rounded,
            reason: request.reason.clone(),
            by: repository.user_name(),
            date: Some(request.date.clone()),
        });
    }
    let path = place.workspace.root().join(ACCEPTED_FILE);
    let before = match fs_err::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(PipelineError::Cache(error)),
    };
    parse_accepted(&before)?;
    fs_err::write(&path, render_accepted(&before, &more)).map_err(PipelineError::Cache)?;
    Ok(said)
}

fn nothing(reason: String) -> PipelineError {
    PipelineError::NothingToAccept { reason }
}

/// The newest comparison that has a benchmark.
fn newest(store: &Store, id: &str) -> Result<(ComparisonRun, Comparison), PipelineError> {
    /// How far back a comparison is looked for.
    const MOST: usize = 200;
    for summary in store.runs(MOST)? {
        let Some((whole, all)) = store.comparison(summary.run.id)? else { continue };
        // Of two builds of one tree there is nothing to accept.
        let base = store.run(whole.base)?;
        let head = &summary.run.source;
        if base.is_some_and(|base| (&base.source.commit, base.source.dirty) == (&head.commit, head.dirty)) {
            continue;
        }
        if let Some(one) = all.into_iter().find(|one| one.id.to_string() == id && one.effect.is_some()) {
            return Ok((whole, one));
        }
    }
    Err(nothing(format!("no recorded comparison has `{id}`")))
}
