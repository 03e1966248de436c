//! What `doctor` finds: remarks on the machine with what to change, metrics that work, and the noise floor.

use std::fmt;

use serde::Serialize;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingLevel {
    /// Answers here will often be undecided, or something does not work.
    Warning,
    /// Noise that can be had out, or a lesser way that is taken.
    Note,
    /// As it should be.
    Good,
}

impl fmt::Display for FindingLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Note => "note",
            Self::Good => "good",
        })
    }
}

/// One remark on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct MachineFinding {
    /// Its stable id: `cargo perfguard doctor --explain ID` says more.
    pub id: &'static str,
    /// How much it matters here.
    pub level: FindingLevel,
    /// What was seen, in words without final period.
    pub seen: String,
    /// What it costs; empty where all is well.
    pub cost: String,
    /// What to change: commands, or words where no command does it; empty where nothing can be done or needs to be.
    pub change: Vec<String>,
}

/// Whether the system allows something, and why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Ability {
    /// It was tried, and works.
    Works {
        /// By what, such as a tool's version.
        by: String,
    },
    /// It was tried, and does not work.
    Fails {
        /// Why, in words without final period.
        reason: String,
    },
}

impl Ability {
    /// It works.
    pub fn works(by: impl Into<String>) -> Self {
        Self::Works { by: by.into() }
    }

    /// It does not.
    pub fn fails(reason: impl Into<String>) -> Self {
        Self::Fails { reason: reason.into() }
    }

    /// Why it does not work.
    pub fn failure(&self) -> Option<&str> {
        match self {
            Self::Works { .. } => None,
            Self::Fails { reason } => Some(reason),
        }
    }
}

/// What the cache directory's file system can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct CacheAbilities {
    /// The folder.
    pub folder: String,
    /// Two folders change places in one step.
    pub exchange: Ability,
    /// A file may have two names.
    pub hard_links: Ability,
    /// Programs in it may be started.
    pub programs: Ability,
    /// Whether it is on the file system of the folder that the command was called from.
    pub same_file_system: Option<bool>,
    /// Bytes that are free to this user.
    pub free_bytes: Option<u64>,
}

/// A metric, and whether it works here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct MetricRow {
    /// The metric's id, or a group of them.
    pub metric: String,
    /// Whether, by what, and why not.
    pub ability: Ability,
    /// What would make it work.
    pub hint: Option<String>,
}

/// What a kernel that never changes looks like when it is compared with itself here. Shares are relative: 0.01 is 1 %.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct NoiseFloor {
    /// Pairs of processes.
    pub pairs: usize,
    /// Standard deviation of the logarithm of a pair's ratio, robust: what `compare` calls spread.
    pub pair_spread: f64,
    /// Spread of the fastest samples of all processes.
    pub between_processes: f64,
    /// Spread of the samples inside a process, median over processes.
    pub within_process: f64,
    /// The smallest change that 24 pairs (`--quick`) would have shown.
    pub smallest_in_24: f64,
    /// The smallest change that 40 pairs would have shown.
    pub smallest_in_40: f64,
    /// Median of the fastest samples, nanoseconds a sample.
    pub sample_ns: f64,
}

/// What `doctor` saw, before it is judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The machine.
    pub machine: super::MachineFacts,
    /// The service that runs the job.
    pub ci: Option<super::CiService>,
    /// What happened on it meanwhile.
    pub weather: super::Weather,
    /// The cache directory, or why it cannot be used.
    pub cache: Result<CacheAbilities, String>,
    /// Whether the linker can put functions in an order.
    pub ordering: Ability,
    /// Whether hardware counters can be read.
    pub counters: Ability,
    /// Whether Valgrind is there.
    pub valgrind: Ability,
    /// Whether the kernel counts what processes read and write, or why no process could be started to try.
    pub io_accounting: Result<bool, String>,
    /// The noise floor, or why it was not measured.
    pub noise: Result<NoiseFloor, String>,
}
