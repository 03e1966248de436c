//! tango: from 0.9 it has a hidden worker that runs just the samples and iterations that it is told, and gives every
//! sample. Older ones are driven by their `solo` command, which prints a summary.
//!
//! The worker speaks JSON-RPC, a line a message, and keeps in step with a peer through a page of shared memory: here the
//! peer is a number so large that nobody waits for it. The protocol is internal to tango: its page carries a version, and
//! a worker that refuses it is an older or a newer tango, for which `solo` is the way.

use std::io::Write;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::json;

use super::super::driver::{Driver, Listing, NotListed, Reading, Session, Wanted, Yield};
use super::{command, no_result, not_started, only, printed_time, run, run_spec};
use crate::model::{Failure, IterationControl, Note, Sample, Summary};
use crate::process::{Finished, ProcessError};

/// Where shared memory lies by name.
const SHARED: &str = "/dev/shm";
/// How the names of our pages begin.
const PREFIX: &str = "perfguard-tango-";
/// The page: its mark, its version, and where the two cursors lie in it.
const MAGIC: u64 = 0x5441_4E47_4F43_4D50;
const VERSION: u32 = 4;
const PEER_AT: usize = 128;
const PAGE: usize = 192;
/// A peer's cursor that no worker ever catches up with.
const FAR_AHEAD: u64 = 1 << 62;
/// The seed of every observation: both sides of a comparison have the same inputs.
const SEED: u64 = 1;
/// What is remembered of a benchmark whose tango has no worker that is understood.
const SOLO: u64 = u64::MAX;
/// Bits of what is remembered that hold the iterations; above them is the benchmark's number.
const ITERATION_BITS: u32 = 40;
/// Most iterations in a sample.
const MOST_ITERATIONS: u64 = (1 << ITERATION_BITS) - 1;

pub(super) struct Tango;

impl Driver for Tango {
    fn list(&self, session: &mut Session<'_>) -> Result<Listing, NotListed> {
        let finished = run(session, &["list"], &[])?;
        let text = String::from_utf8_lossy(&finished.stdout);
        Ok(Listing::of(None, text.lines().filter(|line| !line.is_empty()).map(str::to_owned)))
    }

    fn observe(
        &self,
        session: &mut Session<'_>,
        wanted: &mut [Wanted<'_>],
        control: &IterationControl,
    ) -> Result<Yield, Failure> {
        let Wanted { name, memory } = only(wanted);
        let known = match **memory {
            Some(known) => known,
            None => first_look(session, name, control)?,
        };
        **memory = Some(known);
        if known == SOLO {
            return solo(session, name, control);
        }
        let (index, estimated) = (known >> ITERATION_BITS, known & MOST_ITERATIONS);
        worked(session, name, control, index, control.iterations.unwrap_or(estimated))
    }
}

/// What is remembered of a benchmark: its number in the worker, and the iterations with which a sample takes its share of
/// the observation time; [`SOLO`] where there is no worker that is understood.
fn first_look(session: &mut Session<'_>, name: &str, control: &IterationControl) -> Result<u64, Failure> {
    #[derive(Deserialize)]
    struct Estimated {
        iterations: u64,
    }
    let Ok((finished, answers)) = work(session, &[("list_benchmarks", json!(null))]) else { return Ok(SOLO) };
    let Some(names) = names_in(&answers) else { return Ok(SOLO) };
    let Some(index) = names.iter().position(|known| known == name) else {
        return Err(no_result(format!("tango has no benchmark `{name}`"), &finished));
    };
    let share = control.observation_time / control.samples.max(1);
    let parameters = json!({ "index": index, "time_ms": share.as_millis().max(1), "seed": SEED });
    let (finished, answers) = work(session, &[("estimate_iterations", parameters)])?;
    match answers.first().and_then(|answer| serde_json::from_value::<Estimated>(answer.clone()).ok()) {
        Some(Estimated { iterations }) => Ok((index as u64) << ITERATION_BITS | iterations.clamp(1, MOST_ITERATIONS)),
        None => Err(no_result(format!("tango estimated no iterations of `{name}`"), &finished)),
    }
}

fn names_in(answers: &[serde_json::Value]) -> Option<Vec<String>> {
    serde_json::from_value(answers.first()?.get("benchmarks")?.clone()).ok()
}

/// One observation by the worker, which first has to say that the benchmark still has its number.
fn worked(
    session: &mut Session<'_>,
    name: &str,
    control: &IterationControl,
    index: u64,
    iterations: u64,
) -> Result<Yield, Failure> {
    let parameters = json!({
        "index": index, "seed": SEED, "iterations": iterations, "num_samples": control.samples, "aux_metrics": [],
    });
    let (finished, answers) = work(session, &[("list_benchmarks", json!(null)), ("run_benchmark", parameters)])?;
    let listed = names_in(&answers).unwrap_or_default();
    if usize::try_from(index).ok().and_then(|index| listed.get(index)).map(String::as_str) != Some(name) {
        return Err(no_result(format!("tango has no benchmark `{name}` where it was"), &finished));
    }
    let times = answers.get(1).and_then(|answer| answer.get("samples")?.as_array().cloned()).unwrap_or_default();
    let times: Vec<f64> = times.iter().filter_map(serde_json::Value::as_f64).collect();
    #[expect(clippy::cast_precision_loss, reason = "iterations are far below 2^53")]
    let value = times.iter().copied().fold(f64::INFINITY, f64::min) / iterations as f64;
    if !value.is_finite() {
        return Err(no_result(format!("tango gave no samples of `{name}`"), &finished));
    }
    let samples = times.into_iter().map(|total_ns| Sample { iterations, total_ns }).collect();
    let all = Some(iterations.saturating_mul(u64::from(control.samples)));
    let reading = Reading { samples, summary: None, iterations: all, value, ..Reading::default() };
    Ok(Yield::single(finished, reading))
}

/// Lets a worker do what the requests say. Gives its answers; a failure where it refuses one.
fn work(
    session: &mut Session<'_>,
    requests: &[(&str, serde_json::Value)],
) -> Result<(Finished, Vec<serde_json::Value>), Failure> {
    let trouble = |source| not_started(&ProcessError::Start { program: PathBuf::from(SHARED), source });
    let page = shared_page().map_err(trouble)?;
    let mut input = tempfile::NamedTempFile::new_in(session.scratch).map_err(trouble)?;
    for (number, (method, parameters)) in requests.iter().enumerate() {
        let request = json!({ "jsonrpc": "2.0", "id": number + 1, "method": method, "params": parameters });
        writeln!(input, "{request}").map_err(trouble)?;
    }
    let name = page.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut spec = command(session, &["__worker", "--shmem", &name, "--role", "candidate"], &[]);
    spec.input = Some(input.path().to_owned());
    let finished = run_spec(session, &spec)?;
    let text = String::from_utf8_lossy(&finished.stdout);
    let mut answers = Vec::new();
    for line in text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
        if let Some(message) = line.get("error").and_then(|error| error.get("message")?.as_str()) {
            return Err(no_result(format!("tango: {message}"), &finished));
        }
        answers.extend(line.get("result").cloned());
    }
    Ok((finished, answers))
}

