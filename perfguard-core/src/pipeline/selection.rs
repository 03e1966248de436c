//! Which benchmarks of a prepared tree are meant, and whether there are any.

use super::prepare::{Prepared, is_ordinary_unit_test};
use super::{PipelineError, Place};
use crate::model::{BenchmarkId, Selected};
use crate::plan::{Filter, nearest_ids, packages_with_benches};

/// The benchmarks that the filter means, in the order of targets and harnesses.
pub(super) fn select(prepared: &Prepared, filter: &Filter) -> Result<Vec<Selected>, PipelineError> {
    let mut all: Vec<BenchmarkId> = Vec::new();
    let mut selected = Vec::new();
    for (target, known) in prepared.targets.iter().enumerate() {
        for id in known.ids() {
            if filter.matches(&id) {
                selected.push(Selected { id: id.clone(), target });
            }
            all.push(id);
        }
    }
    if all.is_empty() {
        let reasons: Vec<_> = prepared
            .targets
            .iter()
            .filter_map(|target| target.benchmarks.as_ref().err().map(|reason| format!("`{}` {reason}", target.id)))
            .collect();
        return Err(PipelineError::NothingToMeasure { reason: reasons.join("; ") });
    }
    if selected.is_empty() {
        let nearest = filter.words.iter().flat_map(|word| nearest_ids(word, &all, 3)).take(3).cloned().collect();
        return Err(PipelineError::NoMatch { words: filter.words.clone(), nearest });
    }
    Ok(selected)
}

/// There must be a bench target, or at least a unit-test executable with benchmarks in it.
pub(super) fn require_targets(place: &Place, prepared: &Prepared) -> Result<(), PipelineError> {
    if prepared.targets.iter().all(is_ordinary_unit_test) {
        let folder = place.manifest.parent().unwrap_or(place.workspace.root()).display().to_string();
        return Err(PipelineError::NoBenchTargets { folder, elsewhere: packages_with_benches(&place.workspace) });
    }
    Ok(())
}
