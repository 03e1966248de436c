//! Numbers besides time: their units and directions, spelled as the protocol spells them.

/// The unit of a metric's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Nanoseconds.
    Nanoseconds,
    /// Bytes.
    Bytes,
    /// A plain number of things or events.
    Count,
    /// A part of a whole, or any number without a unit: 0.97 is 97 %.
    Ratio,
    /// Events in a second.
    PerSecond,
    /// Bytes in a second.
    BytesPerSecond,
}

impl Unit {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Nanoseconds => "nanoseconds",
            Self::Bytes => "bytes",
            Self::Count => "count",
            Self::Ratio => "ratio",
            Self::PerSecond => "per-second",
            Self::BytesPerSecond => "bytes-per-second",
        }
    }
}

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
}

impl Direction {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Higher => "higher",
        }
    }
}

/// One number of a benchmark.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: Unit,
    pub(crate) direction: Direction,
}

impl Metric {
    /// A number of which less is better.
    pub(crate) fn lower(name: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self { name: name.into(), value, unit, direction: Direction::Lower }
    }

    /// A number of which more is better.
    pub(crate) fn higher(name: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self { name: name.into(), value, unit, direction: Direction::Higher }
    }
}
