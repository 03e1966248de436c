//! The second witness: instructions of what time left undecided.

use super::extra::lacks_valgrind;
use super::matching::Both;
use super::prepare::{Bench, limits};
use super::sides::PreparedSide;
use super::{CompareRequest, PipelineError};
use crate::build::Seat;
use crate::cancel::CancellationToken;
use crate::event::{Event, EventSink};
use crate::measure::{CountedPair, INSTALL_VALGRIND, NotCounted, Session, count_instructions, driver_for};
use crate::model::{Comparison, Failure, FailureKind, Finding, MetricId, Verdict};
use crate::process::Limits;
use crate::report::format::{change, count, counted};

/// A process under Valgrind may take so many times as long as any other.
const PATIENCE: u32 = 10;
/// A change of a count this small is none: the last digits of a slope (0.0001 is 0.01 %).
const NO_CHANGE: f64 = 1e-4;

/// Counts the instructions of both sides of every undecided benchmark, and writes what that says into its row. Gives what
/// the user should know of the whole.
///
/// # Errors
/// When the workbench fails.
pub(super) fn call_witness(
    bench: &mut Bench,
    (base, head): (&PreparedSide, &PreparedSide),
    measured: &[Both],
    comparisons: &mut [Comparison],
    request: &CompareRequest,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<Vec<String>, PipelineError> {
    let undecided = |one: &Comparison| one.verdict == Verdict::Undecided && one.failure.is_none();
    let open: Vec<(&Both, &mut Comparison)> = comparisons
        .iter_mut()
        .filter(|one| undecided(one))
        .filter_map(|one| Some((measured.iter().find(|both| both.id == one.id)?, one)))
        .collect();
    let artifact = |side: &PreparedSide, target: usize| {
        side.prepared.targets[target].artifact.clone().expect("a listed benchmark has an executable")
    };
    if open.is_empty() {
        return Ok(Vec::new());
    }
    if lacks_valgrind(&base.prepared) {
        let what = counted(open.len(), "benchmark");
        return Ok(vec![format!(
            "the instructions of {what} were not counted: Valgrind is not installed: `{INSTALL_VALGRIND}`"
        )]);
    }
    for (both, one) in open {
        if cancel.is_cancelled() {
            break;
        }
        events.event(Event::Detail(format!("counting the instructions of `{}`", both.id)));
        let target = &head.prepared.targets[both.head];
        let harness = target.harness.as_ref().expect("a listed benchmark has a harness");
        let driver = driver_for(harness.kind).expect("a listed benchmark has a driver");
        let (base_artifact, head_artifact) = (artifact(base, both.base), artifact(head, both.head));
        let limits = limits(&request.settings);
        let mut session = Session {
            launcher: &mut bench.launcher,
            artifact: &base_artifact,
            version: harness.version.as_deref(),
            scratch: bench.scratch.path(),
            limits: Limits { timeout: limits.timeout.saturating_mul(PATIENCE), ..limits },
            cancel,
            to_the_end: true,
        };
        let workbench = &mut bench.workbench;
        let mut seat = |is_head: bool| {
            let key = if is_head { head.seat() } else { base.seat() };
            workbench.seat(Seat::Kept(key)).map(drop).map_err(|error| Failure {
                kind: FailureKind::NotStarted,
                message: error.to_string(),
                output: String::new(),
            })
        };
        let iteration_ns = one.base.unwrap_or(1000.0);
        let found = count_instructions(&mut session, &head_artifact, driver, &both.id.name, iteration_ns, &mut seat);
        testify(one, found, request);
    }
    bench.workbench.seat(Seat::Builder)?;
    Ok(Vec::new())
}

/// Writes into a row what was counted, or why nothing was.
fn testify(one: &mut Comparison, found: Result<CountedPair, NotCounted>, request: &CompareRequest) {
    let pair = match found {
        Ok(pair) => pair,
        Err(reason) => {
            one.notes.push(reason.in_a_row());
            return;
        }
    };
    let ratio = pair.ratio();
    let per = if pair.base.per_iteration { "an iteration" } else { "a process" };
    let amounts = format!("{} → {}", count(pair.base.instructions), count(pair.head.instructions));
    let repeats = format!("{:.2} %", 100.0 * pair.repeats_within);
    let size = (ratio - 1.0).abs();
    let message = if size <= pair.repeats_within.max(NO_CHANGE) {
        format!("instructions the same: {} {per}, repeating within {repeats}", count(pair.base.instructions))
    } else {
        format!("instructions {} {per} ({amounts}, repeating within {repeats})", change(ratio))
    };
    let named = request.rules.gate.iter().any(|name| *name == *MetricId::INSTRUCTIONS.0);
    let fails_gate = named && ratio - 1.0 > one.threshold.max(pair.repeats_within);
    one.findings.push(Finding { metric: MetricId::INSTRUCTIONS, message, ratio: Some(ratio), fails_gate });
}
