//! Perfguard's side of the launcher.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use super::{CommandSpec, Finished, Limits, ProcessError};

/// A connection to the launcher process. One child at a time.
#[derive(Debug)]
pub struct Launcher {}

/// A child that runs.
#[derive(Debug)]
pub struct Running<'a> {
    #[expect(dead_code, reason = "stub")]
    launcher: &'a mut Launcher,
}

impl Launcher {
    /// Starts the launcher: `program` called with the single argument [`super::LAUNCHER_ARGUMENT`].
    ///
    /// # Errors
    /// When the launcher cannot be started.
    pub fn start(_program: &Path) -> Result<Self, ProcessError> {
        unimplemented!()
    }

    /// Starts a child.
    ///
    /// # Errors
    /// When the child could not be started (the program is missing, not executable …) or the launcher is gone.
    pub fn spawn(&mut self, _spec: &CommandSpec, _limits: Limits) -> Result<Running<'_>, ProcessError> {
        unimplemented!()
    }

    /// Starts a child and waits for its end.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    pub fn run(&mut self, spec: &CommandSpec, limits: Limits) -> Result<Finished, ProcessError> {
        self.spawn(spec, limits)?.wait()
    }
}

impl Running<'_> {
    /// Ends the child and its whole group now ([`super::Exit::Killed`]); the end still has to be waited for.
    ///
    /// # Errors
    /// When the launcher is gone.
    pub fn kill(&mut self) -> Result<(), ProcessError> {
        unimplemented!()
    }

    /// Waits for the end. The child's group is gone when this returns.
    ///
    /// # Errors
    /// When the launcher is gone.
    pub fn wait(self) -> Result<Finished, ProcessError> {
        unimplemented!()
    }
}

impl AsFd for Running<'_> {
    /// Becomes readable when the child ended: for polling it beside a socket.
    fn as_fd(&self) -> BorrowedFd<'_> {
        unimplemented!()
    }
}
