//! criterion, from 0.4, and its forks: driven over the socket protocol that `cargo criterion` speaks.
//!
//! The protocol gives every sample with all digits, without criterion's own analysis, files or plots. The process is
//! ended at the moment its measurement is complete: what would follow is set-up of other groups.

mod protocol;

use std::ffi::OsString;
use std::time::Duration;

use super::super::driver::{Driver, Listing, Reading, Session};
use super::{command, failure_of, no_result, not_started};
use crate::model::{Failure, FailureKind, IterationControl, Note, Sample};
use crate::process::Finished;
use protocol::{Listener, Message, Peer};

/// The oldest version that takes fractions of a second.
const OLDEST: (u8, u8) = (0, 4);
/// A filter that matches no benchmark: criterion then names each it skips, whole.
const NOTHING: &str = "^$nomatch";
/// What criterion takes for next to no time: one iteration in a sample.
const NO_TIME: &str = "0.000000001";
/// How long a bench that has nothing more to say may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is remembered of a benchmark once it is known to measure time.
const UNIT_IS_TIME: u64 = 1;
/// The unit of time in criterion's own measurement.
const NANOSECONDS: &str = "ns";

pub(super) struct Criterion;

impl Driver for Criterion {
    fn list(&self, session: &mut Session<'_>) -> Result<Listing, Failure> {
        let mut names: Vec<String> = Vec::new();
        let (version, finished) = converse(session, &["--bench", NOTHING], Peer::next, &mut |_, message| {
            if let Message::Skipping(name) | Message::Beginning(name) = message
                && !names.contains(&name)
            {
                names.push(name);
            }
            Next::Go
        })?;
        match failure_of(&finished, session) {
            Some(failure) => Err(failure),
            None => Ok(Listing { version: Some(version), names }),
        }
    }

    fn observe(&self, session: &mut Session<'_>, name: &str, control: &IterationControl) -> Result<Reading, Failure> {
        let filter = format!("^{}$", escaped(name));
        let samples = control.samples.to_string();
        let seconds = |time: Duration| format!("{:.9}", time.as_secs_f64().max(1e-9));
        let one_iteration = control.iterations == Some(1);
        let (warm_up, measuring) = if one_iteration {
            (NO_TIME.to_owned(), NO_TIME.to_owned())
        } else {
            (seconds(control.warm_up), seconds(control.observation_time))
        };
        let args = [
            "--bench",
            "--sample-size",
            &samples,
            "--warm-up-time",
            &warm_up,
            "--measurement-time",
            &measuring,
            &filter,
        ];
        let mut heard = Heard::default();
        let (_, finished) =
            converse(session, &args, Peer::next_of_running, &mut |peer, message| heard.hear(name, message, peer))?;
        // With its result here, the end is ours: how the bench took it says nothing.
        if !heard.complete
            && let Some(failure) = failure_of(&finished, session)
        {
            return Err(failure);
        }
        let reading = heard.reading(name, control, finished)?;
        *session.memory = Some(UNIT_IS_TIME);
        Ok(reading)
    }
}

/// What to do after a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Hear the next.
    Go,
    /// End the process: there is nothing more to learn.
    End,
}

