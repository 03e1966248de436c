//! What machine this is and how it stands: all that `doctor` looks at. Absent means that the system does not tell.

use serde::Serialize;

use super::Environment;

/// Facts of a machine, of which many vary; [`Environment`] has those that do not.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct MachineFacts {
    /// What decides comparability.
    pub environment: Environment,
    /// The kernel's whole release.
    pub kernel: Option<String>,
    /// Processors that are on line.
    pub processors: u32,
    /// Processors that perfguard may run on.
    pub allowed: u32,
    /// Whether two processors share a core.
    pub shared_cores: Option<bool>,
    /// Whether cores differ in speed by design.
    pub mixed_cores: bool,
    /// Whether a hypervisor runs below; where the processor tells.
    pub virtual_machine: bool,
    /// The container technology around perfguard.
    pub container: Option<String>,
    /// How frequencies are chosen.
    pub frequency: FrequencyFacts,
    /// Whether the machine runs on battery.
    pub on_battery: Option<bool>,
    /// Times that a core was slowed because it was hot, since the start.
    pub throttled: Option<u64>,
    /// Memory in bytes: all, and what could be had.
    pub memory_bytes: Option<(u64, u64)>,
    /// What the control group grants.
    pub limits: GroupLimits,
    /// Share of the processors' time that the hypervisor gave away since the start.
    pub steal_since_start: Option<f64>,
    /// Whether the kernel tells how long processes wait (PSI).
    pub tells_pressure: bool,
    /// What the kernel's clock is made of.
    pub clock_source: Option<String>,
    /// The kernel's `perf_event_paranoid`.
    pub perf_event_paranoid: Option<i32>,
}

/// How the processors' frequencies are chosen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, schemars::JsonSchema)]
pub struct FrequencyFacts {
    /// The driver, such as `intel_pstate`.
    pub driver: Option<String>,
    /// The governors in use, each once.
    pub governors: Vec<String>,
    /// Whether processors may run faster than they can for long.
    pub turbo: Option<bool>,
    /// The file that turns turbo off, and what to write to it.
    #[serde(skip)]
    pub turbo_switch: Option<(&'static str, &'static str)>,
    /// Lowest and highest frequency, kHz.
    pub range_khz: Option<(u64, u64)>,
    /// The highest that can be held for long, kHz.
    pub base_khz: Option<u64>,
}

/// What a control group grants.
#[derive(Debug, Clone, PartialEq, Default, Serialize, schemars::JsonSchema)]
pub struct GroupLimits {
    /// Processors' worth of time.
    pub processors: Option<f64>,
    /// Share of its periods in which the group was made to wait because its time was used up.
    pub throttled: Option<f64>,
    /// Bytes of memory: the limit, and what is used.
    pub memory_bytes: Option<(u64, u64)>,
}

/// A service that runs jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct CiService {
    /// Its name.
    pub name: &'static str,
    /// The variable that told.
    pub variable: &'static str,
}
