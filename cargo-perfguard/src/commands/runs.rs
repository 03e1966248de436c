//! `cargo perfguard runs`.

use perfguard_core::cancel::CancellationToken;
use perfguard_core::report::{RunInfo, RunRow, RunsView, runs_table};

use super::{Here, show};
use crate::cli::RunsArgs;
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::ui::Ui;

pub(crate) fn run(args: &RunsArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let here = Here::find(args.manifest.manifest_path.as_deref(), &args.store.flags(), ui, cancel)?;
    let store = here.store_to_read()?;
    let rows = store.runs(args.limit)?.into_iter().map(|summary| RunRow {
        run: RunInfo::new(summary.run),
        benchmarks: summary.benchmarks,
        observations: summary.observations,
        failures: summary.failures,
    });
    show(&RunsView::new(rows.collect()), args.output.format, runs_table);
    Ok(Exit::Success)
}
