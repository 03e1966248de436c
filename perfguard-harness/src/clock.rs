//! The door to time.

use std::time::Instant;

/// Reads the machine's monotonic clock.
#[inline]
#[expect(clippy::disallowed_methods, reason = "this is the door")]
pub(crate) fn read() -> Instant {
    Instant::now()
}
