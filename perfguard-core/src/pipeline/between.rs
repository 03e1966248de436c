//! Two benchmarks of one tree as the two sides of a comparison: which they are.

use super::PipelineError;
use super::matching::Both;
use super::prepare::{Prepared, PreparedTarget};
use super::selection::named;
use crate::model::BenchmarkId;

/// The two benchmarks that these words name: base, head.
///
/// # Errors
/// When a word names none or several, both name one, or the two are not driven by one harness.
pub(super) fn between(prepared: &Prepared, words: &[String; 2]) -> Result<Both, PipelineError> {
    let all: Vec<BenchmarkId> = prepared.targets.iter().flat_map(PreparedTarget::ids).collect();
    let [base_id, id] = [named(&all, &words[0])?.clone(), named(&all, &words[1])?.clone()];
    let target = |id: &BenchmarkId| {
        prepared.targets.iter().position(|target| target.ids().contains(id)).expect("some target listed it")
    };
    let (base, head) = (target(&base_id), target(&id));
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
