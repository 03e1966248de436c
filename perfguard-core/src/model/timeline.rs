//! What a process and all that it started used while it ran, sampled from time to time.

use serde::{Deserialize, Serialize};

/// Points over the time of one process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Timeline {
    /// Time from one point to the next, nanoseconds: doubled each time that there were too many.
    pub period_ns: u64,
    /// CPU time that taking all of them cost perfguard, those that were left out too, nanoseconds.
    pub cost_ns: u64,
    /// In their order, at most [`Timeline::MOST_POINTS`].
    pub points: Vec<TimelinePoint>,
}

/// What was used up to one moment, or is in use then, by a process and all that it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TimelinePoint {
    /// Since the process was started, nanoseconds.
    pub at_ns: u64,
    /// Resident memory of all processes together, bytes: pages that they share count in each.
    pub resident_bytes: u64,
    /// CPU time so far, nanoseconds (in the kernel's ticks, mostly 10 ms).
    pub cpu_ns: u64,
    /// Threads of all processes.
    pub threads: u64,
    /// Bytes read through system calls so far; absent where the kernel does not tell.
    pub bytes_read: Option<u64>,
    /// Bytes written through system calls so far; absent where the kernel does not tell.
    pub bytes_written: Option<u64>,
}

impl Timeline {
    /// No process has more points than these: a long one has them further apart.
    pub const MOST_POINTS: usize = 600;

    /// One without points so far.
    pub fn new(period_ns: u64) -> Self {
        Self { period_ns, cost_ns: 0, points: Vec::new() }
    }

    /// Adds a point. Where there are too many, every second goes, and from then on they are twice as far apart.
    pub fn push(&mut self, point: TimelinePoint) {
        if self.points.len() >= Self::MOST_POINTS {
            let mut number = 0;
            self.points.retain(|_| {
                number += 1;
                number % 2 == 0
            });
            self.period_ns = self.period_ns.saturating_mul(2);
        }
        self.points.push(point);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_process_has_its_points_further_apart_and_never_too_many() {
        let mut timeline = Timeline::new(100);
        let mut now = 0;
        for _ in 0..10_000 {
            now += timeline.period_ns;
            timeline.push(TimelinePoint { at_ns: now, ..TimelinePoint::default() });
            assert!(timeline.points.len() <= Timeline::MOST_POINTS);
        }
        assert!(timeline.period_ns > 100 && timeline.period_ns.is_multiple_of(100), "{}", timeline.period_ns);
        let at: Vec<u64> = timeline.points.iter().map(|point| point.at_ns).collect();
        assert_eq!(at.last(), Some(&now));
        assert!(at.windows(2).all(|two| two[1] - two[0] <= timeline.period_ns), "as even as the period says");
        assert!(at.len() > Timeline::MOST_POINTS / 2);
    }
}