/// Starts the executable and hears it out. Gives its version and how it ended.
fn converse(
    session: &mut Session<'_>,
    args: &[&str],
    next: fn(&mut Peer) -> Option<Message>,
    hear: &mut dyn FnMut(&mut Peer, Message) -> Next,
) -> Result<(String, Finished), Failure> {
    let trouble = |what: &str, error: &std::io::Error| Failure {
        kind: FailureKind::NotStarted,
        message: format!("could not {what}: {error}"),
        output: String::new(),
    };
    let listener = Listener::open().map_err(|error| trouble("open a local socket", &error))?;
    // The folder is where criterion would write; without it, it asks cargo for one, which takes 100 ms.
    let env = [
        ("CARGO_CRITERION_PORT", OsString::from(listener.port().to_string())),
        ("CRITERION_HOME", session.scratch.as_os_str().to_owned()),
    ];
    let spec = command(session, args, &env);
    let mut running = session.launcher.spawn(&spec, session.limits).map_err(|error| not_started(&error))?;
    let mut version = None;
    // Kept to the end: a bench that is hung up on before it is ended would panic.
    let mut peer = listener.accept(&running, session.cancel);
    if let Some(peer) = &mut peer {
        version = peer.greet().ok();
        let mut heard_enough = false;
        if version.is_some_and(|(major, minor, _)| (major, minor) >= OLDEST) {
            while let Some(message) = next(peer) {
                let wants_answer = message.wants_answer();
                heard_enough = hear(peer, message) == Next::End;
                if heard_enough || wants_answer && peer.go_on().is_err() {
                    break;
                }
            }
        }
        if heard_enough || !running.has_ended_within(PATIENCE) {
            running.kill().map_err(|error| not_started(&error))?;
        }
    }
    if session.cancel.is_cancelled() {
        running.kill().ok();
    }
    let finished = running.wait().map_err(|error| not_started(&error))?;
    drop(peer);
    match version {
        Some((major, minor, patch)) if (major, minor) < OLDEST => {
            let message =
                format!("criterion {major}.{minor}.{patch} takes whole seconds only; 0.4 and later are driven");
            Err(Failure { kind: FailureKind::NoResult, message, output: String::new() })
        }
        Some((major, minor, patch)) => Ok((format!("{major}.{minor}.{patch}"), finished)),
        None => Err(failure_of(&finished, session)
            .unwrap_or_else(|| no_result("criterion did not connect: the bench ended without running it", &finished))),
    }
}

/// What was heard of one benchmark.
#[derive(Debug, Default)]
struct Heard {
    warm_up_ns: Option<f64>,
    samples: Vec<Sample>,
    complete: bool,
    /// Earlier observations measured time: it need not be asked again.
    unit_is_known: bool,
    unit: Option<String>,
}

impl Heard {
    fn hear(&mut self, name: &str, message: Message, peer: &mut Peer) -> Next {
        match message {
            Message::Warmup { nanoseconds } => self.warm_up_ns = Some(nanoseconds),
            Message::Complete { id, samples } if id == name => {
                self.samples = samples;
                self.complete = true;
                if !self.unit_is_known {
                    self.unit = peer.unit().ok();
                }
                return Next::End;
            }
            Message::Skipping(_)
            | Message::Beginning(_)
            | Message::Complete { .. }
            | Message::GroupFinished
            | Message::Other => {}
        }
        Next::Go
    }

    fn reading(self, name: &str, control: &IterationControl, finished: Finished) -> Result<Reading, Failure> {
        if !self.complete {
            return Err(no_result(format!("criterion ran no benchmark `{name}`"), &finished));
        }
        if let Some(unit) = self.unit.as_deref().filter(|unit| *unit != NANOSECONDS) {
            return Err(no_result(format!("`{name}` measures `{unit}` rather than time"), &finished));
        }
        #[expect(clippy::cast_precision_loss, reason = "iterations are far below 2^53")]
        let each = self.samples.iter().map(|sample| sample.total_ns / sample.iterations.max(1) as f64);
        let value_ns = each.fold(f64::INFINITY, f64::min);
        if !(value_ns.is_finite() && value_ns >= 0.0) {
            return Err(no_result(format!("criterion gave no usable number for `{name}`"), &finished));
        }
        let notes = self.notes(control);
        Ok(Reading { samples: self.samples, summary: None, iterations: None, value_ns, finished, notes })
    }

    /// Settings in code that beat the command line, and settings that criterion does not have.
    fn notes(&self, control: &IterationControl) -> Vec<Note> {
        let mut notes = Vec::new();
        if self.samples.len() != control.samples as usize {
            notes.push(Note(format!("the group's own sample size of {} is used", self.samples.len())));
        }
        let asked_ns = if control.iterations == Some(1) { 1.0 } else { control.warm_up.as_secs_f64() * 1e9 };
        if let Some(own) = self.warm_up_ns.filter(|own| (own - asked_ns).abs() > 1.0) {
            notes.push(Note(format!("the group's own warm-up time of {} ms is used", own / 1e6)));
        }
        if control.iterations.is_some_and(|iterations| iterations != 1) {
            notes.push(Note("criterion decides its own iterations, but for `--iterations 1`".to_owned()));
        }
        notes
    }
}

/// A text as a regular expression that matches just that text.
fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_letter_is_escaped() {
        assert_eq!(escaped("a.b/[c] (d)|e"), r"a\.b/\[c\] \(d\)\|e");
    }
}
