//! What the processor and the kernel count of a child, its threads and its children: which counters there are, opening
//! them for a process that is about to `exec`, and what they said in the end.

use std::io::{self, Read};

/// One thing to count, as `perf_event_open` names it. Only what happens in user space is counted: any user may have that,
/// and it repeats better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CounterEvent {
    /// `type` of `struct perf_event_attr`.
    pub(super) kind: u32,
    /// `config` of it.
    pub(super) config: u64,
}

impl CounterEvent {
    /// Cycles of the processor.
    pub const CYCLES: Self = Self::hardware(0);
    /// Instructions that were executed to their end.
    pub const INSTRUCTIONS: Self = Self::hardware(1);
    /// Misses of the last cache.
    pub const CACHE_MISSES: Self = Self::hardware(3);
    /// Branches that were foreseen wrongly.
    pub const BRANCH_MISSES: Self = Self::hardware(5);
    /// Nanoseconds on a processor: counted by the kernel, so that there is one wherever there are counters at all.
    pub const TASK_CLOCK: Self = Self::software(1);
    /// Page faults: the kernel's, too.
    pub const PAGE_FAULTS: Self = Self::software(2);

    const fn hardware(config: u64) -> Self {
        Self { kind: 0, config }
    }

    const fn software(config: u64) -> Self {
        Self { kind: 1, config }
    }
}

/// What one counter said at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// What was counted while the counter ran.
    pub value: u64,
    /// How long there was something to count, over all threads, nanoseconds.
    pub enabled_ns: u64,
    /// How long it was counted: less where counters had to take turns.
    pub running_ns: u64,
}

impl Count {
    /// The count of the whole time: scaled up by the part that was counted. `None` where the counter never had its turn.
    pub fn estimate(self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts of one process are far below 2^53")]
        let (value, enabled, running) = (self.value as f64, self.enabled_ns as f64, self.running_ns as f64);
        if self.running_ns == 0 {
            return None;
        }
        Some(if self.is_scaled() { value * (enabled / running) } else { value })
    }

    /// Whether the counter had to take turns with others.
    pub fn is_scaled(self) -> bool {
        self.running_ns < self.enabled_ns
    }
}

/// As many counters may be asked for at once.
pub const MOST_COUNTERS: usize = 4;

/// What the counters of one child said, or the number of the error for which one could not be opened or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts(pub(super) [Option<(CounterEvent, Result<Count, i32>)>; MOST_COUNTERS]);

impl Counts {
    /// Counts as they were read; more than [`MOST_COUNTERS`] are not kept.
    pub fn of(counted: impl IntoIterator<Item = (CounterEvent, Result<Count, i32>)>) -> Self {
        let mut counts = Self::default();
        for (place, one) in counts.0.iter_mut().zip(counted) {
            *place = Some(one);
        }
        counts
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (CounterEvent, Result<Count, i32>)> + '_ {
        self.0.iter().copied().flatten()
    }

    /// What was counted of this; `None` where it was not asked for.
    pub fn get(&self, event: CounterEvent) -> Option<Result<Count, i32>> {
        self.iter().find(|(known, _)| *known == event).map(|(_, counted)| counted)
    }
}

/// Opens counters.
pub(super) trait CounterDoor {
    /// A counter of a process, of its threads and children to come, that begins at its next `exec`. One read of it gives
    /// three numbers of eight bytes: the fields of [`Count`] in their order.
    fn open(&self, event: CounterEvent, pid: libc::pid_t) -> io::Result<Box<dyn Read>>;
}

/// The counters of one child.
#[derive(Default)]
pub(super) struct Counters(Vec<(CounterEvent, io::Result<Box<dyn Read>>)>);

impl Counters {
    /// Opens all that there are of these; of the others, the error is kept.
    pub(super) fn open(door: &dyn CounterDoor, events: &[CounterEvent], pid: libc::pid_t) -> Self {
        Self(events.iter().map(|event| (*event, door.open(*event, pid))).collect())
    }

    /// What they say now.
    pub(super) fn read(&mut self) -> Counts {
        let number = |error: &io::Error| error.raw_os_error().unwrap_or(libc::EIO);
        Counts::of(self.0.iter_mut().map(|(event, opened)| {
            let counted = match opened {
                Ok(counter) => read_count(counter.as_mut()).map_err(|error| number(&error)),
                Err(error) => Err(number(error)),
            };
            (*event, counted)
        }))
    }
}

fn read_count(counter: &mut dyn Read) -> io::Result<Count> {
    // The kernel gives all or nothing.
    let mut bytes = [0; 24];
    counter.read_exact(&mut bytes)?;
    let mut words = bytes.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().expect("eight bytes")));
    let mut next = || words.next().unwrap_or_default();
    Ok(Count { value: next(), enabled_ns: next(), running_ns: next() })
}

/// The kernel's own counters.
pub(super) struct Kernel;

