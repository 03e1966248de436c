//! Bench targets and what became of each: measured, or a row with a reason.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{BenchmarkId, MetricId, TargetId};

/// The libraries that drive benchmark routines, as detected in an executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HarnessKind {
    /// The compiler's own `#[bench]` harness.
    Libtest,
    /// criterion, and its forks that speak its socket protocol.
    Criterion,
    /// divan, and its forks.
    Divan,
    /// gungraun, and iai-callgrind before it.
    Gungraun,
    /// tango-bench.
    Tango,
    /// zenbench.
    Zenbench,
    /// brunch.
    Brunch,
    /// bencher: the compiler's old harness as a library.
    Bencher,
    /// A program that speaks perfguard's own protocol.
    Native,
    /// Any other program: the whole process is the benchmark.
    Plain,
}

impl HarnessKind {
    /// The metric of a harness's deciding value: wall time, but for those that count.
    pub fn decides(self) -> MetricId {
        if self.counts() { MetricId::INSTRUCTIONS } else { MetricId::WALL_TIME }
    }

    /// Whether the deciding value is a count, which does not vary: one observation is enough.
    pub fn counts(self) -> bool {
        self == Self::Gungraun
    }
}

impl fmt::Display for HarnessKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Libtest => "libtest",
            Self::Criterion => "criterion",
            Self::Divan => "divan",
            Self::Gungraun => "gungraun",
            Self::Tango => "tango",
            Self::Zenbench => "zenbench",
            Self::Brunch => "brunch",
            Self::Bencher => "bencher",
            Self::Native => "native",
            Self::Plain => "plain",
        })
    }
}

impl std::str::FromStr for HarnessKind {
    type Err = serde::de::value::Error;

    /// By the name that [`Display`](fmt::Display) gives it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::deserialize(serde::de::IntoDeserializer::into_deserializer(text))
    }
}

/// A detected harness.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Harness {
    /// Which library.
    pub kind: HarnessKind,
    /// Its version, where the executable tells it (criterion does, in its protocol's hello).
    pub version: Option<String>,
}

/// A bench target as `cargo metadata` describes it, before anything is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BenchTarget {
    /// The key.
    pub id: TargetId,
    /// Features without which cargo leaves the target out, in the manifest's order.
    pub required_features: Vec<String>,
}

/// Why a target, or a part of it, is not measured. Each is a row, never silence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum NotMeasured {
    /// Cargo leaves it out without these features.
    NeedsFeatures {
        /// The features that are missing.
        missing: Vec<String>,
    },
    /// It did not compile; cargo's own message was shown.
    BuildFailed,
    /// It uses `#![feature(…)]`, which a stable compiler refuses.
    NeedsNightly,
    /// Its harness needs a program that is not installed.
    NeedsTool {
        /// The program.
        tool: String,
        /// The line that installs it.
        install: String,
    },
    /// Its executable lists no benchmark. No failure: the unit tests of an ordinary library are one.
    NoBenchmarks,
    /// Its harness is known, but not driven by this version.
    HarnessNotDriven {
        /// The harness.
        harness: HarnessKind,
    },
    /// Asking it for its benchmarks failed.
    ListingFailed {
        /// What happened, in one line.
        message: String,
    },
    /// No benchmark of it matches the filter.
    FilteredOut,
    /// The time limit ended before it was built.
    OutOfTime,
}

impl NotMeasured {
    /// Whether this counts as a failure of the run (exit code 103, or 101 for a build).
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::BuildFailed | Self::ListingFailed { .. })
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NeedsFeatures { missing } => Some(format!("add `--features {}`", missing.join(","))),
            Self::BuildFailed => Some("the compiler's message is above".to_owned()),
            Self::NeedsNightly => {
                Some("use a nightly compiler (`cargo +nightly perfguard …`), or set `RUSTC_BOOTSTRAP=1`".to_owned())
            }
            Self::NeedsTool { install, .. } => Some(format!("`{install}`")),
            Self::NoBenchmarks => Some("`bench = false` in Cargo.toml drops such a target's row".to_owned()),
            Self::HarnessNotDriven { harness } => Some(format!("perfguard does not drive {harness} yet")),
            Self::ListingFailed { .. } => Some("run the bench with `cargo bench` to see it fail".to_owned()),
            Self::FilteredOut | Self::OutOfTime => None,
        }
    }
}

impl fmt::Display for NotMeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeedsFeatures { missing } => {
                let names: Vec<_> = missing.iter().map(|name| format!("`{name}`")).collect();
                write!(f, "needs feature {}", names.join(", "))
            }
            Self::BuildFailed => f.write_str("did not build"),
            Self::NeedsNightly => f.write_str("uses an unstable feature, and the compiler is stable"),
            Self::NeedsTool { tool, .. } => write!(f, "needs `{tool}`, which is not installed"),
            Self::NoBenchmarks => f.write_str("lists no benchmark"),
            Self::HarnessNotDriven { harness } => write!(f, "{harness} benches are not driven yet"),
            Self::ListingFailed { message } => write!(f, "listing failed: {message}"),
            Self::FilteredOut => f.write_str("no benchmark matches the filter"),
            Self::OutOfTime => f.write_str("was not built within the time limit"),
        }
    }
}

/// A benchmark that a run is to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The key.
    pub id: BenchmarkId,
    /// Index of its target in the build's list of executables.
    pub target: usize,
}
