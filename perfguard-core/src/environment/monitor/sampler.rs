//! One reading of how busy a machine is, from a few small files that stay open.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Frequencies of at most so many groups of processors are read.
const MOST_FREQUENCIES: usize = 16;

/// What was counted up to one moment. Absent is what the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reading {
    /// Processors that are on line.
    pub processors: u32,
    /// What all processors did since the start.
    pub ticks: Option<Ticks>,
    /// Ticks that perfguard and its children used.
    pub own_ticks: u64,
    /// Load average of one minute.
    pub load: Option<f64>,
    /// Microseconds in which a process waited for a processor, since the start.
    pub cpu_waits_us: Option<u64>,
    /// For memory.
    pub memory_waits_us: Option<u64>,
    /// For a disk.
    pub io_waits_us: Option<u64>,
    /// Frequency of the fastest processor, kHz.
    pub highest_khz: Option<u64>,
}

/// What processors did since the start, in the kernel's ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ticks {
    /// In all.
    pub total: u64,
    /// Nothing.
    pub idle: u64,
    /// Nothing, while a process waited for a disk.
    pub io_wait: u64,
    /// The hypervisor gave the time to somebody else.
    pub steal: u64,
}

/// Reads what [`Reading`] holds.
#[derive(Debug)]
pub struct Sampler {
    root: PathBuf,
    processors: u32,
    stat: Option<File>,
    load: Option<File>,
    pressures: [Option<File>; 3],
    own: Vec<File>,
    frequencies: Vec<File>,
}

impl Sampler {
    /// Opens the files below a root. Those that are not there tell nothing.
    pub fn new(root: &Path) -> Self {
        let open = |path: &str| File::open(root.join(path)).ok();
        let stat = fs_err::read_to_string(root.join("proc/stat")).unwrap_or_default();
        let processors = stat.lines().filter(|line| is_one_processor(line)).count();
        let groups = crate::environment::machine::frequency_groups(root).into_iter().take(MOST_FREQUENCIES);
        Self {
            root: root.to_owned(),
            processors: u32::try_from(processors).unwrap_or(u32::MAX),
            stat: open("proc/stat"),
            load: open("proc/loadavg"),
            pressures: ["cpu", "memory", "io"].map(|name| open(&format!("proc/pressure/{name}"))),
            own: open("proc/self/stat").into_iter().collect(),
            frequencies: groups.filter_map(|group| File::open(group.join("scaling_cur_freq")).ok()).collect(),
        }
    }

    /// Counts another process with the children that it waited for.
    pub fn count_as_own(&mut self, process: u32) {
        self.own.extend(File::open(self.root.join(format!("proc/{process}/stat"))));
    }

    /// Reads all.
    pub fn read(&self) -> Reading {
        // The first line of `proc/stat` is all that is wanted; the others are rarely longer than this.
        let mut room = [0; 1024];
        let mut text = |file: &File| -> Option<String> {
            let count = file.read_at(&mut room, 0).ok()?;
            Some(String::from_utf8_lossy(&room[..count]).into_owned())
        };
        let pressures = self.pressures.each_ref();
        let [cpu_waits_us, memory_waits_us, io_waits_us] = pressures.map(|file| waits(&text(file.as_ref()?)?));
        Reading {
            processors: self.processors,
            ticks: self.stat.as_ref().and_then(&mut text).and_then(|text| ticks(&text)),
            own_ticks: self.own.iter().filter_map(&mut text).filter_map(|text| own_ticks(&text)).sum(),
            load: self.load.as_ref().and_then(&mut text).and_then(|text| text.split(' ').next()?.parse().ok()),
            cpu_waits_us,
            memory_waits_us,
            io_waits_us,
            highest_khz: self.frequencies.iter().filter_map(text).filter_map(|text| text.trim().parse().ok()).max(),
        }
    }
}

/// Whether a line of `proc/stat` is about one processor.
fn is_one_processor(line: &str) -> bool {
    line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
}

/// The first line of `proc/stat`.
pub(in crate::environment) fn ticks(stat: &str) -> Option<Ticks> {
    let rest = stat.lines().next()?.strip_prefix("cpu ")?;
    // user nice system idle iowait irq softirq steal; what guests used is in user.
    let counts: Vec<u64> = rest.split_whitespace().take(8).map(str::parse).collect::<Result<_, _>>().ok()?;
    let count = |index: usize| counts.get(index).copied().unwrap_or_default();
    Some(Ticks { total: counts.iter().sum(), idle: count(3), io_wait: count(4), steal: count(7) })
}

/// Ticks of a process and the children that it waited for. Its name stands in parentheses and may contain anything.
fn own_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // The fields after the name begin with the third: utime is the fourteenth.
    let times: Vec<u64> = fields.get(11..15)?.iter().map(|field| field.parse()).collect::<Result<_, _>>().ok()?;
    Some(times.iter().sum())
}

/// Microseconds in which some process waited.
fn waits(pressure: &str) -> Option<u64> {
    let some = pressure.lines().find_map(|line| line.strip_prefix("some "))?;
    some.split_whitespace().find_map(|field| field.strip_prefix("total="))?.parse().ok()
}