impl CounterDoor for Kernel {
    #[cfg(target_os = "linux")]
    #[expect(unsafe_code, reason = "the kernel's call has no safe face")]
    fn open(&self, event: CounterEvent, pid: libc::pid_t) -> io::Result<Box<dyn Read>> {
        use std::os::fd::{FromRawFd, OwnedFd, RawFd};

        const ANY: libc::c_int = -1;
        /// `PERF_FORMAT_TOTAL_TIME_ENABLED`, `PERF_FORMAT_TOTAL_TIME_RUNNING`.
        const TIMES: u64 = 1 | 1 << 1;
        /// Off at first, inherited, not the kernel, not the hypervisor, on from `exec`.
        const FLAGS: u64 = 1 | 1 << 1 | 1 << 5 | 1 << 6 | 1 << 12;
        /// `PERF_FLAG_FD_CLOEXEC`.
        const CLOSED_AT_EXEC: u32 = 8;
        const SIZE: u64 = 64;
        // `struct perf_event_attr` in its first version, 64 bytes, in words: type and size share the first.
        let kind = u64::from(event.kind);
        let (head, flags) = if cfg!(target_endian = "little") {
            (SIZE << u32::BITS | kind, FLAGS)
        } else {
            (kind << u32::BITS | SIZE, FLAGS.reverse_bits())
        };
        let attributes: [u64; 8] = [head, event.config, 0, 0, TIMES, flags, 0, 0];
        // SAFETY: the kernel reads as many bytes as the size in the structure says, which lives until the call returns; the
        // descriptor that it gives is nobody else's.
        let descriptor = unsafe {
            let descriptor = libc::syscall(
                libc::SYS_perf_event_open,
                attributes.as_ptr(),
                pid,
                ANY,
                ANY,
                libc::c_ulong::from(CLOSED_AT_EXEC),
            );
            let Some(descriptor) = RawFd::try_from(descriptor).ok().filter(|descriptor| *descriptor >= 0) else {
                return Err(io::Error::last_os_error());
            };
            OwnedFd::from_raw_fd(descriptor)
        };
        Ok(Box::new(std::fs::File::from(descriptor)))
    }

    #[cfg(not(target_os = "linux"))]
    fn open(&self, _: CounterEvent, _: libc::pid_t) -> io::Result<Box<dyn Read>> {
        Err(io::Error::from_raw_os_error(libc::ENOSYS))
    }
}

/// Opens such a counter of this process, and closes it again.
///
/// # Errors
/// Why it could not be opened.
pub fn try_counter(event: CounterEvent) -> io::Result<()> {
    const THIS_PROCESS: libc::pid_t = 0;
    Kernel.open(event, THIS_PROCESS).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grants cycles, of which it gives these counts, and nothing else.
    struct Fake(Vec<u8>);

    impl CounterDoor for Fake {
        fn open(&self, event: CounterEvent, _: libc::pid_t) -> io::Result<Box<dyn Read>> {
            if event == CounterEvent::CYCLES {
                Ok(Box::new(io::Cursor::new(self.0.clone())))
            } else {
                Err(io::Error::from_raw_os_error(libc::ENOENT))
            }
        }
    }

    #[test]
    fn a_counter_that_took_turns_is_scaled_to_the_whole_time() {
        let count = |value, enabled_ns, running_ns| Count { value, enabled_ns, running_ns };
        assert_eq!(count(700, 100, 100).estimate(), Some(700.0));
        assert_eq!(count(700, 100, 25).estimate(), Some(2_800.0));
        assert_eq!(count(0, 100, 50).estimate(), Some(0.0));
        assert_eq!(count(0, 100, 0).estimate(), None, "it never had its turn");
        assert_eq!(count(0, 0, 0).estimate(), None, "there was never anything to count");
        assert!(count(1, 100, 99).is_scaled() && !count(1, 100, 100).is_scaled());
    }

    #[test]
    fn what_is_granted_is_counted_and_what_is_not_keeps_its_error() {
        let events = [CounterEvent::CYCLES, CounterEvent::BRANCH_MISSES];
        let bytes = [700_u64, 100, 25].map(u64::to_ne_bytes).concat();
        let counts = Counters::open(&Fake(bytes), &events, 1).read();
        let cycles = Count { value: 700, enabled_ns: 100, running_ns: 25 };
        assert_eq!(counts.get(CounterEvent::CYCLES), Some(Ok(cycles)));
        assert_eq!(counts.get(CounterEvent::BRANCH_MISSES), Some(Err(libc::ENOENT)));
        assert_eq!(counts.get(CounterEvent::INSTRUCTIONS), None);
        // One that the kernel broke gives no bytes.
        let counts = Counters::open(&Fake(Vec::new()), &events, 1).read();
        assert_eq!(counts.get(CounterEvent::CYCLES), Some(Err(libc::EIO)));
    }
}
