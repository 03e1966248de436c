//! The door to other processes: a launcher for measured children, and plain calls of tools such as cargo.
//!
//! A measured child is started by a small *launcher* process, never by perfguard itself: Linux counts the parent's
//! resident set into a child's peak. The launcher owns the child's process group, its streams, its time limit and its
//! accounting, and dies with perfguard.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::Timeline;

/// What to start. The environment is complete: nothing is inherited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSpec {
    /// The program, absolute.
    pub program: PathBuf,
    /// Its arguments, the program's own name not among them.
    pub args: Vec<OsString>,
    /// The whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// The working directory.
    pub cwd: PathBuf,
    /// The file to read as standard input; nothing to read where there is none.
    pub input: Option<PathBuf>,
}

/// How far a child may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall time from start to end.
    pub timeout: Duration,
    /// Bytes kept of each of its output streams; a child that writes more to one is ended.
    pub output_bytes: u64,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal that perfguard did not send.
    Signal(i32),
    /// Perfguard ended it: time limit.
    TimedOut,
    /// Perfguard ended it: it wrote too much.
    FloodedOutput,
    /// Perfguard ended it because [`Running::kill`] was called.
    Killed,
}

/// What the kernel counted for one child (and the children that it waited for).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// User CPU time, nanoseconds (microsecond steps).
    pub user_ns: u64,
    /// System CPU time, nanoseconds (microsecond steps).
    pub system_ns: u64,
    /// Largest resident set, bytes.
    pub peak_memory_bytes: u64,
    /// Page faults, minor and major together.
    pub page_faults: u64,
    /// Context switches, voluntary and involuntary together.
    pub context_switches: u64,
    /// Bytes read through system calls; `None` where the kernel does not tell.
    pub bytes_read: Option<u64>,
    /// Bytes written through system calls; `None` where the kernel does not tell.
    pub bytes_written: Option<u64>,
    /// What counters said that were asked for ([`Launcher::count`]).
    pub counts: Counts,
}

/// A child that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub exit: Exit,
    /// Wall time from just before the start to the moment the launcher saw its end, nanoseconds.
    pub wall_ns: u64,
    /// What it used.
    pub usage: Usage,
    /// What it and all that it started used over its time, where that was asked for ([`Launcher::sample`]).
    pub timeline: Option<Timeline>,
    /// Processes that it left behind, which were ended.
    pub left_behind: u32,
    /// What it wrote to its output stream, up to the limit.
    pub stdout: Vec<u8>,
    /// What it wrote to its error stream, up to the limit.
    pub stderr: Vec<u8>,
    /// What it wrote to [`PROTOCOL_DESCRIPTOR`], up to the limit; empty where it was not given one.
    pub protocol: Vec<u8>,
}

mod counters;
mod launcher;
mod launcher_main;
mod memory;
mod sampler;
mod tool;
mod wire;

pub use counters::{Count, CounterEvent, Counts, MOST_COUNTERS, try_counter};
pub use launcher::{Launcher, Running};
pub use launcher_main::launcher_main;
pub use memory::settle;
pub use tool::{Stream, ToolEnd, end_all_with, missing_toolchain, replace_with, run_tool};

/// The descriptor on which a child of [`Launcher::run_heard`] may write for perfguard.
pub const PROTOCOL_DESCRIPTOR: i32 = 3;

/// How often a wait looks whether the user cancelled.
pub(crate) const CANCEL_CHECK: Duration = Duration::from_millis(50);

/// The hidden first argument that makes an executable the launcher.
pub const LAUNCHER_ARGUMENT: &str = "__launcher";

/// A process could not be started or watched.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program could not be started.
    #[error("could not start `{program}`")]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The launcher ended unexpectedly.
    #[error("the launcher process ended unexpectedly")]
    LauncherGone(#[source] std::io::Error),
}
