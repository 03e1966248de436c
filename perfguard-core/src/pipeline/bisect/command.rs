//! A command in place of benches: every commit has a tree and a target directory of its own, is set up once, and then the
//! command is what is measured.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use crate::build::Seat;
use crate::cancel::CancellationToken;
use crate::event::{Event, EventSink};
use crate::model::{HarnessKind, Source, Variant};
use crate::pipeline::prepare::{Bench, Prepared, program_artifact};
use crate::pipeline::sides::PreparedSide;
use crate::pipeline::{PipelineError, Place, PreparedTarget};
use crate::process::{CommandSpec, Limits, Stream, run_tool};
use crate::vcs::SourceTree;

/// What is measured in place of benches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasuredCommand {
    /// What is measured, as a shell reads it.
    pub run: String,
    /// What is done once before, in each tree; none: the command itself.
    pub set_up: Option<String>,
}

/// The name of the only target.
const TARGET: &str = "command";
/// The file that says that a tree was set up, and how.
const SET_UP: &str = ".perfguard-set-up";
/// The shell.
const SHELL: [&str; 2] = ["sh", "-c"];

/// Keeps a tree and sets it up, unless it was. The inner error is why it cannot be, in words.
pub(super) fn prepare_command(
    bench: &mut Bench,
    place: &Place,
    (tree, source, label): (SourceTree, Source, String),
    command: &MeasuredCommand,
    limits: Limits,
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<Result<PreparedSide, String>, PipelineError> {
    let build = bench.workbench.keep_tree(&tree, events)?;
    bench.workbench.seat(Seat::Kept(&build.key))?;
    let cwd = bench.workbench.tree().join(place.relative(&place.cwd));
    let cwd = if cwd.is_dir() { cwd } else { bench.workbench.tree() };
    let mut env = bench.workbench.cargo_environment();
    env.push(("CARGO_TARGET_DIR".into(), bench.workbench.own_target().into()));
    let done = set_up(&bench.workbench.own_target(), &label, command, &cwd, &env, events, cancel);
    bench.workbench.seat(Seat::Builder)?;
    let was_kept = match done? {
        Ok(was_kept) => was_kept,
        Err(reason) => return Ok(Err(reason)),
    };
    let [shell, option] = SHELL.map(str::to_owned);
    let artifact = program_artifact(TARGET, &[shell, option, command.run.clone()], &build, cwd, env);
    let listing = match bench.ask(&artifact, HarnessKind::Plain, limits, cancel)? {
        Ok(listing) => listing,
        Err(reason) => return Ok(Err(reason.to_string())),
    };
    let target = PreparedTarget::listed(&artifact, HarnessKind::Plain, listing);
    let prepared = Prepared { targets: vec![target], build };
    let (variant, untouched) = (Variant::default(), BTreeSet::new());
    Ok(Ok(PreparedSide { prepared, source, tree, label, variant, untouched, was_kept, is_built: true }))
}

/// Sets a tree up. Gives whether it was already; the inner error is why it cannot be, in words.
fn set_up(
    own: &Path,
    label: &str,
    command: &MeasuredCommand,
    cwd: &Path,
    env: &[(OsString, OsString)],
    events: &mut dyn EventSink,
    cancel: &CancellationToken,
) -> Result<Result<bool, String>, PipelineError> {
    let what = command.set_up.as_ref().unwrap_or(&command.run);
    let marker = own.join(SET_UP);
    if fs_err::read_to_string(&marker).is_ok_and(|known| known == *what) {
        return Ok(Ok(true));
    }
    fs_err::create_dir_all(own).map_err(PipelineError::Cache)?;
    events.event(Event::CargoStarted { purpose: format!("setting {label} up: {what}") });
    let spec = CommandSpec {
        program: SHELL[0].into(),
        args: vec![SHELL[1].into(), what.into()],
        env: env.to_vec(),
        cwd: cwd.to_owned(),
        input: None,
    };
    let mut last = String::new();
    let ended = run_tool(&spec, cancel, &mut |stream, line| {
        if stream == Stream::Err {
            line.clone_into(&mut last);
            events.event(Event::CargoLine(line.to_owned()));
        }
    })?;
    if cancel.is_cancelled() {
        return Err(PipelineError::Interrupted);
    }
    let well = ended.code == Some(0);
    events.event(Event::CargoFinished { well });
    if !well {
        let how = ended.code.map_or_else(|| "a signal".to_owned(), |code| format!("code {code}"));
        return Ok(Err(format!("`{what}` ended with {how}: {last}").trim_end_matches(": ").to_owned()));
    }
    fs_err::write(&marker, what).map_err(PipelineError::Cache)?;
    Ok(Ok(false))
}
