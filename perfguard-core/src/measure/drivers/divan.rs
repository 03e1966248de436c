//! divan, driven by its command line; it has no machine-readable output, so its table is read.
//!
//! With `--sample-size` divan neither warms up nor tunes: exactly samples × size calls. The size is found once for a
//! benchmark, so that a sample takes its share of the observation time, and every observation has the same. Printed
//! numbers are cut to four digits; five differently scaled printouts of the same time are intersected.

mod table;

use std::ffi::OsString;

use super::super::driver::{Counting, Driver, Listing, NotListed, Reading, Session, Wanted, Yield};
use super::{no_result, only, run};
use crate::model::{Failure, FailureKind, IterationControl, Metric, MetricId, Note, Summary, built_in_metrics};
use crate::process::Finished;
use table::{Leaf, parse_table};

/// Largest number of iterations in a sample.
const MOST_ITERATIONS: u64 = 100_000_000;
/// Samples that take less are too close to the timer's precision to be believed, nanoseconds.
const BELIEVED_NS: f64 = 100_000.0;
/// One process takes at most about this long, nanoseconds. divan times calls only: it makes, and keeps, the inputs of a
/// whole sample beforehand, which for a look-up in a large table are many gigabytes of tables.
const MOST_PROCESS_NS: f64 = 500e6;
/// A process that only looks for the sample size, once for a benchmark, may take this long, nanoseconds.
const MOST_LOOK_NS: f64 = 2e9;
/// From one such process to the next, the size grows by at most this factor.
const STEP: u64 = 1_000;

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

    fn counting(&self, _: Option<&str>) -> Counting {
        Counting::ByIterations
    }

    fn observe(
        &self,
        session: &mut Session<'_>,
        wanted: &mut [Wanted<'_>],
        control: &IterationControl,
    ) -> Result<Yield, Failure> {
        let Wanted { name, memory } = only(wanted);
        let mut found = None;
        let size = match (control.iterations, **memory) {
            (Some(iterations), _) | (None, Some(iterations)) => iterations,
            (None, None) => {
                let (size, note) = find_size(session, name, control)?;
                **memory = Some(size);
                found = note;
                size
            }
        };
        let (leaf, finished, mut notes) = run_once(session, name, u64::from(control.samples), size)?;
        notes.extend(found);
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
        Ok(Yield::single(
            finished,
            Reading {
                samples: Vec::new(),
                summary: Some(summary),
                iterations,
                value,
                notes,
                metrics: allocated(&leaf),
            },
        ))
    }
}

/// What divan's own profiler counted, where a bench has it.
fn allocated(leaf: &Leaf) -> Vec<(Metric, f64)> {
    let Some(allocated) = leaf.allocated else { return Vec::new() };
    let values = [(MetricId::ALLOCATIONS, allocated.blocks), (MetricId::ALLOCATED_BYTES, allocated.bytes)];
    let known = built_in_metrics();
    let metric = |id: &MetricId| known.iter().find(|metric| metric.id == *id).cloned();
    values.into_iter().filter_map(|(id, value)| Some((metric(&id)?, value))).collect()
}

/// The number of iterations with which a sample takes its share of the observation time, or fewer, and a note, where its
/// inputs would take too long.
fn find_size(
    session: &mut Session<'_>,
    name: &str,
    control: &IterationControl,
) -> Result<(u64, Option<Note>), Failure> {
    let share_ns = control.observation_time.as_secs_f64() * 1e9 / f64::from(control.samples.max(1));
    let mut size = 1;
    loop {
        let (leaf, finished, _) = run_once(session, name, u64::from(control.samples), size)?;
        match look(size, leaf.fastest.middle(), finished.wall_ns, share_ns) {
            Look::Again(larger) => size = larger,
            Look::Enough { size, is_cut: false } => return Ok((size, None)),
            Look::Enough { size, is_cut: true } => {
                let note = format!("its inputs cost far more than it does: iterations in a sample cut to {size}");
                return Ok((size, Some(Note(note))));
            }
        }
    }
}

/// What a process with one sample size says about the size to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// This one. Whether the samples would be longer if the process were not too long then.
    Enough { size: u64, is_cut: bool },
    /// A larger one tells more.
    Again(u64),
}

/// What a process says whose samples have this size: its fastest call, how long it took in all.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes are far below 2^53 and at least 1, and casts saturate"
)]
fn look(size: u64, fastest_ns: f64, wall_ns: u64, share_ns: f64) -> Look {
    // A hundredth of a nanosecond is below what any iteration takes.
    let wanted = ((share_ns / fastest_ns.max(0.01)).round().max(1.0) as u64).min(MOST_ITERATIONS);
    // The start of the process counts as if it grew too: so much can be afforded for sure.
    let affordable = |most_ns: f64| (size as f64 * most_ns / wall_ns.max(1) as f64).max(1.0) as u64;
    let next = wanted.min(affordable(MOST_PROCESS_NS));
    if next < 2 * size || fastest_ns * size as f64 >= BELIEVED_NS {
        return Look::Enough { size: next, is_cut: next < wanted / 2 };
    }
    Look::Again(wanted.min(affordable(MOST_LOOK_NS)).min(size.saturating_mul(STEP)))
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

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn the_sample_size_grows_until_a_sample_can_be_believed() {
        let share_ns = 1e6;
        assert_eq!(look(1, 20.0, 16 * MS, share_ns), Look::Again(125), "what can be afforded for sure");
        assert_eq!(look(125, 1.5, 16 * MS, share_ns), Look::Again(15_625));
        assert_eq!(look(15_625, 10.0, 16 * MS, share_ns), Look::Enough { size: 100_000, is_cut: false });
        assert_eq!(look(15_625, 1.0, 16 * MS, share_ns), Look::Again(1_000_000));
        assert_eq!(look(1_000_000, 1.0, 30 * MS, share_ns), Look::Enough { size: 1_000_000, is_cut: false });
        assert_eq!(look(1, 5e6, 60 * MS, share_ns), Look::Enough { size: 1, is_cut: false }, "slow code");
    }

    #[test]
    fn inputs_that_cost_more_than_the_code_are_not_made_by_the_thousand() {
        // 3 ms of inputs for 20 ns of code, ten samples.
        assert_eq!(look(1, 20.0, 46 * MS, 1e6), Look::Again(43));
        assert_eq!(look(43, 20.0, 1_306 * MS, 1e6), Look::Enough { size: 16, is_cut: true });
        assert_eq!(look(1, 20.0, 2_000 * MS, 1e6), Look::Enough { size: 1, is_cut: true });
    }
}
