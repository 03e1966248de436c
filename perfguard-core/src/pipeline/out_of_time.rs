//! What a check says whose time limit ended before anything, or everything, was decided.

use super::compare::{CompareOutcome, CompareRequest};
use super::matching::{Both, Single};
use super::sides::PreparedSide;
use super::{PipelineError, Place};
use crate::cancel::CancellationToken;
use crate::judge::GateReport;
use crate::model::{NotMeasured, Verdict};
use crate::plan::expected_targets;
use crate::report::NotMeasuredRow;

/// What was done within the time limit; `None` where the limit ended it.
pub(super) fn in_time<T>(
    done: Result<T, PipelineError>,
    cancel: &CancellationToken,
) -> Result<Option<T>, PipelineError> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.is_interruption() && cancel.is_out_of_time() => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the limit ended, and what to do, in a sentence.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ended<'a> {
    /// Another perfguard measured all the time.
    Waiting,
    /// The build of a side.
    Building(&'a str),
    /// Nothing: there was no time left to measure.
    Built,
}

impl Ended<'_> {
    pub(super) fn remark(self, purpose: &str) -> String {
        let again = |gain: &str| format!("`{purpose}` again {gain}, or give `--within` more");
        match self {
            Self::Waiting => {
                format!("the time limit ended while another perfguard measured: {}", again("when it is done"))
            }
            Self::Building(what) => format!(
                "the time limit ended the build of {what}; what was compiled is kept: {}",
                again("goes on from there")
            ),
            Self::Built => {
                format!("building left no time to measure; what was built is kept: {}", again("measures at once"))
            }
        }
    }
}

/// The outcome where not even base was built in time: its benchmarks are not known.
pub(super) fn without_base(
    place: &Place,
    request: &CompareRequest,
    labels: [String; 2],
    commits: [Option<String>; 2],
    ended: Ended<'_>,
) -> CompareOutcome {
    let targets = expected_targets(&place.workspace, &place.manifest, &request.options.selection);
    let row = |target: crate::model::BenchTarget| NotMeasuredRow::new(target.id, None, NotMeasured::OutOfTime);
    let not_measured: Vec<_> = targets.into_iter().map(row).collect();
    CompareOutcome {
        labels,
        variants: request.variants.clone(),
        commits,
        run: None,
        comparisons: Vec::new(),
        gate: GateReport { undecided: not_measured.len().max(1), ..GateReport::default() },
        not_measured,
        null_control: None,
        suite_wide: None,
        remarks: vec![ended.remark(request.purpose)],
        interrupted: false,
    }
}

/// The row of a benchmark for which there was no time.
pub(super) fn unmeasured(both: &Both, head: &PreparedSide) -> Single {
    Single {
        id: both.id.clone(),
        metric: head.prepared.targets[both.head].decides(),
        verdict: Verdict::Undecided,
        reason: if head.is_built {
            "building left no time to measure: what was built is kept".to_owned()
        } else {
            "the time limit ended its build: what was compiled is kept".to_owned()
        },
    }
}
