//! What else happened on the machine while something was measured.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What disturbs a measurement from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DisturbanceKind {
    /// The hypervisor gave the processor to somebody else.
    Steal,
    /// Other processes used the processors.
    OtherLoad,
    /// Processes waited for memory.
    MemoryPressure,
    /// Processes waited for a disk.
    IoPressure,
    /// The processors changed their frequency.
    FrequencyChange,
}

impl fmt::Display for DisturbanceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Steal => "steal",
            Self::OtherLoad => "other load",
            Self::MemoryPressure => "memory pressure",
            Self::IoPressure => "i/o pressure",
            Self::FrequencyChange => "frequency change",
        })
    }
}

/// One disturbance and how long it lasted. It labels what was measured meanwhile; nothing is dropped because of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Disturbance {
    /// What it was.
    pub kind: DisturbanceKind,
    /// When it began, by the clock's monotonic time.
    pub from: Duration,
    /// When it was over, by the same.
    pub until: Duration,
    /// Its largest size, a share: of the processors' time (steal, other load), of the time in which somebody waited
    /// (pressures), or how far the frequency fell below the highest that was seen.
    pub worst: f64,
}

/// Mean and largest of something that was read again and again.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MeanAndMost {
    /// Mean over the time.
    pub mean: f64,
    /// Largest of any interval between two readings.
    pub most: f64,
}

/// What the machine was like over a time. Shares are between 0 and 1; what the system does not tell is absent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Weather {
    /// Processors that are on line.
    pub processors: u32,
    /// Readings that it was made of; it says nothing where there are fewer than two.
    pub readings: u32,
    /// Time from the first reading to the last.
    pub time: Duration,
    /// Load average of one minute: processes that run, want to run, or wait for a disk.
    pub load: Option<MeanAndMost>,
    /// Share of all processors' time that neither perfguard nor its children used.
    pub other_load: Option<MeanAndMost>,
    /// Share of all processors' time that the hypervisor gave away.
    pub steal: Option<MeanAndMost>,
    /// Share of all processors' time in which they waited for a disk.
    pub io_wait: Option<MeanAndMost>,
    /// Share of the time in which a process waited for a processor.
    pub cpu_pressure: Option<MeanAndMost>,
    /// Share of the time in which a process waited for memory.
    pub memory_pressure: Option<MeanAndMost>,
    /// Share of the time in which a process waited for a disk.
    pub io_pressure: Option<MeanAndMost>,
    /// Lowest and highest frequency of the fastest processor, kHz.
    pub frequency_khz: Option<(u64, u64)>,
    /// What disturbed, in the order of beginnings.
    pub disturbances: Vec<Disturbance>,
}

impl Weather {
    /// The kinds of disturbances, each once.
    pub fn kinds(&self) -> Vec<DisturbanceKind> {
        let mut kinds: Vec<_> = self.disturbances.iter().map(|one| one.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// Whether anything disturbed.
    pub fn is_disturbed(&self) -> bool {
        !self.disturbances.is_empty()
    }
}

impl fmt::Display for Weather {
    /// One line without final period: `load 3.2 on 2 cores, steal 4 %, cpu pressure 12 %`. The load is always in it, all
    /// else where it is not next to nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Shares below this are not worth a word.
        const NOTHING: f64 = 0.005;
        let cores = if self.processors == 1 { "core" } else { "cores" };
        let mut parts = Vec::new();
        if let Some(load) = self.load {
            parts.push(format!("load {:.1} on {} {cores}", load.mean, self.processors));
        }
        let shares = [
            ("others used", self.other_load),
            ("steal", self.steal),
            ("cpu pressure", self.cpu_pressure),
            ("memory pressure", self.memory_pressure),
            ("i/o pressure", self.io_pressure),
            ("i/o wait", self.io_wait),
        ];
        for (name, share) in shares {
            if let Some(share) = share.filter(|share| share.mean >= NOTHING) {
                parts.push(format!("{name} {:.0} %", share.mean * 100.0));
            }
        }
        if let Some((lowest, highest)) = self.frequency_khz
            && self.kinds().contains(&DisturbanceKind::FrequencyChange)
        {
            parts.push(format!("frequency {} to {} MHz", lowest / 1000, highest / 1000));
        }
        if parts.is_empty() {
            return f.write_str("the system does not tell");
        }
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weather_fits_one_line_and_leaves_out_what_is_next_to_nothing() {
        let flat = |share| Some(MeanAndMost { mean: share, most: share });
        let weather = Weather {
            processors: 2,
            load: flat(3.2),
            steal: flat(0.04),
            cpu_pressure: flat(0.12),
            io_pressure: flat(0.001),
            ..Weather::default()
        };
        assert_eq!(weather.to_string(), "load 3.2 on 2 cores, steal 4 %, cpu pressure 12 %");
        assert_eq!(Weather::default().to_string(), "the system does not tell");
    }
}
