//! How busy the machine is made while it is measured on.

use std::fmt;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// Processors that somebody else keeps busy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Weather {
    /// None
    Idle,
    /// One, at low priority, as a build in the background does
    One,
    /// As many as there are
    All,
}

impl Weather {
    /// As it is named in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::One => "one",
            Self::All => "all",
        }
    }
}

impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "an otherwise idle machine",
            Self::One => "a machine with one processor kept busy",
            Self::All => "a machine with every processor kept busy",
        })
    }
}

/// Processes that do nothing, as fast as they can, until this is dropped.
pub(crate) struct Load(Vec<Child>);

impl Load {
    pub(crate) fn start(weather: Weather) -> Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let (count, niceness) = match weather {
            Weather::Idle => (0, "0"),
            Weather::One => (1, "19"),
            Weather::All => (processors, "0"),
        };
        let mut load = Self(Vec::new());
        for _ in 0..count {
            #[expect(clippy::disallowed_methods, reason = "a task starts what keeps the machine busy")]
            let mut spin = Command::new("nice");
            spin.args(["-n", niceness, "sh", "-c", "while :; do :; done"]).stdin(Stdio::null());
            load.0.push(spin.spawn().context("`nice` and `sh` are needed")?);
        }
        Ok(load)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // It only ends by being killed; nothing is lost if it was already.
            let _killed = child.kill();
            let _ended = child.wait();
        }
    }
}
