//! `cargo perfguard accept`.

use perfguard_core::cancel::CancellationToken;
use perfguard_core::clock::{Clock, SystemClock};
use perfguard_core::pipeline::{AcceptRequest, accept};
use perfguard_core::report::timestamp;

use super::Here;
use crate::cli::AcceptArgs;
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::ui::Ui;

pub(crate) fn run(args: &AcceptArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let here = Here::find(args.manifest.manifest_path.as_deref(), &args.store.flags(), ui, cancel)?;
    let store = here.store_to_read()?;
    let now = timestamp(SystemClock::default().unix_ns());
    let request = AcceptRequest {
        benchmarks: args.benchmark.clone(),
        reason: args.reason.clone(),
        at: args.at.clone(),
        metric: args.metric.clone(),
        date: now.split('T').next().unwrap_or_default().to_owned(),
    };
    for line in accept(&here.place, &store, &request)? {
        ui.say(&line);
    }
    ui.say("written to `perfguard.accepted.toml`: commit it with the change");
    Ok(Exit::Success)
}
