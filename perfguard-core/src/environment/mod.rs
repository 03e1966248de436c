//! The door to this process's surroundings: variables and directories, what machine this is, how busy it is, and what of it
//! makes measurements noisy.

mod ci;
mod counters;
mod diagnosis;
mod fingerprint;
#[cfg(test)]
pub(crate) mod fixtures;
mod group_limits;
mod machine;
mod monitor;
pub mod vars;

pub use ci::ci_service;
pub use counters::{counter, hardware_counters};
pub use diagnosis::{FINDINGS, FindingKind, diagnose, metrics};
pub use fingerprint::detect;
pub use machine::machine_below;
pub use monitor::{History, Monitor, Reading, Sampler, Ticks};
