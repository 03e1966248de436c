//! Plain calls of tools such as cargo: long-running, line by line, cancellable.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{CANCEL_CHECK, CommandSpec, ProcessError};
use crate::cancel::CancellationToken;

/// How long a cancelled tool may take to leave by itself, and its streams to close after its end.
const GRACE: Duration = Duration::from_secs(2);
/// How often the end of a tool is looked for that closed its streams.
const STREAMS_CLOSED: Duration = Duration::from_millis(2);

/// One of a tool's output streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// How a tool ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolEnd {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

/// Runs a tool to its end, in a process group of its own with nothing on its input, giving its lines as they come
/// (invalid UTF-8 replaced). Cancelling ends the whole group.
///
/// # Errors
/// When the tool could not be started.
pub fn run_tool(
    spec: &CommandSpec,
    cancel: &CancellationToken,
    on_line: &mut dyn FnMut(Stream, &str),
) -> Result<ToolEnd, ProcessError> {
    let failed = |source| ProcessError::Start { program: spec.program.clone(), source };
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    let mut command = Command::new(&spec.program);
    command.args(&spec.args).env_clear().envs(spec.env.iter().map(|(name, value)| (name, value)));
    command.current_dir(&spec.cwd).process_group(0);
    let input = spec.input.as_ref().map(std::fs::File::open).transpose().map_err(failed)?;
    command.stdin(input.map_or_else(Stdio::null, Stdio::from)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let group = i32::try_from(child.id()).expect("a process id fits");
    let (sender, lines) = mpsc::channel();
    let out = child.stdout.take().expect("the stream was asked for");
    let err = child.stderr.take().expect("the stream was asked for");
    send_lines(Stream::Out, out, sender.clone());
    send_lines(Stream::Err, err, sender);
    let mut cancelled: Option<Instant> = None;
    let mut ended: Option<Instant> = None;
    loop {
        match lines.recv_timeout(CANCEL_CHECK) {
            Ok((stream, line)) => on_line(stream, &line),
            // Both streams are closed: what is left is the tool's own end.
            Err(mpsc::RecvTimeoutError::Disconnected) if ended.is_some() => break,
            Err(mpsc::RecvTimeoutError::Disconnected) => std::thread::sleep(STREAMS_CLOSED),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        #[expect(clippy::disallowed_methods, reason = "part of the door: grace is a time")]
        let now = Instant::now();
        if ended.is_none() && child.try_wait().map_err(failed)?.is_some() {
            ended = Some(now);
        }
        // Somebody in a session of its own may hold the streams open for ever.
        if ended.is_some_and(|ended| now - ended > GRACE) {
            break;
        }
        if cancel.is_cancelled() && ended.is_none() {
            match cancelled {
                None => {
                    signal_group(group, Signal::SIGTERM);
                    cancelled = Some(now);
                }
                Some(since) if now - since > GRACE => signal_group(group, Signal::SIGKILL),
                Some(_) => {}
            }
        }
    }
    let status = child.wait().map_err(failed)?;
    Ok(ToolEnd { code: status.code(), signal: status.signal() })
}

/// Becomes another program: the first word, with the others as its arguments and variables added to the environment.
/// Returns only when that failed, with the reason.
pub fn replace_with(words: &[OsString], env: &[(&str, OsString)]) -> std::io::Error {
    let Some((program, args)) = words.split_first() else { return std::io::ErrorKind::InvalidInput.into() };
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    let mut command = Command::new(program);
    command.args(args).envs(env.iter().map(|(name, value)| (name, value))).exec()
}

/// Ends every process that has a variable of this value in its environment, as far as the system tells. What a tool
/// leaves behind when perfguard is killed carries perfguard's own variables.
pub fn end_all_with(name: &str, value: &OsStr) {
    let wanted = [name.as_bytes(), b"=", value.as_bytes()].concat();
    let Ok(processes) = fs_err::read_dir("/proc") else { return };
    for process in processes.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let is_one = std::fs::read(process.path().join("environ"))
            .is_ok_and(|environment| environment.split(|byte| *byte == 0).any(|entry| entry == wanted));
        if is_one && pid != std::process::id().cast_signed() {
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL).ok();
        }
    }
}

fn signal_group(group: i32, signal: Signal) {
    // A group that is gone already needs no signal.
    nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group), signal).ok();
}

fn send_lines(stream: Stream, from: impl Read + Send + 'static, to: mpsc::Sender<(Stream, String)>) {
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            let text = String::from_utf8_lossy(&line);
            if to.send((stream, text.trim_end_matches(['\n', '\r']).to_owned())).is_err() {
                return;
            }
            line.clear();
        }
    });
}

/// The toolchain of which rustup says, in what a tool wrote, that it is not installed.
pub fn missing_toolchain(complaint: &str) -> Option<String> {
    let line = complaint.lines().find(|line| line.contains("toolchain") && line.contains("is not installed"))?;
    let start = line.find("toolchain")? + "toolchain".len();
    Some(line[start..].split(['\'', '`', ' ']).find(|word| !word.is_empty())?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> CommandSpec {
        let args = vec!["-c".into(), script.into()];
        CommandSpec {
            program: "/bin/sh".into(),
            args,
            env: vec![("PATH".into(), "/usr/bin:/bin".into())],
            cwd: "/".into(),
            input: None,
        }
    }

    #[test]
    fn lines_come_with_their_stream_and_the_code_at_the_end() {
        let mut lines = Vec::new();
        let end =
            run_tool(&sh("echo out; echo err >&2; printf last; exit 3"), &CancellationToken::new(), &mut |s, l| {
                lines.push((s, l.to_owned()));
            });
        assert_eq!(end.unwrap(), ToolEnd { code: Some(3), signal: None });
        let of = |wanted| lines.iter().filter(|(s, _)| *s == wanted).map(|(_, l)| l.as_str()).collect::<Vec<_>>();
        assert_eq!(of(Stream::Out), ["out", "last"]);
        assert_eq!(of(Stream::Err), ["err"]);
    }

    #[test]
    fn cancelling_ends_the_whole_group() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let end = run_tool(&sh("sleep 600 & wait"), &cancel, &mut |_, _| {}).unwrap();
        assert_eq!(end.signal, Some(libc::SIGTERM));
    }

    #[test]
    fn a_cancelled_tool_that_writes_on_is_given_its_grace_and_no_more() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let end = run_tool(&sh("trap 'exit 5' TERM; while :; do echo x; done"), &cancel, &mut |_, _| {}).unwrap();
        assert_eq!(end.code, Some(5), "it was asked once, and left by itself");
    }

    #[test]
    fn a_daemon_that_holds_the_streams_does_not_hold_the_tool() {
        let end = run_tool(&sh("setsid sleep 30 & exit 0"), &CancellationToken::new(), &mut |_, _| {}).unwrap();
        assert_eq!(end.code, Some(0));
    }

    #[test]
    fn a_missing_tool_is_named() {
        let spec = CommandSpec { program: "/no/such/tool".into(), ..sh("") };
        let error = run_tool(&spec, &CancellationToken::new(), &mut |_, _| {}).unwrap_err();
        assert_eq!(error.to_string(), "could not start `/no/such/tool`");
    }

    #[test]
    fn rustups_complaint_names_the_toolchain() {
        let text = "error: toolchain '1.60.0-x86_64-unknown-linux-gnu' is not installed\nhelp: run …";
        assert_eq!(missing_toolchain(text).as_deref(), Some("1.60.0-x86_64-unknown-linux-gnu"));
        assert_eq!(missing_toolchain("error: could not compile"), None);
    }
}
