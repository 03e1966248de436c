//! Load: many operations at a time, by their latencies.

mod clock;
mod latency;
mod result;
mod scenario;
#[cfg(feature = "tokio")]
mod tasks;
mod worker;

pub use scenario::{Model, Scenario};
