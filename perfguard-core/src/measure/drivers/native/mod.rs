//! Programs that speak perfguard's own protocol (`docs/protocol.md`): JSON lines on a descriptor, requests in a variable.
//!
//! What a process says is read when it has ended, from what the launcher kept of it: nothing has to be answered, so that
//! a bench never waits for perfguard and perfguard never works while a bench measures.

mod heard;
mod messages;

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use super::super::driver::{Counting, Driver, Listing, NotListed, Reading, Session, Sharing, Told, Wanted, Yield};
use super::{command, failure_of, iterations_note, no_result, not_started};
use crate::model::{Failure, FailureKind, IterationControl, Note, TargetKind};
use crate::process::{Exit, Finished, PROTOCOL_DESCRIPTOR, ProcessError};
use heard::{Heard, Part, State, hear};
use messages::{list_request, run_request};

/// Names the descriptor.
const DESCRIPTOR: &str = "PERFGUARD_PROTOCOL_FD";
/// Names a file to write to instead, for who has no such descriptor.
const FILE: &str = "PERFGUARD_PROTOCOL_FILE";
/// Holds the requests, one a line.
const REQUEST: &str = "PERFGUARD_PROTOCOL_REQUEST";
/// The kernel takes no variable of more than 128 KiB.
const LONGEST_REQUEST: usize = 96 * 1024;

/// A set-up that takes longer is looked at twice more: what one process took may have been somebody else's doing.
const LONG_SET_UP: Duration = Duration::from_millis(10);

pub(super) struct Native;

impl Driver for Native {
    fn list(&self, session: &mut Session<'_>) -> Result<Listing, NotListed> {
        let mut listing = list_once(session)?;
        // Nothing ran, so that what it took is set-up; the least of three is nobody else's.
        for _ in 0..2 {
            if listing.set_up_ns.is_some_and(|set_up| u128::from(set_up) > LONG_SET_UP.as_nanos()) {
                listing.set_up_ns = listing.set_up_ns.min(list_once(session)?.set_up_ns);
            }
        }
        Ok(listing)
    }

    fn sharing<'n>(&self, _: &'n str) -> Sharing<'n> {
        Sharing::WhereSetUpIsCostly
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
        let names: Vec<&str> = wanted.iter().map(|wanted| wanted.name).collect();
        let requests: Vec<String> = wanted
            .iter()
            .map(|wanted| run_request(wanted.name, control, control.iterations.or(*wanted.memory)))
            .collect();
        let mut request = requests.join("\n");
        // Those that do not fit are unreached, and have their turn in the next process.
        if request.len() > LONGEST_REQUEST {
            let fits = request[..LONGEST_REQUEST].rfind('\n').unwrap_or(request.len());
            request.truncate(fits);
        }
        let (heard, finished) = converse(session, &request, &names)?;
        let failure = failure_of(&finished, session);
        let exact = heard.exact;
        let told = told(heard, failure, &names, control, &finished)?;
        for (wanted, told) in wanted.iter_mut().zip(&told) {
            if let (Told::Reading(reading), true, None) = (told, exact, *wanted.memory) {
                *wanted.memory = same_iterations(reading);
            }
        }
        Ok(Yield { finished, told })
    }
}

fn list_once(session: &mut Session<'_>) -> Result<Listing, NotListed> {
    let (heard, finished) = converse(session, &list_request(), &[])?;
    if let Some(failure) = failure_of(&finished, session) {
        return Err(failure.into());
    }
    if let Some(message) = heard.broken.or(heard.error) {
        return Err(no_result(message, &finished).into());
    }
    let (harness, version) = heard.harness.ok_or_else(|| silent(&finished))?;
    if !heard.ended {
        return Err(no_result("it ended in the middle of its list: no `bye` came", &finished).into());
    }
    let version = version.map_or_else(|| harness.clone(), |version| format!("{harness} {version}"));
    Ok(Listing { set_up_ns: Some(finished.wall_ns), ..Listing::of(Some(version), heard.listed) })
}

/// The iterations of every sample, where all have equally many: every further process is to do the same.
fn same_iterations(reading: &Reading) -> Option<u64> {
    let first = reading.samples.first()?.iterations;
    reading.samples.iter().all(|sample| sample.iterations == first).then_some(first)
}

