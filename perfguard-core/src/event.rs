//! What stages say while they work. They never print: whoever listens decides what is shown.

use std::time::Duration;

use crate::model::{BenchmarkId, Stopped, TargetId};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Another perfguard measures on this machine; this one waits for it.
    Waiting {
        /// Who holds the lock, in words.
        holder: String,
    },
    /// Cargo is called.
    CargoStarted {
        /// What for, such as `building 3 bench targets of a1b2c3d`.
        purpose: String,
    },
    /// A line that cargo wrote to its error stream, as it wrote it (colours included).
    CargoLine(String),
    /// Cargo ended.
    CargoFinished {
        /// Whether it did what it was asked.
        well: bool,
    },
    /// An executable is asked for its benchmarks.
    Listing {
        /// Its target.
        target: TargetId,
        /// The harness cannot list: all benchmarks are run once.
        by_running: bool,
    },
    /// The instructions of a benchmark are counted, which may take minutes.
    Counting {
        /// Which.
        id: BenchmarkId,
        /// On which side, in words.
        of: String,
    },
    /// A call or a decision that only the curious want to see.
    Detail(String),
    /// A remark that the user should see once, with an optional hint.
    Remark {
        /// A lower-case fragment without final period.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Measuring begins.
    MeasuringStarted {
        /// How many benchmarks.
        benchmarks: usize,
        /// Measuring time at most.
        budget: Duration,
    },
    /// An observation (or a warm-up process) of this benchmark is about to start. No redraw until it finished.
    ObservationStarted {
        /// Which.
        id: BenchmarkId,
        /// A process whose result is thrown away.
        warm_up: bool,
    },
    /// It ended.
    ObservationFinished {
        /// Which.
        id: BenchmarkId,
        /// Benchmarks that need no further observation.
        done: usize,
        /// All benchmarks.
        total: usize,
        /// Measuring time spent.
        spent: Duration,
        /// Measuring time left: estimated, or the most that it can be.
        left: Duration,
        /// Whether it may well be less: nobody knows yet how precise some benchmarks are.
        left_at_most: bool,
    },
    /// No further observation of this benchmark will be taken.
    BenchmarkFinished {
        /// Which.
        id: BenchmarkId,
        /// Why.
        stopped: Stopped,
        /// How many were taken.
        observations: usize,
    },
    /// Measuring ended.
    MeasuringFinished,
    /// A bisection is about to take a step.
    Searching(SearchProgress),
}

/// Where a bisection stands.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchProgress {
    /// The commit that is measured next.
    pub commit: String,
    /// Whether it need not be built.
    pub is_built: bool,
    /// Commits of which one is the culprit, with the certainty that was asked for.
    pub left: usize,
    /// All commits of the range.
    pub of: usize,
    /// The probability of each commit, oldest first, summed over the benchmarks.
    pub posterior: Vec<f64>,
    /// Time left, as far as anybody can tell.
    pub time_left: Duration,
}

/// Whoever listens.
pub trait EventSink {
    /// Takes one event. Must be quick: it may run between two observations.
    fn event(&mut self, event: Event);
}

/// Listens to nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl EventSink for Silent {
    fn event(&mut self, _: Event) {}
}

impl EventSink for Vec<Event> {
    fn event(&mut self, event: Event) {
        self.push(event);
    }
}
