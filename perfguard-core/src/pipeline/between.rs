//! Two benchmarks of one tree as the two sides of a comparison: which they are.

use super::PipelineError;
use super::matching::Both;
use super::prepare::{Prepared, PreparedTarget};
use crate::model::BenchmarkId;
use crate::plan::nearest_ids;

/// More of several ids are not named.
const MOST_NAMED: usize = 3;

/// The two benchmarks that these words name: base, head.
///
/// # Errors
/// When a word names none or several, both name one, or the two are not driven by one harness.
pub(super) fn between(prepared: &Prepared, words: &[String; 2]) -> Result<Both, PipelineError> {
    let all: Vec<(usize, BenchmarkId)> = prepared
        .targets
        .iter()
        .enumerate()
        .flat_map(|(number, target)| target.ids().into_iter().map(move |id| (number, id)))
        .collect();
    let (base, base_id) = one(&all, &words[0])?;
    let (head, id) = one(&all, &words[1])?;
    let not_two = |message: String, hint: &str| Err(PipelineError::NotTwo { message, hint: hint.to_owned() });
    if base_id == id {
        let message = format!("both `{}` and `{}` name `{id}`", words[0], words[1]);
        return not_two(message, "`cargo perfguard self-test` compares a benchmark with itself");
    }
    let harness = |number: usize| {
        let target: &PreparedTarget = &prepared.targets[number];
        target.harness.as_ref().map(|harness| harness.kind)
    };
    if harness(base) != harness(head) {
        let message = format!("`{base_id}` and `{id}` are not driven by the same harness");
        return not_two(message, "what two harnesses measure of an iteration is not the same thing");
    }
    Ok(Both { id, base_id, base, head })
}

/// The benchmark that a word names: its whole id, its name, or a part of the id that no other has.
fn one(all: &[(usize, BenchmarkId)], word: &str) -> Result<(usize, BenchmarkId), PipelineError> {
    let is_whole = |id: &BenchmarkId| id.to_string() == word;
    let is_name = |id: &BenchmarkId| id.name == word;
    let is_part = |id: &BenchmarkId| id.to_string().contains(word);
    let ways: [&dyn Fn(&BenchmarkId) -> bool; 3] = [&is_whole, &is_name, &is_part];
    let found = ways.into_iter().map(|is_it| all.iter().filter(|(_, id)| is_it(id)).collect::<Vec<_>>());
    match found.into_iter().find(|found| !found.is_empty()).as_deref() {
        None => {
            let ids: Vec<BenchmarkId> = all.iter().map(|(_, id)| id.clone()).collect();
            let nearest = nearest_ids(word, &ids, MOST_NAMED).into_iter().cloned().collect();
            Err(PipelineError::NoMatch { words: vec![word.to_owned()], nearest })
        }
        Some([found]) => Ok((*found).clone()),
        Some(several) => {
            let ids: Vec<String> = several.iter().take(MOST_NAMED).map(|(_, id)| format!("`{id}`")).collect();
            let more = if several.len() > MOST_NAMED { ", …" } else { "" };
            Err(PipelineError::NotTwo {
                message: format!("`{word}` names {} benchmarks", several.len()),
                hint: format!("give a whole id: {}{more}", ids.join(", ")),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(word: &str) -> Result<String, PipelineError> {
        let ids = ["p::t::sort", "p::t::sort/fast", "p::u::other", "q::t::other"];
        let all: Vec<(usize, BenchmarkId)> = ids.iter().map(|id| id.parse().unwrap()).enumerate().collect();
        one(&all, word).map(|(_, id)| id.to_string())
    }

    #[test]
    fn a_word_is_a_whole_id_or_a_name_or_a_part_of_one_id_in_this_order() {
        assert_eq!(named("p::t::sort").unwrap(), "p::t::sort");
        assert_eq!(named("sort").unwrap(), "p::t::sort", "though it is a part of another");
        assert_eq!(named("fast").unwrap(), "p::t::sort/fast");
        assert_eq!(named("q::").unwrap(), "q::t::other");
    }

    #[test]
    fn a_word_that_names_none_or_several_is_told_with_ids() {
        let PipelineError::NoMatch { nearest, .. } = named("p::t::sart").unwrap_err() else { panic!("it names none") };
        assert!(nearest.iter().any(|id| id.to_string() == "p::t::sort"), "{nearest:?}");
        let PipelineError::NotTwo { message, hint } = named("other").unwrap_err() else { panic!("it names two") };
        assert_eq!(message, "`other` names 2 benchmarks");
        assert_eq!(hint, "give a whole id: `p::u::other`, `q::t::other`");
    }
}
