//! What readings show: shares over the time between two, their mean and largest, and what disturbed. Pure.

use std::time::Duration;

use super::Reading;
use crate::model::{Disturbance, DisturbanceKind, MeanAndMost, Weather};

/// Steal counts as a disturbance from this share on, and from so many ticks on: one tick may have come together over
/// many intervals.
const STEAL: (f64, u64) = (0.02, 2);
/// What others use does from this share of all processors on.
const OTHER_LOAD: f64 = 0.25;
/// Waiting for memory, as a share of the time.
const MEMORY_PRESSURE: f64 = 0.01;
/// Waiting for a disk, as a share of the time.
const IO_PRESSURE: f64 = 0.10;
/// How far the frequency must fall below the highest that was seen.
const FREQUENCY_CHANGE: f64 = 0.10;

/// Readings put together.
#[derive(Debug, Clone, Default)]
pub struct History {
    first: Option<Duration>,
    last: Option<(Duration, Reading)>,
    readings: u32,
    load: Sum,
    other_load: Sum,
    steal: Sum,
    io_wait: Sum,
    cpu: Sum,
    memory: Sum,
    io: Sum,
    frequency_khz: Option<(u64, u64)>,
    disturbances: Vec<Disturbance>,
}

/// A share, weighed by time.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    weighed: f64,
    seconds: f64,
    most: f64,
}

impl Sum {
    fn add(&mut self, value: Option<f64>, time: Duration) {
        if let Some(value) = value {
            self.weighed += value * time.as_secs_f64();
            self.seconds += time.as_secs_f64();
            self.most = self.most.max(value);
        }
    }

    fn get(self) -> Option<MeanAndMost> {
        (self.seconds > 0.0).then(|| MeanAndMost { mean: self.weighed / self.seconds, most: self.most })
    }
}

impl History {
    /// Adds a reading that was taken at a monotonic time, later than the one before.
    pub fn push(&mut self, at: Duration, reading: Reading) {
        if let Some(khz) = reading.highest_khz {
            let (lowest, highest) = self.frequency_khz.unwrap_or((khz, khz));
            self.frequency_khz = Some((lowest.min(khz), highest.max(khz)));
        }
        if let Some((from, before)) = self.last {
            if at <= from {
                return;
            }
            self.add(from, at, &before, &reading);
        }
        self.first.get_or_insert(at);
        self.last = Some((at, reading));
        self.readings += 1;
    }

    fn add(&mut self, from: Duration, until: Duration, before: &Reading, after: &Reading) {
        let time = until.saturating_sub(from);
        let waited = |counts: (Option<u64>, Option<u64>)| {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of one interval")]
            let share = counts.1?.saturating_sub(counts.0?) as f64 / (time.as_secs_f64() * 1e6);
            Some(share.min(1.0))
        };
        let cpu = waited((before.cpu_waits_us, after.cpu_waits_us));
        let memory = waited((before.memory_waits_us, after.memory_waits_us));
        let io = waited((before.io_waits_us, after.io_waits_us));
        let shares = Shares::between(before, after);
        self.load.add(after.load, time);
        self.other_load.add(shares.map(|shares| shares.others), time);
        self.steal.add(shares.map(|shares| shares.steal), time);
        self.io_wait.add(shares.map(|shares| shares.io_wait), time);
        self.cpu.add(cpu, time);
        self.memory.add(memory, time);
        self.io.add(io, time);

        #[expect(clippy::cast_precision_loss, reason = "kilohertz")]
        let fall =
            after.highest_khz.zip(self.frequency_khz).map(|(khz, (_, most))| 1.0 - khz as f64 / most.max(1) as f64);
        let found = [
            (DisturbanceKind::Steal, shares.filter(|one| one.stolen_ticks >= STEAL.1).map(|one| one.steal), STEAL.0),
            (DisturbanceKind::OtherLoad, shares.map(|shares| shares.others), OTHER_LOAD),
            (DisturbanceKind::MemoryPressure, memory, MEMORY_PRESSURE),
            (DisturbanceKind::IoPressure, io, IO_PRESSURE),
            (DisturbanceKind::FrequencyChange, fall, FREQUENCY_CHANGE),
        ];
        for (kind, share, limit) in found {
            if let Some(worst) = share.filter(|share| *share >= limit) {
                self.label(Disturbance { kind, from, until, worst });
            }
        }
    }

    /// Adds a disturbance; one that goes on is one.
    fn label(&mut self, found: Disturbance) {
        let before = self.disturbances.iter_mut().rev().find(|known| known.kind == found.kind);
        match before {
            Some(known) if known.until == found.from => {
                known.until = found.until;
                known.worst = known.worst.max(found.worst);
            }
            _ => self.disturbances.push(found),
        }
    }

    /// What disturbed between two times, each kind once.
    pub fn during(&self, from: Duration, until: Duration) -> Vec<DisturbanceKind> {
        let overlapping = self.disturbances.iter().filter(|one| one.from < until && one.until > from);
        let mut kinds: Vec<_> = overlapping.map(|one| one.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// All of it.
    pub fn weather(&self) -> Weather {
        let last = self.last.map(|(at, _)| at).unwrap_or_default();
        let mut disturbances = self.disturbances.clone();
        disturbances.sort_by_key(|one| (one.from, one.kind));
        Weather {
            processors: self.last.map_or(0, |(_, reading)| reading.processors),
            readings: self.readings,
            time: last.saturating_sub(self.first.unwrap_or(last)),
            load: self.load.get(),
            other_load: self.other_load.get(),
            steal: self.steal.get(),
            io_wait: self.io_wait.get(),
            cpu_pressure: self.cpu.get(),
            memory_pressure: self.memory.get(),
            io_pressure: self.io.get(),
            frequency_khz: self.frequency_khz,
            disturbances,
        }
    }
}

/// What all processors' time between two readings went to.
#[derive(Debug, Clone, Copy)]
struct Shares {
    others: f64,
    steal: f64,
    io_wait: f64,
    stolen_ticks: u64,
}

impl Shares {
    /// `None` where no time passed.
    fn between(before: &Reading, after: &Reading) -> Option<Self> {
        let (old, new) = (before.ticks?, after.ticks?);
        let total = new.total.checked_sub(old.total).filter(|total| *total > 0)?;
        let stolen_ticks = new.steal.saturating_sub(old.steal);
        let io_wait = new.io_wait.saturating_sub(old.io_wait);
        let unused = new.idle.saturating_sub(old.idle) + io_wait + stolen_ticks;
        let own = after.own_ticks.saturating_sub(before.own_ticks);
        let others = total.saturating_sub(unused).saturating_sub(own);
        #[expect(clippy::cast_precision_loss, reason = "ticks of one interval")]
        let share = |ticks: u64| ticks as f64 / total as f64;
        Some(Self { others: share(others), steal: share(stolen_ticks), io_wait: share(io_wait), stolen_ticks })
    }
}
