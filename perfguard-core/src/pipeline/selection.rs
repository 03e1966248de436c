//! Which benchmarks of a prepared tree are meant, and whether there are any.

use super::prepare::{Prepared, PreparedTarget, is_ordinary_unit_test};
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
    if selected.is_empty() {
        return Err(nothing_meant(&prepared.targets, &all, &filter.words));
    }
    Ok(selected)
}

/// The error where none of all benchmarks is meant: the nearest to the words, or where there is none, why the targets have
/// none.
pub(super) fn nothing_meant(targets: &[PreparedTarget], all: &[BenchmarkId], words: &[String]) -> PipelineError {
    if all.is_empty() {
        let reason_of = |target: &PreparedTarget| {
            target.benchmarks.as_ref().err().map(|reason| format!("`{}` {reason}", target.id))
        };
        let reasons: Vec<String> = targets.iter().filter_map(reason_of).collect();
        return PipelineError::NothingToMeasure { reason: reasons.join("; ") };
    }
    let nearest = words.iter().flat_map(|word| nearest_ids(word, all, NEAREST)).take(NEAREST).cloned().collect();
    PipelineError::NoMatch { words: words.to_vec(), nearest }
}

/// So many ids are offered for a word that names none.
const NEAREST: usize = 3;

/// The benchmark that a word names: its whole id, its name, or a part of the id that no other has.
///
/// # Errors
/// When there is none, or there are several.
pub(super) fn named<'a>(all: &'a [BenchmarkId], word: &str) -> Result<&'a BenchmarkId, PipelineError> {
    let is_whole = |id: &BenchmarkId| id.to_string() == word;
    let is_name = |id: &BenchmarkId| id.name == word;
    let is_part = |id: &BenchmarkId| id.to_string().contains(word);
    let ways: [&dyn Fn(&BenchmarkId) -> bool; 3] = [&is_whole, &is_name, &is_part];
    let found = ways.into_iter().map(|is_it| all.iter().filter(|id| is_it(id)).collect::<Vec<_>>());
    match found.into_iter().find(|found| !found.is_empty()).as_deref() {
        None => Err(nothing_meant(&[], all, &[word.to_owned()])),
        Some([found]) => Ok(found),
        Some(several) => {
            let ids = several.iter().map(|id| (*id).clone()).collect();
            Err(PipelineError::Ambiguous { word: word.to_owned(), ids })
        }
    }
}

/// There must be a bench target, or at least a unit-test executable with benchmarks in it.
pub(super) fn require_targets(place: &Place, prepared: &Prepared) -> Result<(), PipelineError> {
    if prepared.targets.iter().all(is_ordinary_unit_test) {
        let folder = place.manifest.parent().unwrap_or(place.workspace.root()).display().to_string();
        return Err(PipelineError::NoBenchTargets { folder, elsewhere: packages_with_benches(&place.workspace) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named_by(word: &str) -> Result<String, PipelineError> {
        let ids = ["p::t::sort", "p::t::sort/fast", "p::u::other", "q::t::other"];
        let ids: Vec<BenchmarkId> = ids.iter().map(|id| id.parse().unwrap()).collect();
        named(&ids, word).map(ToString::to_string)
    }

    #[test]
    fn a_word_is_a_whole_id_or_a_name_or_a_part_of_one_id_in_this_order() {
        assert_eq!(named_by("p::t::sort").unwrap(), "p::t::sort");
        assert_eq!(named_by("sort").unwrap(), "p::t::sort", "though it is a part of another");
        assert_eq!(named_by("fast").unwrap(), "p::t::sort/fast");
        assert_eq!(named_by("q::").unwrap(), "q::t::other");
    }

    #[test]
    fn a_word_that_names_none_or_several_is_told_with_ids() {
        let PipelineError::NoMatch { nearest, .. } = named_by("p::t::sart").unwrap_err() else { panic!("none") };
        assert!(nearest.iter().any(|id| id.to_string() == "p::t::sort"), "{nearest:?}");
        let several = named_by("other").unwrap_err();
        assert_eq!(several.to_string(), "`other` fits 2 benchmarks");
        assert_eq!(several.hint().unwrap(), "name one by its whole id: `p::u::other`, `q::t::other`");
    }
}
