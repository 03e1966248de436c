//! `doctor`: what the JSON output is, field by field.

use serde::Serialize;

use super::view::VERSION;
use crate::model::{
    Ability, CacheAbilities, CiService, FindingLevel, MachineFacts, MachineFinding, MetricRow, NoiseFloor, Seen,
    Weather,
};

/// A machine that was examined.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct DoctorView {
    /// Version of this format.
    pub version: u32,
    /// Always `doctor`.
    pub kind: &'static str,
    /// What machine this is.
    pub machine: MachineFacts,
    /// The service that runs this job; absent on somebody's own machine.
    pub ci: Option<CiService>,
    /// What happened on the machine while it was examined.
    pub weather: Weather,
    /// What the cache's file system can do; absent where it cannot be used, which is a finding.
    pub cache: Option<CacheAbilities>,
    /// Whether the linker can put functions in an order.
    pub ordering: Ability,
    /// How noisy it is; absent where it was not measured.
    pub noise_floor: Option<NoiseFloor>,
    /// Why it was not measured.
    pub noise_floor_missing: Option<String>,
    /// The metrics, and whether they work.
    pub metrics: Vec<MetricRow>,
    /// Remarks: warnings first, and among them what gains most.
    pub findings: Vec<MachineFinding>,
}

impl DoctorView {
    /// What was seen, with what is to be said of it.
    pub fn new(seen: &Seen, metrics: Vec<MetricRow>, findings: Vec<MachineFinding>) -> Self {
        Self {
            version: VERSION,
            kind: "doctor",
            machine: seen.machine.clone(),
            ci: seen.ci,
            weather: seen.weather.clone(),
            cache: seen.cache.as_ref().ok().cloned(),
            ordering: seen.ordering.clone(),
            noise_floor: seen.noise.as_ref().ok().cloned(),
            noise_floor_missing: seen.noise.as_ref().err().cloned(),
            metrics,
            findings,
        }
    }

    /// Whether there is a warning.
    pub fn has_warnings(&self) -> bool {
        self.findings.iter().any(|finding| finding.level == FindingLevel::Warning)
    }
}
