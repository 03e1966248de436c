//! One file a harness, and what they share: starting an executable as cargo would, and telling how it failed.

mod bencher;
mod brunch;
mod criterion;
mod divan;
mod gungraun;
mod libtest;
mod native;
mod plain;
mod tango;
mod zenbench;

use std::ffi::OsString;
use std::path::PathBuf;

use super::driver::{Driver, Session, Wanted};
use crate::model::{Failure, FailureKind, HarnessKind, IterationControl, Note};
use crate::process::{CommandSpec, Exit, Finished, ProcessError};

/// The driver of a kind of harness; `None` for those that this version only knows by name.
pub fn driver_for(kind: HarnessKind) -> Option<&'static dyn Driver> {
    match kind {
        HarnessKind::Criterion => Some(&criterion::Criterion),
        HarnessKind::Divan => Some(&divan::Divan),
        HarnessKind::Libtest => Some(&libtest::Libtest),
        HarnessKind::Plain => Some(&plain::Plain),
        HarnessKind::Gungraun => Some(&gungraun::Gungraun),
        HarnessKind::Tango => Some(&tango::Tango),
        HarnessKind::Zenbench => Some(&zenbench::Zenbench),
        HarnessKind::Brunch => Some(&brunch::Brunch),
        HarnessKind::Bencher => Some(&bencher::Bencher),
        HarnessKind::Native => Some(&native::Native),
    }
}

/// The executable with arguments, as cargo would start it (the user's own runner before it), and with some variables of
/// the driver's.
fn command(session: &Session<'_>, args: &[&str], env: &[(&str, OsString)]) -> CommandSpec {
    let run = &session.artifact.run;
    let mut words = run.runner.iter().cloned().chain([session.artifact.program.clone().into_os_string()]);
    let program = PathBuf::from(words.next().expect("at least the executable itself"));
    let args = words.chain(args.iter().map(OsString::from)).collect();
    let mut variables: Vec<_> =
        run.env.iter().filter(|(name, _)| env.iter().all(|(ours, _)| name != ours)).cloned().collect();
    variables.extend(env.iter().map(|(name, value)| (OsString::from(name), value.clone())));
    let program = found_on_path(program, &variables);
    CommandSpec { program, args, env: variables, cwd: run.cwd.clone(), input: None }
}

/// A runner named without a slash is looked for on its own search path, as a shell would.
pub(super) fn found_on_path(program: PathBuf, env: &[(OsString, OsString)]) -> PathBuf {
    if program.components().count() > 1 {
        return program;
    }
    let path = env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone()).unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    folders.into_iter().map(|folder| folder.join(&program)).find(|file| file.is_file()).unwrap_or(program)
}

/// Runs the executable to its end; anything but a good end is a failure.
fn run(session: &mut Session<'_>, args: &[&str], env: &[(&str, OsString)]) -> Result<Finished, Failure> {
    let spec = command(session, args, env);
    run_spec(session, &spec)
}

fn run_spec(session: &mut Session<'_>, spec: &CommandSpec) -> Result<Finished, Failure> {
    let finished = session.launcher.run(spec, session.limits, session.cancel).map_err(|error| not_started(&error))?;
    match failure_of(&finished, session) {
        Some(failure) => Err(failure),
        None => Ok(finished),
    }
}

/// An empty folder of perfguard's own for what one process writes.
fn fresh_folder(session: &Session<'_>) -> Result<tempfile::TempDir, Failure> {
    tempfile::tempdir_in(session.scratch)
        .map_err(|source| not_started(&ProcessError::Start { program: session.scratch.to_owned(), source }))
}

/// The one benchmark that a process is to run.
///
/// # Panics
/// When it is to run several: a driver that does not share processes is given one.
fn only<'a, 'b>(wanted: &'a mut [Wanted<'b>]) -> &'a mut Wanted<'b> {
    let [wanted] = wanted else { unreachable!("{} benchmarks for one process", wanted.len()) };
    wanted
}

/// A remark where iterations were asked for that a harness decides itself.
fn iterations_note(control: &IterationControl, harness: &str) -> Vec<Note> {
    let note = || Note(format!("{harness} decides its own iterations: `--iterations` has no effect"));
    control.iterations.map(|_| note()).into_iter().collect()
}

/// A text without the sequences that colour it.
fn plain_text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
        plain.push_str(&part[end..]);
    }
    plain
}

/// A time as harnesses print it, such as `1,334 ns` or `2.5 µs`, in nanoseconds.
fn printed_time(text: &str) -> Option<f64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let scale = match unit.trim() {
        "ps" => 1e-3,
        "ns" => 1.0,
        "µs" | "μs" | "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    let number: f64 = number.replace(',', "").parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number * scale)
}