/// Starts the executable with requests and hears it out.
fn converse(session: &mut Session<'_>, request: &str, names: &[&str]) -> Result<(Heard, Finished), Failure> {
    let folder = super::fresh_folder(session)?;
    let file = folder.path().join("said");
    let env = [
        (DESCRIPTOR, OsString::from(PROTOCOL_DESCRIPTOR.to_string())),
        (FILE, file.clone().into_os_string()),
        (REQUEST, OsString::from(request)),
    ];
    // A program of the user's own is started as its command says; the others as cargo would.
    let args: &[&str] = if session.artifact.target.kind == TargetKind::Program { &[] } else { &["--bench"] };
    let spec = command(session, args, &env);
    let finished = session.launcher.run_heard(&spec, session.limits, session.cancel);
    let mut finished = finished.map_err(|error| not_started(&error))?;
    if finished.protocol.is_empty() {
        let most = session.limits.output_bytes;
        let read = read_at_most(&file, most);
        finished.protocol = read.map_err(|source| not_started(&ProcessError::Start { program: file, source }))?;
        if finished.protocol.len() as u64 > most {
            finished.exit = Exit::FloodedOutput;
        }
    }
    let heard = hear(&finished.protocol, names);
    finished.protocol = Vec::new();
    Ok((heard, finished))
}

/// What is in a file that may not be there: one byte more than the limit, where it is longer.
fn read_at_most(file: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    match std::fs::File::open(file) {
        Ok(open) => open.take(most.saturating_add(1)).read_to_end(&mut text).map(|_| text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(text),
        Err(error) => Err(error),
    }
}

/// A process that ended well and said nothing.
fn silent(finished: &Finished) -> Failure {
    no_result(format!("it said nothing on the descriptor of `{DESCRIPTOR}`"), finished)
}

/// What became of each benchmark. `failure` is the end of the process, where that was no good one.
fn told(
    heard: Heard,
    failure: Option<Failure>,
    names: &[&str],
    control: &IterationControl,
    finished: &Finished,
) -> Result<Vec<Told>, Failure> {
    let Heard { harness, exact, parts, error, broken, ended, unknown, .. } = heard;
    // What ended the conversation before its time, the first that is known.
    let is_ended = |failure: &Failure| matches!(failure.kind, FailureKind::FloodedOutput | FailureKind::TimedOut);
    let cut = failure.clone().filter(is_ended);
    let cut = cut.or_else(|| broken.or(error).map(|message| no_result(message, finished)));
    let cut = cut.or(failure).or_else(|| match &harness {
        None => Some(silent(finished)),
        Some(_) if !ended => Some(no_result("it ended in the middle: no `bye` came", finished)),
        Some(_) => None,
    });
    let is_begun = |part: &Part| part.state != State::Unreached;
    if let (Some(cut), false) = (&cut, parts.iter().any(is_begun)) {
        return Err(cut.clone());
    }
    let last = parts.iter().rposition(is_begun);
    let harness = harness.map(|(name, _)| name).unwrap_or_default();
    let told = parts.into_iter().zip(names).enumerate().map(|(index, (part, name))| {
        if let Some(message) = part.error {
            return Told::Failed(Failure { kind: FailureKind::NoResult, message, output: String::new() });
        }
        match (part.state, &cut) {
            (State::Unreached, Some(_)) => return Told::Unreached,
            (State::Open, Some(cut)) => return Told::Failed(cut.clone()),
            // It said everything, and ended badly all the same: that is its last benchmark's.
            (State::Whole, Some(cut)) if ended && Some(index) == last => return Told::Failed(cut.clone()),
            _ => {}
        }
        if part.samples.is_empty() {
            let passed = if unknown.is_empty() { String::new() } else { format!(" (but `{}`)", unknown.join("`, `")) };
            return Told::Failed(no_result(format!("it gave no observation of `{name}`{passed}"), finished));
        }
        #[expect(clippy::cast_precision_loss, reason = "iterations are far below 2^53")]
        let each = part.samples.iter().map(|sample| sample.total_ns / sample.iterations as f64);
        let value = each.fold(f64::INFINITY, f64::min);
        let mut notes: Vec<Note> = if exact { Vec::new() } else { iterations_note(control, &harness) };
        if !unknown.is_empty() {
            notes.push(Note(format!("messages that this version does not know: `{}`", unknown.join("`, `"))));
        }
        let Part { samples, iterations, metrics, .. } = part;
        Told::Reading(Reading { samples, summary: None, iterations, value, notes, metrics })
    });
    Ok(told.collect())
}
