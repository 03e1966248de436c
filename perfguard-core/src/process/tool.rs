//! Plain calls of tools such as cargo: long-running, line by line, cancellable.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use super::{CANCEL_CHECK, CommandSpec, ProcessError};
use crate::cancel::CancellationToken;

/// How long a cancelled tool may take to leave by itself, in checks.
const GRACE_CHECKS: u32 = 40;

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
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let group = i32::try_from(child.id()).expect("a process id fits");
    let (sender, lines) = mpsc::channel();
    let out = child.stdout.take().expect("the stream was asked for");
    let err = child.stderr.take().expect("the stream was asked for");
    send_lines(Stream::Out, out, sender.clone());
    send_lines(Stream::Err, err, sender);
    let mut checks_since_cancel = 0;
    loop {
        match lines.recv_timeout(CANCEL_CHECK) {
            Ok((stream, line)) => on_line(stream, &line),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        if cancel.is_cancelled() {
            signal_group(group, if checks_since_cancel < GRACE_CHECKS { libc::SIGTERM } else { libc::SIGKILL });
            checks_since_cancel += 1;
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

fn signal_group(group: i32, signal: i32) {
    let signal = nix::sys::signal::Signal::try_from(signal).expect("a known signal");
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
    fn a_missing_tool_is_named() {
        let spec = CommandSpec { program: "/no/such/tool".into(), ..sh("") };
        let error = run_tool(&spec, &CancellationToken::new(), &mut |_, _| {}).unwrap_err();
        assert_eq!(error.to_string(), "could not start `/no/such/tool`");
    }
}
