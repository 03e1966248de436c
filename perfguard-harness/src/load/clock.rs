//! Telling the time and waiting: the machine's clock, and a scripted one for tests.

use std::time::{Duration, Instant};

use crate::clock::read;

/// Tells the time since some moment, and waits.
pub(crate) trait Clock: Sync {
    /// Time since a moment that does not change.
    fn now(&self) -> Duration;
    /// Waits until then; not at all where it is past.
    fn wait_until(&self, then: Duration);
}

/// The machine's own clock.
pub(crate) struct RealClock(Instant);

impl RealClock {
    pub(crate) fn start() -> Self {
        Self(read())
    }
}

/// What a sleep may come late: the rest of a wait is spent looking at the clock.
const LATE: Duration = Duration::from_micros(150);

impl Clock for RealClock {
    #[inline]
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn wait_until(&self, then: Duration) {
        loop {
            let left = then.saturating_sub(self.now());
            if left.is_zero() {
                return;
            }
            if left > LATE {
                std::thread::sleep(left.saturating_sub(LATE));
            } else {
                std::hint::spin_loop();
            }
        }
    }
}

/// A clock that stands still but for what a test says.
#[cfg(test)]
#[derive(Default)]
pub(crate) struct FakeClock(std::sync::atomic::AtomicU64);

#[cfg(test)]
impl FakeClock {
    pub(crate) fn pass(&self, time: Duration) {
        let ns = u64::try_from(time.as_nanos()).unwrap();
        self.0.fetch_add(ns, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(test)]
impl Clock for FakeClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }

    fn wait_until(&self, then: Duration) {
        self.pass(then.saturating_sub(self.now()));
    }
}
