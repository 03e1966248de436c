//! What every harness driver offers: listing, and observations of one or several benchmarks in one process.

use std::path::Path;

use crate::cancel::CancellationToken;
use crate::model::{Artifact, Failure, IterationControl, Metric, Note, Sample, Summary};
use crate::process::{Finished, Launcher, Limits};

/// What a driver works with: one executable, a way to start it, and its limits.
pub struct Session<'a> {
    /// Starts processes.
    pub launcher: &'a mut Launcher,
    /// The executable and how cargo would start it.
    pub artifact: &'a Artifact,
    /// The harness's version as the listing told it; `None` before, and where it does not tell.
    pub version: Option<&'a str>,
    /// An existing folder of perfguard's own for what the harness insists on writing.
    pub scratch: &'a Path,
    /// Limits of one process.
    pub limits: Limits,
    /// Ends the process early; the failure that comes of it means nothing.
    pub cancel: &'a CancellationToken,
    /// Whether the process must end by itself, also where it has said all that is wanted: whoever watches it writes what it
    /// saw at the end.
    pub to_the_end: bool,
}

/// One benchmark that a process is to run.
pub struct Wanted<'a> {
    /// The harness's name of it.
    pub name: &'a str,
    /// What a driver found out of this benchmark in its first process (divan's sample size), kept by the caller so that
    /// every observation is taken in the same way.
    pub memory: &'a mut Option<u64>,
}

/// An executable's benchmarks.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Listing {
    /// The harness's version, where it tells.
    pub version: Option<String>,
    /// The benchmarks' names in the harness's own order, each once.
    pub names: Vec<String>,
    /// Names that were listed more than once.
    pub repeated: Vec<String>,
    /// What every process of this executable does before its benchmark, nanoseconds, where it can be told apart.
    pub set_up_ns: Option<u64>,
}

impl Listing {
    /// A listing of names as they came, each kept once.
    pub(super) fn of(version: Option<String>, listed: impl IntoIterator<Item = String>) -> Self {
        let mut listing = Self { version, ..Self::default() };
        let mut seen = std::collections::BTreeSet::new();
        for name in listed {
            if seen.insert(name.clone()) {
                listing.names.push(name);
            } else if !listing.repeated.contains(&name) {
                listing.repeated.push(name);
            }
        }
        listing
    }
}

/// Why an executable could not be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotListed {
    /// It failed.
    Failed(Failure),
    /// Its harness needs a program that is not there.
    NeedsTool {
        /// The program.
        tool: String,
        /// The line that installs it.
        install: String,
    },
}

impl From<Failure> for NotListed {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Whether benchmarks of one executable share a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing<'n> {
    /// One process runs one benchmark.
    Never,
    /// One process can run any of them; worth it where the set-up costs more than an observation.
    WhereSetUpIsCostly,
    /// The harness runs all benchmarks of this group, whatever it is told.
    Always(&'n str),
}

/// How exactly a harness can be told how often to run the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// As many iterations in each sample as it is told.
    ByIterations,
    /// As many samples as it is told, of one iteration each where there is no time for more.
    BySamples,
    /// The process is the benchmark: it runs it once.
    Whole,
    /// Not at all: the clock decides; or it counts itself.
    NotPossible,
}

/// What one process said about one benchmark.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// All samples, where the harness gives them.
    pub samples: Vec<Sample>,
    /// Its own summary, where it gives no samples.
    pub summary: Option<Summary>,
    /// Iterations of the whole process, warm-up included, where they are known.
    pub iterations: Option<u64>,
    /// The value that decides.
    pub value: f64,
    /// Remarks on settings that could not be followed or that code overrode.
    pub notes: Vec<Note>,
    /// Other numbers that the bench gave of this benchmark: each metric once. They beat what the kernel counted.
    pub metrics: Vec<(Metric, f64)>,
}

/// What became of one wanted benchmark in a process.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Its result.
    Reading(Reading),
    /// It failed.
    Failed(Failure),
    /// The process ended before its turn came.
    Unreached,
    /// It wants a process of its own.
    Alone,
}

/// What one process yielded.
#[derive(Debug, Clone, PartialEq)]
pub struct Yield {
    /// How the process ended and what it used.
    pub finished: Finished,
    /// What became of each wanted benchmark, in their order.
    pub told: Vec<Told>,
}

impl Yield {
    /// The yield of a process that ran one benchmark.
    pub(super) fn single(finished: Finished, reading: Reading) -> Self {
        Self { finished, told: vec![Told::Reading(reading)] }
    }
}

/// One harness, driven from outside through what it offers to everyone.
pub trait Driver: Sync {
    /// Asks the executable for its benchmarks, running none of them where the harness can list.
    ///
    /// # Errors
    /// What happened instead.
    fn list(&self, session: &mut Session<'_>) -> Result<Listing, NotListed>;

    /// Whether the harness cannot list, so that listing runs everything once.
    fn lists_by_running(&self) -> bool {
        false
    }

    /// Whether a benchmark shares its processes with others of the executable.
    fn sharing<'n>(&self, _: &'n str) -> Sharing<'n> {
        Sharing::Never
    }

    /// How exactly a version of it can be told how often to run the code; `None` where the version is not known.
    fn counting(&self, _: Option<&str>) -> Counting {
        Counting::NotPossible
    }

    /// Runs benchmarks in one process: one, or several where [`sharing`](Self::sharing) allows it.
    ///
    /// # Errors
    /// The process failed, and it cannot be told at which benchmark.
    fn observe(
        &self,
        session: &mut Session<'_>,
        wanted: &mut [Wanted<'_>],
        control: &IterationControl,
    ) -> Result<Yield, Failure>;
}
