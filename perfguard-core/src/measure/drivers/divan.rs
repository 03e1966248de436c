//! divan, driven by its command line; it has no machine-readable output, so its table is read.
//!
//! With `--sample-size` divan neither warms up nor tunes: exactly samples × size calls. The size is found once for a
//! benchmark, so that a sample takes its share of the observation time, and every observation has the same. Printed
//! numbers are cut to four digits; five differently scaled printouts of the same time are intersected.

mod table;

use std::ffi::OsString;

use super::super::driver::{Driver, Listing, NotListed, Reading, Session, Wanted, Yield};
use super::{no_result, only, run};
use crate::model::{Failure, FailureKind, IterationControl, Note, Summary};
use crate::process::Finished;
use table::{Leaf, parse_table};

/// Largest number of iterations in a sample.
const MOST_ITERATIONS: u64 = 100_000_000;
/// Samples and iterations of the first process that finds the sample size.
const FIRST_SIZE: u64 = 1;
/// A first look at fast code is mostly timer: this many iterations are enough to see past it.
const SECOND_SIZE: u64 = 1_000;
/// Below this, one iteration is too close to the timer's precision to be believed, nanoseconds.
const BELIEVED_NS: f64 = 100_000.0;

pub(super) struct Divan;

impl Driver for Divan {
    fn list(&self, session: &mut Session<'_>) -> Result<Listing, NotListed> {
        let nextest = [("NEXTEST", OsString::from("1"))];
        match run(session, &["--list", "--format", "terse"], &nextest) {
            Ok(finished) => {
                let text = String::from_utf8_lossy(&finished.stdout);
                let names = text.lines().filter_map(|line| line.strip_suffix(": benchmark")).map(str::to_owned);
                Ok(Listing::of(None, names))
            }
            // Before 0.1.18 there is no such list: the tree of a test run names all, and runs each once.
            Err(failure) if failure.kind == FailureKind::Exited => {
                let finished = run(session, &["--test", "--color", "never"], &[])?;
                Ok(Listing::of(None, table::parse_tree(&String::from_utf8_lossy(&finished.stdout))))
            }
            Err(failure) => Err(failure.into()),
        }
    }

    fn observe(
        &self,
        session: &mut Session<'_>,
        wanted: &mut [Wanted<'_>],
        control: &IterationControl,
    ) -> Result<Yield, Failure> {
        let Wanted { name, memory } = only(wanted);
        let size = match (control.iterations, **memory) {
            (Some(iterations), _) | (None, Some(iterations)) => iterations,
            (None, None) => {
                let size = find_size(session, name, control)?;
                **memory = Some(size);
                size
            }
        };
        let (leaf, finished, notes) = run_once(session, name, u64::from(control.samples), size)?;
        let quantum = leaf.fastest.relative_half_width();
        let summary = Summary {
            fastest_ns: Some(leaf.fastest.middle()),
            slowest_ns: Some(leaf.slowest.middle()),
            median_ns: Some(leaf.median.middle()),
            mean_ns: Some(leaf.mean.middle()),
            range_ns: None,
            samples: Some(leaf.samples),
            relative_quantum: quantum,
        };
        let value = leaf.fastest.middle();
        let iterations = Some(leaf.iterations);
        Ok(Yield::single(finished, Reading { samples: Vec::new(), summary: Some(summary), iterations, value, notes }))
    }
}

/// The number of iterations with which a sample takes its share of the observation time.
fn find_size(session: &mut Session<'_>, name: &str, control: &IterationControl) -> Result<u64, Failure> {
    let share = control.observation_time.as_secs_f64() * 1e9 / f64::from(control.samples.max(1));
    let (mut leaf, ..) = run_once(session, name, u64::from(control.samples), FIRST_SIZE)?;
    if leaf.fastest.middle() < BELIEVED_NS {
        (leaf, ..) = run_once(session, name, u64::from(control.samples), SECOND_SIZE)?;
    }
    // A hundredth of a nanosecond is below what any iteration takes.
    let wanted = (share / leaf.fastest.middle().max(0.01)).round().max(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 1, and casts saturate")]
    let size = wanted as u64;
    Ok(size.min(MOST_ITERATIONS))
}

/// One process; its only result, the first thread count's where the benchmark has several.
fn run_once(
    session: &mut Session<'_>,
    name: &str,
    samples: u64,
    size: u64,
) -> Result<(Leaf, Finished, Vec<Note>), Failure> {
    let (samples, size) = (samples.to_string(), size.to_string());
    let mut args =
        vec!["--bench", "--color", "never", "--exact", name, "--sample-count", &samples, "--sample-size", &size];
    // Attributes in code may set both times; only the command line beats them.
    args.extend(["--min-time", "0", "--max-time", "1000000"]);
    args.extend(table::VERNIER.iter().flat_map(|(flag, count, _)| [*flag, *count]));
    let finished = run(session, &args, &[])?;
    let mut leaves = parse_table(&String::from_utf8_lossy(&finished.stdout));
    let threads: Vec<_> = leaves.iter().filter(|leaf| leaf.threads).map(|leaf| leaf.label.clone()).collect();
    if leaves.is_empty() {
        return Err(no_result(format!("divan ran no benchmark `{name}`"), &finished));
    }
    if leaves.len() > 1 && threads.len() != leaves.len() {
        return Err(no_result(format!("divan ran several benchmarks named `{name}`"), &finished));
    }
    let note = |threads: &[String]| Note(format!("has thread counts {}; the first is measured", threads.join(", ")));
    let notes = if threads.len() > 1 { vec![note(&threads)] } else { Vec::new() };
    Ok((leaves.swap_remove(0), finished, notes))
}
