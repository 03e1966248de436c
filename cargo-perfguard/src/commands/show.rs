//! `cargo perfguard show`.

use perfguard_core::cancel::CancellationToken;
use perfguard_core::pipeline::PipelineError;

use super::{Here, show_run};
use crate::cli::ShowArgs;
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::ui::Ui;

pub(crate) fn run(args: &ShowArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let here = Here::find(args.manifest.manifest_path.as_deref(), &args.store.flags(), ui, cancel)?;
    let store = here.store_to_read()?;
    let id = store.find_run(&args.run)?.ok_or(PipelineError::Unknown { what: "run", name: args.run.clone() })?;
    show_run(&store, id, None, None, args.output.format)?;
    Ok(Exit::Success)
}
