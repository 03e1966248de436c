//! brunch: runs everything it has, whatever it is told, and prints a table for people.
//!
//! One process is one observation of each of its benchmarks. The table goes to the error stream, in colours; what it
//! prints is the mean, with five digits.

use std::ffi::OsString;

use super::super::driver::{Driver, Listing, NotListed, Reading, Session, Sharing, Told, Wanted, Yield};
use super::{iterations_note, no_result, plain_text, printed_time, run};
use crate::model::{Failure, IterationControl, Summary};
use crate::process::Finished;

/// What stands between two columns.
const GAP: &str = "    ";

pub(super) struct Brunch;

impl Driver for Brunch {
    fn list(&self, session: &mut Session<'_>) -> Result<Listing, NotListed> {
        let finished = run_all(session)?;
        Ok(Listing::of(None, parse(&finished.stderr).into_iter().map(|row| row.name)))
    }

    fn sharing<'n>(&self, _: &'n str) -> Sharing<'n> {
        Sharing::Always("")
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
        let finished = run_all(session)?;
        let rows = parse(&finished.stderr);
        let told = wanted.iter().map(|wanted| match rows.iter().find(|row| row.name == wanted.name) {
            Some(Row { mean: Ok(mean), samples, .. }) => {
                let summary = Summary { mean_ns: Some(*mean), samples: *samples, ..Summary::default() };
                let notes = iterations_note(control, "brunch");
                Told::Reading(Reading { summary: Some(summary), value: *mean, notes, ..Reading::default() })
            }
            Some(Row { mean: Err(complaint), .. }) => {
                Told::Failed(no_result(format!("brunch: {complaint}"), &finished))
            }
            None => Told::Failed(no_result(format!("brunch ran no benchmark `{}`", wanted.name), &finished)),
        });
        let told = told.collect();
        Ok(Yield { finished, told })
    }
}

fn run_all(session: &mut Session<'_>) -> Result<Finished, Failure> {
    // Otherwise it keeps a file of its last results, and compares with them.
    run(session, &["--bench"], &[("NO_BRUNCH_HISTORY", OsString::from("1"))])
}

/// A row of the table.
#[derive(Debug, PartialEq)]
struct Row {
    name: String,
    /// Nanoseconds per call, or what brunch says in its place.
    mean: Result<f64, String>,
    samples: Option<u64>,
}

/// The rows below the line of dashes: `NAME    MEAN    VALID/TOTAL`, or `NAME    COMPLAINT`.
fn parse(stderr: &[u8]) -> Vec<Row> {
    let text = plain_text(stderr);
    let is_rule = |line: &str| line.len() > 3 && line.chars().all(|c| c == '-');
    let row = |line: &str| {
        let columns: Vec<_> = line.split(GAP).map(str::trim).filter(|column| !column.is_empty()).collect();
        match columns.as_slice() {
            [names @ .., mean, samples] if !names.is_empty() && samples.contains('/') => {
                let mean = printed_time(mean).ok_or_else(|| format!("`{mean}` is no time"));
                let samples = samples.split('/').next().and_then(|count| count.replace(',', "").parse().ok());
                Some(Row { name: names.join(GAP), mean, samples })
            }
            [names @ .., complaint] if !names.is_empty() => {
                Some(Row { name: names.join(GAP), mean: Err((*complaint).to_owned()), samples: None })
            }
            _ => None,
        }
    };
    text.lines().skip_while(|line| !is_rule(line.trim())).skip(1).filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_complaints_are_read_from_the_coloured_table() {
        let text = "\u{1b}[1;38;5;199mStarting:\u{1b}[0m Running benchmark(s). Stand by!\n\n\
                    \u{1b}[1;95mMethod            Mean    Samples\u{1b}[0m\n\u{1b}[35m---------------------------------\u{1b}[0m\n\
                    \u{1b}[34msum\u{1b}[94m(100)\u{1b}[0m     \u{1b}[38;5;208mSamples too wild to analyze.\u{1b}[0m\n\
                    \u{1b}[34msum\u{1b}[94m(1000)\u{1b}[0m    \u{1b}[0;1m1.50 \u{b5}s\u{1b}[0m    \u{1b}[2m2,462\u{1b}[0;35m/\u{1b}[0;2m2,500\u{1b}[0m\n\n";
        let rows = parse(text.as_bytes());
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].mean, Err("Samples too wild to analyze.".to_owned()));
        assert_eq!(rows[1], Row { name: "sum(1000)".into(), mean: Ok(1500.0), samples: Some(2462) });
    }
}
