//! The door to time. Nothing else in this crate reads a clock.

use std::time::Duration;

/// Where time comes from; tests bring their own.
pub trait Clock {
    /// Time since an arbitrary fixed start; never goes back.
    fn monotonic(&self) -> Duration;
    /// Nanoseconds since the Unix epoch, as the system believes.
    fn unix_ns(&self) -> i64;
}

/// The system's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: std::time::Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the door")]
        Self { start: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn unix_ns(&self) -> i64 {
        i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
    }
}
