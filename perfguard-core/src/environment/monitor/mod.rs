//! Watches the machine while something is measured, and says what disturbed it. It labels, and drops nothing.

mod history;
mod sampler;

use std::path::Path;
use std::time::Duration;

pub use history::History;
pub(in crate::environment) use sampler::ticks;
pub use sampler::{Reading, Sampler, Ticks};

use crate::clock::Clock;
use crate::model::{DisturbanceKind, Weather};

/// The least time between two readings.
const PERIOD: Duration = Duration::from_millis(100);
/// A reading may take one part in so many of the time between two: where it is costly (many processors), it is rare.
const ONE_PART_IN: u32 = 1000;
/// The most time between two readings.
const LONGEST: Duration = Duration::from_secs(10);

/// Takes readings between observations, at most ten a second, and keeps what they show.
#[derive(Debug)]
pub struct Monitor {
    sampler: Sampler,
    history: History,
    next: Duration,
    spent: Duration,
}

impl Monitor {
    /// A monitor of the system whose root this is: `/`, but in tests. What this process and the children that it waited
    /// for use is its own.
    pub fn new(root: &Path) -> Self {
        Self { sampler: Sampler::new(root), history: History::default(), next: Duration::ZERO, spent: Duration::ZERO }
    }

    /// Counts what another process and the children that it waited for use as perfguard's own: the launcher's.
    pub fn count_as_own(&mut self, process: u32) {
        self.sampler.count_as_own(process);
    }

    /// Takes a reading, if the last one is long enough ago; says whether it did. Must not be called while a benchmark
    /// runs: what its process used is known only when it ended.
    pub fn sample(&mut self, clock: &dyn Clock) -> bool {
        let now = clock.monotonic();
        if now < self.next {
            return false;
        }
        let reading = self.sampler.read();
        let cost = clock.monotonic().saturating_sub(now);
        self.spent += cost;
        self.next = now + cost.saturating_mul(ONE_PART_IN).clamp(PERIOD, LONGEST);
        self.history.push(now, reading);
        true
    }

    /// Time that all readings took together.
    pub fn spent(&self) -> Duration {
        self.spent
    }

    /// What disturbed between two monotonic times, each kind once. What happened since the last reading is not known.
    pub fn during(&self, from: Duration, until: Duration) -> Vec<DisturbanceKind> {
        self.history.during(from, until)
    }

    /// What the machine was like from the first reading to the last.
    pub fn summary(&self) -> Weather {
        self.history.weather()
    }
}

#[cfg(test)]
mod tests;
