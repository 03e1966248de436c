//! Perfguard's side of the launcher.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::wire::{self, Reader, Writer};
use super::{CANCEL_CHECK, CommandSpec, CounterEvent, Finished, LAUNCHER_ARGUMENT, Limits, ProcessError};
use crate::cancel::CancellationToken;

/// A connection to the launcher process. One child at a time.
#[derive(Debug)]
pub struct Launcher {
    stream: UnixStream,
    process: Child,
    /// What is counted of children to come.
    counters: Vec<CounterEvent>,
    /// The period at which they are sampled.
    period: Option<Duration>,
}

/// A child that runs. Dropping it ends the child.
#[derive(Debug)]
pub struct Running<'a> {
    launcher: &'a mut Launcher,
    program: PathBuf,
    ended: bool,
}

impl Launcher {
    /// Starts the launcher: `program` called with the single argument [`LAUNCHER_ARGUMENT`], which must lead to
    /// [`super::launcher_main()`].
    ///
    /// # Errors
    /// When the launcher cannot be started.
    pub fn start(program: &Path) -> Result<Self, ProcessError> {
        let failed = |source| ProcessError::Start { program: program.to_owned(), source };
        let (stream, theirs) = UnixStream::pair().map_err(failed)?;
        #[expect(clippy::disallowed_methods, reason = "this is the door")]
        let process = Command::new(program)
            .arg(LAUNCHER_ARGUMENT)
            .env_clear()
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(failed)?;
        Ok(Self { stream, process, counters: Vec::new(), period: None })
    }

    /// The launcher's process id, for accounting.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Has this counted of all children to come, at most [`super::MOST_COUNTERS`]: in their [`super::Usage`]. Nothing, until this is
    /// called.
    pub fn count(&mut self, events: Vec<CounterEvent>) {
        self.counters = events;
    }

    /// Has what all children to come use sampled at this period, a millisecond at least: [`Finished::timeline`]. Not, until
    /// this is called.
    pub fn sample(&mut self, period: Option<Duration>) {
        self.period = period;
    }

    /// Asks for a child. Whether it could be started (the program may be missing, not executable …) is told by
    /// [`Running::wait`]: asking for it here would cost a turn of the scheduler in every observation.
    ///
    /// # Errors
    /// When a text contains a zero, or the launcher is gone.
    pub fn spawn(&mut self, spec: &CommandSpec, limits: Limits) -> Result<Running<'_>, ProcessError> {
        self.ask(wire::SPAWN, spec, limits)
    }

    fn ask(&mut self, kind: u8, spec: &CommandSpec, limits: Limits) -> Result<Running<'_>, ProcessError> {
        let mut frame = Writer::new(kind);
        frame.watched(&self.counters, self.period);
        let refused = |source| ProcessError::Start { program: spec.program.clone(), source };
        let frame = frame.spec(spec, limits).map_err(refused)?;
        frame.send(&mut &self.stream).map_err(ProcessError::LauncherGone)?;
        Ok(Running { launcher: self, program: spec.program.clone(), ended: false })
    }

    /// Starts a child and waits for its end; cancelling ends it.
    ///
    /// # Errors
    /// When the child could not be started (the program is missing, not executable …) or the launcher is gone.
    pub fn run(
        &mut self,
        spec: &CommandSpec,
        limits: Limits,
        cancel: &CancellationToken,
    ) -> Result<Finished, ProcessError> {
        self.spawn(spec, limits)?.wait_unless(cancel)
    }

    /// The same for a child that may write for perfguard on [`super::PROTOCOL_DESCRIPTOR`].
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_heard(
        &mut self,
        spec: &CommandSpec,
        limits: Limits,
        cancel: &CancellationToken,
    ) -> Result<Finished, ProcessError> {
        self.ask(wire::SPAWN_HEARD, spec, limits)?.wait_unless(cancel)
    }

    fn receive(&mut self) -> Result<(u8, Reader), ProcessError> {
        Reader::receive(&mut &self.stream)
            .and_then(|frame| frame.ok_or_else(|| io::ErrorKind::UnexpectedEof.into()))
            .map_err(ProcessError::LauncherGone)
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        // The launcher leaves at the end of the stream; waiting keeps it from becoming a zombie.
        self.stream.shutdown(std::net::Shutdown::Both).ok();
        self.process.wait().ok();
    }
}

impl Running<'_> {
    /// Waits for the end for so long, and says whether it came.
    pub fn has_ended_within(&self, time: Duration) -> bool {
        let mut fds = [PollFd::new(self.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX)).is_ok_and(|ready| ready > 0)
    }

    /// Ends the child and its whole group now ([`super::Exit::Killed`]); the end still has to be waited for.
    ///
    /// # Errors
    /// When the launcher is gone.
    pub fn kill(&mut self) -> Result<(), ProcessError> {
        Writer::new(wire::KILL).send(&mut &self.launcher.stream).map_err(ProcessError::LauncherGone)
    }

    /// Waits for the end. The child's group is gone when this returns.
    ///
    /// # Errors
    /// When the child could not be started, or the launcher is gone.
    pub fn wait(mut self) -> Result<Finished, ProcessError> {
        self.wait_for_end()
    }

    /// Waits for the end; cancelling makes it come now.
    fn wait_unless(mut self, cancel: &CancellationToken) -> Result<Finished, ProcessError> {
        while !self.has_ended_within(CANCEL_CHECK) {
            if cancel.is_cancelled() {
                self.kill()?;
                break;
            }
        }
        self.wait()
    }

    fn wait_for_end(&mut self) -> Result<Finished, ProcessError> {
        self.ended = true;
        let (kind, mut answer) = self.launcher.receive()?;
        if kind == wire::NOT_STARTED {
            let number = answer.number().map_err(ProcessError::LauncherGone)?;
            let source = io::Error::from_raw_os_error(i32::try_from(number).unwrap_or_default());
            return Err(ProcessError::Start { program: self.program.clone(), source });
        }
        answer.finished().map_err(ProcessError::LauncherGone)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.ended && self.kill().is_ok() {
            self.wait_for_end().ok();
        }
    }
}

impl AsFd for Running<'_> {
    /// Becomes readable when the child ended: for polling it beside a socket.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.launcher.stream.as_fd()
    }
}
