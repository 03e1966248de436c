//! What every harness driver offers: listing, and one observation in one process.

use std::path::Path;

use crate::cancel::CancellationToken;
use crate::model::{Artifact, Failure, IterationControl, Note, Sample, Summary};
use crate::process::{Finished, Launcher, Limits};

/// What a driver works with: one executable, a way to start it, and its limits.
pub struct Session<'a> {
    /// Starts processes.
    pub launcher: &'a mut Launcher,
    /// The executable and how cargo would start it.
    pub artifact: &'a Artifact,
    /// An existing folder of perfguard's own for what the harness insists on writing.
    pub scratch: &'a Path,
    /// Limits of one process.
    pub limits: Limits,
    /// Ends the process early; the failure that comes of it means nothing.
    pub cancel: &'a CancellationToken,
    /// What a driver found out of this benchmark in its first process (divan's sample size), kept by the caller so that
    /// every observation has the same.
    pub memory: &'a mut Option<u64>,
}

/// An executable's benchmarks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The harness's version, where it tells.
    pub version: Option<String>,
    /// The benchmarks' names in the harness's own order, each once.
    pub names: Vec<String>,
}

/// What one process said about one benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// All samples, where the harness gives them.
    pub samples: Vec<Sample>,
    /// Its own summary, where it gives no samples.
    pub summary: Option<Summary>,
    /// Iterations of the whole process, warm-up included, where they are known.
    pub iterations: Option<u64>,
    /// The value that decides, nanoseconds per iteration.
    pub value_ns: f64,
    /// How the process ended and what it used.
    pub finished: Finished,
    /// Remarks on settings that could not be followed or that code overrode.
    pub notes: Vec<Note>,
}

/// One harness, driven from outside through what it offers to everyone.
pub trait Driver: Sync {
    /// Asks the executable for its benchmarks, running none of them.
    ///
    /// # Errors
    /// What happened instead.
    fn list(&self, session: &mut Session<'_>) -> Result<Listing, Failure>;

    /// Runs one benchmark once, in one process.
    ///
    /// # Errors
    /// What happened instead.
    fn observe(&self, session: &mut Session<'_>, name: &str, control: &IterationControl) -> Result<Reading, Failure>;
}
