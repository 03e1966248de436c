//! What was measured, for people and for programs: one view model, several faces.
//!
//! A view is complete and plain: it serialises to the published JSON, and the terminal shows a part of it.

mod backfill;
mod bisect_text;
mod bisect_view;
mod compare_table;
mod compare_view;
mod config_view;
mod doctor_table;
mod doctor_view;
mod explain_table;
mod explain_view;
pub mod format;
mod json;
mod matrix;
mod run_table;
mod self_test;
mod table;
mod tables;
mod timeline;
mod view;

pub use backfill::{BackfillView, PastBenchmark, PastCommit, PastState, backfill_table};
pub use bisect_text::{bisect_plan_text, bisect_status_text, bisect_text};
pub use bisect_view::{
    BisectEnded, BisectPlanView, BisectRow, BisectStatusView, BisectView, CommitRow, CulpritRow, SkippedCommit,
};
pub use compare_table::{Amount, compare_table};
pub use compare_view::{CompareView, GateView, SideView};
pub use config_view::{ConfigRow, ConfigTable, ConfigView, config_text};
pub use doctor_table::{doctor_table, explanation};
pub use doctor_view::DoctorView;
pub use explain_table::explain_table;
pub use explain_view::ExplainView;
pub use json::to_json;
pub use matrix::{MatrixView, matrix_table};
pub use run_table::run_table;
pub use self_test::{RateView, SelfTestView, SpreadView, self_test_text};
pub use table::Style;
pub use tables::{baselines_table, clean_table, list_table, runs_table};
pub use view::{
    BaselineRow, BaselinesView, BenchmarkRow, ChangeRow, CleanView, KeptRow, ListView, ListedTarget, NotMeasuredRow,
    RunInfo, RunRow, RunView, RunsView, timestamp,
};
