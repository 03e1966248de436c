//! Samples what a child and all that it started use, from `/proc`. Where there is no such thing, there are no points.

use std::time::Duration;

use super::launcher_main::read_small;
use crate::model::{Timeline, TimelinePoint};

/// Points are never closer than this: waits are in whole milliseconds.
const SHORTEST: Duration = Duration::from_millis(1);
/// So many processes of a tree are looked at, and so many threads of each for what they started: a sample must stay cheap.
const MOST_PROCESSES: usize = 256;
const MOST_THREADS: usize = 64;

/// Samples one child.
pub(super) struct Sampler {
    timeline: Timeline,
    pid: libc::pid_t,
    /// When the next point is due, since the child's start.
    due: Duration,
    units: Units,
}

/// In what the kernel counts.
#[derive(Debug, Clone, Copy)]
struct Units {
    page_bytes: u64,
    tick_ns: u64,
}

impl Sampler {
    /// Samples a child from one period after its start.
    pub(super) fn new(pid: libc::pid_t, period: Duration) -> Self {
        let period = period.max(SHORTEST);
        Self { timeline: Timeline::new(nanoseconds(period)), pid, due: period, units: Units::of_this_system() }
    }

    /// Takes a point if one is due, so long after the child's start. Gives how long it is to the next.
    pub(super) fn sample(&mut self, elapsed: Duration) -> Duration {
        if elapsed >= self.due {
            let before = own_cpu_ns();
            if let Some(point) = of_tree(self.pid, nanoseconds(elapsed), self.units) {
                self.timeline.push(point);
            }
            let period = Duration::from_nanos(self.timeline.period_ns);
            while self.due <= elapsed {
                self.due += period;
            }
            self.timeline.cost_ns += own_cpu_ns().saturating_sub(before);
        }
        self.due.saturating_sub(elapsed)
    }

    /// What was sampled.
    pub(super) fn end(self) -> Timeline {
        self.timeline
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Units {
    fn of_this_system() -> Self {
        // SAFETY: plain calls that give numbers of this system.
        #[expect(unsafe_code, reason = "sysconf has no safe face")]
        let (page, ticks) = unsafe { (libc::sysconf(libc::_SC_PAGESIZE), libc::sysconf(libc::_SC_CLK_TCK)) };
        let ticks = u64::try_from(ticks).unwrap_or(100).max(1);
        Self { page_bytes: u64::try_from(page).unwrap_or(4096), tick_ns: 1_000_000_000 / ticks }
    }
}

/// CPU time of this process so far.
fn own_cpu_ns() -> u64 {
    // SAFETY: a zeroed `timespec` is valid and lives through the call.
    #[expect(unsafe_code, reason = "the clock of a process has no safe face")]
    let time = unsafe {
        let mut time: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time);
        time
    };
    #[expect(clippy::useless_conversion, reason = "the width of these fields differs between systems")]
    let (seconds, rest) = (i64::from(time.tv_sec), i64::from(time.tv_nsec));
    u64::try_from(seconds).unwrap_or_default() * 1_000_000_000 + u64::try_from(rest).unwrap_or_default()
}

/// What a process and all its descendants use now; `None` where the process is gone.
fn of_tree(pid: libc::pid_t, at_ns: u64, units: Units) -> Option<TimelinePoint> {
    let mut sum = TimelinePoint { at_ns, bytes_read: Some(0), bytes_written: Some(0), ..TimelinePoint::default() };
    let mut open = vec![pid];
    let mut seen = 0;
    while let Some(pid) = open.pop() {
        // One that ended meanwhile is in its parent's account, or will be.
        let Some(used) = read_small(&format!("/proc/{pid}/stat")).and_then(|stat| used(&stat)) else { continue };
        sum.resident_bytes += used.resident_pages * units.page_bytes;
        sum.cpu_ns += used.ticks * units.tick_ns;
        sum.threads += used.threads;
        let (read, written) = moved(&read_small(&format!("/proc/{pid}/io")).unwrap_or_default());
        sum.bytes_read = sum.bytes_read.zip(read).map(|(sum, read)| sum + read);
        sum.bytes_written = sum.bytes_written.zip(written).map(|(sum, written)| sum + written);
        seen += 1;
        if seen < MOST_PROCESSES {
            open.extend(children(pid));
        }
    }
    (seen > 0).then_some(sum)
}

/// The processes that the threads of a process started.
fn children(pid: libc::pid_t) -> Vec<libc::pid_t> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let mut found = Vec::new();
    for thread in threads.flatten().take(MOST_THREADS) {
        let list = thread.path().join("children");
        let text = list.to_str().and_then(read_small).unwrap_or_default();
        found.extend(text.split_whitespace().filter_map(|word| word.parse::<libc::pid_t>().ok()));
    }
    found
}

/// What one process uses, in the kernel's units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Used {
    /// CPU time of it and of the children that it waited for.
    ticks: u64,
    threads: u64,
    resident_pages: u64,
}

/// From `/proc/PID/stat`. Its name stands in parentheses and may contain anything.
fn used(stat: &str) -> Option<Used> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // The fields after the name begin with the third: utime is the fourteenth, threads the twentieth, pages the 24th.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let ticks = [14, 15, 16, 17].into_iter().map(number).sum::<Option<u64>>()?;
    Some(Used { ticks, threads: number(20)?, resident_pages: number(24)? })
}

/// Bytes read and written, from `/proc/PID/io`.
pub(super) fn moved(io: &str) -> (Option<u64>, Option<u64>) {
    let field = |name: &str| io.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    (field("rchar:"), field("wchar:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_accounts_are_read_whatever_a_program_is_called() {
        let stat = "77 (a) b) S 1 77 77 0 -1 4194304 900 0 0 0 12 3 4 1 20 0 5 0 100 9999 321 184467 1 1 0\n";
        assert_eq!(used(stat), Some(Used { ticks: 20, threads: 5, resident_pages: 321 }));
        assert_eq!(used("77 (a"), None);
        assert_eq!(used("77 (a) S 1 2"), None);
        assert_eq!(moved("rchar: 10\nwchar: 7\nsyscr: 1\n"), (Some(10), Some(7)));
        assert_eq!(moved(""), (None, None));
    }

    #[test]
    fn points_are_due_by_the_period_and_a_late_one_takes_the_place_of_those_that_it_missed() {
        let mut sampler = Sampler::new(-1, Duration::from_millis(10));
        assert_eq!(sampler.sample(Duration::ZERO), Duration::from_millis(10));
        assert_eq!(sampler.sample(Duration::from_millis(7)), Duration::from_millis(3));
        assert_eq!(sampler.sample(Duration::from_millis(34)), Duration::from_millis(6));
        assert!(sampler.end().points.is_empty(), "there is no such process");
        let shortest = Sampler::new(-1, Duration::from_nanos(1)).end();
        assert_eq!(shortest.period_ns, 1_000_000);
    }
}
