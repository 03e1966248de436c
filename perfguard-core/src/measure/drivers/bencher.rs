//! bencher: the compiler's old harness as a library.
//!
//! It cannot list, so its benchmarks are known from one run of all of them. Its one argument is a part of a name; what it
//! prints are whole nanoseconds. It decides its own iterations, as libtest does.

use super::super::driver::{Driver, Listing, NotListed, Reading, Session, Wanted, Yield};
use super::{iterations_note, no_result, only, printed_time, run};
use crate::model::{Failure, IterationControl, Note, Summary};

/// Half of the last printed digit, nanoseconds.
const QUANTUM_NS: f64 = 0.5;
/// Above this, relative to the median, what is not printed is worth a remark.
const COARSE: f64 = 0.01;

pub(super) struct Bencher;

impl Driver for Bencher {
    fn list(&self, session: &mut Session<'_>) -> Result<Listing, NotListed> {
        let finished = run(session, &["--bench"], &[])?;
        Ok(Listing::of(None, parse(&finished.stdout).into_iter().map(|line| line.name)))
    }

    fn lists_by_running(&self) -> bool {
        true
    }

    fn observe(
        &self,
        session: &mut Session<'_>,
        wanted: &mut [Wanted<'_>],
        control: &IterationControl,
    ) -> Result<Yield, Failure> {
        let name = only(wanted).name;
        let finished = run(session, &[name, "--bench"], &[])?;
        let mut lines = parse(&finished.stdout).into_iter().filter(|line| line.name == name);
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return Err(no_result(format!("bencher gave not just one result for `{name}`"), &finished));
        };
        let relative_quantum = QUANTUM_NS / line.median_ns.max(QUANTUM_NS);
        let mut notes = iterations_note(control, "bencher");
        if relative_quantum > COARSE {
            let percent = 100.0 * relative_quantum;
            notes.push(Note(format!("bencher prints whole nanoseconds: known to ± {percent:.0} %")));
        }
        let summary = Summary {
            median_ns: Some(line.median_ns),
            range_ns: Some(line.range_ns),
            relative_quantum,
            ..Summary::default()
        };
        let reading = Reading { summary: Some(summary), value: line.median_ns, notes, ..Reading::default() };
        Ok(Yield::single(finished, reading))
    }
}

/// One result, nanoseconds per iteration.
struct Line {
    name: String,
    median_ns: f64,
    range_ns: f64,
}

/// The results among the lines: `test NAME ... bench:       1,334 ns/iter (+/- 69)`.
fn parse(stdout: &[u8]) -> Vec<Line> {
    let line = |line: &str| {
        let (name, numbers) = line.strip_prefix("test ")?.split_once(" ... bench: ")?;
        let (median, rest) = numbers.split_once("/iter (+/- ")?;
        let range = rest.split_once(')')?.0;
        let median_ns = printed_time(median)?;
        let range_ns = printed_time(&format!("{range} ns"))?;
        Some(Line { name: name.trim_end().to_owned(), median_ns, range_ns })
    };
    String::from_utf8_lossy(stdout).lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_with_their_thousands() {
        let text = b"\nrunning 2 tests\ntest sum        ... bench:         243 ns/iter (+/- 57)\n\
                     test sum_longer ... bench:       1,334 ns/iter (+/- 2,069) = 3 MB/s\n\ntest result: ok.\n";
        let lines = parse(text);
        assert_eq!(lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["sum", "sum_longer"]);
        assert!((lines[1].median_ns - 1334.0).abs() < 1e-9 && (lines[1].range_ns - 2069.0).abs() < 1e-9);
    }
}
