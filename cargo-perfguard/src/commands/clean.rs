//! `cargo perfguard clean`.

use perfguard_core::cancel::CancellationToken;
use perfguard_core::pipeline::{CleanScope, clean};
use perfguard_core::report::clean_table;
use perfguard_core::store::Store;

use super::{Here, show};
use crate::cli::{CargoOptions, CleanArgs};
use crate::command_error::CommandError;
use crate::exit_code::Exit;
use crate::progress::Progress;
use crate::ui::Ui;

pub(crate) fn run(args: &CleanArgs, ui: &mut Ui, cancel: &CancellationToken) -> Result<Exit, CommandError> {
    let here = Here::find(args.manifest.manifest_path.as_deref(), &args.store.flags(), ui, cancel)?;
    let options = CargoOptions::default().build_options(!args.wait.no_wait, &here.config);
    let scope = match (args.unused, args.all) {
        (_, true) => CleanScope::All,
        (true, false) => CleanScope::Unused,
        (false, false) => CleanScope::Nothing,
    };
    // Without a store there are no baselines, and so no claims.
    let store = Store::open_to_read(&here.store_location()?)?;
    let view = clean(&here.place, &here.tools, &options, scope, store.as_ref(), &mut Progress::new(ui), cancel)?;
    show(&view, args.output.format, clean_table);
    if scope == CleanScope::Nothing {
        ui.say("nothing was removed; `--unused` removes what may go, `--all` everything");
    }
    Ok(Exit::Success)
}