/// A new page of shared memory. One perfguard measures at a time, so those of others are left over from killed ones.
fn shared_page() -> std::io::Result<tempfile::NamedTempFile> {
    for left in fs_err::read_dir(SHARED)?.flatten() {
        if left.file_name().to_string_lossy().starts_with(PREFIX) {
            fs_err::remove_file(left.path()).ok();
        }
    }
    let mut page = tempfile::Builder::new().prefix(PREFIX).tempfile_in(SHARED)?;
    let mut bytes = [0; PAGE];
    bytes[..8].copy_from_slice(&MAGIC.to_le_bytes());
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[PEER_AT..PEER_AT + 8].copy_from_slice(&FAR_AHEAD.to_le_bytes());
    page.write_all(&bytes)?;
    Ok(page)
}

/// One observation by the command for people.
fn solo(session: &mut Session<'_>, name: &str, control: &IterationControl) -> Result<Yield, Failure> {
    let (pattern, samples) = (escaped(name), control.samples.to_string());
    let finished = run(session, &["solo", "-f", &pattern, "-s", &samples], &[])?;
    let text = String::from_utf8_lossy(&finished.stdout);
    let rows: Vec<_> = text.lines().filter_map(parse_solo).filter(|row| row.0 == name).collect();
    let [(_, [fastest, mean, slowest])] = rows.as_slice() else {
        return Err(no_result(format!("tango gave not just one result for `{name}`"), &finished));
    };
    let summary = Summary {
        fastest_ns: Some(*fastest),
        mean_ns: Some(*mean),
        slowest_ns: Some(*slowest),
        samples: Some(u64::from(control.samples)),
        relative_quantum: 0.05 / fastest.max(0.05),
        ..Summary::default()
    };
    let notes = vec![Note("this tango has no worker that is understood: its `solo` prints one decimal".to_owned())];
    let reading = Reading { summary: Some(summary), value: *fastest, notes, ..Reading::default() };
    Ok(Yield::single(finished, reading))
}

/// `NAME   [   6.2 ns ...  16.9 ns ...  34.5 ns ]  stddev: 7.1 ns`: the name, and fastest, mean and slowest.
fn parse_solo(line: &str) -> Option<(String, [f64; 3])> {
    let (name, rest) = line.rsplit_once('[')?;
    let (times, _) = rest.split_once(']')?;
    let times: Vec<f64> = times.split("...").filter_map(printed_time).collect();
    Some((name.trim_end().to_owned(), times.try_into().ok()?))
}

/// A name as a glob that matches just that name.
fn escaped(name: &str) -> String {
    name.chars().map(|c| if "*?[]{}!\\".contains(c) { format!("\\{c}") } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_of_the_older_command_is_read() {
        let (name, times) = parse_solo("sum/[10]   [   6.2 ns ...  16.9 ns ...  1.5 us ]  stddev: 7.1 ns").unwrap();
        assert_eq!(name, "sum/[10]");
        assert!((times[0] - 6.2).abs() < 1e-9 && (times[2] - 1500.0).abs() < 1e-9);
        assert_eq!(parse_solo("nothing of the kind"), None);
    }
}
