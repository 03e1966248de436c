//! Cancellation: a flag that Ctrl-C sets, or a moment that comes, and long work checks.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Clock;

/// A flag shared between whoever cancels and whoever works. Cloning shares it.
#[derive(Clone, Default)]
pub struct CancellationToken {
    asked: Arc<AtomicBool>,
    limit: Option<Limit>,
}

/// A moment at which work has to stop.
#[derive(Clone)]
struct Limit {
    clock: Arc<dyn Clock + Send + Sync>,
    end: Duration,
}

impl CancellationToken {
    /// A flag that nobody has set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same flag for work that has to stop at a moment of this clock, too.
    #[must_use]
    pub fn until(&self, clock: Arc<dyn Clock + Send + Sync>, end: Duration) -> Self {
        Self { asked: Arc::clone(&self.asked), limit: Some(Limit { clock, end }) }
    }

    /// Asks all work that holds this token to stop soon.
    pub fn cancel(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether work should stop.
    pub fn is_cancelled(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.time_left() == Some(Duration::ZERO)
    }

    /// Whether work should stop because its time is over, and for no other reason.
    pub fn is_out_of_time(&self) -> bool {
        !self.asked.load(Ordering::Relaxed) && self.time_left() == Some(Duration::ZERO)
    }

    /// The time until work has to stop; `None` where there is no such limit.
    pub fn time_left(&self) -> Option<Duration> {
        self.limit.as_ref().map(|limit| limit.end.saturating_sub(limit.clock.monotonic()))
    }
}

impl fmt::Debug for CancellationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, limit } = self;
        f.debug_struct("CancellationToken")
            .field("asked", asked)
            .field("until", &limit.as_ref().map(|l| l.end))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Hand(Mutex<Duration>);

    impl Clock for Hand {
        fn monotonic(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn unix_ns(&self) -> i64 {
            0
        }
    }

    #[test]
    fn a_limited_token_is_cancelled_by_its_moment_or_by_whoever_asks() {
        let (clock, everybody) = (Arc::new(Hand::default()), CancellationToken::new());
        let limited = everybody.until(clock.clone(), Duration::from_secs(5));
        assert!(!limited.is_cancelled() && limited.time_left() == Some(Duration::from_secs(5)));
        *clock.0.lock().unwrap() = Duration::from_secs(6);
        assert!(limited.is_cancelled() && limited.is_out_of_time());
        assert!(!everybody.is_cancelled(), "the limit is the limited one's own");
        everybody.cancel();
        assert!(limited.is_cancelled() && !limited.is_out_of_time());
    }
}
