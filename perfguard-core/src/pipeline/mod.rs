//! The only place where stages meet: one file a way through.
//!
//! `place` finds out where the user stands, `prepare` turns a source tree into executables with listed benchmarks,
//! `measuring` runs and records them; `list`, `run` and `baseline` are the ways that commands take.

mod accept;
mod affected;
mod backfill;
mod baseline;
mod between;
mod bisect;
mod clean;
mod compare;
mod comparing;
mod doctor;
mod error;
mod exact_pairs;
mod explain;
mod explain_counts;
mod explain_reasons;
mod explain_sides;
mod extra;
mod fallback;
mod identical;
mod judging;
mod layouts;
mod list;
mod matching;
mod measuring;
mod metrics;
mod out_of_time;
mod pass;
mod place;
mod plain;
mod prepare;
mod recorder;
mod revisions;
mod run;
mod run_base;
mod selection;
mod self_test;
mod show;
mod sides;
mod stamps;
mod timelines;
mod variants;
mod watching;
mod witness;

pub use accept::{AcceptRequest, accept};
pub use backfill::{BackfillOrder, BackfillRequest, PastSelection, backfill, past_commits};
pub use baseline::{
    BaselineOutcome, BaselineRequest, VerifyProblem, promote_run, record_baseline, remove_baseline, verify_baseline,
};
pub use bisect::{
    BisectError, BisectRequest, BisectState, MeasuredCommand, abort_bisect, bisect, bisect_state, check_range,
    plan_bisect,
};
pub use clean::{CleanScope, clean};
pub use compare::{CompareOutcome, CompareRequest, CompareRules, compare};
pub use doctor::{DoctorRequest, doctor, own_metric_rows};
pub use error::PipelineError;
pub use explain::{ExplainOutcome, ExplainRequest, explain};
pub use layouts::LayoutChoice;
pub use list::list_benchmarks;
pub use place::{Place, Tools, locate};
pub use prepare::{BuildOptions, Prepared, PreparedTarget};
pub use revisions::{commit_of, sides_of};
pub use run::{BaselineChoice, RunAlone, RunOutcome, RunRequest, run_working_tree};
pub use self_test::{SelfTestRequest, self_test};
pub use show::{Detail, judge_limits, report_run};
pub use sides::SideSpec;
pub use variants::{MatrixRequest, compare_matrix};

/// perfguard's own version, recorded with every run.
pub(crate) const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");
