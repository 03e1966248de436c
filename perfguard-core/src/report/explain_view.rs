//! `explain`: what the JSON output is, field by field.

use serde::Serialize;

use super::compare_view::SideView;
use super::view::VERSION;
use crate::model::Explanation;

/// Why a benchmark changed.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct ExplainView {
    /// Version of this format.
    pub version: u32,
    /// Always `explain`.
    pub kind: &'static str,
    /// What is compared against.
    pub base: SideView,
    /// What is explained.
    pub head: SideView,
    /// What came of it.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// The file that the flame graph was written to; absent where there is none.
    pub flame_graph: Option<String>,
}

impl ExplainView {
    /// The view of an explanation.
    pub fn new(base: SideView, head: SideView, explanation: Explanation) -> Self {
        Self { version: VERSION, kind: "explain", base, head, explanation, flame_graph: None }
    }
}
