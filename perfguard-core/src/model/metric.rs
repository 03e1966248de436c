//! What is measured: ids, units and directions of metrics (`DESIGN` section 10).

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The key of a metric, such as `wall-time`; the user's own metrics have ids of their own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct MetricId(pub Cow<'static, str>);

impl MetricId {
    /// Wall time per iteration, nanoseconds: the value that decides.
    pub const WALL_TIME: Self = Self(Cow::Borrowed("wall-time"));
    /// Instructions: that one call executes, counted by Valgrind (a harness that counts decides by it), or of a whole process
    /// in user space, counted by the processor.
    pub const INSTRUCTIONS: Self = Self(Cow::Borrowed("instructions"));
    /// Cycles of the processor in user space, of the whole process.
    pub const CYCLES: Self = Self(Cow::Borrowed("cycles"));
    /// Branches in user space that the processor foresaw wrongly, of the whole process.
    pub const BRANCH_MISSES: Self = Self(Cow::Borrowed("branch-misses"));
    /// Misses of the last cache in user space, of the whole process.
    pub const CACHE_MISSES: Self = Self(Cow::Borrowed("cache-misses"));
    /// Blocks that one iteration allocates, and those that it makes larger.
    pub const ALLOCATIONS: Self = Self(Cow::Borrowed("allocations"));
    /// Bytes of these.
    pub const ALLOCATED_BYTES: Self = Self(Cow::Borrowed("allocated-bytes"));
    /// Most bytes allocated at once.
    pub const PEAK_ALLOCATED: Self = Self(Cow::Borrowed("peak-allocated"));
    /// User CPU time of the whole process, nanoseconds.
    pub const USER_TIME: Self = Self(Cow::Borrowed("user-time"));
    /// System CPU time of the whole process, nanoseconds.
    pub const SYSTEM_TIME: Self = Self(Cow::Borrowed("system-time"));
    /// Largest resident set of the process, bytes.
    pub const PEAK_MEMORY: Self = Self(Cow::Borrowed("peak-memory"));
    /// Page faults of the process, minor and major together.
    pub const PAGE_FAULTS: Self = Self(Cow::Borrowed("page-faults"));
    /// Context switches of the process, voluntary and involuntary together.
    pub const CONTEXT_SWITCHES: Self = Self(Cow::Borrowed("context-switches"));
    /// Bytes that the process read through system calls.
    pub const BYTES_READ: Self = Self(Cow::Borrowed("bytes-read"));
    /// Bytes that the process wrote through system calls.
    pub const BYTES_WRITTEN: Self = Self(Cow::Borrowed("bytes-written"));
    /// Bytes of the executable's file.
    pub const EXECUTABLE_SIZE: Self = Self(Cow::Borrowed("executable-size"));
    /// Bytes of the executable's sections of code.
    pub const TEXT_SIZE: Self = Self(Cow::Borrowed("text-size"));
    /// Bytes of the executable's sections of data, also of those that are zero at first and take no room in the file.
    pub const DATA_SIZE: Self = Self(Cow::Borrowed("data-size"));
}

impl fmt::Display for MetricId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The unit of a metric's stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Nanoseconds.
    Nanoseconds,
    /// Bytes.
    Bytes,
    /// A plain number of events.
    Count,
    /// A part of a whole, or any number without a unit: 0.97 is 97 %.
    Ratio,
    /// Events in a second.
    PerSecond,
    /// Bytes in a second.
    BytesPerSecond,
}

/// Whether more of a metric is worse or better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Less is better (times, memory).
    LowerIsBetter,
    /// More is better (throughput).
    HigherIsBetter,
}

/// A metric: its id, the unit its values are stored in, and which way is better.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Metric {
    /// The key.
    pub id: MetricId,
    /// The unit of the stored values.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
}

impl MetricId {
    /// The built-in metric of this id; `None` where it is the user's own.
    pub fn built_in(&self) -> Option<Metric> {
        built_in_metrics().into_iter().find(|known| known.id == *self)
    }

    /// Which way is better: less, unless it is known to be otherwise.
    pub fn direction(&self) -> Direction {
        self.built_in().map_or(Direction::LowerIsBetter, |known| known.direction)
    }

    /// Whether it is counted without spread and says nothing of iterations: its values are compared as they are.
    pub fn is_exact(&self) -> bool {
        [Self::EXECUTABLE_SIZE, Self::TEXT_SIZE, Self::DATA_SIZE].contains(self)
    }

    /// What of the heap is counted: by a bench itself in each of its processes, or once by Valgrind.
    pub const OF_HEAP: [Self; 3] = [Self::ALLOCATIONS, Self::ALLOCATED_BYTES, Self::PEAK_ALLOCATED];

    /// Whether it may be counted once a side, by Valgrind, rather than in each process.
    pub fn may_be_counted_once(&self) -> bool {
        *self == Self::INSTRUCTIONS || Self::OF_HEAP.contains(self)
    }

    /// Whether it sums up over a whole process, so that it says something of the code only where both sides ran as many
    /// iterations.
    pub fn is_total(&self) -> bool {
        const TOTALS: [MetricId; 10] = [
            MetricId::INSTRUCTIONS,
            MetricId::CYCLES,
            MetricId::BRANCH_MISSES,
            MetricId::CACHE_MISSES,
            MetricId::USER_TIME,
            MetricId::SYSTEM_TIME,
            MetricId::PAGE_FAULTS,
            MetricId::CONTEXT_SWITCHES,
            MetricId::BYTES_READ,
            MetricId::BYTES_WRITTEN,
        ];
        TOTALS.contains(self)
    }
}

/// Whether a text can be the id of a metric: lower-case letters, digits and `-`, a letter first.
pub fn is_metric_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// The built-in metrics, in the order in which they are shown.
pub fn built_in_metrics() -> [Metric; 18] {
    let lower = |id, unit| Metric { id, unit, direction: Direction::LowerIsBetter };
    [
        lower(MetricId::WALL_TIME, Unit::Nanoseconds),
        lower(MetricId::INSTRUCTIONS, Unit::Count),
        lower(MetricId::CYCLES, Unit::Count),
        lower(MetricId::BRANCH_MISSES, Unit::Count),
        lower(MetricId::CACHE_MISSES, Unit::Count),
        lower(MetricId::ALLOCATIONS, Unit::Count),
        lower(MetricId::ALLOCATED_BYTES, Unit::Bytes),
        lower(MetricId::PEAK_ALLOCATED, Unit::Bytes),
        lower(MetricId::USER_TIME, Unit::Nanoseconds),
        lower(MetricId::SYSTEM_TIME, Unit::Nanoseconds),
        lower(MetricId::PEAK_MEMORY, Unit::Bytes),
        lower(MetricId::PAGE_FAULTS, Unit::Count),
        lower(MetricId::CONTEXT_SWITCHES, Unit::Count),
        lower(MetricId::BYTES_READ, Unit::Bytes),
        lower(MetricId::BYTES_WRITTEN, Unit::Bytes),
        lower(MetricId::EXECUTABLE_SIZE, Unit::Bytes),
        lower(MetricId::TEXT_SIZE, Unit::Bytes),
        lower(MetricId::DATA_SIZE, Unit::Bytes),
    ]
}
