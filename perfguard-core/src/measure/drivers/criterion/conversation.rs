//! One criterion process from its start to its end.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use super::super::super::driver::Session;
use super::super::{command, failure_of, no_result, not_started};
use super::protocol::{Listener, Message, Peer};
use crate::model::{Failure, FailureKind};
use crate::process::Finished;

/// How long a bench that has nothing more to say may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(5);
/// The oldest version that speaks the protocol.
const OLDEST: (u8, u8) = (0, 3);

/// What to do after a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Hear the next.
    Go,
    /// All that was wanted is here: end the process, unless somebody wants it to end by itself.
    HasAll,
    /// End the process: it would take too long.
    End,
}

/// Starts the executable and hears it out. Gives its version and how it ended.
pub(super) fn converse(
    session: &mut Session<'_>,
    args: &[String],
    next: fn(&mut Peer) -> Option<Message>,
    hear: &mut dyn FnMut(&mut Peer, Message) -> Next,
) -> Result<(String, Finished), Failure> {
    let trouble = |what: &str, error: &io::Error| Failure {
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
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let spec = command(session, &args, &env);
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
                heard_enough = match hear(peer, message) {
                    Next::Go => false,
                    Next::HasAll => !session.to_the_end,
                    Next::End => true,
                };
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
            let message = format!("criterion {major}.{minor}.{patch} is too old: 0.3 and later are driven");
            Err(Failure { kind: FailureKind::NoResult, message, output: String::new() })
        }
        Some((major, minor, patch)) => Ok((format!("{major}.{minor}.{patch}"), finished)),
        None => Err(failure_of(&finished, session)
            .unwrap_or_else(|| no_result("criterion did not connect: the bench ended without running it", &finished))),
    }
}
