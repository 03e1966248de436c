//! What was measured, kept: SQLite, one file, safe for several processes at once.
//!
//! Runs and their measurements are immutable once written; names (baselines) move. Every observation is committed as it
//! is taken. The schema is described in `docs/store.md`.

mod baselines;
mod codec;
mod comparisons;
mod error;
mod location;
mod migrations;
mod read;
mod verify;
mod write;

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::model::MetricId;

pub use error::StoreError;
pub use location::StoreLocation;
pub use read::RunSummary;
pub use verify::Salvage;
pub use write::MeasurementKey;

/// An open store.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: std::path::PathBuf,
    /// Numbers of built-in metrics that were asked for: they never change, and every observation has some.
    metrics: BTreeMap<MetricId, i64>,
}

#[cfg(test)]
mod tests;
