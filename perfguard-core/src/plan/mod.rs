//! What could be measured, and what is wanted: bench targets by `cargo metadata`, benchmarks by filter.
//!
//! Knows cargo's words for selecting packages and targets. Builds and runs nothing but `cargo metadata`.

mod discover;
mod filter;

pub use discover::{
    PlanError, Selection, Workspace, expected_targets, nearest_manifest, packages_with_benches, read_metadata,
    unbuilt_reason,
};
pub use filter::{Filter, nearest_ids};
