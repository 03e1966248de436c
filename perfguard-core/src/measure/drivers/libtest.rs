//! The compiler's own `#[bench]` harness, in bench targets and in the unit tests of libraries and programs.
//!
//! It has no settings: it runs until its own convergence rule is content (0.2 to 7 s), and tells a median and a range.
//! The JSON form has all digits but is unstable, and an executable built with `RUSTC_BOOTSTRAP` wants the variable at
//! run time too: it is set for that child.

use std::ffi::OsString;

use super::super::driver::{Driver, Listing, NotListed, Reading, Session, Wanted, Yield};
use super::{iterations_note, no_result, only, run};
use crate::model::{Failure, IterationControl, Summary};
use crate::process::Finished;

pub(super) struct Libtest;

impl Driver for Libtest {
    fn list(&self, session: &mut Session<'_>) -> Result<Listing, NotListed> {
        let finished = run(session, &["--list", "--format", "terse"], &[])?;
        let text = String::from_utf8_lossy(&finished.stdout);
        let names = text.lines().filter_map(|line| line.strip_suffix(": benchmark")).map(str::to_owned);
        Ok(Listing::of(None, names))
    }

    fn observe(
        &self,
        session: &mut Session<'_>,
        wanted: &mut [Wanted<'_>],
        control: &IterationControl,
    ) -> Result<Yield, Failure> {
        let name = only(wanted).name;
        let bootstrap = [("RUSTC_BOOTSTRAP", OsString::from("1"))];
        let args = ["--bench", "-Z", "unstable-options", "--format", "json", "--exact", name];
        let finished = run(session, &args, &bootstrap)?;
        let (median, range) = parse(&finished, name)?;
        let notes = iterations_note(control, "libtest");
        let summary = Summary { median_ns: Some(median), range_ns: Some(range), ..Summary::default() };
        let reading = Reading { summary: Some(summary), value: median, notes, ..Reading::default() };
        Ok(Yield::single(finished, reading))
    }
}

/// The median and the range of the one benchmark that ran, nanoseconds per iteration.
fn parse(finished: &Finished, name: &str) -> Result<(f64, f64), Failure> {
    #[derive(serde::Deserialize)]
    struct Line {
        #[serde(rename = "type")]
        kind: String,
        name: Option<String>,
        median: Option<f64>,
        deviation: Option<f64>,
    }
    let text = String::from_utf8_lossy(&finished.stdout);
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    let found: Vec<_> = lines.filter(|line| line.kind == "bench" && line.name.as_deref() == Some(name)).collect();
    match found.as_slice() {
        [Line { median: Some(median), deviation, .. }] if median.is_finite() && *median >= 0.0 => {
            Ok((*median, deviation.unwrap_or_default()))
        }
        [_] => Err(no_result(format!("libtest gave no usable number for `{name}`"), finished)),
        [] => Err(no_result(format!("libtest ran no benchmark `{name}`"), finished)),
        _ => Err(no_result(format!("libtest ran several benchmarks named `{name}`"), finished)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;
    use crate::process::{Exit, Usage};

    fn finished(stdout: &str) -> Finished {
        let stdout = stdout.as_bytes().to_vec();
        Finished {
            exit: Exit::Code(0),
            wall_ns: 1,
            usage: Usage::default(),
            timeline: None,
            left_behind: 0,
            stdout,
            protocol: Vec::new(),
            stderr: Vec::new(),
        }
    }

    #[test]
    fn the_median_keeps_all_its_digits() {
        let text = r#"{ "type": "suite", "event": "started", "test_count": 1 }
{ "type": "bench", "name": "m::fib", "median": 344.6458315217391, "deviation": 399.306 }
{ "type": "suite", "event": "ok", "passed": 0 }"#;
        let (median, range) = parse(&finished(text), "m::fib").unwrap();
        assert!((median - 344.645_831_521_739_1).abs() < 1e-12 && (range - 399.306).abs() < 1e-12);
    }

    #[test]
    fn no_result_and_no_number_are_failures_that_name_the_benchmark() {
        for text in ["", r#"{ "type": "bench", "name": "a", "median": null }"#] {
            let failure = parse(&finished(text), "a").unwrap_err();
            assert_eq!(failure.kind, FailureKind::NoResult);
            assert!(failure.message.contains("`a`"), "{}", failure.message);
        }
    }
}