const MEBIBYTE: u64 = 1 << 20;

fn not_started(error: &ProcessError) -> Failure {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Failure { kind: FailureKind::NotStarted, message: format!("{error}{cause}"), output: String::new() }
}

/// How a process failed, if it did.
fn failure_of(finished: &Finished, session: &Session<'_>) -> Option<Failure> {
    let (kind, message) = match finished.exit {
        Exit::Code(0) => return None,
        Exit::Code(code) => {
            let message = panic_message(&finished.stderr).unwrap_or_else(|| format!("exited with code {code}"));
            (FailureKind::Exited, message)
        }
        // What the kernel sends when memory runs out; nobody else is likely to.
        Exit::Signal(libc::SIGKILL) => {
            (FailureKind::Signalled, "ended by SIGKILL: the memory may have run out".to_owned())
        }
        Exit::Signal(signal) => (FailureKind::Signalled, format!("ended by {}", signal_name(signal))),
        Exit::Killed => (FailureKind::Signalled, "ended by perfguard".to_owned()),
        Exit::TimedOut => {
            let seconds = session.limits.timeout.as_secs_f64();
            (FailureKind::TimedOut, format!("ran longer than the time limit of {seconds} s"))
        }
        Exit::FloodedOutput => {
            let limit = session.limits.output_bytes;
            let limit =
                if limit < MEBIBYTE { format!("{} KiB", limit / 1024) } else { format!("{} MiB", limit / MEBIBYTE) };
            (FailureKind::FloodedOutput, format!("wrote more than the output limit of {limit}"))
        }
    };
    Some(Failure { kind, message, output: last_lines(finished) })
}

/// A well-ended process without a readable result.
fn no_result(message: impl Into<String>, finished: &Finished) -> Failure {
    Failure { kind: FailureKind::NoResult, message: message.into(), output: last_lines(finished) }
}

fn signal_name(signal: i32) -> String {
    nix::sys::signal::Signal::try_from(signal).map_or_else(|_| format!("signal {signal}"), |known| known.to_string())
}

/// The panic's own message: the line after `panicked at`, or what follows it on the same line.
fn panic_message(stderr: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(stderr);
    let mut lines = text.lines().skip_while(|line| !line.contains("panicked at"));
    let (first, second) = (lines.next()?, lines.next().unwrap_or_default().trim());
    let place = first.split_once("panicked at").map_or("", |(_, place)| place).trim().trim_end_matches(':');
    Some(if second.is_empty() { format!("panicked at {place}") } else { format!("panicked: {second} (at {place})") })
}

/// The last lines of what a process wrote, of its error stream where it wrote to that.
fn last_lines(finished: &Finished) -> String {
    const LINES: usize = 20;
    const BYTES: usize = 4096;
    let stream = if finished.stderr.is_empty() { &finished.stdout } else { &finished.stderr };
    let stream = without_backtrace(stream);
    let text = String::from_utf8_lossy(&stream[stream.len().saturating_sub(BYTES)..]).into_owned();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// What was written before a backtrace: `RUST_BACKTRACE` asks for one, and it would push out all the rest.
fn without_backtrace(text: &[u8]) -> &[u8] {
    let backtrace = memchr::memmem::find(text, b"\nstack backtrace:\n");
    &text[..backtrace.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backtrace_does_not_push_out_what_was_written_before_it() {
        let text = b"thread 'main' panicked at b.rs:1:1:\nno\nstack backtrace:\n   0: rust_begin_unwind\n";
        assert_eq!(without_backtrace(text), b"thread 'main' panicked at b.rs:1:1:\nno");
        assert_eq!(without_backtrace(b"error"), b"error");
    }

    #[test]
    fn a_panic_is_told_in_one_line() {
        let new = b"noise\nthread 'main' panicked at benches/b.rs:3:5:\nindex out of bounds\nnote: run with";
        assert_eq!(panic_message(new).unwrap(), "panicked: index out of bounds (at benches/b.rs:3:5)");
        assert_eq!(panic_message(b"error: no"), None);
    }

    #[test]
    fn colours_and_thousands_are_taken_out_of_what_is_read() {
        assert_eq!(plain_text(b"\x1b[1;38;5;199mStart\x1b[0m x\x1b["), "Start x");
        assert_eq!(printed_time("1,334 ns"), Some(1334.0));
        assert_eq!(printed_time("2.5 \u{b5}s"), Some(2500.0));
        for text in ["", "12", "x ns", "-1 ns", "NaN ns", "1 parsec"] {
            assert_eq!(printed_time(text), None, "{text}");
        }
    }
}
